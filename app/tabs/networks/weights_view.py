"""Weights of a chip's first layer over those that were wanted; of two runs one, or B - A."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from bokeh.models import ColumnDataSource

from app.look import theme
from app.look.axes import Axis
from app.look.legend import legend, swatch
from app.look.tags import ALONE
from app.look.theme import NEUTRAL
from app.tabs.networks.loop_view import FLOAT, ON_CHIP

DOTS = 150  # across a picture of points
MARGIN = 1.05  # of an axis


@dataclass(frozen=True, eq=False)
class Clouds:
    """Weights over the wanted ones, in the cells and behind the lines; `less`: how much more B has of them than A."""

    title: str
    wanted: np.ndarray  # (n,)
    found: tuple[np.ndarray, ...]  # two of (n,)
    less: bool = False


class Weights:
    """The picture, and the words below it."""

    def __init__(self, look: theme.Theme):
        self.shown: Clouds | None = None
        self.note = theme.note()
        self.figure = figure = look.figure("network weights", title="–", x="Wanted weight", y=" ", height=330)
        self._axes = Axis(figure, "x"), Axis(figure, "y")
        self._line = ColumnDataSource({"x": [], "y": []})
        self._pictures = [ColumnDataSource({key: [] for key in ("image", "x", "y", "dw", "dh")}) for _ in range(2)]
        for source in reversed(self._pictures):
            figure.image_rgba("image", "x", "y", "dw", "dh", source=source)
        figure.line("x", "y", source=self._line, line_color=NEUTRAL, line_width=1.5).tags = [ALONE]

    def show(self, weights: Sequence[np.ndarray]) -> None:
        """Those of the present chip: wanted, programmed, effective."""
        wanted, *found = weights
        self.shown = Clouds("Weights on the chip", wanted, tuple(found))
        self.draw(self.shown)

    def draw(self, shown: Clouds) -> None:
        """Draw these."""
        wide = MARGIN * float(np.abs(shown.wanted).max())
        high = MARGIN * float(np.quantile(np.abs(np.concatenate(shown.found)), 0.999)) if shown.less else wide
        high = high or wide
        for source, values, color in zip(self._pictures, shown.found, (ON_CHIP, FLOAT), strict=True):
            place = {"x": [-wide], "y": [-high], "dw": [2 * wide], "dh": [2 * high]}
            source.data = {"image": [cloud(shown.wanted, values, wide, high, color)], **place}
        self._line.data = {"x": [-wide, wide], "y": [0, 0] if shown.less else [-wide, wide]}
        self._axes[0].show("linear", -wide, wide)
        self._axes[1].show("linear", -high, high, "Weight, B − A" if shown.less else "Weight on the chip")
        self.figure.title.text = shown.title
        self.note.object = legend([
            swatch(ON_CHIP, "in the cells", kind="area"), swatch(FLOAT, "behind the lines, gain included", kind="area"),
            swatch(NEUTRAL, "no difference" if shown.less else "as intended"),
        ])  # fmt: skip

    def of_two(self, a: Clouds, b: Clouds, side: str) -> Clouds | None:
        """Weights of chip A, of chip B, or how much larger each is in B, where both want the same."""
        if side != "difference":
            return replace(a, title="A: weights on the chip") if side == "a" else b
        if not np.array_equal(a.wanted, b.wanted):
            return None
        found = tuple(one - other for one, other in zip(b.found, a.found, strict=True))
        return Clouds("B − A: weights on the chip", b.wanted, found, less=True)


def cloud(x: np.ndarray, y: np.ndarray, wide: float, high: float, color: str) -> np.ndarray:
    """Points within both as a picture: thousands of markers would take longer to draw than a chip to be made."""
    counts, _, _ = np.histogram2d(y, x, DOTS, [[-high, high], [-wide, wide]])
    picture = np.zeros((DOTS, DOTS, 4), np.uint8)
    picture[..., :3] = [int(color[k : k + 2], 16) for k in (1, 3, 5)]
    picture[..., 3] = np.where(counts > 0, np.minimum(110 + 35 * counts, 255), 0)
    return picture.view(np.uint32)[..., 0]
