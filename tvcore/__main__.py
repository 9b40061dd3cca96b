"""``python -m tvcore`` is the command ``tiledviz``."""

from tvcore.cli import main

main()
