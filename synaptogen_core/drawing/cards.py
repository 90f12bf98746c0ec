"""What a notebook shows of an object: its key numbers in a small table, and a picture.

Text and lines have the colour of the text around them, so that a card is right on light and on dark without knowing
which; the colours of the data are told apart on both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from synaptogen_core.counts import counted
from synaptogen_core.drawing import svg
from synaptogen_core.drawing.picture import Band, Line, Picture, axis, number, prefix
from synaptogen_core.palette import COLORS
from synaptogen_core.schema import FEATURES, STATE_NAMES
from synaptogen_core.types import F64

BINS = 40
DARKER, BRIGHTER = COLORS["r_hrs"], COLORS["r_lrs"]
STATES = (DARKER, "#E69F00", BRIGHTER)  # HRS, IRS, LRS
LONGEST = 120  # characters of a value
STYLE = f"""
.synaptogen-card {{ font: 13px/1.45 system-ui, sans-serif; color: inherit; max-width: 46rem; }}
.synaptogen-card .both {{ display: flex; flex-wrap: wrap; gap: 4px 24px; align-items: flex-start; }}
.synaptogen-card table {{ border-collapse: collapse; margin: 4px 0; font: inherit; color: inherit; }}
.synaptogen-card tr {{ background: none; }}
.synaptogen-card :is(th, td) {{ text-align: left; vertical-align: top; padding: 1px 12px 1px 0; border: 0; }}
.synaptogen-card th {{ font-weight: 400; opacity: 0.75; white-space: nowrap; }}
.synaptogen-card td {{ overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }}
.synaptogen-card svg {{ width: 300px; max-width: 100%; height: auto; }}
.synaptogen-card text {{ font: 11px system-ui, sans-serif; fill: currentColor; }}
.synaptogen-card .tick {{ opacity: 0.75; }}
.synaptogen-card .grid {{ stroke: currentColor; stroke-opacity: 0.15; fill: none; }}
.synaptogen-card .line {{ stroke: currentColor; stroke-width: 1.2; fill: none; }}
.synaptogen-card .dot {{ fill: {DARKER}; fill-opacity: 0.6; stroke: currentColor; stroke-width: 0.5; }}
.synaptogen-card .upper {{ stroke: {BRIGHTER}; stroke-width: 2; fill: none; }}
.synaptogen-card .lower {{ stroke: {DARKER}; stroke-width: 2; fill: none; }}
""" + "".join(
    f".synaptogen-card .{name} {{ fill: {color}; fill-opacity: 0.65; stroke: {color}; }}\n"
    for name, color in zip(STATE_NAMES, STATES, strict=True)
)

Row = tuple[str, str]


def card(kind: str, title: str, rows: Iterable[Row], picture: Picture | None = None) -> str:
    """The HTML of an object.

    Parameters
    ----------
    kind : str
        Name of its class.
    title : str
        What it is, in a few words.
    rows : iterable of (str, str)
        Label and value; a row without a value is left out.
    picture : Picture, optional

    Returns
    -------
    str
        All texts escaped; it needs nothing else of the page.
    """
    lines = "".join(f"<tr><th>{svg.safe(label)}</th><td>{_short(value)}</td></tr>" for label, value in rows if value)
    return (
        f'<div class="synaptogen-card"><style>{STYLE}</style><div><b>{kind}</b> {_short(title)}</div>'
        f'<div class="both"><table>{lines}</table>{svg.draw(picture) if picture else ""}</div></div>'
    )


def cells(shape: tuple[int, int], fresh: bool, rows: Sequence[Row], states: ArrayLike, conductance: F64) -> str:
    """An array: the conductances of its cells, by state.

    Parameters
    ----------
    shape : tuple of two int
        Rows and columns of the whole array.
    fresh : bool
        Nothing was applied yet.
    rows : sequence of (str, str)
        What it was made from.
    states : array_like of int, shape (n,)
        Codes of the shown cells, which are the first ones of a large array.
    conductance : ndarray, shape (n,)
        [S].

    Returns
    -------
    str
        HTML.
    """
    codes, micro = np.ravel(states), 1e6 * np.ravel(np.asarray(conductance, np.float64))
    across = axis("conductance (µS)", micro, scale="log")
    edges = np.geomspace(across.low, across.high, BINS + 1)
    counts = [np.histogram(micro[codes == code], edges)[0] for code in range(len(STATE_NAMES))]
    layers = [
        Band(name, np.repeat(edges, 2)[1:-1], np.zeros(2 * BINS), np.repeat(count, 2))
        for name, count in zip(STATE_NAMES, counts, strict=True) if count.any()
    ]  # fmt: skip
    picture = Picture("Histogram of the conductances by state", across, axis("cells", 0, *counts, floor=0), layers)
    size = shape[0] * shape[1]
    held = ", ".join(f"{int((codes == code).sum()):,} {name}" for code, name in enumerate(STATE_NAMES))
    middle = " to ".join(number(q) for q in np.quantile(micro, [0.1, 0.9]))
    of = "" if codes.size == size else f" (the first {counted(codes.size, 'cell')})"
    own = [("State", "fresh: nothing was applied yet" if fresh else f"{held}{of}"),
           ("Conductance", f"{number(float(np.median(micro)))} µS; 80 % of the cells {middle} µS{of}")]  # fmt: skip
    return card("CellArray", f"{shape[0]:,} × {shape[1]:,} = {counted(size, 'cell')}", [*rows, *own], picture)


def device(name: str, rows: Sequence[Row], known: F64 | None, volts: F64, lower: F64, upper: F64) -> str:
    """A device: typical values of its features, and the two curves between which its I-V curves lie.

    Parameters
    ----------
    name : str
    rows : sequence of (str, str)
    known : ndarray, shape (2, 8), or None
        Mean and standard deviation over devices of (mu, sigma), the first feature in log10 ohm.
    volts : ndarray, shape (n,)
        [V].
    lower, upper : ndarray, shape (n,)
        Currents of the basis curves [A].

    Returns
    -------
    str
        HTML.
    """
    factor, unit = prefix("A", upper)
    picture = Picture(
        "The two curves between which the current of every state lies",
        axis("voltage (V)", volts), axis(f"current ({unit})", lower, upper, factor=factor),
        [Line("upper", volts, upper), Line("lower", volts, lower)],
    )  # fmt: skip
    own = []
    if known is not None:
        for one, *numbers in zip(FEATURES, known[0, :4], known[0, 4:], known[1, :4], strict=True):
            own.append((one.symbol, _feature(one.unit, one.scale == "log", *map(float, numbers))))
    return card("DeviceParameters", name, [*own, *rows], picture)


def _feature(unit: str, log: bool, value: float, cycles: float, devices: float) -> str:
    """A typical value, and its spread over cycles and over devices; that of a logarithm as a factor."""
    middle = 10.0**value if log else value
    factor, shown = prefix(unit, middle) if unit == "ohm" else (1.0, unit)
    spreads = [f"×/÷ {10.0**s:.3g}" if log else f"± {number(factor * s, 2)} {shown}" for s in (cycles, devices)]
    return f"{number(factor * middle)} {shown}; over cycles {spreads[0]}, over devices {spreads[1]}"


def train(pulses: int, cycles: int, rows: Sequence[Row], pulse: ArrayLike, volts: ArrayLike) -> str:
    """A pulse train: its first pulses.

    Parameters
    ----------
    pulses, cycles : int
        Of the whole train.
    rows : sequence of (str, str)
    pulse : array_like of int, shape (n,)
        Numbers of the pulses that are shown.
    volts : array_like, shape (n,)
        [V]; those of cell 0 where they are random.

    Returns
    -------
    str
        HTML.
    """
    step, height = np.ravel(pulse), np.ravel(np.asarray(volts, np.float64))
    steps = np.append(step, step.size) - 0.5
    line = Line("line", np.repeat(steps, 2)[1:-1], np.repeat(height, 2))
    picture = Picture("Voltage of the first pulses", axis("pulse", steps), axis("voltage (V)", 0.0, height), [line])
    shown = "" if step.size == pulses else f"the first {counted(step.size, 'pulse')}"
    return card(
        "PulseTrain", f"{counted(pulses, 'pulse')} in {counted(cycles, 'cycle')}", [*rows, ("Shown", shown)], picture
    )


def _short(text: str) -> str:
    return svg.safe(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")
