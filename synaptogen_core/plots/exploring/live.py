"""A drawing -> HoloViews elements over each other; and the same as a figure whose data are replaced in place.

HoloViews composes the picture once. From then on new data, or another choice, go straight into the sources of its
layers, which takes a millisecond where a new composition takes a hundred.
"""

from __future__ import annotations

from typing import Any

import holoviews as hv
import numpy as np

from synaptogen_core.plots.exploring.drawing import Drawing, Layer
from synaptogen_core.plots.look import MODEL, sized, title

CHOSEN = "#E69F00"
PLAIN = "#0072B2"
ORANGES = tuple(f"#{r:02x}{g:02x}00" for r, g in zip(range(170, 255, 6), range(105, 195, 6), strict=False))
CLEAR = "rgba(0, 0, 0, 0)"
FADED = {"points": 0.22, "image": 0.45, "bars": 0.35, "polygons": 0.25, "line": 0.4}  # behind a choice
FULL = {"points": 0.9, "image": 1.0, "bars": 0.75, "polygons": 0.55, "line": 0.9}
TOOLS = ["box_select", "lasso_select", "pan", "wheel_zoom", "reset"]


def compose(drawing: Drawing) -> hv.Overlay:
    """A drawing as HoloViews elements over each other.

    Parameters
    ----------
    drawing : Drawing

    Returns
    -------
    holoviews.Overlay
    """
    x, y = (hv.Dimension((key, side.label), unit=side.unit or None) for key, side in
            (("x", drawing.x), ("y", drawing.y)))  # fmt: skip
    layers = [
        _element(drawing, name, layer, x, y).opts(default_tools=[], tools=TOOLS)
        for name, layer in drawing.layers.items()
    ]
    options: dict[str, Any] = {"logx": drawing.x.log, "logy": drawing.y.log, "invert_yaxis": drawing.spec.kind == "map"}
    if drawing.rows:
        options["yticks"] = list(enumerate(drawing.rows))
    picture = sized(hv.Overlay(layers), **options)
    ranges = {"xlim": (drawing.x.low, drawing.x.high), "ylim": (drawing.y.low, drawing.y.high)}
    return picture.opts(title=title(drawing.title), show_legend=False, **ranges)


def _element(drawing: Drawing, name: str, layer: Layer, x: hv.Dimension, y: hv.Dimension) -> Any:
    columns, on_top = layer.columns, name != "all"
    color = CHOSEN if on_top else PLAIN
    if layer.kind == "points":
        more = [key for key in columns if key not in ("x", "y")]
        points = hv.Points(columns, [x, y], more)
        own = {"color": "color"} if "color" in columns else {"color": color}
        size, alpha = (6 if on_top else 4), (1.0 if on_top else FULL["points"])
        ringed = on_top and "color" in columns  # a ring where the colour says something else
        ring = {"line_color": "#000000", "line_width": 0.5} if ringed else {"line_color": None}
        return points.opts(size=size, fill_alpha=alpha, marker="circle", **own, **ring)
    if layer.kind == "image":
        return _image(drawing, on_top, columns, x, y)
    if layer.kind == "bars":
        edges = np.append(columns["left"], columns["right"][-1])
        bars = hv.Histogram((edges, columns["top"]), kdims=x, vdims=y)
        return bars.opts(fill_color=color, line_alpha=0, fill_alpha=1.0 if on_top else FULL["bars"])
    if layer.kind == "polygons":
        outlines = [
            {"x": across, "y": up, "color": hue}
            for across, up, hue in zip(columns["xs"], columns["ys"], columns["color"], strict=True)
        ]
        return hv.Polygons(outlines, [x, y], ["color"]).opts(
            color="color", line_alpha=0, fill_alpha=0.3 if drawing.spec.kind == "trace" else FULL["polygons"]
        )
    curve = hv.Curve((columns["x"], columns["y"]), x, y)
    return curve.opts(color=MODEL if name == "middle" else color, line_width=1.5)


def _image(drawing: Drawing, on_top: bool, columns: dict[str, Any], x: hv.Dimension, y: hv.Dimension) -> hv.Image:
    values = columns["image"][0]
    (left,), (bottom,), (wide,), (high,) = (columns[key] for key in ("x", "y", "dw", "dh"))
    bounds = (left, bottom, left + (wide or 1.0), bottom + (high or 1.0))
    image = hv.Image(values[::-1], [x, y], [hv.Dimension(("image", drawing.bar.words if drawing.bar else "Count"))],
                     bounds=bounds)  # fmt: skip
    is_map = drawing.bar is not None
    cmap: Any = [CHOSEN, CHOSEN] if on_top and is_map else list(ORANGES) if on_top else "Cividis"
    low, high, log = limits(drawing, values, on_top)
    shown = {"clim": (low, high), "cnorm": "log" if log else "linear", "cmap": cmap}
    return image.opts(
        **shown, clipping_colors={"min": "transparent", "NaN": "transparent"}, alpha=0.85 if on_top and is_map else 1.0,
        colorbar=is_map and not on_top,
    )  # fmt: skip


