"""The routes behind the launch form: what the site offers, what is wrong with a form, what was launched before."""

from __future__ import annotations

import base64
from typing import Any

from tvcore.errors import UsageError
from tvcore.portal import launch_messages as messages
from tvcore.portal.asking import project_of
from tvcore.portal.launches import Launch
from tvcore.portal.messages import Job, LaunchRequest, Nothing
from tvcore.portal.route import ApiError, Call, Route

READ_SECONDS = 40.0
CHECK_SECONDS = 90.0  # a plugin that hangs has been given up by then
LAUNCH_SECONDS = 600.0  # a case may first make its ensemble


def offers(call: Call) -> Any:
    """Return what the site offers; a batch system may be away for a while."""
    return call.portal.do_batch("offers", READ_SECONDS)


def check(call: Call) -> Any:
    """Return what is wrong with a form."""
    asked = call.body
    return call.portal.forms.call(
        "check_form", CHECK_SECONDS, case=call.path["case"], settings=asked.settings, tiles=asked.tiles,
        preview=asked.preview,
    )  # fmt: skip


def launch(call: Call) -> Any:
    """Submit a job for the session; how far it is can be asked meanwhile."""
    wanted = call.body
    about = {"case": wanted.case, "settings": wanted.settings, "tiles": wanted.tiles}
    job = _long(call, "launch", session=call.login.session, **about)
    call.portal.monitor.hint()
    return job


def prepare(call: Call) -> Any:
    """Do all but the launch; how far it is can be asked meanwhile."""
    asked = call.body
    return _long(call, "prepare_only", case=call.path["case"], settings=asked.settings, tiles=asked.tiles)


def _long(call: Call, name: str, **arguments: Any) -> Any:
    try:
        with call.portal.launches.one(call.login.owner, call.body.request) as under_way:
            return call.portal.launching.converse(name, LAUNCH_SECONDS, under_way.talk, arguments)
    except UsageError as error:
        raise ApiError(409, str(error)) from error


def progress(call: Call) -> Any:
    """Return how far a launch of this login is."""
    return _under_way(call).document()


def cancel(call: Call) -> Any:
    """Give up a launch of this login, with what the case is making; once its job is submitted it goes on."""
    found = _under_way(call)
    if found.ended is not None:
        raise ApiError(409, "it is over: what was submitted is a job, which can be stopped")
    found.talk.cancel()
    return {"cancelled": True}


def _under_way(call: Call) -> Launch:
    found: Launch | None = call.portal.launches.find(call.login.owner, call.path["request"])
    if found is None:
        raise ApiError(404, "there is no such launch under way: it has not begun, or is over")
    return found


def picture(call: Call) -> Any:
    """Return a case's picture."""
    found = call.portal.forms.call("case_picture", READ_SECONDS, case=call.path["case"])
    if not found:
        raise ApiError(404, f"the case {call.path['case']} has no picture")
    return base64.b64decode(found)


def presets(call: Call) -> Any:
    """Return the sets of parameters."""
    return call.portal.forms.call("list_presets", READ_SECONDS, project=project_of(call))


def save(call: Call) -> Any:
    """Keep a set."""
    asked = call.body
    return call.portal.forms.call(
        "save_preset", CHECK_SECONDS, name=asked.name, case=asked.case, settings=asked.settings, tiles=asked.tiles,
        replace=asked.replace, project=project_of(call),
    )  # fmt: skip


def rename(call: Call) -> Any:
    """Call a set otherwise."""
    about = {"name": call.path["name"], "project": project_of(call)}
    return call.portal.forms.call("rename_preset", READ_SECONDS, to=call.body.to, **about)


def remove(call: Call) -> Any:
    """Forget a set."""
    about = {"name": call.path["name"], "project": project_of(call)}
    return call.portal.forms.call("remove_preset", READ_SECONDS, **about)


LAUNCH_ROUTES: tuple[Route, ...] = (
    Route("GET", "/offers", "What the site offers to a launch", offers, messages.Offers, right="operate"),
    Route("GET", "/cases/{case}/picture", "A case's picture", picture, media="image/png", right="operate"),
    Route(
        "POST", "/cases/{case}/check", "All that is wrong with the values of a launch form, and the job script", check,
        messages.CheckAnswer, body=messages.CheckedForm, right="operate",
    ),
    Route(
        "POST", "/cases/{case}/prepare", "Do all that a launch does but for submitting the job", prepare,
        messages.PreparedAnswer, body=messages.PreparedForm, right="operate", audit="prepare",
    ),
    Route(
        "POST", "/launch", "Submit a job that shows a case", launch, Job, body=LaunchRequest, right="operate",
        audit="launch", kept=("case",),
    ),
    Route("GET", "/launches/{request}", "How far a launch is", progress, messages.LaunchProgress, right="operate"),
    Route(
        "POST", "/launches/{request}/cancel", "Give up a launch that is not submitted yet", cancel,
        messages.LaunchCancelled, right="operate", audit="launch cancel",
    ),
    Route(
        "GET", "/presets", "Sets of parameters of the session's project: saved, and of recent launches", presets,
        messages.Presets, right="operate",
    ),
    Route(
        "POST", "/presets", "Keep a set of parameters. 409: its name is taken", save, messages.Preset,
        body=messages.SavePreset, right="operate", audit="preset save", kept=("name", "case"),
    ),
    Route(
        "POST", "/presets/{name}/rename", "Call a set of parameters otherwise", rename, messages.NamedPreset,
        body=messages.PresetTo, right="operate", audit="preset rename", kept=("to",),
    ),
    Route(
        "POST", "/presets/{name}/remove", "Forget a set of parameters", remove, messages.NamedPreset,
        body=Nothing, right="operate", audit="preset remove",
    ),
)  # fmt: skip
