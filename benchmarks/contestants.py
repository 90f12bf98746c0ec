"""What is measured: the same job done by this library, in two ways, and by the authors' Python code.

A job works on one array that lives through the whole measurement, as an array in a simulation does. One update is one
voltage on one cell; one cycle is two updates, a full SET and a full RESET; one read is one noisy current of one cell.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from synaptogen.synaptogen import CellArrayCPU, Iread, applyVoltage, load_params

import synaptogen_core as sc
from synaptogen_core.crossbar.readout.read import ideal_read

ORDER = 10
TILE = 128  # cells
U_SET, U_RESET, U_READ = -1.5, 1.5, 0.2
TRAIN_CYCLES = 100  # the dashboard's default


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


def our_cells(size: int, order: int = ORDER) -> sc.CellArray:
    """An array of ours, every cell SET once, as the peer needs it."""
    cells = sc.CellArray(shape_of(size), sc.load_device("hennen2024").vary(order=order), seed=1)
    cells.apply_voltage(U_SET)
    return cells


def peer_cells(size: int, order: int = ORDER) -> object:
    """The peer's array, every cell SET once: its new cells are in no state."""
    return applyVoltage(CellArrayCPU(size, load_params(p=order)), np.float32(U_SET))


def cycling(order: int) -> Callable[[int], list[Contestant]]:
    """Full SET and RESET cycles: call by call on both sides, and as a train on ours."""

    def job(size: int) -> list[Contestant]:
        by_call, by_train, peer = our_cells(size, order), our_cells(size, order), peer_cells(size, order)
        train = sc.PulseTrain.cycling(cycles=TRAIN_CYCLES, u_set=U_SET, u_reset=U_RESET)

        def call_ours() -> None:
            by_call.apply_voltage(U_SET)
            by_call.apply_voltage(U_RESET)

        def call_peer() -> None:
            applyVoltage(peer, np.float32(U_SET))
            applyVoltage(peer, np.float32(U_RESET))

        return [
            Contestant("ours, pulse train", lambda: sc.apply_train(by_train, train), 2 * TRAIN_CYCLES * size),
            Contestant("ours, call by call", call_ours, 2 * size),
            Contestant("peer, call by call", call_peer, 2 * size),
        ]

    return job


def random_voltages(size: int) -> list[Contestant]:
    """One voltage a cell, uniform between full SET and full RESET: cells in all states, partial RESETs among them."""
    ours, peer = our_cells(size), peer_cells(size)
    volts = np.random.default_rng(1).uniform(U_SET, U_RESET, (8, size)).astype(np.float32)
    turns = [itertools.cycle(volts), itertools.cycle(volts)]
    return [
        Contestant("ours, call by call", lambda: ours.apply_voltage(next(turns[0])), size),
        Contestant("peer, call by call", lambda: applyVoltage(peer, next(turns[1])), size),
    ]


def sparse(share: float) -> Callable[[int], list[Contestant]]:
    """SET and RESET of some cells, chosen at random, while the others see 0 V. Every cell counts as updated."""

    def job(size: int) -> list[Contestant]:
        ours, peer = our_cells(size), peer_cells(size)
        chosen = np.random.default_rng(1).random(size) < share
        down, up = (np.where(chosen, np.float32(u), np.float32(0)) for u in (U_SET, U_RESET))

        def call_ours() -> None:
            ours.apply_voltage(down)
            ours.apply_voltage(up)

        def call_peer() -> None:
            applyVoltage(peer, down)
            applyVoltage(peer, up)

        return [
            Contestant("ours, call by call", call_ours, 2 * size),
            Contestant("peer, call by call", call_peer, 2 * size),
        ]

    return job


def product(size: int) -> list[Contestant]:
    """Vector-matrix product of an ideal read; the peer's user would sum its reads over the rows."""
    ours, peer = our_cells(size), peer_cells(size)
    rows, columns = shape_of(size)
    volts = np.random.default_rng(1).uniform(0, U_READ, rows).astype(np.float32)

    def sum_of_reads() -> object:
        return Iread(peer, np.repeat(volts, columns)).reshape(rows, columns).sum(axis=0)

    return [
        Contestant("ours, ideal_read", lambda: ideal_read(ours, volts), size),
        Contestant("peer, sum of noisy reads", sum_of_reads, size),
    ]


def threads(size: int) -> list[Contestant]:
    """The pulse train on more threads; and the arithmetic alone, in one tile of cells that never leaves the cache."""
    train = sc.PulseTrain.cycling(cycles=TRAIN_CYCLES, u_set=U_SET, u_reset=U_RESET)
    long_train = sc.PulseTrain.cycling(cycles=200 * TRAIN_CYCLES, u_set=U_SET, u_reset=U_RESET)
    cells, tile = our_cells(size), our_cells(TILE)

    def run(array: sc.CellArray, pulses: sc.PulseTrain, count: int) -> Callable[[], object]:
        return lambda: sc.apply_train(array, pulses, threads=count)

    counts = sorted({1, 2, os.cpu_count() or 1})
    return [
        Contestant("arithmetic alone, 1 thread", run(tile, long_train, 1), len(long_train) * TILE),
        *(Contestant(f"{n} thread{'s' * (n > 1)}", run(cells, train, n), len(train) * size) for n in counts),
    ]


def copy_bandwidth() -> list[Contestant]:
    """Bytes copied from one large array to another: what memory allows."""
    source = np.ones(1 << 26, np.float32)
    target = np.empty_like(source)
    return [Contestant("copy of 268 MB", lambda: np.copyto(target, source), source.nbytes)]


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