def limits(drawing: Drawing, values: Any, on_top: bool) -> tuple[float, float, bool]:
    """Ends of the colours of an image, and whether they are logarithmic.

    Parameters
    ----------
    drawing : Drawing
    values : ndarray, shape (height, width)
    on_top : bool
        Whether it shows what is chosen.

    Returns
    -------
    low, high : float
    log : bool
    """
    if drawing.bar is not None:
        return (0.5, 1.0, False) if on_top else (drawing.bar.low, drawing.bar.high, drawing.bar.log)
    top = float(values.max())
    if drawing.spec.kind == "density":
        return (max(top, 1e-9) * 0.004, max(top, 1e-9), True)
    return 1.0, max(2.0, top), True


class Live:
    """A picture on a page: `figure` is made once, `show` replaces its data.

    Parameters
    ----------
    drawing : Drawing
        The first one.
    """

    def __init__(self, drawing: Drawing):
        self.spec = drawing.spec
        plot = hv.renderer("bokeh").get_plot(compose(drawing))
        self.figure: Any = plot.state
        parts = [subplot.handles for subplot in plot.subplots.values()]
        self._parts: dict[str, dict[str, Any]] = dict(zip(drawing.layers, parts, strict=True))
        self._shown: dict[str, Layer] = dict(drawing.layers)
        self._kinds = {name: (layer.kind, sorted(layer.columns)) for name, layer in drawing.layers.items()}
        self.glyphs: dict[str, Any] = {name: part["glyph_renderer"] for name, part in self._parts.items()}
        for name, layer in drawing.layers.items():  # also the columns that HoloViews had no use for
            self._parts[name]["source"].data = columns_of(layer)
        self._chosen = False
        self._log = drawing.x.log, drawing.y.log

    def fits(self, drawing: Drawing) -> bool:
        """Whether this figure can show a drawing: the same words, and layers of the same kinds.

        Parameters
        ----------
        drawing : Drawing
        """
        kinds = {name: (layer.kind, sorted(layer.columns)) for name, layer in drawing.layers.items()}
        return drawing.spec == self.spec and kinds == self._kinds and (drawing.x.log, drawing.y.log) == self._log

    def show(self, drawing: Drawing, chosen: bool) -> None:
        """Replace what differs from what is shown.

        Parameters
        ----------
        drawing : Drawing
            One that fits.
        chosen : bool
            Whether there is a choice, behind which everything else steps back.
        """
        for name, layer in drawing.layers.items():
            if layer is not self._shown[name]:
                self._shown[name] = layer
                self._parts[name]["source"].data = columns_of(layer)
                if layer.kind == "image":
                    low, high, _ = limits(drawing, layer.columns["image"][0], name != "all")
                    self._parts[name]["color_mapper"].update(low=low, high=high)
        for key, side in (("x_range", drawing.x), ("y_range", drawing.y)):
            ends = (side.low, side.high) if not (key == "y_range" and drawing.spec.kind == "map") else (
                side.high, side.low)  # fmt: skip
            range_ = getattr(self.figure, key)
            if (range_.reset_start, range_.reset_end) != ends:  # else a zoom into the same axes stays
                range_.update(start=ends[0], end=ends[1], reset_start=ends[0], reset_end=ends[1])
        if drawing.rows:
            self.figure.yaxis.ticker = list(range(len(drawing.rows)))
            self.figure.yaxis.major_label_overrides = dict(enumerate(drawing.rows))
        if chosen != self._chosen:
            self._chosen = chosen
            self._fade(drawing.layers["all"].kind, drawing)

    def _fade(self, kind: str, drawing: Drawing) -> None:
        alpha = (FADED if self._chosen else FULL)[kind]
        if drawing.spec.kind == "trace":
            alpha = 0.15 if self._chosen else 0.3
        self.glyphs["all"].glyph.update(**{"global_alpha" if kind == "image" else "fill_alpha": alpha})


def columns_of(layer: Layer) -> dict[str, Any]:
    """The columns of a layer as the source of its element has them.

    Parameters
    ----------
    layer : Layer
    """
    if layer.kind != "polygons":
        return layer.columns
    nested = {key: [[[ring]] for ring in layer.columns[key]] for key in ("xs", "ys")}
    return {**nested, "color": list(layer.columns["color"])}
