"""Ensembles others have made, as tile sets: each format has its importer, and all run apart from who asks."""
