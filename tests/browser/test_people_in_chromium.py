"""Ways in, projects and who did what in a real Chromium, as who uses them has it: by mail, codes, keys, links."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from axe_kit import Axe, all_within
from playwright.sync_api import Browser, Page, Route, expect
from smtp_kit import SmtpServer

from commanding import run_command
from people_pages import People, on_wall, portal_of
from portal_kit import RunningJob, RunningPortal
from tvcore.people.totp import SECONDS
from tvcore.store.projects import Standing
from world import until

LONG = 30000
PASSWORD, OTHER = "a wall of small pictures", "another sentence of mine"
SETTINGS = """
[portal]
login = "accounts"
registration = "approval"
[portal.mail]
server = "127.0.0.1"
port = {port}
security = "none"
sender = "wall@example.org"
"""
FOCUSED = "document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent"


@pytest.fixture(scope="module")
def post() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory, post: SmtpServer) -> Iterator[RunningPortal]:
    """A portal with accounts and mail, which new ones wait to be let into."""
    with portal_of(tmp_path_factory.mktemp("people"), SETTINGS.format(port=post.server_address[1])) as made:
        yield made


@pytest.fixture
def people(chromium: Browser, accounts: RunningPortal) -> Iterator[People]:
    made = People(chromium, accounts)
    yield made
    for context in made.contexts:
        context.close()
    assert made.problems == []


def mailed(post: SmtpServer, kind: str, number: int) -> str:
    """Return what stands behind the address of the portal in mail *number*."""
    deadline = time.monotonic() + 30
    while len(post.got) < number:
        assert time.monotonic() < deadline, "no mail came"
        time.sleep(0.05)
    text = post.got[number - 1][1].get_payload(decode=True)
    assert isinstance(text, bytes)
    found = re.search(rf"#{kind}=[\w-]+", text.decode())
    assert found is not None, text
    return found[0]


def log_in(page: Page, password: str, code: str = "") -> None:
    """Log anna in by the form; *code*: what is asked for then."""
    form = page.get_by_role("form", name="Log in")
    form.get_by_label("Name").fill("anna")
    form.get_by_label("Password").fill(password)
    form.get_by_role("button", name="Log in").click()
    if code:
        expect(form.get_by_label("Code")).to_be_focused(timeout=LONG)
        form.get_by_label("Code").fill(code)
        page.keyboard.press("Enter")


def test_one_comes_in_by_mail_an_administrator_and_a_code_and_is_out_everywhere(
    people: People, post: SmtpServer, output: Path
) -> None:
    anna = people.page()
    anna.get_by_role("button", name="Make an account").click()
    form = anna.get_by_role("form", name="Make an account")
    form.get_by_role("textbox", name=re.compile("^Name(?! that)")).fill("anna")
    form.get_by_label("Mail address").fill("anna@example.org")
    form.get_by_label("Password").fill(PASSWORD)
    form.get_by_role("button", name="Make the account").click()
    expect(anna.get_by_role("status")).to_contain_text("A link was sent to the mail address", timeout=LONG)
    anna.goto(f"{people.portal.origin}/{mailed(post, 'verify', 1)}")
    expect(anna.get_by_role("status")).to_contain_text("waits until somebody who administers", timeout=LONG)
    assert "verify" not in anna.url
    log_in(anna, PASSWORD)
    expect(anna.get_by_role("alert")).to_contain_text("waits until somebody who administers", timeout=LONG)

    owner = people.owner()
    run_command(owner, "Administration")
    owner.get_by_role("button", name="Let anna in").click()
    expect(owner.get_by_role("status").filter(has_text="anna may log in now.")).to_be_visible()
    log_in(anna, PASSWORD)
    expect(anna.get_by_role("heading", name="You are in no project yet")).to_be_visible(timeout=LONG)
    owner.keyboard.press("Escape")
    owner.keyboard.press("Shift+S")
    owner.get_by_role("button", name="Members and settings of main").click()
    owner.get_by_label("Name of an account").fill("anna")
    owner.get_by_role("button", name="Add", exact=True).click()
    expect(owner.get_by_role("status").filter(has_text="anna is a member now.")).to_be_visible()
    anna.get_by_role("button", name="Look again").click()
    on_wall(anna)

    # The second factor is set up, and asked for.
    run_command(anna, "Your account")
    account = anna.get_by_role("dialog", name="Your account")
    account.get_by_role("button", name="Turn it on").click()
    asked = anna.get_by_role("dialog", name="Turn it on")
    asked.get_by_label("Password you have now").fill(PASSWORD)
    asked.get_by_role("button", name="Next").click()
    scan = anna.get_by_role("dialog", name="Scan this with the app")
    expect(scan.get_by_role("img", name="Code for the authenticator app")).to_be_visible(timeout=LONG)
    secret = pyotp.TOTP(scan.locator("code").inner_text().replace(" ", ""))
    scan.get_by_label("Code that the app shows").fill("000000" if secret.now() != "000000" else "000001")
    scan.get_by_role("button", name="Turn it on").click()
    expect(scan.get_by_role("alert")).not_to_be_empty(timeout=LONG)
    scan.get_by_label("Code that the app shows").fill(secret.now())
    scan.get_by_role("button", name="Turn it on").click()
    codes = anna.get_by_role("dialog", name="Recovery codes")
    expect(codes.get_by_role("listitem")).to_have_count(10, timeout=LONG)
    recovery = codes.get_by_role("listitem").all_inner_texts()
    anna.screenshot(path=output / "people-codes.png")
    codes.get_by_role("button", name="Close").click()
    expect(account.get_by_text("10 recovery codes are left")).to_be_visible()
    until(anna, f"({FOCUSED}) === 'New recovery codes …'")  # what had the keyboard is gone
    anna.screenshot(path=output / "people-account.png")

    phone, lost = people.page(width=390), people.page()
    log_in(phone, PASSWORD, secret.at(time.time() + SECONDS))  # one code is good once: the next one
    on_wall(phone)
    log_in(lost, PASSWORD, recovery[3])
    on_wall(lost)
    account.get_by_role("button", name="Log out everywhere").click()
    for page in (anna, phone, lost):
        expect(page.get_by_role("form", name="Log in")).to_be_visible(timeout=LONG)
        expect(page.get_by_role("grid", name="Wall")).to_have_count(0)

    # What was forgotten is chosen anew by a mailed link, which is good once.
    lost.get_by_role("button", name="Forgot the password").click()
    lost.get_by_label("Name or mail address").fill("anna")
    lost.get_by_role("button", name="Send the link").click()
    expect(lost.get_by_role("status")).to_contain_text("a link is on its way", timeout=LONG)
    link = mailed(post, "reset", 2)
    lost.goto(f"{people.portal.origin}/{link}")
    choose = lost.get_by_role("form", name="Choose a password")
    expect(choose).to_be_visible(timeout=LONG)
    assert "reset" not in lost.url
    for given in ("password", OTHER):  # the commonest is refused, and typed anew
        choose.get_by_label("New password").fill(given)
        choose.get_by_role("button", name="Save").click()
        if given == "password":
            expect(choose.get_by_role("alert")).not_to_be_empty(timeout=LONG)
            expect(choose.get_by_label("New password")).to_have_value("")
    expect(lost.get_by_role("status")).to_contain_text("The password of anna is changed", timeout=LONG)
    log_in(lost, PASSWORD)
    expect(lost.get_by_role("alert")).not_to_be_empty(timeout=LONG)
    log_in(lost, OTHER, recovery[3].upper())
    expect(lost.get_by_role("alert")).not_to_be_empty(timeout=LONG)  # used already
    log_in(lost, OTHER, recovery[4])
    on_wall(lost)
    phone.goto(f"{people.portal.origin}/{link}")
    phone.get_by_label("New password").fill(PASSWORD)
    phone.get_by_role("button", name="Save").click()
    expect(phone.get_by_role("alert")).not_to_be_empty(timeout=LONG)


def test_a_project_gets_members_roles_and_another_owner_and_says_who_did_what(people: People, output: Path) -> None:
    ben, cleo = people.known("ben"), people.known("cleo")
    for page in (ben, cleo):
        expect(page.get_by_role("heading", name="You are in no project yet")).to_be_visible(timeout=LONG)
    owner = people.owner()
    owner.keyboard.press("Shift+S")
    owner.get_by_role("button", name="New project").click()
    owner.get_by_role("dialog", name="New project").get_by_role("textbox", name="Name").fill("Combustion")
    owner.keyboard.press("Enter")
    owner.get_by_role("button", name="New session in Combustion").click()
    owner.get_by_role("textbox", name="Title").fill("Flames")
    owner.keyboard.press("Enter")
    expect(owner.get_by_role("button", name="Session Flames: all sessions")).to_be_visible(timeout=LONG)
    on_wall(owner)
    owner.keyboard.press("Shift+S")
    desk = owner.get_by_role("dialog", name="Sessions")
    expect(desk.get_by_role("button", name="New session in Combustion")).to_be_visible()
    owner.screenshot(path=output / "people-sessions.png")
    desk.get_by_role("button", name="Members and settings of Combustion").click()
    project = owner.get_by_role("dialog", name="Project Combustion")
    for name in ("ben", "cleo"):
        project.get_by_label("Name of an account").fill(name)
        project.get_by_role("button", name="Add", exact=True).click()
        expect(project.get_by_role("status")).to_have_text(f"{name} is a member now.")

    # A role is chosen by keys, and given by a button; what is refused stands nowhere.
    role = project.get_by_label("Role of ben")
    given = project.get_by_role("button", name="Give ben this role")
    expect(role).to_have_value("editor")
    expect(given).to_be_hidden()
    role.focus()
    for key, now in (("ArrowDown", "viewer"), ("ArrowDown", "guest"), ("ArrowUp", "viewer")):
        owner.keyboard.press(key)
        expect(role).to_have_value(now)
    expect(given).to_be_visible()
    owner.keyboard.press("Tab")
    owner.screenshot(path=output / "people-role.png")
    owner.keyboard.press("Enter")
    expect(project.get_by_role("status")).to_have_text("ben has the role viewer now.")
    until(owner, f"({FOCUSED}) === 'Role of ben'")
    projects = people.portal.store.projects
    at, who = projects.find("Combustion"), projects.person("cleo")
    projects.change(at, who, lambda _: None, lambda _: None)
    project.get_by_label("Role of cleo").select_option("admin")
    project.get_by_role("button", name="Give cleo this role").click()
    expect(project.get_by_role("status")).to_contain_text("That did not work")
    expect(project.get_by_label("Role of cleo")).to_have_value("editor")
    expect(project.get_by_role("button", name="Give cleo this role")).to_be_hidden()
    until(owner, f"({FOCUSED}) === 'Role of cleo'")
    projects.change(at, who, lambda _: Standing("editor", operate=False), lambda _: None)

    # To operate is a shell, in words; afterwards the keyboard is where it was.
    project.get_by_role("button", name="Let ben operate").focus()
    owner.keyboard.press("Enter")
    asked = owner.get_by_role("dialog", name="Let ben operate")
    expect(asked).to_contain_text("has a shell as the Unix user")
    asked.get_by_role("checkbox").check()
    owner.keyboard.press("Enter")
    expect(project.get_by_role("status")).to_have_text("ben may operate now.")
    until(owner, "document.activeElement?.closest('li')?.textContent.includes('ben')")
    owner.screenshot(path=output / "people-project.png")

    # Handing over is asked the same way, and counts at once.
    project.get_by_role("button", name="Hand the project over to ben").click()
    asked = owner.get_by_role("dialog", name="Hand the project over to ben")
    expect(asked).to_contain_text("has a shell as the Unix user")
    asked.get_by_role("button", name="Hand over").click()
    expect(asked).to_be_visible()  # the box is not ticked
    asked.get_by_role("checkbox").check()
    asked.get_by_role("button", name="Hand over").click()
    expect(project.get_by_role("status")).to_have_text("ben owns the project now.")
    expect(project.get_by_role("button", name="Rename the project")).to_have_count(0)
    expect(project.get_by_role("button", name="Who did what")).to_have_count(0)

    # The new owner reads who did what; the answer to an earlier question changes nothing.
    ben.get_by_role("button", name="Look again").click()
    on_wall(ben)
    ben.keyboard.press("Shift+S")
    ben.get_by_role("button", name="Members and settings of Combustion").click()
    ben.get_by_role("button", name="Who did what").click()
    audit = ben.get_by_role("dialog", name="Who did what in Combustion")
    rows = audit.get_by_role("table").get_by_role("row")
    expect(rows.filter(has_text="ben").first).to_be_visible()
    everything = rows.count()
    ben.screenshot(path=output / "people-audit.png")
    late: list[Route] = []
    ben.route(re.compile("/audit.*who=nobody"), lambda route: late.append(route))
    audit.get_by_role("searchbox", name="Who").fill("nobody")
    deadline = time.monotonic() + 30
    while not late:
        assert time.monotonic() < deadline
        ben.wait_for_timeout(50)
    audit.get_by_role("searchbox", name="Who").fill("")
    audit.get_by_role("combobox", name="Outcome").select_option("refused")
    expect(rows).to_have_count(2)
    expect(rows.last).to_contain_text("this person is no member of the project")
    audit.get_by_role("combobox", name="Outcome").select_option("")
    expect(rows).to_have_count(everything)
    with ben.expect_response(re.compile("/audit.*who=nobody")):
        late[0].continue_()
    ben.wait_for_timeout(500)
    expect(rows).to_have_count(everything)
    audit.get_by_role("searchbox", name="What").fill("transfer")
    expect(rows).to_have_count(2)

    # Who is left with what is archived is told so, and goes there.
    ben.keyboard.press("Escape")
    ben.keyboard.press("Escape")
    ben.get_by_role("button", name="Archive Flames").click()
    expect(ben.get_by_role("status").filter(has_text="Flames is archived")).to_be_visible()
    cleo.goto(f"{people.portal.origin}/#s=s-none")
    expect(cleo.get_by_role("heading", name="No way into this session")).to_be_visible(timeout=LONG)
    expect(cleo.get_by_text("which is archived: it is there as it was")).to_be_visible()
    cleo.screenshot(path=output / "people-archived.png")
    cleo.get_by_role("button", name="Flames").click()
    on_wall(cleo)
    expect(cleo.get_by_role("button", name="Session Flames: all sessions")).to_be_visible()
    # Another session in the address of a tab that has one is gone to.
    cleo.evaluate("location.hash = '#s=s-none'")
    expect(cleo.get_by_role("heading", name="No way into this session")).to_be_visible(timeout=LONG)


def heard(job: RunningJob) -> list[dict[str, Any]]:
    """Return all that the node agent heard of anybody's input."""
    return [said for looker in list(job.agent.stream().lookers.values()) for said in looker.input]


