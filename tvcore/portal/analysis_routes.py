"""The route by which tiles are analysed: groups, projections, outliers, neighbours."""

from __future__ import annotations

from typing import Any

from tvcore.portal import analysis_messages as messages
from tvcore.portal.route import Call, Route

ANALYSIS_SECONDS = 200.0  # a little more than an analysis may take by itself


def analyse(call: Call) -> Any:
    """Analyse tiles; what came of it is an act in the store like any other, which everyone is told soon."""
    login = call.login
    found = call.portal.analysing.call(
        "analyse", ANALYSIS_SECONDS, session=login.session, person=login.person, role=login.role,
        called=login.who.display or login.who.name, asked=call.body.model_dump(),
    )  # fmt: skip
    call.noted |= {"made": found["made"], "tiles": found["tiles"]}
    call.portal.monitor.hint()
    return found


ANALYSIS_ROUTES: tuple[Route, ...] = (
    Route(
        "POST", "/analysis", "Group tiles, find a plane for them, outliers, or the nearest of one: as columns and tags",
        analyse, messages.AnalysisAnswer, body=messages.Analysis, right="arrange", audit="analysis",
        kept=("method", "columns", "query", "k", "seed", "name"),
    ),
)  # fmt: skip
