"""What the portal's worker processes do for the audit."""

from __future__ import annotations

from typing import Any

from tvcore import audit
from tvcore.audit_reading import Wanted, page
from tvcore.portal.audit_messages import AuditEntry
from tvcore.portal.opened import opened_store

_FIELDS = frozenset(AuditEntry.model_fields)


def write_audit(entry: dict[str, Any], outcome: audit.Outcome, error: str, failed: int) -> None:
    """Write down that *entry* came out as *outcome*."""
    audit.write(audit.entry_of(entry), outcome, error, failed)


def read_audit(projects: list[int] | None, before: str, limit: int, **wanted: Any) -> Any:
    """Return a page of the audit: entries of *projects* by their ids (None: of all) that are *wanted*."""
    of = None if projects is None else frozenset(projects)
    first = projects is not None and opened_store().projects.first() in projects
    found = page(Wanted(projects=of, first=first, **wanted), before, limit)
    return found | {"entries": [_plain(entry) for entry in found["entries"]]}


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    # An earlier release had these beside the rest.
    old = {name: entry[name] for name in ("action", "arguments") if name in entry}
    return {"what": old} | {name: value for name, value in entry.items() if name in _FIELDS}


AUDIT_FUNCTIONS = {function.__name__: function for function in (write_audit, read_audit)}
