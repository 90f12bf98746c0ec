"""What is measured: the same job done by this library, in two ways, and by the authors' Python code.

A job works on one array that lives through the whole measurement, as an array in a simulation does. One update is one
voltage on one cell; one cycle is two updates, a full SET and a full RESET; one read is one noisy current of one cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from synaptogen.synaptogen import CellArrayCPU, Iread, applyVoltage, load_params

import synaptogen_core as sc

ORDER = 10
U_SET, U_RESET, U_READ = -1.5, 1.5, 0.2
TRAIN_CYCLES = 10


@dataclass(frozen=True)
class Contestant:
    """One way to do a job: `run()` does `operations` updates or reads."""

    name: str
    run: Callable[[], object]
    operations: int


def shape_of(size: int) -> tuple[int, int]:
    """Rows and columns of an array of 2^k cells, as square as it gets."""
    rows = 1 << (size.bit_length() // 2)
    if size % rows:
        raise ValueError(f"size: must be a power of two (got {size}); take for example 4096")
    return rows, size // rows


def our_cells(size: int) -> sc.CellArray:
    """An array of ours, every cell SET once, as the peer needs it."""
    cells = sc.CellArray(shape_of(size), sc.load_device("hennen2024").vary(order=ORDER), seed=1)
    cells.apply_voltage(U_SET)
    return cells


def peer_cells(size: int) -> object:
    """The peer's array, every cell SET once: its new cells are in no state."""
    return applyVoltage(CellArrayCPU(size, load_params(p=ORDER)), np.float32(U_SET))


def cycling(size: int) -> list[Contestant]:
    """Full SET and RESET cycles: call by call on both sides, and as a train on ours."""
    by_call, by_train, peer = our_cells(size), our_cells(size), peer_cells(size)
    train = sc.PulseTrain.cycling(cycles=TRAIN_CYCLES, u_set=U_SET, u_reset=U_RESET)

    def call_ours() -> None:
        by_call.apply_voltage(U_SET)
        by_call.apply_voltage(U_RESET)

    def call_peer() -> None:
        applyVoltage(peer, np.float32(U_SET))
        applyVoltage(peer, np.float32(U_RESET))

    def train_ours() -> None:
        sc.simulate(by_train, train, record=["state"], every=len(train))

    return [
        Contestant("ours, pulse train", train_ours, 2 * TRAIN_CYCLES * size),
        Contestant("ours, call by call", call_ours, 2 * size),
        Contestant("peer, call by call", call_peer, 2 * size),
    ]


def reading(size: int) -> list[Contestant]:
    """Noisy reads of the whole array at one voltage."""
    ours, peer = our_cells(size), peer_cells(size)
    return [
        Contestant("ours", lambda: ours.read(U_READ), size),
        Contestant("peer", lambda: Iread(peer, U_READ), size),
    ]


def bytes_per_cell(size: int = 1 << 14) -> dict[str, float]:
    """Memory that a cell's state takes; the peer's buffers, which live as long as its array, are counted."""
    arrays = [value for value in vars(peer_cells(size)).values() if isinstance(value, np.ndarray)]
    return {
        "ours": our_cells(size).nbytes / size,
        "peer": sum(value.nbytes for value in arrays if value.base is None) / size,
    }
