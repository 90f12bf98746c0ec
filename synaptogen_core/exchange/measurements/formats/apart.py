"""A file read by a process of its own, with little memory and little time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from synaptogen_core.errors import FileError
from synaptogen_core.exchange.files.damage import fault
from synaptogen_core.exchange.measurements.formats import child
from synaptogen_core.exchange.measurements.source import Source

FAILED = re.compile(r"^failed: (\w+): (.*)$", re.MULTILINE)  # what `child` says
SECONDS, BYTES_PER_SECOND = 10, 5e6


@contextmanager
def read_apart(source: Source, script: str, memory: int, arguments: Sequence[str], what: str) -> Iterator[IO[bytes]]:
    """What a reader answers about a file.

    Parameters
    ----------
    source : Source
        The file.
    script : str
        Path of the reader, which `child` runs.
    memory : int
        By which its process may grow [bytes].
    arguments : sequence of str
        Of the reader.
    what : str
        What the file should be, in words for the error.

    Yields
    ------
    binary stream
        The answer, at its beginning.

    Raises
    ------
    FileError
        If it fails, crashes or takes too long.
    """
    path = source.data if isinstance(source.data, Path) else None
    command = [sys.executable, "-I", str(child.__file__), script, str(path.resolve()) if path else "-", str(memory)]
    with _scratch() as out:
        try:
            done = subprocess.run(
                [*command, *arguments],
                input=None if path else source.whole(),
                stdin=subprocess.DEVNULL if path else None,
                stdout=out,
                stderr=subprocess.PIPE,
                timeout=SECONDS + source.size / BYTES_PER_SECOND,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise damaged(source, what, "one that takes too long to read") from None
        if done.returncode:
            said = FAILED.findall(done.stderr.decode("utf-8", "replace"))
            kind, told = said[-1] if said else ("", "")
            raise damaged(source, what, told if kind == "SystemExit" else fault(kind, told))
        out.seek(0)
        yield out


def _scratch() -> IO[bytes]:
    """A file in memory where the system has such: what is read is nobody's business on the disk."""
    return os.fdopen(os.memfd_create("answer"), "w+b") if hasattr(os, "memfd_create") else tempfile.TemporaryFile()


def damaged(source: Source, what: str, found: str) -> FileError:
    """The sentence about a file that cannot be read.

    Parameters
    ----------
    source : Source
        The file.
    what, found : str
        What it should be, and what went wrong.

    Returns
    -------
    FileError
    """
    return FileError(f"{source.name}: must be readable as {what} (got {found}); is it cut off, or damaged?")
