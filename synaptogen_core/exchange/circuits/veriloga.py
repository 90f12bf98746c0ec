"""A device as a Verilog-A module: the same cell, of the same seed and address, for circuit simulators."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import jinja2
import numpy as np
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.device.curve_rules import most_u_max
from synaptogen_core.device.model import random_streams, read_noise, variability
from synaptogen_core.device.model.float32 import constants
from synaptogen_core.device.model.switching import LEAST_THRESHOLD
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.circuits import veriloga_draw as draw
from synaptogen_core.exchange.circuits.veriloga_draw import real
from synaptogen_core.exchange.files import text
from synaptogen_core.exchange.files.atomic import replacing
from synaptogen_core.schema import FEATURES
from synaptogen_core.types import F64
from synaptogen_core.version import __version__

SUFFIX = ".va"
TEMPLATE = "cell.va.jinja"
MAX_CYCLES = 4096
LONGEST = 116  # characters of a line in the head
DRAWN = (
    "The cycles are those of a CellArray of the same seed (seedlo + 2**32 seedhi) and cell number (addr, row by row): "
    "features agree to some 1e-6, as this computes in double precision and Python in single.",
    "Give every instance its own addr: cells of the same address are the same cell.",
)
PLAYED = ("The cycles are given: r_hrs_0, u_set_0, r_lrs_0, u_reset_0 and so on, parameters of the instance.",)
HEAD = """\
V(In, Out) > 0 RESETs, V(In, Out) < 0 SETs. A SET is abrupt; a RESET begins above u_reset, follows the voltage while
  that grows, and is complete at Umax. When a RESET begins, the cell goes on to its next cycle.
The table holds {cycles} cycles, from the one before cycle0 on. Where a cell needs more, the simulation stops and says
  so: write the module again with more cycles. With halt=0 the last cycle goes on, and the output exhausted is 1.
tau is how long switching takes: at most a thousandth of the fastest edge. Integrate by the trapezoidal rule.
Outputs: state, r, cycle, r_hrs, u_set, r_lrs, u_reset (in force), exhausted.

OpenVAF compiles this file: openvaf-r cell.va
ngspice (from 46 on):  .model cell {module}
                       n1 top bottom cell seedlo=1 addr=7
                       .control
                       pre_osdi cell.osdi
VACASK:                load "cell.osdi"
                       model cell {module}
                       n1 (top bottom) cell seedlo=1 addr=7
Spectre (not tried):   ahdl_include "cell.va"
                       n1 (top bottom) {module} seedlo=1 addr=7

