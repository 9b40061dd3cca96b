"""Who is known by what they show, for how long, and by nothing else: without a portal, a store or a clock of ours."""

from __future__ import annotations

import hmac
from types import SimpleNamespace
from typing import Any

import gevent
import pytest

from tvcore.portal import auth
from tvcore.portal.access import Access, ProjectAccess, SessionAccess, Who
from tvcore.portal.auth import Login, Logins, Tickets, bearer, digest, is_secret, new_secret
from tvcore.portal.chosen import Part
from tvcore.portal.cookies import CookieJar
from tvcore.portal.hosts import Hosts
from tvcore.portal.roles import Grant

COOKIE, KEY, OTHER = "c" * 64, "d" * 64, "e" * 64
TOKEN = "tvz_" + "t" * 43
ADA = Access(Who(7, "accounts", "ada", "Ada"), 3)
HOST = {"HTTP_HOST": "127.0.0.1:9"}


def shown(*cookies: str, key: str = "", token: str = "") -> dict[str, str]:
    """Return the WSGI headers of who shows these."""
    more = {"HTTP_X_TILEDVIZ_KEY": key} if key else {}
    return (
        HOST
        | more
        | ({"HTTP_COOKIE": "; ".join(f"tv={each}" for each in cookies)} if cookies else {})
        | ({"HTTP_AUTHORIZATION": f"Bearer {token}"} if token else {})
    )


class Book:
    """A store of logins that counts what it is asked."""

    def __init__(self) -> None:
        self.logins: dict[tuple[str, str], Access] = {(digest(COOKIE), digest(KEY)): ADA}
        self.tokens = {TOKEN: ADA}
        self.tickets = {"t" * 16: 7}
        self.people = {7: ADA}
        self.asked: list[str] = []
        self.at_once = self.most = 0
        self.during: Any = None

    def _look(self, what: str) -> None:
        self.asked.append(what)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        if self.during:
            self.during()
        self.at_once -= 1

    def use_ticket(self, ticket: str) -> int | None:
        self._look("ticket")
        return self.tickets.pop(ticket, None)

    def add_login(self, cookie: str, key: str, seconds: float, person: int) -> Access | None:
        assert seconds == 7 * 24 * 3600
        assert isinstance(person, int)
        access = self.people.get(person)
        if access:
            self.logins[digest(cookie), digest(key)] = access
        return access

    def of_login(self, cookie_hash: str, key_hash: str) -> Access | None:
        self._look("login")
        return self.logins.get((cookie_hash, key_hash))

    def of_token(self, token: str) -> Access | None:
        self._look("token")
        return self.tokens.get(token)

    def cookie_known(self, cookie: str) -> bool:
        return any(known == digest(cookie) for known, _ in self.logins)

    def remove_login(self, cookie: str) -> None:
        self.logins = {both: access for both, access in self.logins.items() if both[0] != digest(cookie)}


