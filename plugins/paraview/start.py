"""Starts ParaView in a tile, on the state or the data of the tile's member: ``python start.py --state /data/a.pvsm``.

Runs with whichever Python 3.7 or later there is. ParaView takes its place.
"""

# mypy: allow-untyped-defs, allow-untyped-calls

import argparse
import json
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MISSING = (
    "there is no program paraview on this node: load its module (job.modules), "
    "or use its image: tiledviz image build paraview, and container=apptainer"
)
NOT_FOUND = 127  # as of a shell: the tile is not started again in vain
# without a person's own settings, and the greeting over the picture; without MPI, whose signal handlers hide an end
OPTIONS = ("--dr", "--no-mpi")


def own_state(options):
    """Return the path of a state like that of *options*, but of the member's data."""
    sys.path.insert(0, HERE)
    from state_file import StateFileError, with_data  # type: ignore[import-not-found]

    target = os.path.join(tempfile.mkdtemp(prefix="paraview-"), os.path.basename(options.state))
    try:
        with_data(options.state, options.replace, options.data, target)
    except StateFileError as error:
        sys.exit(f"{options.state}: {error}")
    return target


def main():
    """Become ParaView."""
    parser = argparse.ArgumentParser(description="start ParaView in a tile")
    parser.add_argument("--state", default="", help="a state, .pvsm or .py; empty: the data as they are")
    parser.add_argument("--data", default="", help="the member's data file; empty: those of the state")
    parser.add_argument("--replace", default="", help="which of the state's data files that replaces")
    parser.add_argument("--code", default="", help="the folder of TiledViz's code, for actions")
    options = parser.parse_args()
    if shutil.which("paraview") is None:
        print(MISSING, file=sys.stderr)
        sys.exit(NOT_FOUND)
    if options.state.endswith(".pvsm") and options.data:
        options.state = own_state(options)
    os.environ["TILEDVIZ_DATA"] = options.data  # for a state that is a Python script
    os.environ["TILEDVIZ_PARAVIEW"] = json.dumps(vars(options))
    os.execvp("paraview", ["paraview", *OPTIONS, "--script", os.path.join(HERE, "panel.py")])  # noqa: S606


if __name__ == "__main__":
    main()
