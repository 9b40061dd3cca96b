"""Ensembles in HDF5: their layout, writing, reading, and the language in which one asks for members."""

from tvcore.ensemble.reader import Ensemble, open_ensemble
from tvcore.ensemble.schema import Column, Field, Role, Value
from tvcore.ensemble.writer import EnsembleWriter, create, partial_files

__all__ = [
    "Column",
    "Ensemble",
    "EnsembleWriter",
    "Field",
    "Role",
    "Value",
    "create",
    "open_ensemble",
    "partial_files",
]
