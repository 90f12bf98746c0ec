"""Reads an HDF5 file of someone else, in a process of its own: see `child`.

Written out: one line of JSON, then the bytes of the variables one after the other.
"""

from __future__ import annotations

import json
import math
from typing import IO, Any

import h5netcdf
import numpy as np

MAX_NAMES = 1000
MAX_TEXT = 4096


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
    SystemExit
        If the texts would take more than `most`.
    """
    values = np.asarray(variable[...])
    if text:
        texts = [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values.ravel().tolist()]
        if 4 * max(map(len, texts), default=0) * len(texts) > most:
            raise SystemExit("texts that are too long")
        values = np.array(texts, dtype=str).reshape(values.shape)
    return np.ascontiguousarray(values)


def answer(content: Any, out: IO[bytes], most: str, *names: str) -> None:
    """Write what the file holds.

    Parameters
    ----------
    content : str or binary stream
        The file.
    out : binary stream
        Where the answer goes.
    most : str
        A whole number: values to read [bytes].
    *names : str
        Variables to read; none: only say what there is.

    Raises
    ------
    SystemExit
        If the variables declare more than `most`, or hold neither numbers nor text.
    """
    with h5netcdf.File(content, "r", phony_dims="sort") as file:  # plain HDF5 has no names of dimensions
        variables = dict(list(file.variables.items())[:MAX_NAMES])
        found = [described(name, variables[name]) for name in names or variables]
        told = {"attrs": plain_attributes(file.attrs), "variables": found}
        if not names:
            out.write(json.dumps(told).encode() + b"\n")
            return
        total = sum(v["itemsize"] * max(math.prod(v["shape"]), v["chunk"]) for v in found)
        if total > int(most) or any(v["kind"] == "other" for v in found):
            raise SystemExit(f"a file that declares {total:,} bytes")
        values = [values_of(variables[v["name"]], v["kind"] == "text", int(most)) for v in found]
    for entry, array in zip(found, values, strict=True):
        entry["dtype"] = array.dtype.str
        entry["shape"] = list(array.shape)
    out.write(json.dumps(told).encode() + b"\n")
    for array in values:
        out.write(array.data)
