"""What the compiled code is given: named tuples of arrays, each of one type, so that it is compiled once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.types import F32, U32


class Cells(NamedTuple):
    """The arrays of a State, as compiled code takes them."""

    cell: NDArray[np.uint64]
    component: NDArray[np.uint8]
    mu: F32
    sigma: F32
    history: F32
    count: U32  # type: ignore[assignment]  # hides tuple.count, which nobody needs here
    features: F32
    code: NDArray[np.uint8]
    r: F32
    threshold: F32
    slope: F32
    floor: F32


class Numbers(NamedTuple):
    """The constants of a device, as compiled code takes them."""

    order: int
    slots: int  # of the history
    parts: tuple[int, int, int, int]  # 1 for format 2; the slots of slow part, break-in and stuck runs, or -1
    degrees: tuple[int, int, int]  # how many coefficients gamma, hhrs and llrs have
    gamma: F32
    a: F32
    columns: F32  # (p, 4, 4): the columns of each matrix of `a`
    b: F32
    components: int
    start: F32
    limits: NDArray[np.uint64]
    means: F32
    factors: F32
    sigma_floor: F32
    hhrs: F32
    llrs: F32
    g_llrs: np.float32
    inverse_window: np.float32
    eta: np.float32
    u_max: np.float32
    kinds: NDArray[np.int64]  # (4,): bits of `extended.WARPED` and `extended.LOGARITHMIC`
    fast: F32
    slow: F32
    persistence: F32
    slow_b: F32
    slow_start: F32
    decay: F32
    break_in_mean: F32
    break_in_factor: F32
    shape_first: F32
    shape_per_step: F32
    shape_values: F32
    shape_slopes: F32
    warp_first: F32
    warp_per_step: F32
    warp_values: F32
    warp_slopes: F32
    sign: F32
    offset: F32
    enter: F32
    leave: F32
    begin: F32


class Work(NamedTuple):
    """Scratch of one call: what goes on in one tile at one pulse."""

    busy: NDArray[np.int64]  # (TILE,) first cell of each group of lanes that is reset
    resetting: NDArray[np.int64]  # (TILE,) which lanes are
    drawing: NDArray[np.int64]  # (TILE,) which of them draw
    group: NDArray[np.int64]  # (TILE,) first cell of each group that draws at once
    group_bits: NDArray[np.int64]  # (TILE,) which lanes do
    group_count: NDArray[np.int64]  # (TILE,) for which cycle
    listed: NDArray[np.int64]  # (TILE,) cells that draw one by one
    cell: NDArray[np.uint64]  # (2 TILE,) the groups' cells, then the listed ones
    count: U32  # type: ignore[assignment]  # (2 TILE,) theirs; hides tuple.count
    words: U32  # (4, 2 TILE)
    x: F32  # (4, 2 TILE)
    mu: F32  # (4, TILE) of the listed cells
    sigma: F32  # (4, TILE)
    one: F32  # (4,)
    slow: F32  # (4, 2 TILE) innovations of the slow part, then the part
    uniform: F32  # (2 TILE,)
    rest: F32  # (4, TILE) of the listed cells' break-in
    stuck: F32  # (TILE,)
    voltage: F32  # (1, TILE)


class Records(NamedTuple):
    """What is written down on the way; an array of size 0 for what is not."""

    features: F32  # (4, cycles, n)
    r: F32  # (times, n)
    code: NDArray[np.uint8]
    counts: U32


class Train(NamedTuple):
    """The fields of `engines.Pulses`."""

    voltage: F32
    read: NDArray[np.bool_]
    before: NDArray[np.int32]
    after: NDArray[np.int32]


class Normals(NamedTuple):
    """Scratch for making new cells."""

    normals: F32  # (max(4p, 8), LANES)
