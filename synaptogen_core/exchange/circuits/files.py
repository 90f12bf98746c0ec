"""Crossbars as files for circuit simulators: a snapshot of resistors and curves, or cells that switch."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.array.cells import CellArray
from synaptogen_core.crossbar.circuit.bias import Bias
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.errors import FileError, shown
from synaptogen_core.exchange.circuits.netlist import check_title, conducting_cells, netlist
from synaptogen_core.exchange.circuits.pulsed import cycles_needed, pulsed_netlist, pulses_of
from synaptogen_core.exchange.circuits.veriloga import veriloga
from synaptogen_core.exchange.files import text
from synaptogen_core.exchange.files.atomic import replacing

SYNTAX = {
    ".cir": "ngspice", ".net": "ngspice", ".sp": "ngspice", ".spice": "ngspice", ".sim": "vacask", ".scs": "spectre",
}  # fmt: skip
SNAPSHOTS = tuple(suffix for suffix, simulator in SYNTAX.items() if simulator == "ngspice")
KINDS = ("snapshot", "veriloga")
MAX_SWITCHING = 1 << 16  # cells
PLAIN_NAME = re.compile(r"[\w.+-]{1,255}")  # what a netlist may name: no blank ends it, no sign of it is a command


def switching_netlist(
    array: CellArray,
    bias: Bias | Sequence[Bias],
    lines: Lines | None = None,
    *,
    simulator: str = "ngspice",
    name: str = "array",
    title: str | None = None,
    edge: float = 1e-6,
    flat: float = 1e-6,
) -> tuple[str, str]:
    """Write a crossbar of cells that switch: a netlist, and the Verilog-A module that it needs.

    Each cell stands at its address in the state that it has, so that it goes on as it would in Python. A pulse is a
    trapezoid from 0 V to 0 V; in Python it is `crossbar.pulse`, or without line resistance ``apply_voltage``. Both
    texts together are what `save_netlist` writes.

    Parameters
    ----------
    array : CellArray
        At most 65,536 cells.
    bias : Bias, or sequence of Bias
        One a pulse; the same lines float in all of them.
    lines : Lines, optional
        Resistances [ohm], ends and faults; default: ``Lines()``.
    simulator : {"ngspice", "vacask", "spectre"}
        Whose syntax.
    name : str
        Of the files, without their suffixes: letters, digits, _, +, - and a point.
    title : str, optional
        First line; default: the cells in a few words.
    edge, flat : float
        Rise and fall time of a pulse, and time at its top and between pulses [s]. Switching takes a thousandth of
        an edge.

    Returns
    -------
    netlist, module : str

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule, or the arguments do not fit each other.

    Examples
    --------
    >>> import synaptogen_core as sc
    >>> from synaptogen_core.crossbar import bias
    >>> cells = sc.CellArray((2, 2), sc.load_device("hennen2024"), seed=7)
    >>> text, module = switching_netlist(cells, [bias((2, 2), "half", -1.5), bias((2, 2), "half", 1.0)])
    >>> "nc_1_1 w_1_1 b_1_1 cell seedlo=7 seedhi=0 addr=3 state0=0 cycle0=0" in text
    True
    """
    checks.instance("array", array, CellArray, "make one with CellArray(...)")
    if array.size > MAX_SWITCHING:
        raise ValueError(f"array: must be at most {MAX_SWITCHING:,} cells (got {array.size:,}); take a part of it")
    if simulator not in (known := tuple(dict.fromkeys(SYNTAX.values()))):
        raise ValueError(f"simulator: must be one of {', '.join(known)} (got {simulator!r}); choose one of them")
    if not isinstance(name, str) or not PLAIN_NAME.fullmatch(name):
        raise ValueError(
            f"name: must be of letters, digits, _, +, - and . (got {shown(name)}); simulators take it without quotes"
        )
    lines = checks.instance("lines", Lines() if lines is None else lines, Lines, "give Lines(...)")
    pulses = pulses_of(bias, edge, flat)
    if pulses.biases[0].shape != array.shape:
        raise ValueError(
            f"bias: must have a voltage for each of {array.rows} x {array.columns} lines (got "
            f"{pulses.biases[0].shape}); fit it"
        )
    lines.faults.check(*array.shape)
    conducting = conducting_cells(pulses.biases[0], lines)
    plain = " ".join(array.device.name.split()).encode("ascii", "replace").decode()
    title = check_title(title, f"Crossbar of {array.rows} x {array.columns} cells, {plain}, switching")
    file = f"{name}.va" if simulator == "spectre" else f"{name}.osdi"
    content = pulsed_netlist(array, pulses, lines, conducting, simulator, title, file)
    return content, veriloga(array.device, cycles=cycles_needed(pulses), start=array.start)


def save_netlist(
    array: CellArray | ArrayLike,
    bias: Bias | Sequence[Bias],
    lines: Lines | None,
    path: str | os.PathLike[str],
    *,
    cells: str = "snapshot",
    title: str | None = None,
    edge: float = 1e-6,
    flat: float = 1e-6,
) -> None:
    """Write a crossbar for a circuit simulator; each file is written whole or not at all.

    Parameters
    ----------
    array, lines, title
        As for `netlist`.
    bias : Bias, or sequence of Bias
        A snapshot is of one bias; cells that switch take a pulse for each.
    path : str or path
        File to write or to replace. Its suffix says the syntax: .cir, .net, .sp, .spice for ngspice; for cells that
        switch also .sim (VACASK) and .scs (Spectre).
    cells : {"snapshot", "veriloga"}
        What the cells are: their I-V curves as they are now, or cells of a Verilog-A module that switch. The module is
        written beside the netlist, under the same name with the suffix .va, and compiled by ``openvaf-r NAME.va``.
    edge, flat : float
        Times of the pulses, as for `switching_netlist` [s].

    Raises
    ------
    FileError
        If the name has another suffix, its folder does not exist, or the file system refuses the write.
    TypeError, ValueError
        As for `netlist` and `switching_netlist`.
    """
    if cells not in KINDS:
        raise ValueError(f"cells: must be 'snapshot' or 'veriloga' (got {cells!r}); choose one of them")
    target, known = text.as_path(path), SNAPSHOTS if cells == "snapshot" else tuple(SYNTAX)
    suffix = target.suffix.lower()
    if suffix not in known:
        raise FileError(f"{path}: must end in one of {', '.join(known)} (got {suffix or 'no suffix'}); rename it")
    files: dict[Path, str] = {}
    if cells == "veriloga":
        checks.instance("array", array, CellArray, "make one with CellArray(...)")
        content, files[target.with_suffix(".va")] = switching_netlist(
            array,  # type: ignore[arg-type]
            bias, lines, simulator=SYNTAX[suffix], name=target.stem, title=title, edge=edge, flat=flat,
        )  # fmt: skip
    else:
        content = netlist(array, bias, lines, title=title)  # type: ignore[arg-type]
    files[target] = content
    for place, written in files.items():
        with replacing(place) as temporary:
            temporary.write_text(written, encoding="utf-8", newline="\n")
