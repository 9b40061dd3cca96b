"""Recordings of the wall stream, for bug reports: made by ``tiledviz record``, shown by ``tiledviz replay``."""
