"""``tiledviz project``: projects, and who is in them."""

from __future__ import annotations

import click

from tvcore.cli_kit import as_json, opened_store, really, show, yes_option
from tvcore.cli_place import in_project
from tvcore.people import projects
from tvcore.people.by import here, shell
from tvcore.people.sessions import lost_line
from tvcore.portal.roles import ROLES
from tvcore.terminal import printable, table

project_argument = click.argument("project")
person_argument = click.argument("person")
role_argument = click.argument("role", type=click.Choice(ROLES))


@click.group(name="project")
def project() -> None:
    """Say who works together on what: projects, their members, and what these may do (docs/projects.md).

    PERSON is a name that is known here, or WAY:NAME where several people are called so.
    """


@project.command(name="list")
@as_json
def list_(as_json: bool) -> None:
    """List the projects."""
    with opened_store() as store:
        found = projects.projects(store)
    rows = [(printable(each["name"]), each["members"], each["sessions"]) for each in found]
    show(found, as_json, lambda: table(("project", "members", "sessions"), rows))


@project.command()
@click.argument("name")
@as_json
def new(name: str, as_json: bool) -> None:
    """Make a project NAME, which is yours."""
    with opened_store() as store:
        found = projects.new_project(store, here(store), name)
    text = printable(found["name"])
    show(found, as_json, lambda: f"{text} is there: `tiledviz project add {text} PERSON ROLE` has others in it.")


@project.command()
@project_argument
@click.argument("name")
@as_json
def rename(project: str, name: str, as_json: bool) -> None:
    """Call PROJECT NAME."""
    with in_project(project) as (store, by, number):
        found = projects.rename_project(store, by, number, name)
    show(found, as_json, lambda: f"It is called {printable(found['name'])} now.")


@project.command()
@project_argument
@yes_option
@as_json
def delete(project: str, yes: bool, as_json: bool) -> None:
    """Delete PROJECT with all its sessions, tile sets and sets of parameters; never while a job runs in it."""
    with in_project(project) as (store, by, number):
        really(f"{printable(project)} goes with {lost_line(store.projects.loses(number).plain())}.", yes)
        found = projects.delete_project(store, by, number)
    show(found, as_json, lambda: f"{printable(found['name'])} is deleted, with {lost_line(found['lost'])}.")


@project.command()
@project_argument
@as_json
def members(project: str, as_json: bool) -> None:
    """List who is in PROJECT, and as what."""
    with in_project(project) as (store, by, number):
        found = projects.members(store, by, number)
    rows = [
        (f"{each['way']}:{printable(each['name'])}", printable(each["display"]), each["role"],
         "operates" if "operate" in each["rights"] else "", "" if each["state"] == "active" else each["state"])
        for each in found["members"]
    ]  # fmt: skip
    show(found, as_json, lambda: table(("person", "called", "role", "", ""), rows))


@project.command()
@project_argument
@person_argument
@role_argument
@yes_option
@as_json
def add(project: str, person: str, role: str, yes: bool, as_json: bool) -> None:
    """Have PERSON be a member of PROJECT as ROLE."""
    _warn(role, yes)
    with in_project(project) as (store, by, number):
        found = projects.add_member(store, by, number, person, role)
    show(found, as_json, lambda: f"{printable(person)} is {role} of {printable(project)}.")


@project.command()
@project_argument
@person_argument
@role_argument
@yes_option
@as_json
def role(project: str, person: str, role: str, yes: bool, as_json: bool) -> None:
    """Have a member be ROLE from now on."""
    _warn(role, yes)
    with in_project(project) as (store, by, number):
        found = projects.set_role(store, by, number, projects.find_member(store, number, person), role)
    show(found, as_json, lambda: f"{printable(person)} is {role} of {printable(project)} now.")


def _warn(role: str, yes: bool) -> None:
    if role == "owner":
        really(f"An owner operates: {shell()}.", yes)


@project.command()
@project_argument
@person_argument
@click.option("--off", is_flag=True, help="Not any more.")
@yes_option
@as_json
def operate(project: str, person: str, off: bool, yes: bool, as_json: bool) -> None:
    """Let a member operate, beside their role: that is a shell as the Unix user whose portal this is."""
    if not off:
        really(f"{shell()}.", yes)
    with in_project(project) as (store, by, number):
        found = projects.set_operate(store, by, number, projects.find_member(store, number, person), not off)
    show(found, as_json, lambda: f"{printable(person)} {'does not operate any more' if off else 'operates'}.")


@project.command()
@project_argument
@person_argument
@as_json
def remove(project: str, person: str, as_json: bool) -> None:
    """Have a member be none any more."""
    with in_project(project) as (store, by, number):
        found = projects.remove_member(store, by, number, projects.find_member(store, number, person))
    show(found, as_json, lambda: f"{printable(person)} is out of {printable(project)}.")


@project.command()
@project_argument
@person_argument
@yes_option
@as_json
def transfer(project: str, person: str, yes: bool, as_json: bool) -> None:
    """Hand PROJECT over to another member; you are an admin of it from then on."""
    really(f"An owner operates: {shell()}.", yes)
    with in_project(project) as (store, by, number):
        found = projects.transfer(store, by, number, by.person, projects.find_member(store, number, person))
    show(found, as_json, lambda: f"{printable(person)} owns {printable(project)} now.")
