"""Crossbars with real lines beside badcrossbar, which solves all node equations at once; and what it cannot hold."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Sequence

import numpy as np

from benchmarks.clock import Rate, race
from benchmarks.contestants import Contestant
from synaptogen_core.crossbar.circuit.bias import read_bias
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.crossbar.solver.solve import effective_conductance, solve_lines

LOSSES = (0.03, 0.3, 0.9)
SIDES = (128, 256)
OHM = (1, 10)  # a segment, of a large crossbar
VECTORS = 64
LARGE = """
import json, sys, time, numpy as np, synaptogen_core as sc
from synaptogen_core.crossbar.circuit.bias import read_bias
from synaptogen_core.crossbar.solver.solve import solve_lines
from synaptogen_core.crossbar.circuit.lines import Lines
side, curved, ohm = int(sys.argv[1]), sys.argv[2] == "curves", float(sys.argv[3])
def made(side):
    cells = sc.CellArray((side, side), sc.load_device("hennen2024"), seed=1)
    cells.apply_voltage(-1.5)
    cells.apply_voltage(np.where(np.arange(side * side) % 2, 1.5, 0.0))
    return cells if curved else cells.conductance(0.2)
solve_lines(made(4), read_bias(np.full(4, 0.2), 4), Lines(ohm, ohm))  # compiled before the clock runs
array, held = made(side), read_bias(np.full(side, 0.2), side)
start = time.perf_counter()
read = solve_lines(array, held, Lines(ohm, ohm))
seconds = time.perf_counter() - start
status = dict(line.split(":", 1) for line in open("/proc/self/status"))  # getrusage would tell the parent's peak, too
print(json.dumps([seconds, int(status["VmHWM"].split()[0]) * 1024, read.residual]))
"""


def array_of(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Conductances of HRS and LRS cells [S], and input voltages [V]."""
    rng = np.random.default_rng(side)
    level = np.where(rng.random((side, side)) < 0.5, 5e-6, 1.3e-4)
    return level * rng.lognormal(0, 0.3, level.shape), rng.uniform(0.05, 0.4, side)


def segment_for(g: np.ndarray, volts: np.ndarray, loss: float) -> float:
    """Resistance of a segment [ohm] at which the lines take this share of the current."""
    ideal, low, high = (volts @ g).sum(), 1e-4, 1e4
    while high / low > 1.02:
        middle = (low * high) ** 0.5
        lost = 1 - solve_lines(g, read_bias(volts, g.shape[1]), Lines(*[middle] * 4)).bit_current.sum() / ideal
        low, high = (middle, high) if lost < loss else (low, middle)
    return low


def solvers(side: int, loss: float) -> list[Contestant]:
    """Both solvers on one array; they give the same currents, or nothing is measured."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # its pictures are not there, and not wanted
        import badcrossbar

    g, volts = array_of(side)
    ohm = segment_for(g, volts, loss)
    held, lines = read_bias(volts, side), Lines(*[ohm] * 4)

    def ours() -> np.ndarray:
        return solve_lines(g, held, lines).bit_current

    def peer() -> np.ndarray:
        return badcrossbar.compute(volts[:, None], 1 / g, ohm).currents.output[0]

    apart = np.abs(ours() - peer()).max() / ours().max()
    if not apart < 1e-8:
        raise RuntimeError(f"{side} x {side}, {loss:.0%}: the solvers differ by {apart:.1g} of the largest current")
    return [Contestant("ours", ours, 1), Contestant("peer, badcrossbar", peer, 1)]


def solver_rows(sides: Sequence[int], samples: int) -> list[tuple[str, ...]]:
    """Milliseconds of both, and their ratio."""
    rows = []
    for side in sides:
        for loss in LOSSES:
            ours, peer = race(solvers(side, loss), samples)
            rows.append(
                (f"{side} x {side}", f"{100 * loss:.0f} %", ms(ours), ms(peer), f"x {ours.median / peer.median:.0f}")
            )
    return rows


def ms(rate: Rate) -> str:
    return f"{1e3 / rate.median:.2f}"


def further_rows(side: int, samples: int) -> list[tuple[str, str]]:
    """The one-time matrix of an array with lines, and what each further batch of vectors then costs."""
    g, _ = array_of(side)
    lines, many = Lines(1.0, 1.0), np.random.default_rng(1).uniform(0, 0.3, (VECTORS, side))
    matrix = effective_conductance(g, lines)
    whole = race([Contestant("matrix", lambda: effective_conductance(g, lines), 1)], samples)
    each = race([Contestant("product", lambda: many @ matrix, 1)], samples)
    return [
        (f"{side} x {side}: the effective conductance matrix (ms)", ms(whole[0])),
        (f"{VECTORS} further vectors on it (ms)", f"{1e3 / each[0].median:.3f}"),
    ]


def large_rows(side: int) -> list[tuple[str, ...]]:
    """Each in a process of its own, so that its peak of memory is its own."""
    rows = []
    for cells in ("linear", "curves"):
        for ohm in OHM:
            said = subprocess.run(
                [sys.executable, "-c", LARGE, str(side), cells, str(ohm)], check=True, capture_output=True, text=True
            ).stdout
            seconds, peak, residual = json.loads(said)
            rows.append((f"{side} x {side}", cells, f"{ohm}", f"{seconds:.2f}", f"{peak / 1e9:.2f}", f"{residual:.0e}"))
    return rows
