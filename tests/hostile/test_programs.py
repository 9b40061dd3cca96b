"""A tile's program against the agent and the other tiles, all of one Unix user."""

from __future__ import annotations

from pathlib import Path

from hostile_kit import Attack

# Refused to any process of the user's, in a tile or not: a capability in the agent's own namespace is wanted.
NEVER = {"enter the agent's namespaces", "join the agent's mounts"}


def test_a_hostile_program_gets_nothing_of_the_agent_or_of_another_tile(attack: Attack) -> None:
    assert {name: got for name, (got, _why) in attack.inside.items() if got} == {}


def test_the_same_tries_succeed_outside_of_a_tile(attack: Attack) -> None:
    refused = {name: why for name, (got, why) in attack.outside.items() if not got and name not in NEVER}
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")  # 1: only a parent may trace
    if scope.exists() and int(scope.read_text()):
        refused = {name: why for name, why in refused.items() if not name.startswith(("trace", "take", "read the mem"))}
    assert refused == {}
    assert attack.outside.keys() == attack.inside.keys()
