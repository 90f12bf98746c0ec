"""Networks: accuracy beside float, causes, a curve or the training; confusion, weights, and a digit of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from bokeh.models import ColumnDataSource, FixedTicker, LinearColorMapper, TeeHead, Whisker
from bokeh.palettes import interp_palette
from bokeh.plotting import figure as Figure

from app.controls.panel import Group, Panel
from app.look import layout, theme
from app.look.axes import Axis
from app.look.cell_map import CellMap, Scale
from app.look.legend import legend, swatch
from app.look.plain import escape
from app.look.tables import small, table
from app.look.tags import ALONE, MAP, PLACES
from app.look.theme import MAP_PALETTE, NEUTRAL
from app.tabs.networks.confusion_view import Confusion
from app.tabs.networks.files_view import Files
from app.tabs.networks.loop_view import FLOAT, ON_CHIP, LoopView
from app.tabs.networks.pad import Pad
from app.tabs.networks.weights_view import Weights
from app.tabs.programming.text import OUTCOME_COLORS
from app.tabs.view import Context, OneRun
from app.tabs.view import View as Base

if TYPE_CHECKING:
    from app.tabs.networks.compute import Result

GREYS = interp_palette(["#ffffff", "#222222"], 64)
GREYS_ON_DARK = interp_palette(["#1b1f23", "#e8eaed"], 64)
NO_IMAGE = {"image": [], "x": [], "y": [], "dw": [], "dh": []}
MOST_SHOWN = 12  # images of a field of the confusion matrix
NAMES = {
    "none": "Float network", "programming": "Programming", "nonlinearity": "Bent I-V curves", "lines": "Lines",
    "noise": "Read noise", "converters": "Converters", "together": "All together",
}  # fmt: skip
AXES = {
    "ohm": "Line resistance (Ω per segment)", "adc_bits": "ADC bits", "tile": "Side of a tile (cells)",
    "c2c": "Cycle-to-cycle spread (×)", "d2d": "Device-to-device spread (×)", "tolerance": "Verify tolerance (%)",
    "time": "Time since programming",
}  # fmt: skip
MAP_UNITS = {
    "target": ("Target", "µS", 1e6), "programmed": ("Programmed", "µS", 1e6), "effective": ("Effective", "µS", 1e6),
    "error": ("Error", "%", 100.0), "pulses": ("Pulses", "", 1.0), "outcome": ("Outcome", "", 1.0),
}  # fmt: skip


def images_in_words(result: Result) -> str:
    rows, columns = result.images.shape[1:]
    size, colours = f"{rows} × {columns} pixels", f" in {result.colours} colours" if result.colours > 1 else ""
    if not result.own_images:
        return f"Handwritten digits of {size}, trained in float on {result.trained_on:,} images of other writers."
    trained = "calibrated on" if result.own else "trained in float on"
    return f"Your images {escape(result.own_images)} of {size}{colours}, {trained} {result.trained_on:,} others."


def differ(before: Result | None, now: Result, *names: str) -> bool:
    """Whether one of these is another: a result that grows comes many times, and most of it stays as it is."""
    return before is None or any(not np.array_equal(getattr(before, name), getattr(now, name)) for name in names)


class View(Base):
    def __init__(self, context: Context):
        super().__init__(context)
        self.result: Result | None = None
        self.field: tuple[int, int] | None = None
        self.now, self.files = theme.note(), Files(context)
        self.causes, self.curve, self.loop = self._causes(), self._curve(), LoopView(self.theme)
        self.confusion, self.weights, self.map = Confusion(self.theme, self._chosen), Weights(self.theme), self._map()
        self.images, self.images_note = self._images(), theme.note()
        self.cause_table, self.curve_note = theme.table(), theme.note()
        self.confusion_note, self.map_note = theme.note(), theme.note()
        self.pad = Pad(self.theme)
        self.of_causes = theme.card(self.causes, self.cause_table)
        self.of_curve = theme.card(self.curve, self.curve_note)
        half = {"xs": 12, "lg": 6}
        self.layout = layout.column(
            self._controls(), self.files.layout, theme.card(self.now),
            theme.grid(
                layout.column(self.of_causes, self.of_curve, self.loop.layout),
                theme.card(self.confusion.figure, self.confusion_note), sizes=half,
            ),
            theme.grid(
                theme.card(self.weights.figure, self.weights.note), theme.card(self.images, self.images_note),
                sizes=half,
            ),
            theme.grid(theme.card(self.map.figure, self.map_note), self.pad.layout, sizes=half), gap=10,
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------------ made once
    def _controls(self) -> Panel:
        options = self.context.options
        usual = ("show", "over", "hidden", "tile", "ohm", "adc", "verify", "tolerance", "layer", "map")
        seldom = tuple(name for name in options.names() if name not in usual)
        return Panel((Group(options, usual), Group(options, seldom, title="More", open=False)), layout="bar",
                     boxes=("seed",))  # fmt: skip

    def _causes(self) -> Figure:
        self.bars = ColumnDataSource({"x": [], "top": [], "low": [], "high": [], "name": [], "color": []})
        figure = self.theme.figure(
            "network causes", title="Where the errors come from", x="Each cause alone", y="Accuracy (%)", height=330
        )
        self.causes_axes = Axis(figure, "x"), Axis(figure, "y")
        places = [float(k) for k in range(len(NAMES))]
        figure.xaxis.ticker = figure.xgrid.ticker = FixedTicker(ticks=places)
        figure.xaxis.major_label_overrides = dict(zip(places, NAMES.values(), strict=True))
        self.causes_axes[0].show("linear", -0.6, len(NAMES) - 0.4)
        bars = figure.scatter("x", "top", size=13, color="color", line_color=None, source=self.bars)
        heads = {end: TeeHead(size=8, line_color=NEUTRAL) for end in ("upper_head", "lower_head")}
        figure.add_layout(Whisker(base="x", upper="high", lower="low", source=self.bars, line_color=NEUTRAL, **heads))
        rows = ("Cause", "@name"), ("Accuracy", "@top{0.0} %"), ("95 %", "@low{0.0} … @high{0.0} %")
        figure.add_tools(theme.hover([bars], *rows))
        figure.xaxis.major_label_orientation = 0.6
        return figure

    def _curve(self) -> Figure:
        figure = self.theme.figure(
            "network curve", title="Accuracy over one setting", x=" ", y="Accuracy (%)", height=330
        )
        self.curve_axes = Axis(figure, "x"), Axis(figure, "y")
        self.band, self.line, self.level = (ColumnDataSource({"x": [], "y": []}) for _ in range(3))
        figure.patch("x", "y", source=self.band, fill_color=ON_CHIP, fill_alpha=0.25, line_color=None)
        figure.line("x", "y", source=self.level, line_color=FLOAT, line_dash="dashed", line_width=2)
        figure.line("x", "y", source=self.line, line_color=ON_CHIP, line_width=2)
        dots = figure.scatter("x", "y", source=self.line, size=8, color=ON_CHIP)
        figure.add_tools(theme.hover([dots], ("Setting", "@x"), ("Accuracy", "@y{0.0} %")))
        return figure

    def _images(self) -> Figure:
        figure = self.theme.figure(
            "network images", title="Images: float network / chip", x=" ", y=" ", height=330, match_aspect=True
        )
        self.pictures = ColumnDataSource(NO_IMAGE)
        self.captions = ColumnDataSource({"x": [], "y": [], "says": []})
        shades = self.theme.shade(LinearColorMapper(low=0, high=1), GREYS, GREYS_ON_DARK)
        images = figure.image("image", "x", "y", "dw", "dh", source=self.pictures, color_mapper=shades)
        images.tags = [ALONE]
        text = figure.text("x", "y", "says", source=self.captions, text_font_size="11px").glyph
        self.theme.ink(text, "text_color")
        figure.axis.visible = figure.grid.visible = False
        Axis(figure, "x").show("linear", -1, 40)
        Axis(figure, "y").show("linear", -5, 29)
        return figure

    def _map(self) -> CellMap:
        made = CellMap(self.theme, "network map", self._followed, lambda: False)
        made.figure.update(height=400)
        self.edges = ColumnDataSource({"xs": [], "ys": []})
        made.figure.multi_line("xs", "ys", source=self.edges, line_color=NEUTRAL, line_width=1)
        made.add_marks()
        return made

    def _followed(self, row: int, column: int, add: bool = False) -> None:
        """A click on a cell of the chip follows that cell of the page, if it is one."""
        result = self.result
        if result is None or result.first < 0:
            return
        number = result.first + row * result.values.shape[1] + column
        if number < result.size:
            self.context.select(*divmod(number, result.columns), add=add)

    # ------------------------------------------------------------------------------------------------ replaced
    def of_one_run(self) -> Sequence[OneRun]:
        return self.map, self.confusion, self.weights

    def update(self, result: Result) -> None:
        before, self.result = self.result, result
        self.pad.answer = result.answer
        low, high = (100 * end for end in result.interval)
        self.now.object = (
            f"<b>{100 * result.accuracy:.1f} %</b> on the chip ({low:.1f} to {high:.1f} %, 95 % over "
            f"{len(result.true)} test images); <b>{100 * result.float_accuracy:.1f} %</b> float. "
            f"{theme.number(result.cells)} cells on {result.tiles} tiles, {result.pulses:.1f} pulses per cell, "
            f"{result.unreached} not reached. {images_in_words(result)}"
        )
        if result.own:
            self.now.object += f" The network is yours: {escape(result.own)}."
        self.files.show(result)
        self.of_curve.visible, self.loop.layout.visible = result.curve is not None, result.loop is not None
        self.of_causes.visible = result.curve is None and result.loop is None
        if before is None or before.causes is not result.causes:
            self._show_causes(result)
        self._show_curve(result)
        if result.loop is not None:
            self.loop.show(result.loop, result.float_accuracy, result.more)
        if differ(before, result, "found", "own", "own_images"):
            self._show_confusion(result)
        if differ(before, result, "weights"):
            self.weights.show(result.weights)
        if differ(before, result, "weights", "own_images"):
            self.pad.show(result.images.shape[1:], result.colours, result.classes)
        if differ(before, result, "quantity", "values", "marks", "tile", "first"):
            self._show_map(result)

    def _show_causes(self, result: Result) -> None:
        if not result.causes:
            return
        n = len(result.causes)
        names = [NAMES[cause] for cause in result.causes]
        self.bars.data = {
            "x": np.arange(n), "top": 100 * result.by_cause, "low": 100 * result.intervals[:, 0],
            "high": 100 * result.intervals[:, 1], "name": names,
            "color": [FLOAT, *[NEUTRAL] * (n - 2), ON_CHIP],
        }  # fmt: skip
        self.causes_axes[1].show("linear", max(0.0, 100 * float(result.intervals.min()) - 5), 100)
        rows = {
            name: [f"{100 * accuracy:.1f} %", *(f"{small(100 * e) if e > 1e-9 else 0} %" for e in errors)]
            for name, accuracy, errors in zip(names, result.by_cause, result.errors, strict=True)
        }
        head = ["Accuracy", *(f"Error of layer {k + 1}" for k in range(result.errors.shape[1]))]
        self.cause_table.object = table("RMS error of each layer's products, in parts of their size", head, rows)

    def _show_curve(self, result: Result) -> None:
        curve = result.curve
        if curve is None:
            return
        scale = 100 if curve.over == "tolerance" else 1
        x, y = scale * curve.x, 100 * curve.mean
        self.line.data = {"x": x, "y": y}
        self.band.data = {"x": np.concatenate([x, x[::-1]]), "y": 100 * np.concatenate([curve.low, curve.high[::-1]])}
        begin, end = (scale * edge for edge in curve.span)
        self.level.data = {"x": [begin, end], "y": [100 * result.float_accuracy] * 2}
        margin = 0.04 * (end - begin)
        if curve.over == "time":
            self.curve_axes[0].show("time", begin / 1.5, end * 1.5, AXES[curve.over])
        else:
            self.curve_axes[0].show("linear", begin - margin, end + margin, AXES[curve.over])
        self.curve_axes[1].show("linear", max(0.0, 100 * float(curve.low.min(initial=0.9)) - 5), 100)
        words = (f"mean of {curve.chips} chips", "lowest to highest of them") if curve.chips > 1 else (
            "this chip", "95 % interval of so many test images")  # fmt: skip
        self.curve_note.object = legend([
            swatch(ON_CHIP, words[0]), swatch(ON_CHIP, words[1], kind="area"), swatch(FLOAT, "float", dash="dashed"),
        ]) + escape(curve.note)  # fmt: skip

    def _show_confusion(self, result: Result) -> None:
        self.confusion.show(result.confusion, result.classes)
        wrong = result.confusion - np.diag(np.diag(result.confusion))
        if self.field is None or max(self.field) >= len(result.classes) or not result.confusion[self.field]:
            at = np.unravel_index(int(wrong.argmax()), wrong.shape)
            self.field = int(at[0]), int(at[1])
        self._show_images(result)
        self.confusion_note.object = f"{int(wrong.sum())} of {len(result.true)} images are taken for another class."

    def _chosen(self, true: int, found: int) -> None:
        if self.result is not None:
            self.field = true, found
            self._show_images(self.result)

    def _show_images(self, result: Result) -> None:
        (true, found), of = self.field or (0, 0), [escape(name) for name in result.classes]
        which = np.flatnonzero((result.true == true) & (result.found == found))
        some = which[:MOST_SHOWN]
        places = [(10 * (k % 4), 20 - 11 * (k // 4)) for k in range(len(some))]
        self.pictures.data = {
            "image": [result.images[k][::-1] for k in some], "x": [x for x, _ in places],
            "y": [y for _, y in places], "dw": [8] * len(some), "dh": [8] * len(some),
        }  # fmt: skip
        self.captions.data = {
            "x": [x for x, _ in places], "y": [y - 1.8 for _, y in places],
            "says": [f"{result.classes[result.meant[k]]} / {result.classes[result.found[k]]}" for k in some],
        }  # fmt: skip
        self.images_note.object = (
            f"{len(which)} images of a {of[true]} that the chip takes for a {of[found]}"
            + (f", the first {MOST_SHOWN}" if len(which) > MOST_SHOWN else "")
            + "; below each, what the float network and the chip take it for."
        )

    def _show_map(self, result: Result) -> None:
        name, _, factor = MAP_UNITS[result.quantity]
        values, (rows, columns) = result.values * np.float32(factor), result.values.shape
        self.map.show(values, 0, (rows, columns), self._scale(result, values))
        self.map.mark(result.marks)
        self.map.figure.tags = [MAP, PLACES, result.first, rows, columns]
        down, across = (np.arange(0, n, result.tile)[1:] - 0.5 for n in (rows, columns))
        self.edges.data = {
            "xs": [*([-0.5, columns - 0.5] for _ in down), *([x, x] for x in across)],
            "ys": [*([y, y] for y in down), *([-0.5, rows - 0.5] for _ in across)],
        }  # fmt: skip
        found = np.bincount(result.values.astype(int).ravel()) if result.quantity == "outcome" else ()
        self.map_note.object = legend(
            swatch(OUTCOME_COLORS[outcome], f"{outcome} ({theme.number(n)})", kind="area")
            for outcome, n in zip(result.outcomes, found, strict=False) if n
        ) + (
            f"{name} of {rows} × {columns} cells; lines part the tiles. "
            + ("They are cells of the page, row by row: squares mark those that you follow, a click follows another."
               if result.first >= 0 else "Chip 0 is made of the page's cells; this one is of others.")
        )  # fmt: skip

    @staticmethod
    def _scale(result: Result, values: np.ndarray) -> Scale:
        name, unit, _ = MAP_UNITS[result.quantity]
        if result.quantity == "outcome":
            colors = [OUTCOME_COLORS[outcome] for outcome in result.outcomes]
            return Scale(colors, -0.5, len(colors) - 0.5, "", name, words=result.outcomes)
        low, high = (float(q) for q in np.quantile(values, [0.001, 0.999]))
        title, digits = f"{name} ({unit})" if unit else name, "0.00"
        if result.quantity == "pulses":
            low, high, title, digits = 0.0, max(high, 1.0), "Pulses per cell", "0"
        return Scale(MAP_PALETTE, low, high, title, name, digits, unit)
