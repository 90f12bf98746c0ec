"""I-V loops: many cycles of the followed cells beside one cycle of many cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from bokeh.models import BoxAnnotation, ColumnDataSource

from app.controls.panel import Group, Panel
from app.look import layout, theme
from app.look.axes import Axis
from app.look.legend import cell_entries, legend, swatch
from app.look.theme import COLORS, NEUTRAL, OUTLIER
from app.settings.sections import MAX_CELLS
from app.tabs.view import Context
from app.tabs.view import View as Base
from synaptogen_core.counts import counted

if TYPE_CHECKING:
    from app.tabs.loops.compute import Bundle, Extent, Marks, Result

LINE = {"x": [], "y": []}
AREA = {"xs": [], "ys": []}
MARK = {"x": [], "y": [], "resistance": [], "row": [], "column": [], "cycle": []}
MARKS_TIP = (("Cell", "(@row, @column), cycle @cycle"), ("Switches at", "@x{0.000} V, from @resistance{0.00} kΩ"))
THRESHOLDS = (("u_set", "inverted_triangle", "SET begins"), ("u_reset", "triangle", "RESET begins"))


class Picture:
    """One figure with its sources: loops behind, bands, medians, single loops in front, thresholds."""

    def __init__(self, look: theme.Theme, name: str):
        self.figure = look.figure(name, title="–", x="voltage", y="current", height=430)
        self.x, self.y, self.log = Axis(self.figure, "x"), Axis(self.figure, "y"), False
        self.beyond = [BoxAnnotation(fill_color=NEUTRAL, fill_alpha=0.18, line_color=None) for _ in "-+"]
        for box in self.beyond:
            self.figure.add_layout(box)
        line = self.figure.line
        self.behind, self.outliers = ColumnDataSource(LINE), ColumnDataSource(LINE)
        line("x", "y", source=self.behind, line_color=NEUTRAL, line_alpha=0.3)
        line("x", "y", source=self.outliers, line_color=OUTLIER, line_alpha=0.7)
        self.all_band, self.all_median = ColumnDataSource(AREA), ColumnDataSource(LINE)
        self.figure.patches("xs", "ys", source=self.all_band, fill_color=NEUTRAL, fill_alpha=0.3, line_color=None)
        line("x", "y", source=self.all_median, line_color=NEUTRAL, line_width=3)
        places = range(MAX_CELLS)
        self.loops, self.bands, self.medians = ([ColumnDataSource(d) for _ in places] for d in (LINE, AREA, LINE))
        for i in places:
            look.cell_style(line("x", "y", source=self.loops[i], line_alpha=0.15).glyph, i)
            self._fill(look, i)
            look.cell_style(line("x", "y", source=self.medians[i], line_width=3).glyph, i)
        self.sets, self.resets = ColumnDataSource(MARK), ColumnDataSource(MARK)
        marks = [
            self.figure.scatter("x", "y", source=source, marker=marker, size=5, color=COLORS[feature], alpha=0.6)
            for source, (feature, marker, _) in zip((self.sets, self.resets), THRESHOLDS, strict=True)
        ]
        self.figure.add_tools(theme.hover(marks, *MARKS_TIP))

    def _fill(self, look: theme.Theme, i: int) -> None:
        color = theme.CELL_STYLES[i][0]
        glyph = self.figure.patches("xs", "ys", source=self.bands[i], fill_alpha=0.2, line_color=None).glyph
        if color == "ink":
            look.ink(glyph, "fill_color")
        else:
            glyph.fill_color = color

    def height(self, current: np.ndarray) -> np.ndarray:
        """Amperes as they stand on the axis: a logarithm has no place for 0."""
        micro = current * np.float32(theme.factor("current"))
        return np.where(micro == 0, np.nan, np.abs(micro)).astype(np.float32) if self.log else micro

    def line(self, source: ColumnDataSource, voltage: np.ndarray, current: np.ndarray, shown: bool = True) -> None:
        source.data = {"x": voltage, "y": self.height(current)} if shown else LINE

    def area(self, source: ColumnDataSource, bundle: Bundle, shown: bool) -> None:
        """One area for each way of the sweep: on the way back the current is another."""
        if not shown:
            source.data = AREA
            return
        xs, ys = [], []
        low, high = self.height(bundle.low), self.height(bundle.high)
        for start, end in zip(bundle.turns[:-1], bundle.turns[1:], strict=True):
            way = slice(start, end + 1)
            x = np.concatenate([bundle.level[way], bundle.level[way][::-1]])
            y = np.concatenate([low[way], high[way][::-1]])
            drawn = np.isfinite(y)
            xs.append(x[drawn])
            ys.append(y[drawn])
        source.data = {"xs": xs, "ys": ys}

    def mark(self, source: ColumnDataSource, marks: list[Marks]) -> None:
        if not marks:
            source.data = MARK
            return
        joined = {name: np.concatenate([getattr(m, name) for m in marks]) for name in MARK_FIELDS}
        source.data = {
            "x": joined["voltage"], "y": self.height(joined["current"]),
            "resistance": joined["resistance"] * theme.factor("r_lrs"),
            "row": joined["row"], "column": joined["column"], "cycle": joined["cycle"],
        }  # fmt: skip

    def axes(self, result: Result, extent: Extent) -> None:
        """Sweep and currents fill the figure; shade where nothing was measured."""
        (low, high), valid, micro = result.ends, result.valid_range, theme.factor("current")
        margin = 0.03 * (high - low)
        self.x.show("linear", low - margin, high + margin)
        self.log = result.scale == "log"
        if self.log:
            self.y.show("log", extent.smallest * micro, extent.largest * micro, "|Current| (µA)")
        else:
            self.y.show("linear", extent.low * micro, extent.high * micro, theme.label("current"))
        left, right = self.beyond
        left.update(right=-valid, visible=low < -valid)
        right.update(left=valid, visible=high > valid)


MARK_FIELDS = ("voltage", "current", "resistance", "row", "column", "cycle")


class View(Base):
    def __init__(self, context: Context):
        super().__init__(context)
        self.cycles, self.many = Picture(self.theme, "loops cycles"), Picture(self.theme, "loops cells")
        self.cycles_legend, self.many_legend, self.note = theme.note(), theme.note(), theme.note()
        self.beyond = theme.Alert(severity="warning", visible=False, sizing_mode="stretch_width", margin=0)
        cards = theme.card(self.cycles.figure, self.cycles_legend), theme.card(self.many.figure, self.many_legend)
        self.layout = layout.column(
            self._controls(), self.beyond, theme.grid(*cards, sizes={"xs": 12, "md": 6}), self.note,
            gap=10,
        )  # fmt: skip

    def _controls(self) -> Panel:
        options, more = self.context.options, ("u_min", "u_max", "points")
        usual = tuple(name for name in options.names() if name not in more)
        groups = Group(options, usual), Group(options, more, title="More", open=False)
        return Panel(groups, layout="bar", boxes=("loops", *more))

    def update(self, result: Result) -> None:
        self._show_cycles(self.cycles, result)
        self._show_many(self.many, result)
        self._show_texts(result)

    def _show_cycles(self, picture: Picture, result: Result) -> None:
        picture.axes(result, result.cycles_extent)
        padded = [*result.followed, *[None] * (MAX_CELLS - len(result.followed))]
        for i, bundle in enumerate(padded):
            if bundle is None:
                picture.loops[i].data, picture.medians[i].data, picture.bands[i].data = LINE, LINE, AREA
                continue
            picture.line(picture.loops[i], bundle.voltage, bundle.current, result.show != "band")
            picture.line(picture.medians[i], bundle.level, bundle.median, result.show != "loops")
            picture.area(picture.bands[i], bundle, result.show != "loops")
        picture.mark(picture.sets, [b.set_marks for b in result.followed if result.marks])
        picture.mark(picture.resets, [b.reset_marks for b in result.followed if result.marks])

    def _show_many(self, picture: Picture, result: Result) -> None:
        picture.axes(result, result.many_extent)
        many = result.many
        picture.line(picture.behind, many.voltage, many.current, result.show != "band")
        picture.line(picture.outliers, *result.outliers, result.show != "band")
        picture.line(picture.all_median, many.level, many.median, result.show != "loops")
        picture.area(picture.all_band, many, result.show != "loops")
        for i in range(MAX_CELLS):
            voltage, current = result.first_loops[i] if i < len(result.first_loops) else (LINE["x"], LINE["y"])
            picture.line(picture.medians[i], np.asarray(voltage), np.asarray(current))
        picture.mark(picture.sets, [many.set_marks] if result.marks else [])
        picture.mark(picture.resets, [many.reset_marks] if result.marks else [])

    def _show_texts(self, result: Result) -> None:
        last = result.first_cycle + result.followed[0].count - 1
        span = f"cycle {last}" if last == result.first_cycle else f"cycles {result.first_cycle} to {last}"
        names = ", ".join(f"({row}, {column})" for row, column in result.cells)
        self.cycles.figure.title.text = (
            f"{'Cell' if len(result.cells) == 1 else 'Cells'} {names}: {span} of {result.of_cycles}"
        )
        self.many.figure.title.text = (
            f"Cycle {result.first_cycle}: {result.many.count:,} of {counted(result.of_cells, 'cell')}"
        )
        share = {"50": "25–75 %", "90": "5–95 %", "98": "1–99 %"}[result.band]
        both = []
        if result.marks:
            both += [swatch(COLORS[feature], text, kind=marker) for feature, marker, text in THRESHOLDS]
        if result.show != "loops":
            both.append(f"<span>line: median, shade: {share} of these loops at each voltage</span>")
        outliers = [swatch(OUTLIER, f"outlier population ({result.outlier_count})")] if result.outlier_count else []
        cells = cell_entries(result.cells)
        self.cycles_legend.object = legend([*cells, *both])
        self.many_legend.object = legend([swatch(NEUTRAL, "all drawn cells"), *outliers, *cells, *both])
        low, high = result.ends
        self.note.object = (
            f"Sweep 0 → −{-low:g} V → 0 → {high:g} V → 0, without read noise. Loop n shows the thresholds that the run "
            "has in cycle n."
        )
        if result.asked_cycle != result.first_cycle:
            self.note.object += (
                f" From cycle {result.asked_cycle:,} on there is nothing: the run has "
                f"{counted(result.of_cycles, 'cycle')}, and its last is shown."
            )
        self.beyond.visible = max(-low, high) > result.valid_range
        self.beyond.object = (
            f"Beyond ±{result.valid_range:g} V (shaded) nothing was measured: the curves there are extrapolated."
        )
