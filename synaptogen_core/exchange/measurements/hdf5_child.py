"""Reads an HDF5 file of someone else; run as a program of its own, as damaged files can hang or crash HDF5's library.

Arguments: the file ("-": its bytes come on the standard input), how much memory it may take beyond the interpreter's,
how many bytes of values may be read, and the names of the variables to read (none: only what there is). Written out:
one line of JSON, then the bytes of the variables one after the other. Nothing here imports the rest of the package.
"""

from __future__ import annotations

import io
import json
import math
import sys
from typing import Any

import h5netcdf
import numpy as np

MAX_NAMES = 1000
MAX_TEXT = 4096


def limit_memory(extra: int) -> None:
    """Let the process grow by so many bytes only, where the system can do that."""
    try:
        import resource
        from pathlib import Path

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (ImportError, OSError):
        return
    now = pages * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + extra, now + extra))


def plain_attributes(attributes: Any) -> dict[str, Any]:
    """Short texts and single numbers."""
    found: dict[str, Any] = {}
    for name in list(attributes)[:MAX_NAMES]:
        value = attributes[name]
        if isinstance(value, np.ndarray) and value.size == 1:
            value = value.ravel()[0]
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, (bool, int, float)) or (isinstance(value, str) and len(value) <= MAX_TEXT):
            found[str(name)] = value
    return found


def described(name: str, variable: Any) -> dict[str, Any]:
    """What a variable declares.

    Parameters
    ----------
    name : str
        Under which the file has it.
    variable : h5netcdf.Variable
        Not read here.

    Returns
    -------
    dict
        name, dims, shape, kind ("f", "i", "u", "b", "text" or "other"), itemsize [bytes], chunk [values], attrs.
    """
    kind = variable.dtype
    text = kind is str or kind.kind in "OSU"
    return {
        "name": name,
        "dims": list(map(str, variable.dimensions)),
        "shape": list(map(int, variable.shape)),
        "kind": "text" if text else kind.kind if kind.kind in "fiub" else "other",
        "itemsize": 8 if text else kind.itemsize,
        "chunk": math.prod(variable.chunks or (1,)),
        "attrs": plain_attributes(variable.attrs),
    }


def values_of(variable: Any, text: bool, most: int) -> np.ndarray[Any, np.dtype[Any]]:
    """All values, as numbers or texts of one length.

    Parameters
    ----------
    variable : h5netcdf.Variable
        Of any shape.
    text : bool
        Whether it holds texts.
    most : int
        Limit of the texts in memory [bytes].

    Returns
    -------
    ndarray
        Shape of the variable, contiguous.

    Raises
    ------
    ValueError
        If the texts would take more than `most`.
    """
    values = np.asarray(variable[...])
    if text:
        texts = [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values.ravel().tolist()]
        if 4 * max(map(len, texts), default=0) * len(texts) > most:
            raise ValueError("its texts are too long")
        values = np.array(texts, dtype=str).reshape(values.shape)
    return np.ascontiguousarray(values)


def main(path: str, memory: str, most: str, *names: str) -> None:
    """Answer on the standard output.

    Parameters
    ----------
    path : str
        The file; "-": its bytes come on the standard input.
    memory, most : str
        Whole numbers: growth of the process, and values to read [bytes].
    *names : str
        Variables to read; none: only say what there is.

    Raises
    ------
    ValueError
        If the variables declare more than `most`, or hold neither numbers nor text.
    """
    out = sys.stdout.buffer
    content: Any = io.BytesIO(sys.stdin.buffer.read()) if path == "-" else path
    limit_memory(int(memory))
    with h5netcdf.File(content, "r", phony_dims="sort") as file:  # plain HDF5 has no names of dimensions
        variables = dict(list(file.variables.items())[:MAX_NAMES])
        found = [described(name, variables[name]) for name in names or variables]
        answer = {"attrs": plain_attributes(file.attrs), "variables": found}
        if not names:
            out.write(json.dumps(answer).encode() + b"\n")
            return
        total = sum(v["itemsize"] * max(math.prod(v["shape"]), v["chunk"]) for v in found)
        if total > int(most) or any(v["kind"] == "other" for v in found):
            raise ValueError(f"it declares {total:,} bytes")
        values = [values_of(variables[v["name"]], v["kind"] == "text", int(most)) for v in found]
    for entry, array in zip(found, values, strict=True):
        entry["dtype"] = array.dtype.str
        entry["shape"] = list(array.shape)
    out.write(json.dumps(answer).encode() + b"\n")
    for array in values:
        out.write(array.data)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except BaseException as error:  # HDF5 raises what it likes for a damaged file; the parent makes a sentence of it
        sys.stderr.write(f"{type(error).__name__}: {error}"[:300])
        sys.stdout.flush()
        sys.exit(1)
