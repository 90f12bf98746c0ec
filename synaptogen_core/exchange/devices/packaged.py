"""What is packaged by name, or lies in a file: parameter sets and retention laws."""

from __future__ import annotations

import os
from importlib import resources

from synaptogen_core.errors import FileError
from synaptogen_core.exchange.files import text

ROOM = "synaptogen_core.device"


def names(folder: str) -> tuple[str, ...]:
    """Names of the JSON files that are packaged in a folder of `device/`, sorted."""
    files = (resources.files(ROOM) / folder).iterdir()
    return tuple(sorted(file.name.removesuffix(".json") for file in files if file.name.endswith(".json")))


def content(name_or_path: str | os.PathLike[str], folder: str, kind: str, what: str, most: int) -> str:
    """The JSON text of a packaged name, or of a file.

    Parameters
    ----------
    name_or_path : str or path
    folder : str
        Below `device/`, in which the packaged ones lie.
    kind, what : str
        How error sentences call a packaged one, and a file.
    most : int
        Size that a file may have [bytes].

    Returns
    -------
    str

    Raises
    ------
    TypeError, FileError
        If it is neither a name nor a file, or the file cannot be read.
    """
    if not isinstance(name_or_path, (str, os.PathLike)):
        raise TypeError(f"name_or_path: must be a name or a path (got {type(name_or_path).__name__}); give a text")
    if isinstance(name_or_path, str) and name_or_path in names(folder):
        return (resources.files(ROOM) / folder / f"{name_or_path}.json").read_text(encoding="utf-8")
    if not text.is_there(name_or_path):
        raise FileError(
            f"{name_or_path or 'name_or_path'}: must be a packaged {kind} or a file (got neither); "
            f"packaged are {', '.join(names(folder))}, else check the path"
        )
    return text.read(name_or_path, what, most)
