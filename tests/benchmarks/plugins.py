"""What it costs to ask plugins in processes of their own, beside calling them in this one as pluggy alone does.

``.venv/bin/python tests/benchmarks/plugins.py [--members 1000] [--repeat 9]``. The last line is one JSON object with
the medians, in milliseconds:

- ``list``: all bundled cases described, their answers kept from before (``kept``) or asked anew (``asked``); beside it
  importing and asking all of them in one new process, as a program without such walls does (``bare``);
- ``survey``: members and tiles of a plugin of *members* members, apart and, beside it, in this process; their ratio;
- ``form``: what is wrong with a value, as the launch form asks at each pause of typing.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "plugins")]

from bench_kit import medians, report  # noqa: E402

BARE = (
    "from tvcore.cases import manager, sources\nfor p in sources.plugins()[0].values():\n    manager.load(p).schema()"
)


def milliseconds(work: Callable[[], object]) -> float:
    """Return how long *work* takes."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=9)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TILEDVIZ_HOME"):
            os.environ[name] = f"{folder}/{name}"
        os.environ["TILEDVIZ_SITE_CONFIG"] = ""
        measure(given.members, given.repeat)


def measure(members: int, repeat: int) -> None:
    """Print the medians of *repeat* runs."""
    from plugin_kit import write_sample
    from tvcore.cases import catalog, manager, remembered
    from tvcore.cases.sources import of_path

    every = f"def case_members():\n    return [Member(index=i, title=str(i)) for i in range({members})]"
    plugin = of_path(write_sample(case_members=every))
    inside = manager.load(plugin)

    def survey_here() -> None:
        parameters = inside.parameters({})
        for member in inside.members(parameters, None):
            inside.tile(parameters, member).model_dump(mode="json")

    def asked() -> None:
        for each in catalog.describe_all():
            remembered.forget(catalog.find(each.name))

    catalog.describe_all()
    runs = []
    for _ in range(repeat):
        asked()
        runs.append(
            {
                "list_asked": milliseconds(catalog.describe_all),
                "list_kept": milliseconds(catalog.describe_all),
                "list_bare": milliseconds(lambda: subprocess.run([sys.executable, "-c", BARE], check=True)),
                "survey_apart": milliseconds(lambda: catalog.survey("sample", {}, None, None, lambda *_: None)),
                "survey_here": milliseconds(survey_here),
                "form": milliseconds(lambda: catalog.problems("sample", {"count": "99"})),
            }
        )
    found = medians(runs, 1)
    found["survey_apart_over_here"] = round(found["survey_apart"] / found["survey_here"], 2)
    report("plugins", {"members": members, "repeat": repeat, "ms": found})


if __name__ == "__main__":
    main()
