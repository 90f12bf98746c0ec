"""Pictures as SVG text: what is drawn lies where the numbers say, and every picture is XML that holds no more."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synaptogen_core.drawing import svg

SPACE = "{http://www.w3.org/2000/svg}"
FINITE = st.floats(-1e6, 1e6) | st.floats(-1e12, 1e12).map(round)


@given(st.lists(FINITE, min_size=2, max_size=20), st.sampled_from(["linear", "whole", "log"]))
def test_ticks_are_few_round_and_on_the_axis(values: list[float], scale: str) -> None:
    axis = svg.axis("x", values, scale=scale)
    ticks = axis.ticks()
    span = axis.high - axis.low
    assert len(ticks) <= 12
    assert all(axis.low - 1e-6 * span <= tick <= axis.high + 1e-6 * span for tick in ticks)
    assert ticks == sorted(set(ticks))
    assert len({axis.words(tick) for tick in ticks}) == len(ticks), "no two have the same text"
    if scale == "whole":
        assert all(tick == round(tick) for tick in ticks)
    elif scale == "linear" and span > 1e-9 * max(abs(axis.low), abs(axis.high)):
        assert len(ticks) >= 2


@pytest.mark.parametrize(("low", "high"), [(20.0, 300.0), (4.0, 5.5), (1.0, 1e9), (8e3, 9e3)])
def test_a_log_axis_has_ticks(low: float, high: float) -> None:
    assert 3 <= len(svg.Axis("x", low, high, "log").ticks()) <= 12


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_shares(shares: list[float]) -> None:
    linear = svg.Axis("x", -2.0, 3.0)
    np.testing.assert_allclose(linear.share(-2 + 5 * np.array(shares)), shares, atol=1e-12)
    log = svg.Axis("x", 1e3, 1e5, "log")
    np.testing.assert_allclose(log.share(10 ** (3 + 2 * np.array(shares))), shares, atol=1e-12)


def test_probabilities_stand_as_normals_do() -> None:
    share = svg.Axis("x", 0.01, 0.99, "normal").share([0.01, 0.158655, 0.5, 0.841345, 0.99])
    assert share[[0, 2, 4]] == pytest.approx([0, 0.5, 1])
    assert share[3] - share[2] == pytest.approx(1 / (2 * 2.326348), abs=1e-5)


def drawn() -> ET.Element:
    picture = svg.Picture("<b>&", svg.Axis("volt", 0.0, 1.0), svg.Axis('"amp"', 0.0, 2.0), "a\x1b<script>")
    picture.line([0, 0.5, np.nan, 0.5, 1], [0, 1, 1, 1, 2], "measured")
    picture.band([0, 1], [0, 0], [2, 2], "band")
    picture.points([0.5, np.nan], [1, 1], "dot", "square")
    return ET.fromstring(str(picture))


def test_a_picture_is_xml_with_a_title_and_labels_as_they_are() -> None:
    root = drawn()
    assert root.findtext(f"{SPACE}title") == "<b>&"
    words = [text.text for text in root.iter(f"{SPACE}text")]
    assert {"volt", '"amp"', "a\N{REPLACEMENT CHARACTER}<script>"} <= set(words)
    assert not list(root.iter(f"{SPACE}script"))


def test_lines_end_in_the_corners_and_break_where_a_number_is_missing() -> None:
    root = drawn()
    lines = [line.get("points", "") for line in root.iter(f"{SPACE}polyline")]
    assert len(lines) == 2
    left, bottom = map(float, lines[0].split()[0].split(","))
    right, top = map(float, lines[1].split()[-1].split(","))
    assert (left, right) == (svg.LEFT, svg.WIDTH - svg.RIGHT)
    assert bottom == svg.HEIGHT - svg.BOTTOM
    assert top < bottom
    assert len(list(root.iter(f"{SPACE}polygon"))) == 1
    assert len(list(root.iter(f"{SPACE}rect"))) == 1, "a point without a number is not drawn"


def test_a_matrix_marks_what_it_is_told() -> None:
    values = np.array([[1.0, -0.25], [np.nan, -0.001]])
    root = ET.fromstring(svg.matrix("title", "heading", ["a", "b"], values, np.array([[False, True], [False, False]])))
    words = [text.text for text in root.iter(f"{SPACE}text") if text.get("class") == "value"]
    assert words == ["1", "−0.25*", "–", "0"]
    assert sum("marked" in (rect.get("class") or "") for rect in root.iter(f"{SPACE}rect")) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-1.5, "−1.5"), (np.nan, "–"), (1.2e-7, "1.2e−7"), (1e9, "1e9"), (1234.0, "1230"), (1e5, "100000")],
)
def test_numbers_for_people(value: float, text: str) -> None:
    assert svg.number(value) == text