def test_a_guest_with_control_types_into_a_tile_and_is_out_of_a_clear_page_when_taken_back(
    people: People, output: Path
) -> None:
    job = RunningJob(people.portal, tiles=2)
    owner = people.owner()
    owner.keyboard.press("Shift+I")
    desk = owner.get_by_role("dialog", name="Invitations to")
    desk.get_by_role("button", name="New invitation").click()
    asked = owner.get_by_role("dialog", name="New invitation")
    asked.get_by_label("What they may do").select_option("control")
    asked.get_by_role("button", name="Make the link").click()
    expect(asked).to_be_visible()  # that it is a shell is not said yes to
    asked.get_by_role("checkbox").check()
    asked.get_by_label("Note").fill("for Gwen")
    asked.get_by_role("button", name="Make the link").click()
    link = owner.get_by_role("dialog", name="The invitation is made").locator("code").inner_text()
    owner.keyboard.press("Escape")
    expect(desk.get_by_text("for Gwen")).to_be_visible()
    until(owner, f"({FOCUSED}) === 'New invitation …'")

    guest = people.page(link.removeprefix(f"{people.portal.origin}/"))
    guest.get_by_label("Your name").fill("Gwen")
    guest.get_by_role("button", name="Come in").click()
    on_wall(guest)
    until(guest, "window.tiledviz.tiles().map(t => t.state).join() === 'live,live'")
    guest.keyboard.press("w")
    rect = guest.evaluate("window.tiledviz.tiles()[0].rect")
    guest.mouse.click(rect["x"] + rect["width"] / 2, rect["y"] + rect["height"] / 2)
    expect(guest.get_by_role("status").filter(has_text="Keys go to tile 0.")).to_be_visible(timeout=LONG)
    guest.keyboard.press("x")
    deadline = time.monotonic() + 30
    while not any(said.get("key", [0])[0] == ord("x") for said in heard(job)):
        assert time.monotonic() < deadline, "the tile hears no key"
        time.sleep(0.05)

    desk.get_by_role("button", name="Take back for Gwen").click()
    owner.get_by_role("dialog", name="Take back for Gwen").get_by_role("button", name="Take back").click()
    expect(guest.get_by_role("heading", name="You are out")).to_be_visible(timeout=LONG)
    expect(guest.get_by_role("grid")).to_have_count(0)
    assert guest.evaluate("sessionStorage.getItem('tiledviz.key')") is None
    guest.screenshot(path=output / "people-out.png")
    job.end()