class Gate:
    """Logins at a time that the test says, and how long each refusal took."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.slept = 5000.0, list[float]()
        self.book = Book()
        self.logins = Logins(self.book, CookieJar(Hosts("", 9), "tv"))
        monkeypatch.setattr(auth, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(auth, "gevent", SimpleNamespace(sleep=self.slept.append))

    def known(self, *cookies: str, key: str = "", token: str = "") -> Login | None:
        return self.logins.recognise(shown(*cookies, key=key, token=token))


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(monkeypatch)


def test_secrets_are_long_differ_and_are_kept_as_digests_alone() -> None:
    assert len({new_secret() for _ in range(100)}) == 100
    assert all(is_secret(new_secret()) for _ in range(10))
    for no_secret in ("", "c" * 63, "c" * 65, "C" * 64, "c" * 64 + "\n", " " + "c" * 63):
        assert not is_secret(no_secret)
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, B.1


def test_cookie_and_key_of_one_login_are_known_and_nothing_less(gate: Gate) -> None:
    found = gate.known(COOKIE, key=KEY)
    assert found == Login(digest(COOKIE), COOKIE, ADA, digest(KEY))
    assert found is not None
    assert (found.access, found.key) == (ADA, (digest(COOKIE), digest(KEY)))
    assert (found.page, found.session, found.grant) == (digest(KEY), "", None)
    again = gate.known("x", OTHER, COOKIE, key=KEY)  # any server of this machine may add cookies
    assert again == found
    for nothing in (gate.known(), gate.known(COOKIE), gate.known(key=KEY), gate.known(OTHER, key=KEY)):
        assert nothing is None
    for key in (OTHER, KEY[1:], KEY + "d", KEY.upper(), COOKIE):
        assert gate.known(COOKIE, key=key) is None
    assert gate.known(KEY, key=COOKIE) is None
    asked = len(gate.book.asked)
    assert gate.known(COOKIE, key="short") is None
    assert len(gate.book.asked) == asked  # nobody is asked about what cannot be a key


def test_a_token_is_known_alone_and_goes_before_cookie_and_key(gate: Gate) -> None:
    found = gate.known(token=TOKEN)
    assert found == Login(digest(TOKEN), "", ADA, digest(TOKEN))
    assert gate.known(COOKIE, key=KEY, token=TOKEN) == found
    other = TOKEN[:-1] + "u"
    assert gate.known(token=other) is None
    assert gate.known(COOKIE, key=KEY, token=other) is None  # what is shown is looked at, and not something else
    assert bearer({"HTTP_AUTHORIZATION": f"bEARER {TOKEN}"}) == TOKEN
    for text in ("", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN} ", f"Bearer  {TOKEN}", "Bearer tvz_short", "Bearer"):
        assert bearer({"HTTP_AUTHORIZATION": text} if text else {}) is None
    assert bearer({"HTTP_AUTHORIZATION": "Bearer XXXX"}) is None


@pytest.mark.parametrize("with_token", [False, True])
def test_what_is_known_is_believed_for_a_while_and_then_asked_about_anew(gate: Gate, with_token: bool) -> None:
    def known() -> Login | None:
        return gate.known(token=TOKEN) if with_token else gate.known(COOKIE, key=KEY)

    assert not gate.logins.trusting
    assert known()
    assert gate.logins.trusting
    gate.book.logins, gate.book.tokens = {}, {}
    gate.now += 9.9
    found = known()
    assert found is not None
    assert found.access is ADA
    assert len(gate.book.asked) == 1
    gate.now += 0.1
    assert known() is None
    assert len(gate.book.asked) == 2
    assert not gate.logins.trusting
    assert known() is None
    assert len(gate.book.asked) == 3  # that there is none is believed of nobody


def test_believed_is_who_was_known_and_nobody_beside_them(gate: Gate) -> None:
    assert gate.known(COOKIE, key=KEY)
    assert gate.known(token=TOKEN)
    assert gate.known(OTHER, key=KEY) is None
    assert gate.known(COOKIE, key=OTHER) is None
    assert gate.known(token="tvz_" + "u" * 43) is None
    assert gate.book.asked == ["login", "token", "login", "login", "token"]


@pytest.mark.parametrize("with_token", [False, True])
def test_an_answer_from_before_a_doubt_is_believed_once_and_not_kept(gate: Gate, with_token: bool) -> None:
    gate.book.during = gate.logins.doubt
    for count in (1, 2):
        found = gate.known(token=TOKEN) if with_token else gate.known(COOKIE, key=KEY)
        assert found is not None
        assert found.access is ADA
        assert not gate.logins.trusting
        assert len(gate.book.asked) == count
    gate.book.during = None
    assert gate.known(COOKIE, key=KEY)
    assert gate.logins.trusting
    gate.logins.doubt()
    assert not gate.logins.trusting


def test_who_logs_out_is_known_no_more_in_any_page_and_others_are(gate: Gate) -> None:
    second, another = new_secret(), new_secret()
    gate.book.logins |= {(digest(COOKIE), digest(second)): ADA, (digest(another), digest(KEY)): ADA}
    mine = gate.known(COOKIE, key=KEY)
    assert mine
    assert gate.known(COOKIE, key=second)
    assert gate.known(another, key=KEY)
    asked = len(gate.book.asked)
    gate.logins.log_out(mine)
    assert gate.known(another, key=KEY)
    assert len(gate.book.asked) == asked  # from what is believed
    assert gate.known(COOKIE, key=KEY) is None
    assert gate.known(COOKIE, key=second) is None


def test_a_ticket_lets_in_once_and_a_browser_that_is_known_keeps_its_cookie(gate: Gate) -> None:
    made = gate.logins.log_in("t" * 16, shown(OTHER, COOKIE))
    assert made is not None
    login, key = made
    assert (login.id, login.cookie, login.page) == (digest(COOKIE), COOKIE, digest(key))
    assert login.access is ADA
    assert gate.known(COOKIE, key=key) == login
    assert gate.slept == []
    assert gate.logins.log_in("t" * 16, shown()) is None  # it is spent
    assert len(gate.slept) == 1
    gate.book.tickets = {"u" * 16: 7, "v" * 128: 8, "w" * 129: 7, "x" * 15: 7, "0": 7}
    fresh = gate.logins.log_in("u" * 16, shown(OTHER))
    assert fresh is not None
    assert is_secret(fresh[0].cookie)
    assert fresh[0].cookie not in (COOKIE, OTHER)  # a stranger's cookie is not taken for one of ours
    assert is_secret(fresh[1])
    asked = len(gate.book.asked)
    for ticket in ("w" * 129, "x" * 15, "", "t" * 15 + "/"):
        assert gate.logins.log_in(ticket, shown()) is None
    assert len(gate.book.asked) == asked
    assert gate.logins.log_in("v" * 128, shown()) is None  # somebody who may not come in any more
    assert len(gate.slept) == 6


def test_each_refusal_is_told_later_than_the_one_before_until_it_was_quiet_for_a_while(gate: Gate) -> None:
    for _ in range(7):
        gate.logins.refuse()
        gate.now += 59.9
    assert gate.slept == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0]
    gate.now += 0.1
    gate.logins.refuse()
    gate.now += 60.0
    gate.logins.refuse()
    gate.now += 0.1
    gate.logins.refuse()
    assert gate.slept[7:] == [0.1, 0.1, 0.2]
    for _ in range(3000):  # as long as ever: no number overflows
        gate.logins.refuse()
    assert gate.slept[-1] == 1.0


@pytest.mark.parametrize("what", ["ticket", "login", "token"])
def test_what_strangers_send_is_looked_up_one_at_a_time(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    wait = gevent.sleep
    gate = Gate(monkeypatch)
    gate.book.during = lambda: wait(0.01)

    def stranger(number: int) -> object:
        cookie = f"{number:064x}"
        if what == "ticket":
            return gate.logins.log_in(f"{number:020}", shown())
        return gate.known(cookie, key=KEY) if what == "login" else gate.known(token=f"tvz_{number:043}")

    assert not any(each.get() for each in [gevent.spawn(stranger, number) for number in range(5)])
    assert gate.book.asked == [what] * 5
    assert gate.book.most == 1


def test_what_is_shown_is_counted_by_all_of_it_and_by_the_cookie_alone(gate: Gate) -> None:
    of = gate.logins.credentials
    assert gate.logins.cookies(shown(OTHER, COOKIE)) == [OTHER, COOKIE]
    assert of(shown()) == of(shown(key=KEY)) == []
    assert of(shown(COOKIE, key=KEY)) == [digest(COOKIE + KEY), digest(COOKIE)]
    assert of(shown(COOKIE, OTHER)) == [digest(COOKIE), digest(COOKIE)]
    assert of(shown(COOKIE, token=TOKEN)) == of(shown(token=TOKEN)) == [digest(TOKEN)]


# ------------------------------------------------------------------- tickets


class Desk:
    """Tickets, at a time that the test says."""

    def __init__(self) -> None:
        self.now = 100.0
        self.tickets = Tickets(lambda: self.now)
        self.mine, self.other = Login(digest(COOKIE), COOKIE, ADA, "p"), Login(digest(OTHER), OTHER, ADA, "q")


def test_a_ticket_is_good_once_with_its_cookie_for_its_stream_and_tile_within_its_time() -> None:
    desk = Desk()

    def used(seconds: float = 0.0, cookies: tuple[str, ...] = (COOKIE,), stream: Any = "rfb", tile: Any = 3) -> bool:
        ticket = desk.tickets.issue(desk.mine, "rfb", 3)
        assert ticket is not None
        assert is_secret(ticket)
        desk.now += seconds
        found = desk.tickets.use(ticket, cookies, stream, tile)
        assert desk.tickets.use(ticket, (COOKIE,), "rfb", 3) is None  # it is spent in any case
        assert found in (None, desk.mine)
        return found is not None

    assert used()
    assert used(30.0)
    assert used(0.0, (OTHER, COOKIE))
    assert not used(30.1)
    assert not used(0.0, ())
    assert not used(0.0, (OTHER,))
    assert not used(0.0, (digest(COOKIE),))
    assert not used(0.0, (COOKIE,), "wall", 3)
    assert not used(0.0, (COOKIE,), "rfb", 4)
    assert not used(0.0, (COOKIE,), "rfb", None)
    assert desk.tickets.use("nothing", (COOKIE,), "rfb", 3) is None


def test_the_cookie_of_a_ticket_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []
    true = hmac.compare_digest
    monkeypatch.setattr(auth.hmac, "compare_digest", lambda one, two: (compared.append((one, two)), true(one, two))[1])
    desk = Desk()
    ticket = desk.tickets.issue(desk.mine, "wall", None)
    assert ticket is not None
    assert desk.tickets.use(ticket, [OTHER, COOKIE], "wall", None) == desk.mine
    assert compared == [(digest(OTHER), digest(COOKIE)), (digest(COOKIE), digest(COOKIE))]


def test_a_login_has_so_many_tickets_at_a_time_and_none_of_another_counts() -> None:
    desk = Desk()
    assert all(desk.tickets.issue(desk.mine, "wall", None) for _ in range(256))
    assert desk.tickets.issue(desk.mine, "wall", None) is None
    assert desk.tickets.issue(desk.other, "wall", None)
    desk.now += 30.0
    assert desk.tickets.issue(desk.mine, "wall", None) is None
    assert len(list(desk.tickets.logins())) == 257
    desk.now += 0.1
    assert list(desk.tickets.logins()) == []
    assert desk.tickets.issue(desk.mine, "wall", None)
    assert list(desk.tickets.logins()) == [desk.mine]


def test_tickets_of_who_may_no_more_are_spent_and_those_of_others_stay() -> None:
    desk = Desk()
    mine, second, other = (
        desk.tickets.issue(who, "wall", None) for who in (desk.mine, Login(digest(COOKIE), "", ADA, "z"), desk.other)
    )
    assert mine
    assert second
    assert other
    desk.tickets.judge(lambda login: (1008, "out") if login.page == "z" else None)
    assert desk.tickets.use(second, [COOKIE], "wall", None) is None
    assert {login.page for login in desk.tickets.logins()} == {"p", "q"}
    desk.tickets.revoke(desk.mine)
    assert desk.tickets.use(mine, [COOKIE], "wall", None) is None
    assert desk.tickets.use(other, [OTHER], "wall", None) == desk.other


# -------------------------------------------------------------------- logins


def test_a_login_says_whose_it_is_and_what_it_may_where_it_is_about() -> None:
    some = frozenset({3})
    sessions = {
        "main": SessionAccess("main", "", 1, False, Grant("editor", True)),
        "part": SessionAccess("part", "", 1, False, Grant("guest", False, some)),
    }
    access = Access(Who(7, "accounts", "ada", "Ada"), 3, sessions, {1: ProjectAccess(1, "", Grant("owner"))})
    login = Login("browser", "cookie", access, "page")
    assert (login.key, login.who) == (("browser", "page"), access.who)
    assert {login} == {Login("browser", "cookie", Access(), "page")}  # whatever it may by now
    assert (login.role, login.rights, login.may("see"), login.part) == (
        "guest",
        [],
        False,
        Part(frozenset(), login.person),
    )
    main = login.within("main")
    assert (main.owner, main.role) == (("browser", "main"), "editor")
    assert main.rights == ["see", "read", "arrange", "host", "operate"]
    assert (main.may("operate"), main.may("own"), main.part) == (True, False, None)
    assert login.within("part").part == Part(some, login.person)
    assert login.within("gone") == Login("browser", "cookie", access, "page", "gone", None)
    assert main.in_project(1) == Login("browser", "cookie", access, "page", "", Grant("owner"))
    assert main.in_project(2).grant is None


@pytest.mark.parametrize(
    ("who", "called", "of"),
    [
        (Who(7, "accounts", "ada", "Ada"), "Ada", "account 7"),
        (Who(7, "proxy", "ada", "Ada", token="script"), "Ada", "account 7"),
        (Who(7, "", "ada", "Ada"), None, "browser"),
        (Who(7, "token", "ada", "Ada"), None, "browser"),
        (Who(7, "guest", "ada", "Ada"), None, "browser"),
        (Who(7, "guest", "ada", "Ada", invitation=3), "Ada", "browser"),
        (Who(7, "token", "ada", "Ada", token="script"), None, "account 7"),
    ],
)
def test_a_person_is_known_by_what_the_portal_vouches_for(who: Who, called: str | None, of: str) -> None:
    login = Login("browser", "", Access(who))
    assert login.called == called
    assert login.person == digest(f"person {of}")[:12]
