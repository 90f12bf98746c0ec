"""A crossbar as a circuit: a snapshot of its cells, with its lines, as a SPICE netlist."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core import checks
from synaptogen_core.array.cells import CellArray
from synaptogen_core.counts import counted
from synaptogen_core.crossbar.circuit.bias import Bias
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.exchange.circuits.graph import Graph, Terminal, graph_of
from synaptogen_core.types import F64
from synaptogen_core.version import __version__

MAX_CELLS = 1 << 20  # some 150 bytes of text a cell

NOTES = """\
* Units: V, A, ohm. Rows and columns count from 0.
* Nodes: w_i_j and b_i_j are the word line and the bit line at the cell of row i and column j, wt_i and bt_j are the
* terminals. Nodes with no resistance between them are one node, under the name that comes first.
* rw_i_k is segment k of word line i, the one before column k; the first and the last lead to terminals. rb_j_k is
* segment k of bit line j, from the top. rgw_i_j and rgb_i_j are shorts to ground,
* rxw_i_j to the next word line, rxb_i_j to the next bit line.
* Current of word line i into the array: -i(vw_i). Current of bit line j out of the array: i(vb_j).
"""

ANALYSIS = """\
.op
.control
set numdgt=15
run
print all
quit
.endc
.end
"""


class Elements(NamedTuple):
    """The cells as SPICE has them; rows and columns."""

    name: str
    about: str
    definitions: str
    letter: str  # before "c_i_j": x for a subcircuit, r for a resistor
    value: str  # what comes before a cell's own number
    values: F64
    conducting: NDArray[np.bool_]


def netlist(cells: CellArray | ArrayLike, bias: Bias, lines: Lines | None = None, *, title: str | None = None) -> str:
    """Write a crossbar as a SPICE netlist that computes its operating point.

    ``ngspice -b file`` prints the voltages of all nodes and the currents of all sources with 15 digits. Another SPICE
    takes the text without the lines from .control to .endc; it was tried with ngspice only.

    Cells are current sources I(r, U) = (1 - r) LLRS(U) + r HHRS(U), U the voltage of the word line minus that of the
    bit line, with the polynomials of the device in float64 and each cell's float32 r: a snapshot that does not switch.
    The same cells, bias, lines and title give the same text. Floating lines have no source, open and switched-off cells
    and open segments are left out, and so is what has no path to a driven line or to ground: its voltage is nothing.

    Parameters
    ----------
    cells : CellArray, or array of float, shape (rows, columns)
        The cells, or conductances of linear ones [S], which become resistors; 0 S is an open cell.
    bias : Bias
        One vector of word line voltages [V].
    lines : Lines, optional
        Resistances [ohm], ends and faults; default: ``Lines()``.
    title : str, optional
        First line of the text; default: the cells in a few words.

    Returns
    -------
    str
        The netlist; names of nodes and elements are explained in its head. `node_names` gives those of the nodes.

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule, or the arguments do not fit each other.

    Notes
    -----
    Circuit simulators take the current through a segment from the difference of two node voltages: the roundings of
    those are some 1e-16 V / ohm [A], 1e-13 A at 1 milliohm. Where resistances are below 10 microohm, ngspice loses the
    sixth digit and may not even converge: write 0 ohm there. It takes 0.3 s for 32 x 32 cells, 7 s for 64 x 64.

    Source of the model: Hennen et al., IEEE Trans. Electron Devices 2024, doi 10.1109/TED.2024.3427616.

    Examples
    --------
    >>> import synaptogen_core as sc
    >>> from synaptogen_core.crossbar.circuit.bias import bias
    >>> from synaptogen_core.exchange.circuits.netlist import netlist
    >>> cells = sc.CellArray((2, 2), sc.load_device("hennen2024"), seed=7)
    >>> netlist(cells, bias((2, 2), "half", 0.2)).splitlines()[0]
    'Crossbar of 2 x 2 cells, hennen2024'
    """
    lines = Lines() if lines is None else lines
    elements = _elements(cells)
    rows, columns = elements.values.shape
    _check(bias, lines, rows, columns)
    title = check_title(title, f"Crossbar of {rows} x {columns} cells, {elements.name}")
    shorted = set(lines.faults.shorted_cells)
    conducting = conducting_cells(bias, lines, elements.conducting)
    graph = graph_of(bias, lines, conducting)
    text = [f"{title}\n", _head(elements, bias, graph), NOTES, elements.definitions, "* Terminals\n"]
    text += [f"{t.name} {t.node} 0 dc {_volts(bias, t)!r}\n" for t in graph.terminals]
    text += ["* Lines\n"]
    text += [f"{w.name} {w.a} {w.b} {w.ohm!r}\n" for w in graph.wires]
    text += ["* Cells\n"]
    for i, j in np.argwhere(conducting & graph.lit()).tolist():
        between = f"{graph.word[i, j]} {graph.bit[i, j]}"
        if (i, j) in shorted:
            text.append(f"rc_{i}_{j} {between} {lines.faults.short!r}\n")
        else:
            text.append(f"{elements.letter}c_{i}_{j} {between} {elements.value}{float(elements.values[i, j])!r}\n")
    return "".join([*text, _options(bias, [w.ohm for w in graph.wires]), ANALYSIS])


def node_names(bias: Bias, lines: Lines | None = None) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    """Names that the nodes of word and bit lines have in a netlist; each of shape (rows, columns).

    Nodes with no resistance between them share a name. One without a path to a driven line does not occur in the text.

    Parameters
    ----------
    bias : Bias
    lines : Lines, optional
        Default: without resistance.

    Returns
    -------
    word, bit : ndarray of str, shape (rows, columns)
    """
    graph = graph_of(bias, Lines() if lines is None else lines)
    return graph.word, graph.bit


def check_title(title: str | None, otherwise: str) -> str:
    """The first line of a netlist.

    Parameters
    ----------
    title : str, optional
        What was asked for.
    otherwise : str
        What it is if nothing was.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If it is no line of text.
    """
    if title is None:
        return otherwise
    if not isinstance(title, str) or not title.isprintable() or not title.strip():
        raise ValueError(f"title: must be one line of text (got {title!r}); shorten it")
    return title


def conducting_cells(bias: Bias, lines: Lines, conducting: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Cells that conduct: neither open nor behind a transistor that is off; shorted ones do.

    Parameters
    ----------
    bias : Bias
    lines : Lines
    conducting : ndarray of bool, shape (rows, columns), optional
        Cells that do by themselves; default: all.

    Returns
    -------
    ndarray of bool, shape (rows, columns)
    """
    found = np.ones(bias.shape, np.bool_) if conducting is None else conducting.copy()
    found[_at(lines.faults.shorted_cells)] = True
    found[_at(lines.faults.open_cells)] = False
    if bias.conducting is not None:
        found &= bias.conducting[:, None]
    return found


