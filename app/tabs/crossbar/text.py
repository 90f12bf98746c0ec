"""What the crossbar says in words and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.look import theme
from app.look.tables import followed, pairs, table

if TYPE_CHECKING:
    from app.tabs.crossbar.compute import Result

# factor from SI, unit, name, format of a value in the hover
QUANTITY = {
    "voltage": (1.0, "V", "Cell voltage", "0.0000"),
    "cell_current": (1e6, "µA", "Cell current", "0.00"),
    "lost": (1e6, "µA", "Current lost to lines", "0.000"),
    "disturb": (1.0, "", "Disturb probability", "0.0000"),
    "current": (1e6, "µA", "Read current", "0.00"),
    "conductance": (1e6, "µS", "Conductance", "0.0"),
    "state": (1.0, "", "State", "0"),
    "cycle_count": (1.0, "", "Cycle count", "0"),
}
PIXELS = 256  # of a side of the map
LEAST = 1e-4  # smaller shares are said to be so
LINE = {"rows": "row", "columns": "column"}
OTHER = {"rows": "columns", "columns": "rows"}


def color_title(result: Result) -> str:
    """Title of the colour scale: quantity and unit."""
    _, unit, name, _ = QUANTITY[result.quantity]
    return f"{name} ({unit})" if unit else name


def map_title(result: Result) -> str:
    """What the map shows, and at which voltage."""
    rows, columns = (theme.number(n) for n in result.values.shape)
    what = QUANTITY[result.quantity][2]
    volts = theme.quantity(result.u_read, "voltage")
    if result.quantity == "current":
        what = f"Current of each cell alone at {volts}, {'with' if result.noise else 'without'} noise"
    elif result.quantity == "conductance":
        what += f" at {volts}"
    elif result.quantity == "disturb":
        what = "Probability that this bias switches a cell in the next cycle (thresholds not yet drawn)"
    beyond = f" {theme.number(result.beyond)} cells are outside the colour range." if result.beyond else ""
    dark = f" {theme.number(result.unreachable)} nodes are not connected to any terminal." if result.unreachable else ""
    each = pixel(result.values.shape)
    of_many = f" A pixel is the one of {each} × {each} cells that is farthest from the median." if each > 1 else ""
    return f"{what}: all {rows} × {columns} cells after the pulse train.{of_many}{beyond}{dark}"


def pixel(shape: tuple[int, ...]) -> int:
    """So many rows and columns are one pixel of the map: of more, a browser would leave out a selected line."""
    return -(-max(shape) // PIXELS)


def share(part: float) -> str:
    """A share in per cent."""
    if part and abs(part) < LEAST:
        return f"<\u00a0{100 * LEAST:g}\u00a0%"
    return f"{theme.number(100 * part)}\u00a0%"


def held_at(volts: float) -> str:
    """What the terminals of a line do."""
    return "floating" if volts != volts else f"at {theme.number(volts)} V"


def line_unit(result: Result) -> tuple[float, str]:
    """Factor from ampere and unit of the line currents: short numbers, whatever the size of the array."""
    largest = max(float(np.abs(result.output).max()), float(np.abs(result.driver).max()))
    return (1e3, "mA") if largest >= 1e-3 else (1e6, "µA")


def sums_table(result: Result) -> str:
    """The line currents in numbers."""
    out, line = result.output, LINE[OTHER[result.along]]
    mean, sd = float(out.mean()), float(out.std())
    factor, unit = line_unit(result)

    def current(value: float) -> str:
        return f"{theme.number(value * factor)} {unit}"

    whole = float(result.ideal.sum())
    lost = share(1 - float(out.sum()) / whole) if whole else "–"
    if result.scheme == "all":
        active, most = int((result.input != 0).sum()), float(result.input[np.argmax(np.abs(result.input))])
        relative = f" ({share(sd / abs(mean))} of the mean)" if mean else ""
        rows = [
            ("Driven", f"{theme.number(active)} of {theme.number(result.input.size)} {result.along}, up to "
                       f"{theme.quantity(most, 'voltage')}"),
            (f"Mean {line} current", current(mean)),
            ("Lost to the lines", "nothing: they have no resistance" if result.ideal_lines else f"{lost} of it"),
            ("Standard deviation", theme.quantity(sd, "current") + relative),
            ("Smallest to largest", f"{theme.number(out.min() * factor)} to {current(float(out.max()))}"),
        ]  # fmt: skip
    else:
        cell = result.cells[0]
        rows = [
            ("Chosen cell", f"({cell.row}, {cell.column}), {cell.state}"),
            ("Target voltage", theme.quantity(result.wanted, "voltage")),
            ("Actual voltage", theme.quantity(cell.voltage, "voltage")),
            ("Its column’s current", current(float(out[cell.column]))),
        ]
    rows += [
        ("Power of the drivers", f"{theme.number(result.power * 1e3)} mW"),
        ("Numerical error", f"{theme.number(result.residual, 1)} of the largest current"),
    ]
    digits = result.digits
    if digits and result.scheme == "all":
        rows += [
            ("ADC range", f"{theme.number(digits.low * factor)} to {current(digits.high)}, "
                          f"{theme.quantity(digits.step, 'current')} a code"),
            ("Codes", f"{digits.code.min()} to {digits.code.max()} of {digits.top}"),
            ("Error of digitising", f"{theme.quantity(digits.error, 'current')} (root mean square)"),
            ("Beyond the range", f"{digits.clipped} of {out.size} {OTHER[result.along]}"),
        ]  # fmt: skip
    return pairs(f"{'Read' if result.scheme == 'all' else 'Write'} through the lines, without noise", rows)


def groups_table(result: Result) -> str:
    """What the cells of a write scheme see, and what that does to them."""
    if not result.groups:
        return ""
    rows = {}
    for group in result.groups:
        ends = [theme.number(v) for v in (group.low, group.high)]
        volts = ends[0] if ends[0] == ends[1] else f"{ends[0]} … {ends[1]}"
        rows[group.name] = (theme.number(group.count), volts, theme.number(group.switching), share(group.chance))
    caption = (
        "Write disturb. Switch in this state: with the thresholds that the cells have. Disturb: the mean probability "
        "with those of their next cycle, given each cell’s own history"
    )
    head = ("How many", "Voltage (V)", "Switch in this state", "Disturb")
    return table(caption, head, rows, of="Cells", wraps=True)


def cells_table(result: Result) -> str:
    """The followed cells in numbers."""
    rows = [
        (
            f"({cell.row},\u00a0{cell.column})" + (", outlier" if cell.outlier else ""),
            (
                cell.state, theme.number(cell.voltage), theme.number(cell.through * 1e6),
                theme.number(cell.conductance * 1e6), share(cell.disturb),
            ),
        )
        for cell in result.cells
    ]  # fmt: skip
    return followed(rows, ("State", "U (V)", "I (µA)", "G (µS)", "Disturb"))
