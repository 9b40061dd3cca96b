"""ParaView's state files (.pvsm, XML): which data files one reads, and the same state of another data file.

Run in tiles too (start.py), with Python 3.7 or later.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

LARGEST = 1 << 27  # bytes


class StateFileError(Exception):
    """A file is no state, or not the one of what is wanted; the text says why, in a line."""


def data_files(path: str) -> list[str]:
    """Return the data files that the state file *path* reads, in its order, each once. Raises StateFileError."""
    return list(dict.fromkeys(element.get("value", "") for element in _elements(_read(path))))


def replaced(files: list[str], name: str) -> str:
    """Return which of *files*, those of a state, *name* means: by its path or its name, the only one where it is empty.

    Raises StateFileError.
    """
    if not files:
        raise StateFileError("it reads no data file that could be replaced")
    found = [file for file in files if name in ("", file, file.rpartition("/")[2])]
    if len(found) == 1:
        return found[0]
    there = ", ".join(file.rpartition("/")[2] for file in files)
    raise StateFileError(f"it reads {there}: say which of these each member's data replaces")


def with_data(path: str, name: str, data: str, target: str) -> None:
    """Write the state file *path* to *target*, with the file *data* instead of the one that *name* means.

    A reader of several files, as of a time series, reads *data* alone instead of all of them, if it read that one.
    Raises StateFileError, OSError.
    """
    tree = _read(path)
    old = replaced(list(dict.fromkeys(element.get("value", "") for element in _elements(tree))), name)
    for proxy in _readers(tree):
        for field in proxy.iter("Property"):
            elements = field.findall("Element")
            if old not in [element.get("value") for element in elements]:
                continue
            for element in elements:
                field.remove(element)
            field.insert(0, ElementTree.Element("Element", index="0", value=data))
            field.set("number_of_elements", "1")
    tree.write(target, encoding="utf-8")


def _read(path: str) -> ElementTree.ElementTree:
    try:
        with open(path, "rb") as file:
            text = file.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise StateFileError(f"it has more than {LARGEST >> 20} MB")
        tree = ElementTree.ElementTree(ElementTree.fromstring(text))  # noqa: S314 - expat bounds what entities become
    except OSError as error:
        raise StateFileError(f"it cannot be read: {error.strerror}") from error
    except ElementTree.ParseError as error:
        raise StateFileError(f"it is no state file of ParaView: {error}") from error
    if next(tree.iter("ServerManagerState"), None) is None:
        raise StateFileError("it is no state file of ParaView: there is no ServerManagerState in it")
    return tree


def _readers(tree: ElementTree.ElementTree) -> list[ElementTree.Element]:
    return [proxy for proxy in tree.iter("Proxy") if proxy.get("group") == "sources" and proxy.get("type")]


def _elements(tree: ElementTree.ElementTree) -> list[ElementTree.Element]:
    """Return the elements that name the data files of readers: of properties that take files."""
    return [
        element
        for proxy in _readers(tree)
        for field in proxy.iter("Property")
        if any(domain.get("name") == "files" for domain in field.findall("Domain"))
        for element in field.findall("Element")
        if element.get("value")
    ]
