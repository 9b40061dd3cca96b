"""The TiledViz library: from an ensemble to a wall of live tiles."""

__version__ = "0.1.0"
