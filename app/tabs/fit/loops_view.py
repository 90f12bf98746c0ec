"""The second part of the Fit tab: a loop with its extracted points, cycles that failed, the report on devices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.models import ColumnDataSource
from param.parameterized import Event

from app.look import layout, theme
from app.look.axes import Axis
from app.look.legend import legend, swatch
from app.look.number_box import NumberSlider
from app.look.plain import escape, plain
from app.look.theme import COLORS, NEUTRAL
from synaptogen_core.counts import counted

if TYPE_CHECKING:
    from app.tabs.fit.pictures import Cycles, Loop

LINE = {"x": [], "y": []}
POINT = {"x": [], "y": [], "what": [], "sure": []}
PALEST = 0.15  # of a point that may well be wrong
MARKERS = {"u_set": ("inverted_triangle", "SET"), "u_reset": ("triangle", "RESET")}
RESISTANCES = {"r_hrs": "R_HRS", "r_lrs": "R_LRS"}
LONGEST_NAME = 60  # letters of a device's name in a choice or a title
LISTED = 1000  # devices, in the table and in the choice
SHOWN = 12  # rows of a table before it scrolls
SCROLL = {"max-height": f"{26 * SHOWN}px", "overflow-y": "auto"}
TABLE = theme.TABLE + "table.numbers td:last-child { text-align: left; } table.numbers td, th { white-space: nowrap; }"


class LoopsPart:
    """Loops on the left, failures and devices on the right."""

    def __init__(self, look: theme.Theme, loop: Callable[[int, int], Loop | None]):
        self._loop = loop
        self._cycles: Cycles | None = None
        self.device = pmui.Select(label="Device", options={}, value=None, size="small", width=190, margin=(8, 8))
        self.cycle = NumberSlider(label="Place among its cycles", start=1, end=2, value=1, whole=True,
                                  sizing_mode="stretch_width", margin=(6, 12))  # fmt: skip
        self.bad = pmui.Button(label="Next failed cycle", variant="outlined", size="small", margin=(10, 8))
        self.log = pmui.Switch(label="Logarithmic", value=False, margin=(6, 8))
        for control in (self.device, self.cycle, self.log):
            control.param.watch(self._draw, "value")
        self.device.param.watch(self._device_changed, "value")
        self.bad.on_click(self._next_bad)
        self._picture(look)
        self.legend, self.failure = theme.note(), theme.Alert(severity="warning", visible=False, margin=(2, 8))
        self.summary, self.failed, self.report = (
            pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 4), stylesheets=[TABLE], styles=styles)
            for styles in ({}, SCROLL, SCROLL)
        )
        chosen = layout.flow(self.device, self.log, self.bad, gap="0 4px")  # fmt: skip
        self.loops = theme.card(chosen, self.cycle, theme.pane(self.figure), self.legend, self.failure)
        self.lists = layout.column(
            theme.card(theme.heading("Cycles"), self.summary, self.failed),
            theme.card(theme.heading("Devices"), self.report), gap=10,
        )  # fmt: skip
        self.layout = theme.grid(self.loops, self.lists, sizes=[{"xs": 12, "lg": 7}, {"xs": 12, "lg": 5}])
        self.layout.visible = False

    def _picture(self, look: theme.Theme) -> None:
        self.figure = figure = look.figure("fit loop", title="–", x="voltage", y="current", height=380)
        self.x, self.y = Axis(figure, "x"), Axis(figure, "y")
        self.faint, self.line, self.ohm, self.points = (ColumnDataSource(d) for d in (LINE, LINE, POINT, POINT))
        figure.line("x", "y", source=self.faint, line_color=NEUTRAL, line_alpha=0.25)
        look.ink(figure.line("x", "y", source=self.line, line_width=2).glyph, "line_color")
        self.segments = {name: ColumnDataSource(LINE) for name in RESISTANCES}
        marks = []
        for name, source in self.segments.items():
            figure.line("x", "y", source=source, line_color=COLORS[name], line_width=3, line_dash="dashed")
        self.marks = {name: ColumnDataSource(POINT) for name in (*MARKERS, *RESISTANCES)}
        for name, source in self.marks.items():
            marker = MARKERS[name][0] if name in MARKERS else "circle"
            marks.append(figure.scatter("x", "y", source=source, marker=marker, size=12, line_color=COLORS[name],
                                        line_width=2, fill_color=COLORS[name], fill_alpha="sure"))  # fmt: skip
        figure.add_tools(theme.hover(marks, ("", "@what")))

    # ------------------------------------------------------------------------------------------------ replaced
    def show(self, cycles: Cycles | None) -> None:
        """What was extracted, or nothing."""
        self._cycles, self.layout.visible = cycles, cycles is not None
        if cycles is None:
            return
        self.loops.visible = cycles.loops
        devices = places(cycles.devices)
        if self.device.options != devices:
            self.device.param.update(options=devices, value=0)
        count = cycles.counts[self._place()]
        self.cycle.param.update(end=max(2, count), value=min(self.cycle.value, count), visible=count > 1)
        self.bad.visible = bool(cycles.failed)
        self.summary.object = summary(cycles)
        self.failed.object = failures(cycles)
        self.failed.visible = bool(cycles.listed)
        self.report.object = devices_table(cycles)
        self._draw()

    def _place(self) -> int:
        """Position of the chosen device."""
        return (self.device.value or 0) if self._cycles is not None else 0

    def _device_changed(self, event: Event) -> None:
        if self._cycles is not None:
            count = self._cycles.counts[self._place()]
            self.cycle.param.update(end=max(2, count), value=min(self.cycle.value, count), visible=count > 1)

    def _next_bad(self, event: Event) -> None:
        """Go to the next failed cycle after the one that is shown, whosever it is."""
        bad = [place for place in self._cycles.bad if place[0] < LISTED] if self._cycles is not None else []
        if not bad:
            return
        now = self._place(), self.cycle.value - 1
        later = next((place for place in bad if place > now), bad[0])
        self.device.value = later[0]
        self.cycle.value = later[1] + 1

    def _draw(self, *events: Event) -> None:
        loop = self._loop(self._place(), self.cycle.value - 1) if self._cycles is not None else None
        if loop is None:
            return
        micro, log = theme.factor("current"), self.log.value

        def height(current: Any) -> np.ndarray:
            value = np.asarray(current, float) * micro
            return np.where(value == 0, np.nan, np.abs(value)) if log else value

        self.line.data = {"x": loop.voltage, "y": height(loop.current)}
        self.faint.data = {"x": loop.faint[0], "y": height(loop.faint[1])}
        for name in MARKERS:
            volts, current = loop.thresholds.get(name, (np.nan, np.nan))
            text = f"{MARKERS[name][1]} at {theme.number(volts)} V{sure(loop, name)[1]}"
            point = {"x": [volts], "y": height([current]), "what": [text], "sure": [sure(loop, name)[0]]}
            self.marks[name].data = point if volts == volts else POINT
        for name, title in RESISTANCES.items():
            ohm, u = loop.resistances.get(name), loop.reach
            if ohm is None:
                self.marks[name].data, self.segments[name].data = POINT, LINE
                continue
            ends = np.array([0.0, 1.0, 2.0]) * u
            self.segments[name].data = {"x": ends, "y": height(ends / ohm)}
            self.marks[name].data = {
                "x": [u], "y": height([u / ohm]), "sure": [sure(loop, name)[0]],
                "what": [f"{title} = {theme.quantity(ohm, name)} at {abs(u):g} V{sure(loop, name)[1]}"],
            }  # fmt: skip
        self._axes(loop, height)
        self.figure.title.text = f"Device {plain(loop.device, LONGEST_NAME)}: cycle {loop.cycle} by the file's count"
        said = f"This cycle has no features: {loop.failure}." if loop.failure else ""
        theme.say(self.failure, said)
        entries = [swatch("ink", "this cycle"), swatch(NEUTRAL, "others of the device")]
        entries += [swatch(COLORS[n], f"{text} voltage", kind=marker) for n, (marker, text) in MARKERS.items()]
        entries += [swatch(COLORS[n], f"{text} at {abs(loop.reach):g} V", dash="dashed")
                    for n, text in RESISTANCES.items()]  # fmt: skip
        pale = "Hollow: less certain; the number is shown beside the pointer." if loop.confidence else ""
        self.legend.object = legend(entries) + (f" {pale}" if pale else "")

    def _axes(self, loop: Loop, height: Callable[[Any], np.ndarray]) -> None:
        volts = np.concatenate([loop.voltage, loop.faint[0]])
        current = height(np.concatenate([loop.current, loop.faint[1]]))
        if not np.isfinite(volts).any() or not np.isfinite(current).any():
            return
        low, high = float(np.nanmin(volts)), float(np.nanmax(volts))
        margin = 0.03 * (high - low) or 0.1
        self.x.show("linear", low - margin, high + margin)
        if self.log.value:
            bottom, top = np.nanquantile(current, [0.02, 1.0])
            self.y.show("log", max(float(bottom), 1e-9), 1.3 * float(top), "|Current| (µA)")
        else:
            bottom, top = float(np.nanmin(current)), float(np.nanmax(current))
            margin = 0.05 * (top - bottom) or 1.0
            self.y.show("linear", bottom - margin, top + margin, theme.label("current"))


def sure(loop: Loop, name: str) -> tuple[float, str]:
    """How opaque a point is, and its confidence in words; nothing where none was found."""
    found = loop.confidence.get(name, float("nan"))
    if found != found:
        return 1.0, ""
    return max(PALEST, min(found, 1.0)), f" (confidence {found:.2f})"


def places(devices: Sequence[str]) -> dict[str, int]:
    """The first devices as choices: names that can be told apart -> their positions."""
    found: dict[str, int] = {}
    for place, device in enumerate(devices[:LISTED]):
        name = plain(device, LONGEST_NAME)
        found[f"{name} ({place + 1})" if name in found else name] = place
    return found


def summary(cycles: Cycles) -> str:
    """How many cycles have features, and why the others have none, or lack one."""
    total = cycles.found + cycles.failed
    said = f"<p>Features were found in {cycles.found:,} of {counted(total, 'cycle')}"
    if not cycles.reasons:
        return f"{said}.</p>"
    some = f"{cycles.failed:,} have none and are left out" if cycles.failed else "some lack one"
    rows = "".join(f"<tr><th>{escape(why)}</th><td>{count:,}</td></tr>" for why, count in cycles.reasons)
    return f"{said}; {some}:</p><table class='numbers'>{rows}</table>"


def failures(cycles: Cycles) -> str:
    """The failed cycles one by one."""
    rows = "".join(f"<tr><th>{escape(f.device)}</th><td>{f.cycle}</td><td>{escape(f.why)}</td></tr>"
                   for f in cycles.listed)  # fmt: skip
    more = f"<p>and {cycles.failed - len(cycles.listed):,} more</p>" if cycles.failed > len(cycles.listed) else ""
    head = "<tr><th>device</th><td>cycle</td><td>why it has no features</td></tr>"
    return f"<table class='numbers'>{head}{rows}</table>{more}"


def devices_table(cycles: Cycles) -> str:
    """One line a device: what is to be said of it."""
    head = "<tr><th>device</th><td>cycles</td><td>failed</td><td>remarks</td></tr>"
    rows = "".join(
        f"<tr><th>{escape(row.label)}</th><td>{row.cycles:,}</td><td>{row.failed:,}</td>"
        f"<td>{escape(row.says)}</td></tr>"
        for row in cycles.report[:LISTED]
    )
    more = f"<p>and {len(cycles.report) - LISTED:,} more</p>" if len(cycles.report) > LISTED else ""
    return f"<table class='numbers'>{head}{rows}</table>{more}"