It does not know: retention and drift of a state, temperature (noise is that of 300 K), how long a pulse lasts,
  capacitance, wear; a current limit is what the circuit around it makes. Read noise (thermal and shot) acts in noise
  analyses only; in a transient it needs the simulator's own noise sources. In Spectre, a periodic steady state
  (shooting) may reject the variables that the first step sets."""
NOT_A_NAME = re.compile(r"[^a-z0-9]+")


def veriloga(
    device: DeviceParameters,
    *,
    cycles: int = 256,
    start: str = "stationary",
    features: Mapping[str, ArrayLike] | None = None,
) -> str:
    """Write a device as a Verilog-A module: one cell between the terminals In and Out.

    The module draws its cycles from the same addresses as `CellArray` does: with the parameters ``seedlo``, ``seedhi``
    (the seed modulo and divided by 2**32) and ``addr`` (the number of the cell, row by row) it is that cell. It is made
    of scalars only, without events, arrays or random functions, so that free compilers take it; its state lies on
    nodes, so that steps of any length are right. The head of the text says how to use it, and what it does not model.

    Parameters
    ----------
    device : DeviceParameters
        Published, varied or fitted.
    cycles : int
        How many switching cycles the module holds, from the one before its first cycle on; 2 to 4,096.
    start : {"stationary", "empty"}
        As for `CellArray`.
    features : mapping, optional
        Instead of drawn cycles those of one cell, to play back what was measured or simulated: ``r_hrs`` [ohm],
        ``u_set`` [V], ``r_lrs`` [ohm], ``u_reset`` [V], each of shape (cycles,), or a Dataset with them. They become
        parameters of the instance, ``r_hrs_0`` and so on; `cycles` is then their number.

    Returns
    -------
    str
        Verilog-A, the same for the same arguments.

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.

    Notes
    -----
    Source of the model: Hennen et al., IEEE Trans. Electron Devices 2024, doi 10.1109/TED.2024.3427616.

    Examples
    --------
    >>> import synaptogen_core as sc
    >>> from synaptogen_core.exchange.circuits.veriloga import module_name, veriloga
    >>> text = veriloga(sc.load_device("hennen2024"), cycles=8)
    >>> f"module {module_name(sc.load_device('hennen2024'))}(In, Out);" in text
    True
    """
    checks.instance("device", device, DeviceParameters, "use load_device")
    if device.extension is not None and features is None:
        raise ValueError(
            f"device: must be of format 1 to be drawn in a module (got {device.name} of format 2); give the cycles of "
            "a cell as features=, or fit a device of format 1"
        )
    if start not in variability.STARTS:
        raise ValueError(f"start: must be 'stationary' or 'empty' (got {start!r}); choose one of them")
    table = None if features is None else _table(features)
    cycles = checks.whole("cycles", cycles if table is None else len(table), 2, MAX_CYCLES)
    c, name = constants(device), module_name(device)
    columns = draw.NAMES if table is None else tuple(f"{f.name}_" for f in FEATURES)
    # the curves in double precision: a large resistance is a small difference of them
    numbers = {
        "u_max": real(c.u_max),
        "beyond_u_max": real(round(most_u_max(device.hhrs, device.llrs) + 0.1, 1)),  # no closed end: it rounds up
        "eta": real(c.eta),
        "u_0": f"{device.u_0:g}",
        "valid_range": real(device.valid_range),
        "g_llrs": real(device.g_llrs),
        "inverse_window": real(1 / (device.g_llrs - device.g_hhrs)),
        "least_threshold": real(LEAST_THRESHOLD),
        "low": draw.horner(device.llrs[:-1], "u"),
        "difference": draw.horner(_difference(device.hhrs, device.llrs), "u"),
        "johnson": real(4 * read_noise.BOLTZMANN * read_noise.TEMPERATURE),
        "shot": real(2 * read_noise.ELEMENTARY_CHARGE),
        "multipliers": [f"{m}.0" for m in random_streams.MULTIPLIERS],
        "key_steps": [f"{k}.0" for k in random_streams.KEY_STEPS],
    }
    return _template().render(
        head=_head(device, name, cycles, start, table is not None),
        module=name,
        cycles=cycles,
        table=table,
        declarations=draw.declarations(c, cycles, table is not None),
        setup=[] if table is not None else draw.setup(c, cycles, start),
        choice=draw.choice(cycles, columns),
        resets=columns[3],
        **numbers,
    )


def save_veriloga(
    device: DeviceParameters,
    path: str | os.PathLike[str],
    *,
    cycles: int = 256,
    start: str = "stationary",
    features: Mapping[str, ArrayLike] | None = None,
) -> str:
    """Write the text of `veriloga` to a file; all or nothing.

    Parameters
    ----------
    device, cycles, start, features
        As for `veriloga`.
    path : str or path
        File to write or to replace, with the suffix .va.

    Returns
    -------
    str
        The name of the module: what a simulator's model refers to.

    Raises
    ------
    FileError
        If the name has another suffix, its folder does not exist, or the file system refuses the write.
    TypeError, ValueError
        As for `veriloga`.
    """
    if text.as_path(path).suffix.lower() != SUFFIX:
        raise FileError(f"{path}: must end in {SUFFIX} (got {Path(path).suffix or 'no suffix'}); rename it")
    content = veriloga(device, cycles=cycles, start=start, features=features)
    with replacing(path) as temporary:
        temporary.write_text(content, encoding="utf-8", newline="\n")
    return module_name(device)


def module_name(device: DeviceParameters) -> str:
    """Name of a device's module: reram, its own name in small letters, and for a varied device a part of its hash.

    Parameters
    ----------
    device : DeviceParameters

    Returns
    -------
    str
        Of letters, digits and underscores.
    """
    plain = NOT_A_NAME.sub("_", device.name.lower()).strip("_")
    if device.base is None and len(plain) <= 40:
        return f"reram_{plain}" if plain else f"reram_{device.hash[:8]}"
    return f"reram_{plain[:24].strip('_')}_{device.hash[:8]}"


def _difference(hhrs: F64, llrs: F64) -> F64:
    """HHRS(U)/U - LLRS(U)/U as one polynomial, highest power first."""
    return np.asarray(np.polysub(hhrs[:-1], llrs[:-1]))


def _table(features: Mapping[str, ArrayLike]) -> list[list[tuple[str, str, str]]]:
    """Name, unit and value of each feature, cycle by cycle."""
    columns = []
    for feature in FEATURES:
        if feature.name not in features:
            raise ValueError(f"features: must have {feature.name} (got {', '.join(map(str, features))}); add it")
        values = checks.numbers("features", np.asarray(features[feature.name]))
        if values.ndim != 1 or values.size < 2:
            raise ValueError(
                f"features: must be of one cell, one number a cycle, at least two (got {feature.name} of shape "
                f"{values.shape}); choose a cell"
            )
        if feature.unit == "ohm" and np.any(values <= 0):
            raise ValueError(f"features: {feature.name} must be above 0 ohm (got {values.min():g}); leave it out")
        columns.append(values)
    if len({column.size for column in columns}) > 1:
        raise ValueError(f"features: must be of equal length (got {[column.size for column in columns]}); cut them")
    return [
        [(f"{f.name}_{n}", f.unit, real(column[n])) for f, column in zip(FEATURES, columns, strict=True)]
        for n in range(columns[0].size)
    ]


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("synaptogen_core.exchange", "circuits"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # what comes from outside is in one-line comments only
    return environment.get_template(TEMPLATE)


def _head(device: DeviceParameters, module: str, cycles: int, start: str, table: bool) -> list[str]:
    """The comment that a file begins with: what it is, whose, for what, how used, and what it leaves out."""
    about = [f"{module}: a ReRAM cell, {_line(device.name)}", f"Written by synaptogen-lab {__version__}; SI units."]
    about += [
        f"{label}: {_line(words)}"
        for label, words in (
            ("Source", device.source), ("Licence of the parameters", device.licence), ("Citation", device.citation),
            *(("Note", note) for note in device.notes),
        )
        if words
    ]  # fmt: skip
    about += [
        f"Hash of the device: {device.hash}; order {device.order}, {device.weights.size} components, {start} start.",
        f"Measured up to {device.valid_range:g} V; beyond, the current continues at the conductance of the state.",
        *("", *(PLAYED if table else DRAWN), ""),
    ]
    folded = [part for line in about for part in textwrap.wrap(line, LONGEST, subsequent_indent="  ") or [""]]
    use = HEAD.format(module=module, cycles=cycles).splitlines()
    return [f"// {line}".rstrip() for line in folded + use]


def _line(words: str) -> str:
    """A text from outside as one line of a comment, in ASCII."""
    printable = "".join(c if c.isprintable() else " " for c in words)
    return " ".join(printable.encode("ascii", "replace").decode().split())
