"""A crossbar of Verilog-A cells, pulsed: netlists for ngspice, VACASK and Spectre."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from synaptogen_core import checks
from synaptogen_core.array.cells import CellArray
from synaptogen_core.counts import counted
from synaptogen_core.crossbar.circuit.bias import Bias
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.durations import duration
from synaptogen_core.exchange.circuits.graph import Graph, Terminal, graph_of
from synaptogen_core.exchange.circuits.veriloga import module_name
from synaptogen_core.schema import IRS
from synaptogen_core.types import Bools
from synaptogen_core.version import __version__

FASTER = 1000  # switching is so many times as fast as an edge; if still faster, a simulator steps over the corners
RELTOL = 1e-5
MAX_PULSES = 4000
SPECTRE_LINE = 1000  # letters; a wave of thousands of pulses has some 100,000
STEPS = 20  # at least so many in an edge


class Pulses(NamedTuple):
    """Voltages of the terminals, pulse after pulse, each from 0 V to 0 V."""

    biases: tuple[Bias, ...]
    edge: float  # s
    flat: float  # s

    @property
    def period(self) -> float:
        """Time from one pulse to the next [s]: as long between them as at the top."""
        return 2 * self.edge + 2 * self.flat

    def corners(self, terminal: Terminal) -> list[tuple[float, float]]:
        """Times [s] and voltages [V] of a source."""
        found = [(0.0, 0.0)]
        for k, bias in enumerate(self.biases):
            volts = float((bias.word if terminal.of_word else bias.bit)[terminal.line])
            if volts:
                begin = k * self.period + self.flat
                end = begin + 2 * self.edge + self.flat
                found += [(begin, 0.0), (begin + self.edge, volts), (end - self.edge, volts), (end, 0.0)]
        return found

    def stop(self) -> float:
        """When all is over [s]."""
        return len(self.biases) * self.period + self.flat


def pulses_of(bias: Bias | Sequence[Bias], edge: float, flat: float) -> Pulses:
    """Check pulses at the door.

    Parameters
    ----------
    bias : Bias, or sequence of Bias
        One a pulse.
    edge, flat : float
        Rise and fall time, and time at the top [s].

    Raises
    ------
    TypeError, ValueError
        If there are too many pulses or none, they do not belong to one array, or a time is out of its bounds.
    """
    biases = (bias,) if isinstance(bias, Bias) else tuple(bias)
    if not 1 <= len(biases) <= MAX_PULSES:
        raise ValueError(f"bias: must be 1 to {MAX_PULSES:,} pulses (got {len(biases):,}); write several netlists")
    first = biases[0]
    for one in biases:
        checks.instance("bias", one, Bias, "use bias() or read_bias(), one a pulse")
        if one.word.ndim != 1:
            raise ValueError(f"bias: must have one vector a pulse (got {len(one.word)}); give one Bias for each")
        if one.shape != first.shape:
            raise ValueError(f"bias: must be of one array (got {first.shape} and {one.shape}); fit them")
        if _connected(one) != _connected(first):
            raise ValueError(
                "bias: must float the same lines and switch on the same rows in all pulses (got others); write one "
                "netlist for each, and take the cells on with crossbar.pulse"
            )
    for name, seconds in (("edge", edge), ("flat", flat)):
        if not 1e-12 <= checks.number(name, seconds) <= 1.0:
            raise ValueError(f"{name}: must be from 1e-12 to 1 s (got {seconds:g}); choose a time")
    return Pulses(biases, float(edge), float(flat))


def _connected(bias: Bias) -> tuple[bytes, bytes, bytes]:
    on = b"" if bias.conducting is None else bias.conducting.tobytes()
    return np.isnan(bias.word).tobytes(), np.isnan(bias.bit).tobytes(), on


def cycles_needed(pulses: Pulses) -> int:
    """Cycles that a module must hold: each pulse may begin one more, and the one before the first counts."""
    return max(8, len(pulses.biases) + 2)


def pulsed_netlist(
    array: CellArray, pulses: Pulses, lines: Lines, conducting: Bools, simulator: str, title: str, compiled: str
) -> str:
    """A crossbar of Verilog-A cells, each at its address in the state that it has.

    Parameters
    ----------
    array : CellArray
    pulses : Pulses
    lines : Lines
    conducting : ndarray of bool, shape (rows, columns)
        Cells that are not open, shorted ones among them.
    simulator : {"ngspice", "vacask", "spectre"}
    title : str
        First line.
    compiled : str
        Name of the file with the module: compiled for ngspice and VACASK, source for Spectre.

    Returns
    -------
    str
    """
    graph = graph_of(pulses.biases[0], lines, conducting)
    write = {"ngspice": _ngspice, "vacask": _vacask, "spectre": _spectre}[simulator]
    shorted = set(lines.faults.shorted_cells)
    resistors = [(w.name, w.a, w.b, w.ohm) for w in graph.wires]
    cells = []
    for (i, j), parameters in zip(np.ndindex(*array.shape), _parameters(array), strict=True):
        if not (conducting[i, j] and graph.lit()[i, j]):
            continue
        at = (str(graph.word[i, j]), str(graph.bit[i, j]))
        if (i, j) in shorted:
            resistors.append((f"rc_{i}_{j}", *at, lines.faults.short))
        else:
            tau = pulses.edge / FASTER
            cells.append((f"nc_{i}_{j}", *at, f"{parameters} tau={tau!r}"))
    head = [
        f"synaptogen-lab {__version__}",
        f"Cells: {array.rows} x {array.columns} (word lines x bit lines), Verilog-A module {module_name(array.device)}",
        f"device hash {array.device.hash}, seed {array.seed}, state {array.state_hash()}",
        f"Pulses: {len(pulses.biases)}, edges of {pulses.edge:g} s, {pulses.flat:g} s at the top and between them",
        "Units: V, A, ohm, s. Rows and columns count from 0. w_i_j and b_i_j are the word and the bit line at a cell,",
        "wt_i and bt_j the terminals; nodes without resistance between them share a name. nc_i_j are the cells.",
    ]
    if array.ages is not None:
        passed = duration(array.time).replace("µ", "u")
        head.append(f"Cells begin as programmed, not as {passed} have left them: the module knows no retention")
    if graph.lost():
        head.append(f"Left out: {counted(graph.lost(), 'place')} of lines without a path to a driven line or to ground")
    sources = [(t.name, t.node, pulses.corners(t)) for t in graph.terminals]
    return write(Parts(title, head, compiled, module_name(array.device), sources, resistors, cells, pulses, graph))


class Parts(NamedTuple):
    """What the text of a netlist is made of."""

    title: str
    head: list[str]
    compiled: str
    module: str
    sources: list[tuple[str, str, list[tuple[float, float]]]]
    resistors: list[tuple[str, str, str, float]]
    cells: list[tuple[str, str, str, str]]
    pulses: Pulses
    graph: Graph


def _parameters(array: CellArray) -> list[str]:
    """Those of each instance: its address, and where it begins."""
    state = array.take(slice(0, array.size))
    if int(state.cell.max()) >= 2**53:
        raise ValueError(f"array: must have cell numbers below 2**53 (got {state.cell.max()}); take others")
    key = f"seedlo={array.seed % 2**32} seedhi={array.seed >> 32}"
    found = []
    for cell, code, count, threshold in zip(
        state.cell.tolist(), state.code.tolist(), state.count.tolist(), state.threshold.tolist(), strict=True
    ):
        begun = f" ureset0={threshold!r}" if code == IRS else ""
        found.append(f"{key} addr={cell} state0={code} cycle0={count}{begun}")
    return found


def _numbers(corners: list[tuple[float, float]], between: str) -> str:
    return between.join(f"{time:.12g}{between}{volts!r}" for time, volts in corners)


def _ngspice(parts: Parts) -> str:
    step = parts.pulses.edge / STEPS
    currents = " ".join(f"i({name})" for name, *_ in parts.sources)
    text = [parts.title, *(f"* {line}" for line in parts.head)]
    text += ["* Compile the module first (openvaf-r), then: ngspice -b THIS_FILE. It prints the final state of each",
             "* cell and writes the currents of all terminals to currents.txt; ngspice 46 was tried.",
             f".model cell {parts.module}", "* Terminals"]  # fmt: skip
    for name, node, corners in parts.sources:
        text.append(f"{name} {node} 0 pwl({_numbers(corners, ' ')})" if len(corners) > 1 else f"{name} {node} 0 dc 0")
    text += ["* Lines", *(f"{name} {a} {b} {ohm!r}" for name, a, b, ohm in parts.resistors)]
    text += ["* Cells", *(f"{name} {a} {b} cell {given}" for name, a, b, given in parts.cells)]
    text += [f".options reltol={RELTOL:g} method=trap abstol=1e-12 vntol=1e-9 klu", ".control",
             f"pre_osdi {parts.compiled}", f"save {currents}",
             f"tran {step:.6g} {parts.pulses.stop():.12g} 0 {step:.6g}",
             "set wr_singlescale", "set wr_vecnames", "option numdgt=12", f"wrdata currents.txt {currents}",
             *(f"print @{name}[state] @{name}[cycle] @{name}[r]" for name, *_ in parts.cells),
             ".endc", ".end", ""]  # fmt: skip
    return "\n".join(text)


def _vacask(parts: Parts) -> str:
    step = parts.pulses.edge / STEPS
    text = [parts.title, *(f"// {line}" for line in parts.head)]
    text += ["// Compile the module first (openvaf-r), then: vacask THIS_FILE. It writes pulses.raw.",
             f'load "{parts.compiled}"', 'load "resistor.osdi"', "ground 0", "model vsource vsource",
             "model resistor resistor", f"model cell {parts.module}"]  # fmt: skip
    for name, node, corners in parts.sources:
        wave = f'type="pwl" wave=[{_numbers(corners, ", ")}]' if len(corners) > 1 else "dc=0"
        text.append(f"{name} ({node} 0) vsource {wave}")
    text += [f"{name} ({a} {b}) resistor r={ohm!r}" for name, a, b, ohm in parts.resistors]
    text += [f"{name} ({a} {b}) cell {given}" for name, a, b, given in parts.cells]
    text += ["control", f'  options reltol={RELTOL:g} abstol=1e-12 vntol=1e-9 tran_method="trap"', "  abort always"]
    text += [f"  save i({name})" for name, *_ in parts.sources]
    text += [f"  save p({name},state) p({name},cycle) p({name},r)" for name, *_ in parts.cells]
    text += [f"  analysis pulses tran step={step:.6g} stop={parts.pulses.stop():.12g} maxstep={step:.6g}", "endc", ""]
    return "\n".join(text)


def _spectre(parts: Parts) -> str:
    step = parts.pulses.edge / STEPS
    text = [f"// {parts.title}", *(f"// {line}" for line in parts.head)]
    text += ["// Run: spectre THIS_FILE. Written by the manual, and not tried in Spectre: there was none to try it in.",
             "simulator lang=spectre", "global 0", f'ahdl_include "{parts.compiled}"']  # fmt: skip
    for name, node, corners in parts.sources:
        wave = f"type=pwl wave=[{_numbers(corners, ' ')}]" if len(corners) > 1 else "type=dc dc=0"
        text.append(f"{name} ({node} 0) vsource {wave}")
    text += [f"{name} ({a} {b}) resistor r={ohm!r}" for name, a, b, ohm in parts.resistors]
    text += [f"{name} ({a} {b}) {parts.module} {given}" for name, a, b, given in parts.cells]
    text += [f"tolerances options reltol={RELTOL:g} iabstol=1e-12 vabstol=1e-9",
             f"pulses tran stop={parts.pulses.stop():.12g} maxstep={step:.6g} method=traponly",
             "save " + " ".join(f"{name}:p" for name, *_ in parts.sources)]  # fmt: skip
    text += [f"save {name}:state {name}:cycle {name}:r" for name, *_ in parts.cells]
    return "\n".join([*map(_folded, text), ""])


def _folded(line: str) -> str:
    """A line of Spectre's, on as many as it needs: those that begin with + go on with it."""
    broken = textwrap.wrap(line, SPECTRE_LINE, break_long_words=False, break_on_hyphens=False)
    return line if line.startswith("//") else "\n+ ".join(broken)