# ---- what the cells are


def _elements(cells: CellArray | ArrayLike) -> Elements:
    if isinstance(cells, CellArray):
        if cells.size > MAX_CELLS:
            raise ValueError(f"cells: must be at most {MAX_CELLS:,} (got {cells.size:,}); take a part of the array")
        device = cells.device
        return Elements(
            " ".join(device.name.split()),
            f"device hash {device.hash}, seed {cells.seed}, state {cells.state_hash()}",
            _definitions(device),
            "x",
            "cell r=",
            cells.mixing().astype(np.float64),
            np.ones(cells.shape, np.bool_),
        )
    siemens = checks.numbers("cells", cells)
    if siemens.ndim != 2 or not 0 < siemens.size <= MAX_CELLS:
        raise ValueError(
            f"cells: must be rows and columns, at most {MAX_CELLS:,} cells (got shape {siemens.shape}); give a matrix"
        )
    if np.any(siemens < 0):
        raise ValueError(f"cells: must conduct 0 S or more (got {siemens.min():g}); correct the conductances")
    with np.errstate(divide="ignore", over="ignore"):
        ohm = 1 / siemens
    digest = hashlib.sha256(np.ascontiguousarray(siemens, "<f8").tobytes()).hexdigest()[:16]
    return Elements("linear", f"hash {digest}", "", "r", "", ohm, np.isfinite(ohm))


