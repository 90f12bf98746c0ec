"""One picture, two backends: SVG and the page's figure show the same numbers, each on axes and in units of its own."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.look import theme
from app.look.picture import Drawn
from synaptogen_core.drawing import svg
from synaptogen_core.drawing.picture import Axis, Band, Line, Picture, Rule, axis

OHM = st.lists(st.floats(1e3, 1e6), min_size=2, max_size=30)
SPACE = "{http://www.w3.org/2000/svg}"
PIXEL = 0.051  # SVG is written with one decimal


def figure(x: str = "r_hrs") -> Drawn:
    drawn = Drawn(theme.Theme(), "a", x=x, y="Share")
    drawn.area("band", "r_hrs", "#0072B2")
    drawn.dots("measured", "r_hrs", "#0072B2")
    drawn.line("fitted", "r_hrs", "ink")
    return drawn


def on_paper(picture: Picture) -> dict[str, np.ndarray]:
    """The points of lines and bands in SVG, by role, as shares of the sides."""
    found = {}
    for shape in ET.fromstring(svg.draw(picture)).iter():
        if shape.tag in (f"{SPACE}polyline", f"{SPACE}polygon"):
            points = np.array([point.split(",") for point in shape.get("points", "").split()], float)
            found[(shape.get("class") or "").split()[0]] = points
    return found


def on_screen(picture: Picture, drawn: Drawn) -> dict[str, np.ndarray]:
    """The same of a figure's sources, where the picture's own axes would put them on paper."""
    drawn.draw(picture)
    sources = (renderer.data_source.data for renderer in drawn.figure.renderers)
    found = {}
    for role, data in zip(("band", "measured", "fitted"), sources, strict=True):
        x = picture.x.share(data["x"] / theme.factor("r_hrs"))
        y = data["y"]  # normal scores
        y = (y - y_end(picture, 0)) / (y_end(picture, 1) - y_end(picture, 0))
        width, height = svg.WIDTH - svg.LEFT - svg.RIGHT, svg.HEIGHT - svg.BOTTOM - svg.TOP
        found[role] = np.stack([svg.LEFT + x * width, svg.HEIGHT - svg.BOTTOM - y * height], axis=1)
    return found


def y_end(picture: Picture, which: int) -> float:
    from scipy.special import ndtri  # another code than that of the picture

    return float(ndtri((picture.y.low, picture.y.high)[which]))


def picture_of(measured: list[float], factor: float) -> Picture:
    """Quantiles with a band about them, on normal paper."""
    values, probability = np.sort(measured), np.linspace(0.01, 0.99, len(measured))
    low, high, fitted = 0.8 * values, 1.25 * values, 1.1 * values
    layers = (
        Band("band", probability, low, high, "r_hrs", across=True), Line("measured", values, probability),
        Line("fitted", fitted, probability, "r_hrs"),
    )  # fmt: skip
    across = axis("R_HRS", low, high, scale="log", factor=factor)
    return Picture("title", across, Axis("share", 0.008, 0.992, "normal"), layers, name="r_hrs")


@given(OHM, st.sampled_from([1.0, 1e-3, 1e-6]))
@settings(max_examples=25)
def test_paper_and_screen_show_the_same_numbers(measured: list[float], factor: float) -> None:
    picture = picture_of(measured, factor)
    paper, screen = on_paper(picture), on_screen(picture, DRAWN)
    assert paper.keys() == screen.keys()
    for role, points in paper.items():
        np.testing.assert_allclose(points, screen[role], atol=PIXEL, rtol=0)


DRAWN = figure()  # kept: each picture replaces the numbers of the one before


def test_a_number_that_differs_would_be_seen() -> None:
    picture = picture_of([1e4, 2e4, 5e4], 1e-3)
    other = replace(picture, layers=picture_of([1e4, 2.1e4, 5e4], 1e-3).layers)
    paper, screen = on_paper(picture), on_screen(other, DRAWN)
    assert all(np.abs(paper[role] - screen[role]).max() > PIXEL for role in paper)


def test_a_figure_lives_and_holds_what_it_shows() -> None:
    drawn = figure()
    sources = [renderer.data_source for renderer in drawn.figure.renderers]
    drawn.draw(picture_of([1e4, 2e4, 5e4], 1.0))
    first, kind = [len(source.data["x"]) for source in sources], type(drawn.figure.x_scale).__name__
    assert (first, kind) == ([6, 3, 3], "LogScale")
    assert drawn.figure.x_range.start < 10 and drawn.figure.x_range.end > 55  # kΩ
    empty = Picture("", Axis("", 0, 1), Axis("", 0, 1), [Line("measured", [1e3, 2e3], [0, np.nan])], name="r_hrs")
    drawn.draw(empty)
    assert [renderer.data_source for renderer in drawn.figure.renderers] == sources
    assert [len(source.data["x"]) for source in sources] == [0, 2, 0]
    assert type(drawn.figure.x_scale).__name__ == "LinearScale"


def test_several_pictures_in_one_figure_and_what_a_tip_finds() -> None:
    drawn = Drawn(theme.Theme(), "a", x="lag", y="current")
    drawn.rule("zero", "width")
    dots = drawn.whiskers("measured", "band", "a", "#0072B2", 6)
    drawn.line("fitted", "b", "ink")
    sides = Axis("lag", 0, 3, "whole"), Axis("A", 0, 1)
    one = Picture("", *sides, [Line("measured", [1, 2], [1e-6, 2e-6]), Band("band", [1, 2], [0, 1e-6], [3e-6, 4e-6])],
                  name="a")  # fmt: skip
    two = Picture("", *sides, [Line("fitted", [1], [5e-6]), Line("fitted", [2], [7e-6]), Rule("zero", y=-1e-6)],
                  name="b")  # fmt: skip
    drawn.draw(one, two)
    assert {key: list(value) for key, value in dots.data_source.data.items()} == {
        "x": [1, 2], "y": pytest.approx([1, 2]), "low": pytest.approx([0, 1]), "high": pytest.approx([3, 4]),
    }  # fmt: skip
    line = drawn.figure.renderers[-1].data_source.data
    np.testing.assert_allclose(line["y"], [5, np.nan, 7])  # two lines, not one
    assert (drawn.figure.x_range.start, drawn.figure.x_range.end) == (0.5, 2.5)
    assert drawn.figure.y_range.start < -1 and drawn.figure.y_range.end > 7
