"""Weights from files: .npz and .safetensors, by name. Plain numbers only; nothing in them is executed."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.errors import FileError
from synaptogen_core.exchange.files import text
from synaptogen_core.exchange.files.damage import refused
from synaptogen_core.exchange.networks.images import arrays_of

MAX_BYTES = 1 << 32
MAX_HEADER = 1 << 24  # bytes
TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "<i1", "U8": "<u1"}
BF16 = "BF16"  # the upper half of a float32


def load_weights(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """Read the arrays of a file by their names, for `Network.from_weights` or to build layers of.

    Parameters
    ----------
    path : str or path
        .npz (``numpy.savez``) or .safetensors.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    FileError
        If there is no such file, or it is not what it says. Pickled files (.pt, .pkl) are refused: to read one is to
        run it.
    """
    file = text.existing(path, "a file of weights")
    suffix = file.suffix.lower()
    if suffix == ".npz":
        return arrays_of(file, MAX_BYTES)
    if suffix == ".safetensors":
        return _safetensors(file)
    raise FileError(f"{path}: must end in .npz or .safetensors (got {suffix or 'no suffix'}); save the weights as one")


def _safetensors(file: Path) -> dict[str, NDArray[Any]]:
    """A length, a header in JSON, and the numbers one after the other.

    References
    ----------
    Format: Hugging Face, "safetensors", README of the repository huggingface/safetensors.
    """
    size = file.stat().st_size
    if size > MAX_BYTES:
        raise FileError(f"{file}: must be at most {MAX_BYTES:,} bytes (got {size:,}); give a smaller file")
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or not 2 <= length <= min(MAX_HEADER, size - 8):
            raise FileError(f"{file}: must begin with the length of its header (got {length}); is it another format?")
        head, body = stream.read(length), stream.read()
    try:
        header = text.strict_json(head.decode("utf-8"), str(file))
        if not isinstance(header, dict):
            raise ValueError(f"header: must be an object (got {type(header).__name__}); is it another format?")
        return {name: _tensor(name, about, body) for name, about in header.items() if name != "__metadata__"}
    except (ValueError, TypeError, KeyError, UnicodeDecodeError) as error:
        raise refused(file, "be safetensors", error, "is it another format?") from error


def _tensor(name: str, about: Any, body: bytes) -> NDArray[Any]:
    kind, shape = about["dtype"], [int(n) for n in about["shape"]]
    begin, end = (int(n) for n in about["data_offsets"])
    if kind not in TYPES and kind != BF16:
        raise ValueError(f"{name}: must be of a type such as F32 (got {kind!r}); save it as one")
    stored = np.dtype("<u2" if kind == BF16 else TYPES[kind])
    if min(shape, default=0) < 0 or not 0 <= begin <= end <= len(body):
        raise ValueError(f"{name}: must lie inside the file (got {begin} to {end} of {len(body)}); is it cut off?")
    if math.prod(shape) * stored.itemsize != end - begin:
        raise ValueError(f"{name}: must have {math.prod(shape)} numbers (got {end - begin} bytes); is it damaged?")
    found = np.frombuffer(body[begin:end], stored).reshape(shape)
    if kind == BF16:
        return (found.astype(np.uint32) << 16).view(np.float32)
    return found.copy()
