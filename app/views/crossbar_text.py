"""What the crossbar says in words and tables."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from app import theme
from app.theme import CELL_STYLES

if TYPE_CHECKING:
    from app.results.crossbar import Result

# factor from SI, unit, name, format of a value in the hover
QUANTITY = {
    "current": (1e6, "µA", "Read current", "0.00"),
    "conductance": (1e6, "µS", "Conductance", "0.0"),
    "state": (1.0, "", "State", "0"),
    "cycle_count": (1.0, "", "Cycle count", "0"),
}
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
        what += f" at {volts}, {'with' if result.noise else 'without'} noise"
    elif result.quantity == "conductance":
        what += f" at {volts}"
    beyond = f" {theme.number(result.beyond)} cells lie beyond the colours." if result.beyond else ""
    return f"{what}, after the pulse train, of all {rows} × {columns} cells.{beyond}"


def line_unit(result: Result) -> tuple[float, str]:
    """Factor from ampere and unit of the line currents: short numbers, whatever the size of the array."""
    largest = max(float(result.output.max()), float(result.driver.max()))
    return (1e3, "mA") if largest >= 1e-3 else (1e6, "µA")


def sums_table(result: Result) -> str:
    """The ideal read in numbers."""
    out, line = result.output, LINE[OTHER[result.along]]
    active = int((result.input > 0).sum())
    mean, sd = float(out.mean()), float(out.std())
    factor, unit = line_unit(result)

    def current(value: float) -> str:
        return f"{theme.number(value * factor)} {unit}"

    relative = f" ({theme.number(100 * sd / mean, 2)} % of the mean)" if mean else ""
    rows = [
        ("Driven", f"{theme.number(active)} of {theme.number(result.input.size)} {result.along}, up to "
                   f"{theme.quantity(float(result.input.max()), 'voltage')}"),
        (f"Mean {line} current", current(mean)),
        ("Standard deviation", theme.quantity(sd, "current") + relative),
        ("Smallest to largest", f"{theme.number(out.min() * factor)} to {current(float(out.max()))}"),
        ("Power of the drivers", f"{theme.number(result.power * 1e3)} mW"),
    ]  # fmt: skip
    digits = result.digits
    if digits:
        rows += [
            ("ADC range", f"{theme.number(digits.low * factor)} to {current(digits.high)}, "
                          f"{theme.quantity(digits.step, 'current')} a code"),
            ("Codes", f"{digits.code.min()} to {digits.code.max()} of {digits.top}"),
            ("Error of digitising", f"{theme.quantity(digits.error, 'current')} (root mean square)"),
            ("Beyond the range", f"{digits.clipped} of {out.size} {OTHER[result.along]}"),
        ]  # fmt: skip
    body = "".join(f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in rows)
    return f'<table class="numbers"><caption>Ideal read: no line resistance, no noise</caption>{body}</table>'


def cells_table(result: Result) -> str:
    """The followed cells in numbers."""
    head = "".join(f"<th>{h}</th>" for h in ("Cell", "State", "I (µA)", "G (µS)", "Cycles"))
    body = ""
    for cell, (color, dash) in zip(result.cells, CELL_STYLES, strict=False):
        line = "currentColor" if color == "ink" else color
        mark = (
            f'<span style="display:inline-block;width:9px;height:9px;margin-right:6px;border:2px {dash} {line}"></span>'
        )
        name = f"({cell.row},\u00a0{cell.column})" + (", outlier" if cell.outlier else "")
        numbers = (
            cell.state, theme.number(cell.current * 1e6), theme.number(cell.conductance * 1e6),
            theme.number(cell.cycle_count),
        )  # fmt: skip
        body += f"<tr><th>{mark}{name}</th>{''.join(f'<td>{n}</td>' for n in numbers)}</tr>"
    caption = "Followed cells: click the map to choose, with Shift to add"
    return (
        f'<div style="overflow-x:auto"><table class="numbers"><caption>{caption}</caption>'
        f"<tr>{head}</tr>{body}</table></div>"
    )
