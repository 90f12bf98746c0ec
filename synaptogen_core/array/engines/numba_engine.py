"""The compiled engine: the twin of the NumPy specification, with the same bits."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from synaptogen_core import schema
from synaptogen_core.array.engines.compiled import arithmetic as kernel_arithmetic
from synaptogen_core.array.engines.compiled import bits, draw, fresh, lanes, rule
from synaptogen_core.array.engines.compiled import extended as kernel_extended
from synaptogen_core.array.engines.compiled import read as kernel_read
from synaptogen_core.array.engines.compiled import records as kernel_records
from synaptogen_core.array.engines.compiled.caching import compiled, stamp
from synaptogen_core.array.engines.compiled.fresh import fill
from synaptogen_core.array.engines.compiled.lanes import LANES
from synaptogen_core.array.engines.compiled.read import ReadCells, ReadNumbers, between, read
from synaptogen_core.array.engines.compiled.records import Cells, Normals, Numbers, Records, Train, Work
from synaptogen_core.array.engines.compiled.rule import TILE, advance
from synaptogen_core.array.engines.interface import Pulses
from synaptogen_core.array.engines.interface import Records as Written
from synaptogen_core.device import shapes
from synaptogen_core.device.extension import Coordinate, Extension
from synaptogen_core.device.model import arithmetic, conduction, extended, random_streams, read_noise, switching
from synaptogen_core.device.model.float32 import Constants
from synaptogen_core.device.model.state import State
from synaptogen_core.types import F32

SOURCES = (
    arithmetic,
    random_streams,
    switching,
    schema,
    kernel_arithmetic,
    bits,
    draw,
    extended,
    shapes,
    kernel_extended,
    fresh,
    lanes,
    kernel_read,
    kernel_records,
    rule,
)


def _entries(mark: int) -> tuple[Any, Any, Any, Any]:
    """The functions that Python calls."""

    def advance_block(source, target, start, stop, in_place, tile, work, numbers, records, train, k0, k1):
        if mark:
            advance(source, target, start, stop, in_place, tile, work, numbers, records, train, k0, k1)

    def fill_block(state, scratch, numbers, stationary, k0, k1):
        if mark:
            fill(state, scratch, numbers, stationary, k0, k1)

    def read_block(cells, numbers, first, number, k0, k1):
        if mark:
            read(cells, numbers, first, number, k0, k1)

    def between_block(r, out, low, difference):
        if mark:
            between(r, out, low, difference)

    return compiled(advance_block), compiled(fill_block), compiled(read_block), compiled(between_block)


LINE = 64  # bytes of a cache line
OWN: tuple[Literal["C"], Literal["W"]] = ("C", "W")  # numba takes other arrays for other types
advance_block, fill_block, read_block, between_block = _entries(stamp(SOURCES))


PLAIN = Extension((Coordinate(),) * 4)  # stands where a device has no extension: numba wants arrays
EXTENDED = ("fast", "slow", "persistence", "slow_b", "slow_start", "decay", "break_in_mean", "break_in_factor", "sign",
            "offset", "enter", "leave", "begin")  # fmt: skip


@lru_cache(maxsize=64)
def numbers_of(c: Constants) -> Numbers:
    """A device's constants for compiled code: copies, because numba takes read-only arrays for another type."""
    e = extended.extended(PLAIN) if c.more is None else c.more
    places = ((e.has_slow, e.slow_slot), (e.has_break_in, e.break_in_slot), (e.has_stuck, e.stuck_slot))
    slow, break_in, stuck = (c.order + slot if has else -1 for has, slot in places)
    return Numbers(
        order=c.order,
        slots=c.slots,
        parts=(int(c.more is not None), slow, break_in, stuck),
        degrees=(c.gamma.shape[1], c.hhrs.size, c.llrs.size),
        gamma=c.gamma.copy(),
        a=c.a.copy(),
        columns=c.a.transpose(0, 2, 1).copy(),
        b=c.b.copy(),
        components=len(c.means),
        start=c.start.copy(),
        limits=c.limits.copy(),
        means=c.means.copy(),
        factors=c.factors.copy(),
        sigma_floor=c.sigma_floor.copy(),
        hhrs=c.hhrs.copy(),
        llrs=c.llrs.copy(),
        g_llrs=c.g_llrs,
        inverse_window=c.inverse_window,
        eta=c.eta,
        u_max=c.u_max,
        kinds=(kernel_extended.WARPED * e.warped + kernel_extended.LOGARITHMIC * e.logarithmic).astype(np.int64),
        **{f"{name}_{part}": getattr(getattr(e, name), part).copy() for name in ("shape", "warp")
           for part in ("first", "per_step", "values", "slopes")},
        **{name: getattr(e, name).copy() for name in EXTENDED},
    )  # fmt: skip


