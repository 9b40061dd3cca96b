"""Ensembles in HDF5: their layout, writing, reading, and the language in which one asks for members."""

from tvcore.ensemble.live import LiveWriter, open_live
from tvcore.ensemble.reader import Ensemble, open_ensemble
from tvcore.ensemble.schema import Column, Field, Role, Value
from tvcore.ensemble.writer import EnsembleWriter, create, partial_files

__all__ = [
    "Column",
    "Ensemble",
    "EnsembleWriter",
    "Field",
    "LiveWriter",
    "Role",
    "Value",
    "create",
    "open_ensemble",
    "open_live",
    "partial_files",
]