PAGES = {
    "en-GB": (
        "Members and settings of main", "Who may do what", "Back", "Invite …", "New invitation …", "Your account …",
        "Accounts …", "Who did what …",
    ),
    "fr-FR": (
        "Membres et réglages de main", "Qui peut faire quoi", "Retour", "Inviter …", "Nouvelle invitation …",
        "Votre compte …", "Comptes …", "Qui a fait quoi …",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("locale", "width"), [("en-GB", 1440), ("fr-FR", 390)])
def test_axe_finds_nothing_in_the_pages_of_people_and_on_a_phone_all_is_reached_in_french(
    people: People, output: Path, locale: str, width: int
) -> None:
    members, table, back, invite, invitation, account, accounts, audit = PAGES[locale]
    known = people.known(f"somebody-{width}")
    expect(known.get_by_role("heading", level=1)).to_be_visible(timeout=LONG)
    login = people.page(width=width, locale=locale)
    expect(login.get_by_role("form")).to_be_visible(timeout=LONG)
    owner = people.page(f"#login={people.portal.login_ticket()}", width=width, locale=locale)
    on_wall(owner)

    def look(page: Page, axe: Axe, what: str) -> None:
        if width < 1000:
            all_within(page, what)
            axe.check(what)
            page.screenshot(path=output / f"people-phone-{what}.png")
        else:
            axe.check_themes(f"people {what}", output)

    look(login, Axe(login), "login")
    login.get_by_role("button", name=re.compile("Make an account|Créer un compte")).click()
    look(login, Axe(login), "register")
    out, axe = Axe(known), Axe(owner)
    known.set_viewport_size({"width": width, "height": 900})
    look(known, out, "nowhere")
    owner.keyboard.press("Shift+S")
    dialog = owner.get_by_role("dialog")

    def go(name: str) -> None:
        dialog.get_by_role("button", name=re.compile(f"^(. )?{name}$")).click()
        expect(dialog.get_by_role("heading", level=3).or_(dialog.get_by_role("table")).first).to_be_visible()

    go(members)
    dialog.locator("summary").filter(has_text=table).click()
    look(owner, axe, "project")
    dialog.get_by_role("button", name=re.compile(f"^{audit}")).click()
    expect(dialog.get_by_role("table")).to_be_visible()
    look(owner, axe, "audit")
    go(back)
    go(back)
    look(owner, axe, "sessions")
    for name, what in ((account, "account"), (accounts, "accounts"), (invite, "invitations")):
        go(name)
        look(owner, axe, what)
        if what != "invitations":
            go(back)
    dialog.get_by_role("button", name=invitation).click()
    question = dialog.get_by_role("dialog")
    question.get_by_role("combobox").nth(1).select_option("control")
    look(owner, axe, "invite")


# ----------------------------------------------------------------------- a proxy


def piped(listener: socket.socket, path: str, held: list[socket.socket]) -> None:
    """Hand every connection on to the unix socket *path*, as a proxy of this machine does; *held* gets all sockets."""

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    with contextlib.suppress(OSError):
        while True:
            inner, _ = listener.accept()
            outer = socket.socket(socket.AF_UNIX)
            held.extend((inner, outer))
            outer.connect(path)
            for pair in ((inner, outer), (outer, inner)):
                threading.Thread(target=pump, args=pair, daemon=True).start()


def test_by_a_proxy_one_is_in_without_a_word_and_who_it_says_next_is_somebody_else(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory, output: Path
) -> None:
    folder = tmp_path_factory.mktemp("proxy")
    settings = f'[portal]\nlogin = "proxy"\nnewcomers = "viewer"\n[portal.proxy]\nuids = ["{os.getuid()}"]\n'
    door, held = str(folder / "p.sock"), list[socket.socket]()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with portal_of(folder, settings, "--socket", door, port=port) as portal:
            threading.Thread(target=piped, args=(listener, door, held), daemon=True).start()
            people = People(chromium, portal)
            nobody = people.page()
            expect(nobody.get_by_role("heading", name="Your site lets you in here")).to_be_visible(timeout=LONG)
            expect(nobody.get_by_text("Log in at your site first")).to_be_visible()
            nobody.screenshot(path=output / "people-proxy.png")
            nobody.context.set_extra_http_headers({"X-Remote-User": "ann"})
            nobody.get_by_role("button", name="Try again").click()
            on_wall(nobody)
            run_command(nobody, "Your account")
            expect(nobody.get_by_role("dialog", name="Your account").get_by_text("ann").first).to_be_visible()
            nobody.context.set_extra_http_headers({"X-Remote-User": "bob"})
            nobody.reload()
            expect(nobody.get_by_role("heading", name="Your site lets you in here")).to_be_visible(timeout=LONG)
            nobody.get_by_role("button", name="Try again").click()
            on_wall(nobody)
            run_command(nobody, "Your account")
            expect(nobody.get_by_role("dialog", name="Your account").get_by_text("bob").first).to_be_visible()
            nobody.context.close()
            assert people.problems == []
    for each in held:
        each.close()
