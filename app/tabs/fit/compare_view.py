"""The third part of the Fit tab: the fit beside the measurement, for each picture of the other tabs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import panel_material_ui as pmui
from bokeh.models import BasicTicker, ColumnDataSource

from app.look import layout, theme
from app.look.axes import on_axis
from app.look.legend import legend, swatch
from app.look.picture import Drawn, hold
from app.look.plain import plain
from app.look.tables import table
from app.look.theme import COLORS, NEUTRAL, OUTLIER
from app.settings.numbers import minus
from synaptogen_core.schema import FEATURES, feature

if TYPE_CHECKING:
    import xarray as xr

    from app.tabs.fit.compare import Fitted, Judged
    from app.tabs.fit.pictures import Scatter
    from synaptogen_core.drawing.picture import Picture

LOW, SMALL, LARGE = 240, 270, 330
LONGEST_NAME = 60  # letters of a device's name in a tip
NUMBERS = {
    f"{theme.AXES[f.name][2]}, {word}": (f.name, of)
    for f in FEATURES
    for word, of in (("median", "median"), ("C2C spread", "spread"))
}
STATES = {"r_hrs": "high resistance", "r_lrs": "low resistance"}
CRITERIA = {"bic": ("BIC", "ink", "solid"), "aic": ("AIC", "#E69F00", "dashed"),
            "hannan_quinn": ("Hannan–Quinn", "#56B4E9", "dotted")}  # fmt: skip


class Plot(Drawn):
    """A figure in a card that shows itself when there is something in it."""

    def __init__(self, look: theme.Theme, name: str, *above: object, **options: Any):
        super().__init__(look, f"fit {name}", **options)
        self.note = theme.note()
        self.card = theme.card(*above, theme.pane(self.figure), self.note)

    def show(self, *pictures: Picture) -> None:
        self.card.visible = bool(pictures)
        if pictures:
            self.draw(*pictures)


def quantiles(look: theme.Theme, name: str) -> Plot:
    """Measured quantiles with the band of what sampling gives, and the fitted ones; percents upwards."""
    title, color = theme.AXES[name][2], COLORS[name]
    plot = Plot(look, name, title=title, x=name, y="Share of the values below", height=SMALL)
    plot.area("band", name, color)
    plot.dots("measured", name, color, size=4)
    plot.line("fitted", name, "ink")
    return plot


def correlogram(look: theme.Theme, name: str) -> Plot:
    """Autocorrelation of one feature: measured with its band, and fitted."""
    title = f"Memory of the {theme.AXES[name][2]}"
    plot = Plot(look, f"memory {name}", title=title, x="lag", y="Correlation", height=LOW)
    plot.note.visible = False  # its figure says all
    plot.rule("zero", "width", line_alpha=0.6)
    dots = plot.whiskers("measured", "band", name, COLORS[name], 6)
    plot.line("fitted", name, "ink")
    plot.figure.add_tools(
        theme.hover([dots], ("Lag", "@x"), ("Measured", "@y{0.000}"), ("95 %", "@low{0.000} … @high{0.000}"))
    )
    return plot


def verdict(kind: str, distance: float, expected: float) -> str:
    """A distance beside what sampling alone gives."""
    said = f"{'within' if distance <= expected else 'more than'} the {expected:.3f} of sampling alone"
    return f"{kind}: distance {distance:.3f}, {said if np.isfinite(expected) else 'with too few devices to compare'}"


class Devices(Plot):
    """Devices by two of their numbers, with the fitted ellipses."""

    def __init__(self, look: theme.Theme, scatter: Callable[..., Scatter | None]):
        self._scatter = scatter
        names = list(NUMBERS)
        self.across, self.up = (
            pmui.Select(label=label, options=names, value=value, size="small", width=240, margin=(8, 6))
            for label, value in (("x axis", names[4]), ("y axis", names[6]))
        )
        for control in (self.across, self.up):
            control.param.watch(lambda event: self.update(), "value")
        title = "Devices, and what the fit expects of them"
        choice = layout.flow(self.across, self.up, sizing_mode="stretch_width")
        super().__init__(look, "devices", choice, title=title, x=" ", y=" ", height=LARGE)
        self.points = ColumnDataSource({"x": [], "y": [], "device": []})
        self.main, self.others = (ColumnDataSource({"xs": [], "ys": []}) for _ in range(2))
        dots = self.figure.scatter("x", "y", source=self.points, size=6, color=NEUTRAL, alpha=0.8)
        look.ink(self.figure.multi_line("xs", "ys", source=self.main, line_width=2).glyph, "line_color")
        self.figure.multi_line("xs", "ys", source=self.others, line_color=OUTLIER, line_width=2, line_dash="dashed")
        self.figure.add_tools(theme.hover([dots], ("Device", "@device")))

    def offer(self, features: Sequence[str]) -> None:
        """Numbers of the features that were measured."""
        names = [title for title, (name, _) in NUMBERS.items() if name in features]
        places = [min(4, len(names) - 2), min(6, len(names) - 1)] if len(names) > 2 else [0, 1]
        for control, place in zip((self.across, self.up), places, strict=True):
            kept = control.value if control.value in names else names[place]
            if control.options != names:
                control.param.update(options=names, value=kept)
        self.update()

    def update(self) -> None:
        sides = NUMBERS[self.across.value], NUMBERS[self.up.value]
        found = self._scatter(*sides)
        self.card.visible = found is not None
        if found is None:
            return
        ellipses = {wanted: [e for e in found.ellipses if e.outlier is wanted] for wanted in (False, True)}
        entries = [swatch(NEUTRAL, "measured devices", kind="dot"), swatch("ink", "fitted, one and two σ")]
        if ellipses[True]:
            entries.append(swatch(OUTLIER, "of the outlier population", dash="dashed"))
        self.note.object = legend(entries)
        places = [placed(found.x, sides[0]), placed(found.y, sides[1])]
        self.points.data = {
            "x": places[0],
            "y": places[1],
            "device": [plain(name, LONGEST_NAME) for name in found.devices],
        }
        lines = [[placed(getattr(e, side), of) for e in found.ellipses] for side, of in zip("xy", sides, strict=True)]
        for source, wanted in ((self.main, False), (self.others, True)):
            source.data = {
                "xs": [placed(e.x, sides[0]) for e in ellipses[wanted]],
                "ys": [placed(e.y, sides[1]) for e in ellipses[wanted]],
            }
        for axis, side, points, outlines in zip((self.x, self.y), sides, places, lines, strict=True):
            log = side[1] == "median" and feature(side[0]).scale == "log"
            hold(axis, points, *outlines, scale="log" if log else "linear", label=label_of(*side))


def placed(values: np.ndarray, side: tuple[str, str]) -> np.ndarray:
    """Medians in the unit of their axis; a spread of r_hrs stays in decades."""
    name, of = side
    if of == "spread" and feature(name).scale == "log":
        return values
    return on_axis(values, name, False)


def label_of(name: str, of: str) -> str:
    if of == "median":
        return theme.label(name).replace(" (", ", median (")
    unit = "decades" if feature(name).scale == "log" else theme.unit(name)
    return f"{theme.AXES[name][2]}, C2C spread ({unit})"


class Choice(Plot):
    """Information criteria over what could have been chosen."""

    def __init__(self, look: theme.Theme, name: str, title: str, x: str):
        super().__init__(look, name, title=title, x=x, y="Criterion above its best", height=LOW)
        self.figure.xaxis.ticker = BasicTicker(min_interval=1)
        for criterion, (_, color, dash) in CRITERIA.items():
            self.line("way", criterion, color, dash=dash, dots=6)
        self.rule("chosen", "height", line_dash="dotted", line_width=2)

    def tell(self, picture: Picture | None, chosen: int, suggested: int) -> None:
        self.show(*[picture] if picture else [])
        if picture is None:
            return
        shown = {layer.of for layer in picture.layers}
        entries = [swatch(color, words, dash=dash) for name, (words, color, dash) in CRITERIA.items() if name in shown]
        told = "as suggested" if chosen == suggested else f"suggested was {suggested}"
        self.note.object = legend([*entries, f"<span>chosen: {chosen}, {told}</span>"])


class Curves(Plot):
    """The I-V family: measured branches as points, the fitted ones as lines."""

    def __init__(self, look: theme.Theme):
        super().__init__(look, "curves", title="I-V family", x="voltage", y="current", height=LARGE + 56)
        for state in STATES:
            self.dots("measured", state, COLORS[state], size=4, alpha=0.7)
        for state in STATES:
            self.line("fitted", state, COLORS[state])

    def tell(self, fitted: Fitted) -> None:
        self.show(*fitted.family)
        entries = [swatch(COLORS[state], words) for state, words in STATES.items()]
        if fitted.borrowed:
            entries.append("<span>no loops were given: the published curves, scaled</span>")
        else:
            entries += [swatch(NEUTRAL, "measured", kind="dot"), "<span>lines: fitted</span>"]
        self.note.object = legend(entries)


def matrix_table(correlations: xr.Dataset, kind: str) -> str:
    """Correlations of one kind: measured, its interval, fitted."""
    later = "later" in kind  # then neither the order nor the diagonal is idle
    symbols = [feature(str(name)).symbol for name in correlations["feature"].values]
    matrices = [correlations[part].sel(kind=kind).values for part in ("measured", "lower", "upper", "fitted")]
    rows: dict[str, list[str]] = {}
    for i, row in enumerate(symbols):
        for j, column in enumerate(symbols):
            parts = [matrix[i, j] for matrix in matrices]
            if np.isfinite(parts[0]) and (later or j < i):
                measured, low, high, fitted = (
                    minus(f"{round(float(v), 2) + 0.0:.2f}") if v == v else "–" for v in parts
                )
                rows[f"{row} with {column}"] = [measured, f"{low} … {high}", fitted]
    return table(f"Correlation {kind}", ["measured", "95 %", "fitted"], rows) if rows else ""


class ComparePart:
    """All the pictures; each card shows itself when there is something in it."""

    def __init__(self, look: theme.Theme, scatter: Callable[..., Any]):
        self.quantiles = {f.name: quantiles(look, f.name) for f in FEATURES}
        self.memory = {f.name: correlogram(look, f.name) for f in FEATURES}
        self.devices, self.curves = Devices(look, scatter), Curves(look)
        self.orders = Choice(look, "order", "Which order of the memory", "VAR order (cycles)")
        self.components = Choice(look, "components", "How many kinds of device", "Components of the mixture")
        self.matrices = [theme.table() for _ in range(3)]
        self.matrix_cards = [theme.card(place) for place in self.matrices]
        self.explained = theme.note(legend([
            swatch(NEUTRAL, "measured", kind="dot"), swatch(NEUTRAL, "what sampling alone gives, 95 %", kind="area"),
            swatch("ink", "fitted"),
        ]))  # fmt: skip
        half, quarter = {"xs": 12, "md": 6}, {"xs": 12, "sm": 6, "xl": 3}
        self.of_fit = layout.column(
            theme.grid(self.devices.card, self.curves.card, sizes=half),
            theme.grid(self.orders.card, self.components.card, sizes=half),
            gap=10,
        )  # fmt: skip
        self.of_validation = layout.column(
            self.explained,
            theme.grid(*(q.card for q in self.quantiles.values()), sizes=quarter),
            theme.grid(*(m.card for m in self.memory.values()), sizes=quarter),
            theme.grid(
                layout.column(*self.matrix_cards[::2], gap=10),
                self.matrix_cards[1], sizes=half,
            ),
            gap=10, visible=False,
        )  # fmt: skip

    def show_fit(self, fitted: Fitted) -> None:
        self.devices.offer(fitted.features)
        self.curves.tell(fitted)
        for name, choice in (("order", self.orders), ("components", self.components)):
            choice.tell(fitted.criteria.get(name), *fitted.chosen[name])

    def show_validation(self, judged: Judged | None) -> None:
        self.of_validation.visible = judged is not None
        if judged is None:
            return
        for plots, pictures in ((self.quantiles, judged.quantiles), (self.memory, judged.memory)):
            for name, plot in plots.items():
                plot.show(*[pictures[name]] if name in pictures else [])
        for name, rows in judged.distances.items():
            self.quantiles[name].note.object = "; ".join(verdict(*row) for row in rows)
        kinds = judged.correlations["kind"].values.tolist()
        for place, card, kind in zip(self.matrices, self.matrix_cards, kinds, strict=True):
            place.object = matrix_table(judged.correlations, kind)
            card.visible = bool(place.object)
