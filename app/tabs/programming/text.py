"""What the Programming tab says in words and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.look import theme
from app.look.legend import legend, swatch
from app.look.tables import followed, pairs, table
from app.look.theme import NEUTRAL
from app.settings.numbers import minus

if TYPE_CHECKING:
    from app.tabs.programming.compute import LevelCounts, Result, Staircase, Targets

# what became of a cell: told apart by colour-blind eyes; what succeeded is the quiet one
OUTCOME_COLORS = {
    "not programmed": NEUTRAL, "reached": "#0072B2", "pulse limit": "#E69F00", "does not SET": "#D55E00",
    "does not RESET": "#CC79A7", "target above its LRS": "#6B4C00", "target below its HRS": "#56B4E9",
    "RESET too weak": "#009E73", "lost on the lines": "#7A3E9D",
}  # fmt: skip
# factor from SI, unit, name, format of a value in the hover
QUANTITY = {
    "reached": (1e6, "µS", "Reached conductance", "0.0"),
    "error": (100.0, "%", "Distance from the target", "0.0"),
    "outcome": (1.0, "", "Outcome", "0"),
    "pulses": (1.0, "", "Pulses used", "0"),
    "voltage": (1.0, "V", "Voltage across the cell at the last pulse", "0.000"),
    "conductance": (1e6, "µS", "Conductance after the last pulse", "0.0"),
}


def color_title(quantity: str) -> str:
    """Title of the colour scale; none of the outcome, whose colours have a legend."""
    _, unit, name, _ = QUANTITY[quantity]
    return "" if quantity == "outcome" else f"{name} ({unit})" if unit else name


def map_title(result: Result) -> str:
    """What the map shows."""
    rows, columns = (theme.number(n) for n in result.shape)
    done = len(result.values)
    of = f"all {rows} × {columns} cells"
    if done < result.shape[0]:
        of = f"rows {result.first_row} to {result.first_row + done - 1} of {rows} × {columns} cells"
    beyond = f" {theme.number(result.beyond)} cells are outside the colour range." if result.beyond else ""
    return f"{QUANTITY[result.quantity][2]}, {of}.{beyond}"


def outcome_legend(targets: Targets) -> str:
    """The colours of the outcomes that occurred, with their numbers of cells."""
    return legend(
        swatch(OUTCOME_COLORS[name], f"{name} ({theme.number(n)})", kind="area") for name, n in targets.outcomes
    )


def bounds(result: Result) -> str:
    """What is less than was asked for, and why; empty if nothing is."""
    said, done, (rows, _) = [], len(result.values), result.shape
    if done < rows:
        which = ", those farthest from the terminals of the bit lines," if result.through else ""
        said.append(
            f"So large an array would take too long: only {theme.number(done)} of its {theme.number(rows)} rows{which} "
            "are programmed. Rows do not change each other: they are written one after the other."
        )
    targets = result.targets
    if targets and targets.limit < targets.wanted_limit:
        said.append(
            f"With so many cells, each gets at most {targets.limit} pulses instead of {targets.wanted_limit}, "
            "so that the page need not wait for minutes."
        )
    if result.through and result.selector == "none":
        said.append("Programming needs select transistors here: the rows that are not written are switched off.")
    return " ".join(said)


def pulses_text(result: Result) -> str:
    """How the pulses come to the cells."""
    if not result.through:
        return "ideal: each cell sees the voltage intended for it"
    return f"through the lines, {result.at_once} by {result.at_once}"


def volts(value: float) -> str:
    return minus(f"{value:.3f} V")


def summary(result: Result) -> str:
    """The whole array in numbers."""
    if result.targets:
        return targets_summary(result, result.targets)
    return stairs_summary(result, result.stairs) if result.stairs else ""


def targets_summary(result: Result, targets: Targets) -> str:
    found = targets.statistics
    cells, error = found["cells"], found["rms_error"]
    reached, within = found["reached"], found["within_tolerance"]
    noise = f"noise of {theme.number(result.bandwidth / 1e6)} MHz" if result.bandwidth else "no noise"

    def used(quantiles: dict[float, float]) -> str:
        half, most, last = (theme.number(quantiles[q]) for q in (0.5, 0.95, 1.0))
        return f"{half} (median), {most} (95 %), {last} (most)"

    def of_all(part: int) -> str:
        return f"{share(part, cells)} ({theme.number(part)} of {theme.number(cells)})"

    rows = [
        ("Reached: a verify read found it", of_all(reached)),
        (f"Within ±{100 * targets.tolerance:g} % at the end, without noise", of_all(within)),
        ("Pulses a cell", used(found["pulses"])),
        ("SET pulses among them", used(found["set_pulses"])),
        ("Error where reached", f"{theme.number(100 * error, 2)} % (root mean square)"),
        *([("Read as another level", of_all(targets.levels.wrong))] if targets.levels else []),
        ("Reached, but off at the end", f"{theme.number(targets.off)}{off_because(result)}"),
        *((f"Failed: {name}", f"{theme.number(n)} ({share(n, cells)})") for name, n in found["failures"].items()),
        ("Pulses", pulses_text(result)),
        ("Verify reads", f"{theme.quantity(result.u_read, 'voltage')}, {noise}"),
    ]  # fmt: skip
    return pairs("Program and verify: all programmed cells", rows)


def levels_table(levels: LevelCounts) -> str:
    """Which level cells were programmed to, and which one a read takes them for."""
    names, limits = ([theme.number(1e6 * g) for g in values] for values in (levels.targets, levels.thresholds))
    rows = {f"{name} µS": [theme.number(n) if n else "·" for n in row]
            for name, row in zip(names, levels.counts, strict=True)}  # fmt: skip
    of = "Cells of each level (rows), by the level that a read without noise takes them for"
    caption = f"{of}; thresholds {', '.join(limits)} µS"
    return table(caption, names, rows)


def off_because(result: Result) -> str:
    """Why a cell may lie off its target although a read has found it there."""
    noise = ["noise of the read"] if result.bandwidth else []
    others = ["pulses for others"] if result.through and result.at_once == "row" else []
    return f" ({' or '.join(noise + others)})" if noise or others else ""


def share(part: float, of: float) -> str:
    """A share of cells in per cent; never 100 % or 0 % of what is not all or nothing."""
    percent = 100 * part / of
    text = f"{percent:.4g}" if percent >= 1 else f"{percent:.2g}"
    return f"{text} %"


def stairs_summary(result: Result, stairs: Staircase) -> str:
    cells = result.values.size

    def at(place: tuple[int, int, float]) -> str:
        return f"{volts(place[2])} at ({place[0]}, {place[1]})"

    steps = stairs.volts[1:]
    rows = [
        ("RESET pulses", f"{steps.size}, {volts(steps[0])} to {volts(steps[-1])}"),
        ("Pulses", pulses_text(result)),
        ("Last pulse, weakest", at(stairs.weakest)),
        ("Last pulse, median", volts(stairs.median)),
        ("Last pulse, strongest", at(stairs.strongest)),
        ("Mean after SET", theme.quantity(stairs.mean[0], "conductance")),
        ("Mean after the last pulse", theme.quantity(stairs.mean[-1], "conductance")),
        ("Not in LRS after SET", f"{theme.number(stairs.not_set)} of {theme.number(cells)} cells"),
        ("Still in LRS at the end", f"{theme.number(stairs.still_lrs)} of {theme.number(cells)} cells"),
    ]
    return pairs("RESET staircase: all programmed cells", rows)


def cells_table(result: Result) -> str:
    """The followed cells in numbers."""
    of_targets = ("Target (µS)", "Reached (µS)", "Error", "Pulses", "Outcome")
    heads = of_targets if result.targets else ("After SET (µS)", "At the end (µS)", "Last pulse (V)", "State")
    rows = [
        (f"({cell.row},\u00a0{cell.column})", cell_texts(cell.values) if cell.values else ("not programmed",))
        for cell in result.cells
    ]
    return followed(rows, heads)


def cell_texts(values: dict[str, float | str]) -> tuple[str, ...]:
    def micro(name: str) -> str:
        return theme.number(float(values[name]) * 1e6, 4)

    if "target" in values:
        error = minus(f"{100 * float(values['error']):+.1f} %")
        return micro("target"), micro("reached"), error, str(values["pulses"]), str(values["outcome"])
    return micro("set"), micro("conductance"), f"{float(values['voltage']):.3f}", str(values["state"])
