"""What a CellArray remembers as plain values and arrays, and the checks on the way back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from synaptogen_core import checks
from synaptogen_core.array import ageing
from synaptogen_core.array.threads import each_block
from synaptogen_core.array.transactions import Memory, Transactional
from synaptogen_core.device.model import random_streams, read_noise
from synaptogen_core.device.model.state import State
from synaptogen_core.device.retention.law import RetentionLaw
from synaptogen_core.device.retention.traps import Traps

HASH_BLOCK = 1 << 16
NEEDED = ("shape", "device", "seed", "start", "first_cell", "reads", "arrays")


def described(cells: Transactional, state: State) -> dict[str, Any]:
    """The dictionary of `CellArray.to_state`; its arrays are copies.

    Parameters
    ----------
    cells : Transactional
        Gives shape, device, seed, start and number of reads.
    state : State
        Of its cells.

    Returns
    -------
    dict
        Plain values, and ``arrays``: name -> ndarray, cells last.
    """
    time, arrays = ({}, {}) if cells.ages is None else ageing.saved(cells.ages)
    law = {} if cells.retention is None else {"retention": cells.retention.to_dict()}
    law |= {} if cells.traps is None else {"traps": cells.traps.to_dict()}
    return {
        "shape": list(cells.shape),
        "device": cells.device.to_dict(),
        "seed": cells.seed,
        "start": cells.start,
        "first_cell": cells.first_cell,
        "reads": cells.reads,
        "fresh": cells.fresh,
        "stream_version": random_streams.STREAM_VERSION,
        **law,
        **time,
        "arrays": {name: array.copy() for name, array in state.arrays().items()} | arrays,
    }


def about(data: object) -> dict[str, Any]:
    """What a CellArray is made of, besides shape and device, out of such a dictionary.

    Raises
    ------
    TypeError, ValueError
        If something is missing, or comes from another version of the random streams.
    """
    if not isinstance(data, Mapping):
        raise TypeError(f"cells: must be what to_state returned (got {type(data).__name__}); save the cells again")
    missing = [name for name in NEEDED if name not in data]
    if missing:
        raise ValueError(f"cells: must hold a complete state (missing {', '.join(missing)}); save the cells again")
    if data.get("stream_version") != random_streams.STREAM_VERSION:
        raise ValueError(
            f"cells: must come from random streams of version {random_streams.STREAM_VERSION} "
            f"(got {data.get('stream_version')}); use the release that saved them"
        )
    law = data.get("retention")
    known = {name: data[name] for name in ("seed", "start", "first_cell")}
    if data.get("traps") is not None:
        known["traps"] = Traps.from_dict(data["traps"])
    return known if law is None else known | {"retention": RetentionLaw.from_dict(law)}


def memory(data: Mapping[str, Any], cells: Transactional) -> Memory:
    """What the dictionary says that the cells remember, checked against the new array `cells`.

    Parameters
    ----------
    data : mapping
        What `described` returned, also after a file; `about` has looked at it.
    cells : Transactional
        New, of the shape and device in `data`.

    Returns
    -------
    Memory
        Of its own arrays, checked.

    Raises
    ------
    TypeError, ValueError
        If something does not fit.
    """
    if not isinstance(data["arrays"], Mapping):
        raise TypeError(f"arrays: must be arrays by name (got {type(data['arrays']).__name__}); save the cells again")
    state = State.of(data["arrays"], cells.size, cells.device.slots, cells.device.weights.size)
    # of a part of some columns the numbers have gaps; that they ascend is what reads rely on
    if state.cell[0] != cells.first_cell or np.any(state.cell[1:] <= state.cell[:-1]):
        raise ValueError(f"cells: cell must count up from {cells.first_cell} (got others); save the cells again")
    fresh = bool(data.get("fresh", False))
    if fresh and int(state.cell[-1]) != cells.first_cell + cells.size - 1:
        raise ValueError("cells: cell must count without gaps in fresh cells (got gaps); save the cells again")
    reads = checks.whole("reads", data["reads"], 0, read_noise.MAX_READS)
    ages = ageing.loaded(data["clock"], data["arrays"], state.r) if cells.retention and data.get("clock") else None
    return Memory(state, reads, fresh, ages)


def digest(cells: Transactional, state: State) -> str:
    """Hash of all that cells remember, 16 hexadecimal digits; parts on threads.

    Parameters
    ----------
    cells : Transactional
        Gives shape, device, seed, start and number of reads.
    state : State
        Of its cells.

    Returns
    -------
    str
        The same for whatever number of threads.

    References
    ----------
    Source: SHA-256 of FIPS 180-4, its first 64 bits.
    """
    about = f"{cells.shape} {cells.device.hash} {cells.seed} {cells.start} {cells.reads}"
    if cells.retention is not None:
        about += f" {cells.retention.hash} {() if cells.ages is None else cells.ages.clock.spans}"
    if cells.traps is not None:
        about += f" {cells.traps.hash}"
    digests = [b""] * -(-cells.size // HASH_BLOCK)

    def hash_of_part(block: slice) -> None:
        digests[block.start // HASH_BLOCK] = state.digest(block)
        if cells.ages is not None:
            digests[block.start // HASH_BLOCK] += cells.ages.born[block].tobytes() + cells.ages.births[block].tobytes()

    each_block(cells.size, HASH_BLOCK, hash_of_part)
    return hashlib.sha256(about.encode() + b"".join(digests)).hexdigest()[:16]
