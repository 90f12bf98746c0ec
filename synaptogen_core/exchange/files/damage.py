"""What is wrong with a file, in our words: what a library says of its inside tells a user nothing."""

from __future__ import annotations

import os
import re

from synaptogen_core.errors import FileError

SEEN = (  # what libraries say -> what it means for the file; the first that is found
    (r"checksum|\bCRC\b|Incorrect length of data|filter returned failure", "bytes that contradict their checksum"),
    (r"[Tt]runcated|ended before|\bEOF\b|past end", "only a part of it"),
    (r"not a zip file", "no complete ZIP archive"),
    (r"[Mm]emory|[Uu]nable to allocate", "more than the memory allowed for it"),
    (r"compress|zip file version|flag bit", "packed data that cannot be unpacked"),
    (r"encrypted|[Pp]assword", "one with a password"),
)
BY_KIND = {
    "MemoryError": "more than the memory allowed for it",
    "EOFError": "only a part of it",
    "BadZipFile": "a damaged ZIP archive",
    "BadGzipFile": "packed data that cannot be unpacked",
    "UnicodeDecodeError": "bytes that are no text",
}
OURS = re.compile(r": must | must .*\(got ", re.DOTALL)  # "argument: must be so (got that); do this"
CUT_OFF = re.compile(r"eof = (\d+).*stored_eof = (\d+)")  # HDF5 counts


def refused(name: object, rule: str, error: Exception, remedy: str) -> FileError:
    """The error about a file that a library, or a rule of ours, refuses.

    Parameters
    ----------
    name : str or path
        Of the file.
    rule : str
        What follows "must": "be readable as NetCDF".
    error : Exception
        What was raised. A sentence of ours is quoted whole, anything else is put in our words.
    remedy : str
        What to do, if the sentence is not ours.

    Returns
    -------
    FileError
        To be raised from `error`.
    """
    told = str(error)
    if isinstance(error, FileError):
        return error
    if isinstance(error, ValueError | TypeError) and OURS.search(told):
        return FileError(f"{name}: must {rule}; {told}")
    if isinstance(error, OSError) and error.errno:
        return FileError(f"{name}: must {rule} (got from the system: {os.strerror(error.errno)}); {remedy}")
    return FileError(f"{name}: must {rule} (got {fault(type(error).__name__, told)}); {remedy}")


def fault(kind: str, told: str) -> str:
    """What an error of a library means for the file it reads.

    Parameters
    ----------
    kind : str
        Name of the error's class.
    told : str
        What it says.

    Returns
    -------
    str
        To follow "got".
    """
    if cut := CUT_OFF.search(told):
        return f"{int(cut[1]):,} of its {int(cut[2]):,} bytes"
    if kind == "KeyError" and re.fullmatch(r"'?\w+'?", told):
        return f"none called {told}"
    for pattern, words in SEEN:
        if re.search(pattern, told):
            return words
    return BY_KIND.get(kind, "contents that break the rules of its format")
