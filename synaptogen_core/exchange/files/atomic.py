"""Writing that is done whole or not at all, and what is said if it could not be done."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from synaptogen_core.errors import FileError

FULL = "make room, or choose another place"
FORBIDDEN = "choose another folder, or have it opened for writing"
ADVICE = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EFBIG: "write less, or choose a place that takes larger files",
    errno.EROFS: FORBIDDEN,
    errno.EACCES: FORBIDDEN,
    errno.EPERM: FORBIDDEN,
    errno.ENAMETOOLONG: "shorten the name",
    errno.EISDIR: "choose a name that no folder has",
}
OTHERWISE = "check the folder and its disk"
SHOWN = 40  # characters of a name that its temporary name repeats: together they must not be longer than names may be


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
        The temporary name: hidden, and ending in .tmp. It does not exist yet.

    Raises
    ------
    FileError
        If the folder of `path` does not exist, or the file system refuses the write: full, read-only, name too long.
    """
    with told(path), swapping(path) as temporary:
        yield temporary


@contextmanager
def told(path: str | os.PathLike[str], advice: str = "") -> Iterator[None]:
    """Turn a refusal of the file system into a sentence about the name that the user gave.

    Parameters
    ----------
    path : str or path
        What the sentence is about.
    advice : str
        What else it says at its end.

    Raises
    ------
    FileError
        Instead of an OSError of the file system. One that is about a file elsewhere, or a connection, stays.
    """
    try:
        yield
    except OSError as error:
        if not _ours(error, path):
            raise
        what = ADVICE.get(error.errno or 0, OTHERWISE) + advice
        raise FileError(f"{path}: must be writable (got: {error.strerror}); {what}") from error


def _ours(error: OSError, path: str | os.PathLike[str]) -> bool:
    """Whether an error comes from writing beside `path`: another file may have been read at the same time."""
    if error.errno is None or isinstance(error, (ConnectionError, TimeoutError)):
        return False
    if not isinstance(error.filename, (str, os.PathLike)):
        return True
    folder = Path(os.path.realpath(path)).parent
    return Path(os.path.abspath(error.filename)).is_relative_to(folder) or os.fspath(error.filename) == os.fspath(path)


@contextmanager
def swapping(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Do what `replacing` does, and leave errors of the file system as they are: for parts of a larger write.

    Raises
    ------
    FileError
        If there is no folder for it; OSError as it comes.
    """
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileError(f"{path}: must lie in a folder that exists (got {target.parent}); make it first")
    with suppress(FileNotFoundError):
        target.lstat()  # a name that cannot be is refused before the work
    temporary = target.with_name(f".{target.name[:SHOWN]}.{secrets.token_hex(6)}.tmp")
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
    try:
        os.replace(target, aside)
        os.replace(temporary, target)
    except BaseException:  # a Ctrl-C comes between any two steps, or right after one of them
        if aside.exists() and not target.exists():
            os.replace(aside, target)
        raise
    finally:
        if target.exists():
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
    """Remove what is there; what cannot be removed must not hide why the write failed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