def _definitions(device: DeviceParameters) -> str:
    """The device's two basis curves, and a cell between them."""
    return (
        f".func llrs(u) {{{_horner(device.llrs)}}}\n"
        f".func hhrs(u) {{{_horner(device.hhrs)}}}\n"
        ".subckt cell w b r=0\n"
        "bc w b i=(1-{r})*llrs(v(w,b))+{r}*hhrs(v(w,b))\n"
        ".ends cell\n"
    )


def _horner(coefficients: F64) -> str:
    """A polynomial through zero, highest power first, as products and sums of u."""
    highest, *others = coefficients[:-1].tolist()
    text = repr(highest)
    for c in others:
        text = f"{c!r}+u*({text})"
    return f"u*({text})"


# ---- what the lines are


def _check(bias: Bias, lines: Lines, rows: int, columns: int) -> None:
    if not isinstance(bias, Bias):
        raise TypeError(f"bias: must be Bias (got {type(bias).__name__}); use bias() or read_bias()")
    if not isinstance(lines, Lines):
        raise TypeError(f"lines: must be Lines (got {type(lines).__name__}); give Lines(...)")
    if bias.word.ndim != 1:
        raise ValueError(
            f"bias: must have one vector of word line voltages (got {len(bias.word)}); write one netlist for each"
        )
    if bias.shape != (rows, columns):
        raise ValueError(f"bias: must have a voltage for each of {rows} x {columns} lines (got {bias.shape}); fit it")
    if np.isnan(bias.word).all() and np.isnan(bias.bit).all():
        raise ValueError("bias: must drive at least one line (got floating ones only); ground one")
    lines.faults.check(rows, columns)


def _volts(bias: Bias, terminal: Terminal) -> float:
    return float((bias.word if terminal.of_word else bias.bit)[terminal.line])


def _at(places: tuple[tuple[int, int], ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places as an index of an array."""
    pairs = np.array(places, np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


# ---- what is said of them


def _options(bias: Bias, ohms: list[float]) -> str:
    """When a simulator may stop: its last step is at most 1e-7 of the largest voltage.

    The steps of Newton's method converge quadratically, so the error that is left is far smaller. Currents are allowed
    the roundings of the least resistance: a simulator that waits for less than them waits for ever.
    """
    largest = max(float(np.nanmax(np.abs(np.concatenate([bias.word, bias.bit])))), 1e-3)
    amperes = largest * max(1e-12, 1e-14 / min(ohms, default=1.0))
    return f".options reltol=1e-7 vntol={1e-7 * largest:.0e} abstol={amperes:.0e} gmin=1e-18 itl1=1000\n"


def _head(elements: Elements, bias: Bias, graph: Graph) -> str:
    rows, columns = bias.shape
    volts = [_volts(bias, terminal) for terminal in graph.terminals]
    floating = f"{np.isnan(bias.word).sum()} word lines and {np.isnan(bias.bit).sum()} bit lines floating"
    said = [
        f"synaptogen-lab {__version__}",
        f"Cells: {rows} x {columns} (word lines x bit lines), {elements.name}, {elements.about}",
        f"Bias: {min(volts)!r} to {max(volts)!r} V, {floating}",
    ]
    if bias.conducting is not None:
        said.append(f"Select transistors: on in {int(bias.conducting.sum())} of {counted(rows, 'row')}")
    if graph.lost():
        said.append(f"Left out: {counted(graph.lost(), 'place')} of lines without a path to a driven line or to ground")
    return "".join(f"* {line}\n" for line in said)