@lru_cache(maxsize=64)
def read_numbers(u: float, bandwidth: float, c: Constants) -> ReadNumbers:
    """The curves at one read voltage [V], and the factors of the noise.

    Parameters
    ----------
    u : float
        [V]
    bandwidth : float
        [Hz]
    c : Constants

    Returns
    -------
    ReadNumbers
    """
    volts = np.array([u], np.float32)
    (low,), (difference,) = conduction.curves(volts, c)
    (low_g,), (difference_g,) = conduction.conductance_curves(volts, c)
    return ReadNumbers(low, difference, low_g, difference_g, *read_noise.noise_factors(bandwidth))


class Scratch(threading.local):
    """Each thread's own memory for what goes on in one tile; of the last number of slots that was used."""

    def __init__(self) -> None:
        self.spaces: dict[int, tuple[Cells, Work]] = {}

    def space(self, slots: int) -> tuple[Cells, Work]:
        """Tile and working space."""
        if slots not in self.spaces:
            tile = State.empty(TILE, slots).arrays()
            self.spaces = {
                slots: (
                    Cells(**{name: aligned(array.shape, array.dtype) for name, array in tile.items()}),
                    Work(
                        busy=aligned((TILE,), np.int64),
                        resetting=aligned((TILE,), np.int64),
                        drawing=aligned((TILE,), np.int64),
                        group=aligned((TILE,), np.int64),
                        group_bits=aligned((TILE,), np.int64),
                        group_count=aligned((TILE,), np.int64),
                        listed=aligned((TILE,), np.int64),
                        cell=aligned((2 * TILE,), np.uint64),
                        count=aligned((2 * TILE,), np.uint32),
                        words=aligned((4, 2 * TILE), np.uint32),
                        x=aligned((4, 2 * TILE), np.float32),
                        mu=aligned((4, TILE), np.float32),
                        sigma=aligned((4, TILE), np.float32),
                        one=aligned((4,), np.float32),
                        slow=aligned((4, 2 * TILE), np.float32),
                        uniform=aligned((2 * TILE,), np.float32),
                        rest=aligned((4, TILE), np.float32),
                        stuck=aligned((TILE,), np.float32),
                        voltage=aligned((1, TILE), np.float32),
                    ),
                )
            }
        return self.spaces[slots]


