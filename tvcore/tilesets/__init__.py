"""Tile sets that people keep: imported, edited, copied, and put on the wall."""

from tvcore.tilesets.document import Column, Place, Stream, Tile, TileSet, problems_of

__all__ = ["Column", "Place", "Stream", "Tile", "TileSet", "problems_of"]
