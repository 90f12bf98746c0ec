"""Writing that is done whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synaptogen_core.errors import FileError


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary name beside `path`; what is written there takes its place when the block ends well.

    The file, or all files of the folder, written under the temporary name are flushed to the disk and renamed. If the
    block fails, the temporary name is removed and `path` is what it was. A file is replaced in one step. A folder
    cannot be: the old one is moved aside, and moved back if the new one cannot take its place.

    Parameters
    ----------
    path : str or path
        Where to write; a link is followed. Its folder must exist.

    Yields
    ------
    Path
        The temporary name. It does not exist yet.

    Raises
    ------
    FileError
        If the folder of `path` does not exist.
    """
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileError(f"{path}: must lie in a folder that exists (got {target.parent}); make it first")
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
    try:
        yield temporary
        if temporary.is_dir():
            _replace_folder(temporary, target)
        else:
            if target.is_file():
                shutil.copymode(target, temporary)
            flush(temporary)
            os.replace(temporary, target)
        flush(target.parent)
    finally:
        _remove(temporary)


def _replace_folder(temporary: Path, target: Path) -> None:
    for inner in sorted(temporary.rglob("*")):
        flush(inner)
    flush(temporary)
    if not target.exists():
        os.replace(temporary, target)
        return
    aside = temporary.with_suffix(".old")
    os.replace(target, aside)
    try:
        os.replace(temporary, target)
    except BaseException:
        os.replace(aside, target)
        raise
    _remove(aside)


def flush(path: Path) -> None:
    """Put a file, or the names in a folder, on the disk."""
    if path.is_dir() and os.name == "nt":  # Windows opens no folders
        return
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