def aligned(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Memory that begins with a cache line, so that no vector lies across two.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype
        Of the elements.

    Returns
    -------
    ndarray
        Not initialised.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.empty(size + LINE, np.uint8)
    first = -memory.ctypes.data % LINE
    array: np.ndarray = memory[first : first + size].view(dtype).reshape(shape)
    return array


scratch = Scratch()


def cells_of(state: State) -> Cells:
    """The arrays of a state where they are, or copies of those that compiled code would take for another type."""
    return Cells(*(own(getattr(state, name)) for name in Cells._fields))


def own(array: np.ndarray) -> np.ndarray:
    """The array, or a copy that compiled code takes for the type it knows: contiguous, and open to writing."""
    return array if array.flags.carray else np.require(array, requirements=OWN)


NOTHING = Records(
    features=np.empty((0, 0, 0), np.float32),
    r=np.empty((0, 0), np.float32),
    code=np.empty((0, 0), np.uint8),
    counts=np.empty((0, 0), np.uint32),
)


class NumbaEngine:
    """Compiled code, one block of cells through all pulses."""

    name = "numba"
    block = 16384
    piece = 1 << 22
    may_fail = False

    def fresh_cells(self, cell: NDArray[np.uint64], seed: int, start: str, c: Constants) -> State:
        """New cells."""
        state = State.empty(max(len(cell), LANES), c.slots)
        state.cell[: len(cell)] = cell
        state.cell[len(cell) :] = 0
        state.mu[...] = 0
        state.sigma[...] = 0
        scratch = Normals(np.empty((max(4 * c.order, 8), LANES), np.float32))
        fill_block(
            Cells(**state.arrays()), scratch, numbers_of(c), start == "stationary", seed & 0xFFFFFFFF, seed >> 32
        )
        return state if len(cell) == state.size else state.take(slice(0, len(cell)))

    def advance(
        self, source: State, target: State, where: slice, seed: int, pulses: Pulses, out: Written,
        c: Constants,
    ) -> None:  # fmt: skip
        """Apply the pulses and fill `out`."""
        there = cells_of(target)
        advance_block(
            there if source is target else cells_of(source),
            there,
            where.start,
            where.stop,
            source is target,
            *scratch.space(c.slots),
            numbers_of(c),
            Records(
                features=out.get("features", NOTHING.features),
                r=out.get("r", NOTHING.r),
                code=out.get("state", NOTHING.code),
                counts=out.get("cycle_count", NOTHING.counts),
            ),
            Train(own(pulses.voltage), own(pulses.read), own(pulses.before), own(pulses.after)),
            seed & 0xFFFFFFFF,
            seed >> 32,
        )
        for name in Cells._fields:
            array, written = getattr(target, name), getattr(there, name)
            if written is not array:
                array[..., where] = written[..., where]

    def between(self, r: F32, low: F32, difference: F32) -> F32:
        """Between two curves."""
        if low.size > 1 or not r.flags.carray:
            return low + r * difference
        out = np.empty(r.shape, np.float32)
        between_block(r.reshape(-1), out.reshape(-1), low.flat[0], difference.flat[0])
        return out

    def read(self, state: State, seed: int, number: int, u: F32, bandwidth: float, where: slice, c: Constants) -> F32:
        """Noisy currents of some cells."""
        r, cell = state.r[where], state.cell[where]
        if u.size > 1 or int(cell[-1]) - int(cell[0]) != cell.size - 1:
            # a voltage a cell: the polynomials are most of the work; scattered cells: no call serves four of them
            return read_noise.noisy_current(r, cell, seed, number, u, bandwidth, c)
        numbers = read_numbers(float(u[0]), bandwidth, c)
        out = np.empty(r.size, np.float32)
        read_block(ReadCells.of(r, out), numbers, int(cell[0]), number, seed & 0xFFFFFFFF, seed >> 32)
        return out


def warm() -> None:
    """Compile all there is to compile, or fetch it from disk; call it in the background.

    Compiled code is kept in the package's own ``__pycache__``, or, where that cannot be written to, in the user's cache
    folder; ``NUMBA_CACHE_DIR`` names another one.
    """
    zeros, ones = np.zeros((4, 4), np.float32), np.ones(2, np.float32)
    one = np.float32(1)
    nothing = Constants(
        gamma=zeros[:, :2],
        a=zeros[None],
        b=zeros,
        start=zeros,
        limits=np.zeros(0, np.uint64),
        means=np.ones((1, 8), np.float32),
        factors=np.zeros((1, 8, 8), np.float32),
        sigma_floor=np.ones(4, np.float32),
        hhrs=ones,
        llrs=2 * ones,
        g_llrs=one,
        inverse_window=one,
        eta=one,
        u_max=one,
    )
    engine = NumbaEngine()
    state = engine.fresh_cells(np.arange(LANES, dtype=np.uint64), 0, "stationary", nothing)
    engine.advance(state, state, slice(0, LANES), 0, Pulses.unrecorded(np.zeros((1, 1), np.float32)), {}, nothing)
    engine.read(state, 0, 0, ones[:1], 1.0, slice(0, LANES), nothing)
    engine.between(state.r, ones[:1], ones[:1])
