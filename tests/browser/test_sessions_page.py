"""Sessions, projects, invitations and accounts in a real Chromium: who is in, what they are shown, and who is out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from commanding import run_command
from people_pages import People, on_wall, portal_of
from portal_kit import RunningJob, RunningPortal
from world import until

LONG = 30000
PASSWORD = "a wall of small pictures"
OTHER = "another sentence of mine"


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """A portal with accounts, which new ones wait to be let into."""
    with portal_of(
        tmp_path_factory.mktemp("accounts"), '[portal]\nlogin = "accounts"\nregistration = "approval"\n'
    ) as made:
        yield made


@pytest.fixture
def job(accounts: RunningPortal) -> Iterator[RunningJob]:
    running = RunningJob(accounts, tiles=4)
    yield running
    running.end()


@pytest.fixture
def people(chromium: Browser, accounts: RunningPortal) -> Iterator[People]:
    made = People(chromium, accounts)
    yield made
    for context in made.contexts:
        context.close()
    assert made.problems == []


def test_sessions_are_made_renamed_copied_archived_and_deleted_from_one_list(people: People, output: Path) -> None:
    page = people.owner()
    bar = page.get_by_role("button", name="all sessions")
    bar.click()
    desk = page.get_by_role("dialog", name="Sessions")
    expect(desk.get_by_role("button", name="you are here")).to_be_visible()
    desk.get_by_role("button", name="New session in").click()
    page.get_by_role("textbox", name="Title").fill("Monday <b>")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("button", name="Session Monday <b>: all sessions")).to_be_visible(timeout=LONG)
    on_wall(page)
    assert "s=s-" in page.url
    page.keyboard.press("Shift+S")
    desk.get_by_role("button", name="Copy Monday <b>", exact=True).click()
    page.get_by_role("dialog", name="Copy Monday <b>").get_by_role("button", name="Copy", exact=True).click()
    expect(desk.get_by_role("status")).to_have_text("Monday <b> (copy) is there.")
    desk.get_by_role("button", name="Rename Monday <b> (copy)").click()
    page.get_by_role("textbox", name="Title").fill("Tuesday")
    page.get_by_role("dialog", name="Rename").get_by_role("button", name="Rename", exact=True).click()
    expect(desk.get_by_role("button", name="Open Tuesday")).to_be_visible()
    page.screenshot(path=output / "sessions-dark.png")
    desk.get_by_role("button", name="Archive Tuesday").click()
    expect(desk.get_by_role("button", name="Open Tuesday")).to_have_count(0)
    desk.get_by_label("with archived").check()
    expect(desk.get_by_role("button", name="Bring Tuesday back")).to_be_visible()
    desk.get_by_role("button", name="Delete Tuesday").click()
    asked = page.get_by_role("dialog", name="Delete Tuesday?")
    expect(asked).to_contain_text("This cannot be undone.")
    page.keyboard.press("Escape")  # out of the question, and no further
    expect(asked).to_have_count(0)
    expect(desk).to_be_visible()
    desk.get_by_role("button", name="Delete Tuesday").click()
    asked.get_by_role("button", name="Delete", exact=True).click()
    expect(desk.get_by_role("status")).to_have_text("Tuesday is deleted.")
    desk.get_by_role("searchbox", name="Search sessions").fill("nothing like it")
    expect(desk.get_by_text("None is found here.")).to_be_visible()
    page.keyboard.press("Escape")  # empties the field, as a browser has it
    page.keyboard.press("Escape")
    expect(desk).to_have_count(0)


def test_a_guest_comes_in_by_a_link_to_chosen_tiles_and_is_out_when_it_is_taken_back(
    people: People, job: RunningJob, output: Path
) -> None:
    owner = people.owner()
    until(owner, "window.tiledviz.tiles().length >= 4")
    ids = owner.evaluate("window.tiledviz.tiles().map(t => t.id)")
    owner.evaluate(
        "ids => { const {session} = window.tiledviz;"
        " session.set([[`person/${session.person}/selection`, ids]], 'select'); }",
        ids[1:3],
    )
    owner.keyboard.press("Shift+I")
    desk = owner.get_by_role("dialog", name="Invitations to")
    desk.get_by_role("button", name="New invitation").click()
    asked = owner.get_by_role("dialog", name="New invitation")
    expect(asked.get_by_label("What they see")).to_have_value("chosen")
    shell = asked.get_by_text("has a shell as the Unix user")
    expect(shell).to_be_hidden()
    asked.get_by_label("What they may do").select_option("control")
    expect(shell).to_be_visible()
    asked.get_by_label("What they may do").select_option("view")
    asked.get_by_label("Note").fill("for the visit")
    owner.screenshot(path=output / "invite-ask.png")
    asked.get_by_role("button", name="Make the link").click()
    made = owner.get_by_role("dialog", name="The invitation is made")
    expect(made.get_by_role("img", name="Code that opens the invitation")).to_be_visible()
    owner.screenshot(path=output / "invite-made.png")
    link = made.locator("code").inner_text()
    owner.keyboard.press("Escape")
    expect(desk.get_by_text("for the visit")).to_be_visible()

    guest = people.page(link.partition("/")[2].partition("/")[2].partition("/")[2], width=390)
    expect(guest.get_by_role("heading", name="You are invited to a wall")).to_be_visible()
    assert "invite" not in guest.url, "the secret is out of the address"
    guest.screenshot(path=output / "invited.png")
    guest.get_by_label("Your name").fill("Gwen")
    guest.get_by_role("button", name="Come in").click()
    on_wall(guest)
    until(guest, "window.tiledviz.tiles().length === 2")
    assert guest.evaluate("window.tiledviz.tiles().map(t => t.id)") == ids[1:3]
    expect(guest.get_by_role("search")).to_be_hidden()
    guest.screenshot(path=output / "invited-wall.png")

    desk.get_by_role("button", name="Take back for the visit").click()
    owner.get_by_role("dialog", name="Take back for the visit").get_by_role("button", name="Take back").click()
    expect(guest.get_by_role("heading", name="You are out")).to_be_visible(timeout=LONG)
    guest.screenshot(path=output / "guest-out.png")


def test_an_account_is_made_let_in_added_to_a_project_and_changes_its_password(people: People, output: Path) -> None:
    anna = people.page()
    expect(anna.get_by_role("form", name="Log in")).to_be_visible()
    anna.screenshot(path=output / "login-accounts.png")
    anna.get_by_role("button", name="Make an account").click()
    form = anna.get_by_role("form", name="Make an account")
    form.get_by_label("Name", exact=False).first.fill("anna")
    form.get_by_label("Password").fill(PASSWORD)
    form.get_by_role("button", name="Make the account").click()
    expect(anna.get_by_role("status")).to_contain_text("waits until somebody who administers", timeout=LONG)

    owner = people.owner()
    run_command(owner, "Administration")
    admin = owner.get_by_role("dialog", name="Accounts of this portal")
    admin.get_by_role("button", name="Let anna in").click()
    expect(admin.get_by_role("status")).to_have_text("anna may log in now.")
    owner.screenshot(path=output / "admin.png")
    owner.keyboard.press("Escape")

    login = anna.get_by_role("form", name="Log in")
    login.get_by_label("Name").fill("anna")
    login.get_by_label("Password").fill(PASSWORD)
    login.get_by_role("button", name="Log in").click()
    expect(anna.get_by_role("heading", name="You are in no project yet")).to_be_visible(timeout=LONG)
    expect(anna.get_by_text("You are known as anna")).to_be_visible()

    owner.keyboard.press("Shift+S")
    owner.get_by_role("button", name="Members and settings of").click()
    project = owner.get_by_role("dialog", name="Project")
    project.get_by_label("Name of an account").fill("anna")
    project.get_by_role("button", name="Add", exact=True).click()
    expect(project.get_by_role("status")).to_have_text("anna is a member now.")
    project.get_by_role("button", name="Let anna operate").click()
    asked = owner.get_by_role("dialog", name="Let anna operate")
    expect(asked).to_contain_text("has a shell as the Unix user")
    owner.screenshot(path=output / "operate.png")
    asked.get_by_role("button", name="Let operate").click()
    expect(asked).to_be_visible()  # the box is not ticked
    asked.get_by_role("checkbox").check()
    asked.get_by_role("button", name="Let operate").click()
    expect(project.get_by_role("status")).to_have_text("anna may operate now.")
    owner.screenshot(path=output / "project.png")

    anna.get_by_role("button", name="Look again").click()
    on_wall(anna)
    run_command(anna, "Your account")
    account = anna.get_by_role("dialog", name="Your account")
    account.get_by_role("button", name="Change the password").click()
    change = anna.get_by_role("dialog", name="Change the password")
    change.get_by_label("Password you have now").fill("not this one")
    change.get_by_label("New password").fill(OTHER)
    change.get_by_role("button", name="Save").click()
    expect(change.get_by_role("alert")).not_to_be_empty(timeout=LONG)
    expect(change.get_by_label("New password")).to_have_value("")
    change.get_by_label("Password you have now").fill(PASSWORD)
    change.get_by_label("New password").fill(OTHER)
    change.get_by_role("button", name="Save").click()
    expect(account.get_by_role("status")).to_contain_text("The password is changed", timeout=LONG)
    account.get_by_role("button", name="New token").click()
    token = anna.get_by_role("dialog", name="New token")
    token.get_by_role("textbox", name="Name").fill("plots")
    token.get_by_role("button", name="Make the token").click()
    expect(anna.get_by_role("dialog", name="The token is made").locator("code")).to_contain_text("tvz_")
    anna.keyboard.press("Escape")
    anna.screenshot(path=output / "account.png")

    project.get_by_role("button", name="Remove anna").click()
    owner.get_by_role("dialog", name="Remove anna").get_by_role("button", name="Remove", exact=True).click()
    expect(anna.get_by_role("heading", name="You are in no project yet")).to_be_visible(timeout=LONG)
