"""What the portal's worker processes do to analyse tiles (``tvcore.portal.calls`` has the rest)."""

from __future__ import annotations

from typing import Any

from tvcore.portal.finite import finite
from tvcore.portal.opened import opened_store
from tvcore.portal.roles import Role


def analyse(session: str, person: str, role: Role, called: str, asked: dict[str, Any]) -> Any:
    """Do an analysis of the tiles of *session*, as *person*, who is *called* so."""
    from tvcore.analysis.analyse import Asked, Whose
    from tvcore.analysis.analyse import analyse as do

    return finite(do(opened_store(), Asked(**asked), session, Whose(person, role, called)))


ANALYSIS_FUNCTIONS = {analyse.__name__: analyse}
