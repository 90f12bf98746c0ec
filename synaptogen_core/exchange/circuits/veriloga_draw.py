"""The generated part of a Verilog-A module: how the features of its cycles are drawn, in scalars and sums."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from synaptogen_core.device.model import arithmetic, random_streams
from synaptogen_core.device.model.float32 import Constants

LONGEST = 112  # characters of a line
NAMES = ("h", "v", "l", "t")  # of a table's columns: R_HRS, U_SET, R_LRS, U_RESET
PLACES = ("r_hrs", "u_set", "r_lrs", "u_reset")
ADDRESS = "seedlo, seedhi"


def real(x: float | np.floating) -> str:
    """A real number: twelve digits, and a point or an exponent."""
    text = f"{float(x):.12g}"
    return text if "." in text or "e" in text else f"{text}.0"


def horner(coefficients: ArrayLike, x: str) -> str:
    """A polynomial by Horner's rule.

    Parameters
    ----------
    coefficients : array, shape (d + 1,)
        Highest power first.
    x : str
        Name of the variable.
    """
    highest, *others = (real(c) for c in np.asarray(coefficients, np.float64))
    text = highest
    for c in others:
        text = f"{c} + {x} * ({text})"
    return text


def declarations(c: Constants, cycles: int, table: bool) -> list[str]:
    """Variables of the drawing and of its table.

    Parameters
    ----------
    c : Constants
    cycles : int
        That the table holds.
    table : bool
        Whether its cycles are given: then they are parameters, and there are no variables.
    """
    if table:
        return []
    past = (f"x{lag}_{i}" for lag in range(1, c.order + 1) for i in range(4))
    starts = (f"z{k}" for k in range(max(8, 4 * c.order)))
    rows = (f"{name}{n}" for n in range(cycles) for name in NAMES)
    return [
        "integer n, component;",
        "real word0, word1, word2, word3, e0, e1, e2, e3, y0, y1, y2, y3;",
        "real m0, m1, m2, m3, d0, d1, d2, d3;",
        *_folded("real ", ", ", [*starts, *past, *rows], ";"),
    ]


def setup(c: Constants, cycles: int, start: str) -> list[str]:
    """Statements that draw the cell and its cycles.

    Parameters
    ----------
    c : Constants
    cycles : int
        That the table holds.
    start : {"stationary", "empty"}
    """
    return [*_device(c), *_history(c, start), *_cycles(c, cycles)]


def choice(cycles: int, names: Sequence[str] = NAMES) -> list[str]:
    """Branches of a case: the features of a cycle, and what the one before has left.

    Parameters
    ----------
    cycles : int
        That the table holds.
    names : sequence of str
        Of its four columns.
    """
    lines = []
    for n in range(cycles):
        taken = [f"{place} = {name}{n};" for place, name in zip(PLACES, names, strict=True)]
        if n:
            taken += [f"before_lrs = {names[2]}{n - 1};", f"before_reset = {names[3]}{n - 1};"]
        lines += _folded(f"{n}: begin ", " ", taken, " end")
    return lines


def _device(c: Constants) -> Iterator[str]:
    """Device to device: the component, then mean and spread of each feature."""
    yield f"// device to device: one of {len(c.means)} components, then four means and four spreads"
    purpose = real(random_streams.DEVICE)
    yield f"word0 = philox(addr, {purpose}, 0.0, 2.0, {ADDRESS}, word0, word1, word2, word3);"
    yield "component = 0;"
    for limit in c.limits:
        yield f"if (word0 >= {int(limit)}.0) component = component + 1;"
    for sub in (0, 1):
        z = ", ".join(f"z{4 * sub + i}" for i in range(4))
        yield f"z{4 * sub} = normals(addr, {purpose}, 0.0, {sub}.0, {ADDRESS}, {z});"
    for k, (mean, factor) in enumerate(zip(c.means, c.factors, strict=True)):
        yield f"if (component == {k}) begin"
        for row, name in enumerate(("m0", "m1", "m2", "m3", "d0", "d1", "d2", "d3")):
            products = _products(factor[row, : row + 1], (f"z{j}" for j in range(row + 1)))
            yield from _sum(f"  {name}", [real(mean[row]), *products])
        yield "end"
    for i, floor in enumerate(c.sigma_floor):
        yield f"d{i} = max(d{i}, {real(floor)});"


def _history(c: Constants, start: str) -> Iterator[str]:
    """The normal vectors of the cycles before the first, and of the first."""
    size = 4 * c.order
    if start == "empty":
        yield "// no history: the first cycle from its own normals alone"
        yield f"e0 = normals(addr, {real(random_streams.CYCLE)}, 0.0, 0.0, {ADDRESS}, e0, e1, e2, e3);"
        rows = [_products(c.b[i, : i + 1], (f"e{j}" for j in range(i + 1))) for i in range(4)]
        rows += [[] for _ in range(4, size)]
    else:
        yield f"// a history of {c.order} cycles from the stationary law"
        for lag in range(c.order):
            z = ", ".join(f"z{4 * lag + i}" for i in range(4))
            yield f"z{4 * lag} = normals(addr, {real(random_streams.START)}, 0.0, {lag}.0, {ADDRESS}, {z});"
        rows = [_products(c.start[i, : i + 1], (f"z{j}" for j in range(i + 1))) for i in range(size)]
    for i, row in enumerate(rows):
        yield from _sum(f"x{i // 4 + 1}_{i % 4}", row)


def _cycles(c: Constants, cycles: int) -> Iterator[str]:
    """Cycle after cycle: the next vector, its features, and their place in the table."""
    yield f"for (n = 0; n < first + {cycles}; n = n + 1) begin"
    yield "  if (n > 0) begin"
    yield f"    e0 = normals(addr, {real(random_streams.CYCLE)}, n, 0.0, {ADDRESS}, e0, e1, e2, e3);"
    for i in range(4):
        terms = _products(c.b[i, : i + 1], (f"e{j}" for j in range(i + 1)))
        for lag in range(1, c.order + 1):
            terms += _products(c.a[lag - 1, i], (f"x{lag}_{j}" for j in range(4)))
        yield from _sum(f"    y{i}", terms)
    for lag in range(c.order, 1, -1):
        yield "    " + " ".join(f"x{lag}_{i} = x{lag - 1}_{i};" for i in range(4))
    yield "    " + " ".join(f"x1_{i} = y{i};" for i in range(4))
    yield "  end"
    for i in range(4):
        yield f"  y{i} = m{i} + d{i} * ({horner(c.gamma[i], f'x1_{i}')});"
    limit = real(arithmetic.EXP10_LIMIT)
    yield f"  y0 = exp(2.302585092994046 * min(max(y0, -{limit}), {limit}));"
    yield "  case (n - first)"
    for n in range(cycles):
        yield f"    {n}: begin {' '.join(f'{name}{n} = y{i};' for i, name in enumerate(NAMES))} end"
    yield "    default: y0 = 0.0;"
    yield "  endcase"
    yield "end"


def _products(factors: np.ndarray, names: Iterable[str]) -> list[str]:
    return [f"{real(f)} * {name}" for f, name in zip(factors, names, strict=True) if f != 0]


def _sum(name: str, terms: list[str]) -> Iterator[str]:
    """An assignment of a sum, folded."""
    indent = " " * (len(name) - len(name.lstrip()) + 2)
    yield from _folded(f"{name} = ", " + ", terms or ["0.0"], ";", indent)


def _folded(before: str, between: str, parts: list[str], after: str, indent: str = "  ") -> list[str]:
    """Parts in a row, on as many lines as they need."""
    lines, line = [], before
    for k, part in enumerate(parts):
        piece = part + (between if k + 1 < len(parts) else after)
        if len(line) + len(piece) > LONGEST and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += piece
    return [*lines, line]
