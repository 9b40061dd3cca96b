"""Tile sets and walls as files that others read."""
