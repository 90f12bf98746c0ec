"""Pictures as SVG text: what is drawn lies where the numbers say, and every picture is XML that holds no more."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np

from synaptogen_core.drawing import svg
from synaptogen_core.drawing.picture import Axis, Band, Dots, Line, Matrix, Picture

SPACE = "{http://www.w3.org/2000/svg}"


def drawn() -> ET.Element:
    layers = [
        Line("measured", [0, 0.5, np.nan, 0.5, 1], [0, 1, 1, 1, 2]), Band("band", [0, 1], [0, 0], [2, 2], "u_set"),
        Dots("dot", [0.5, np.nan], [1, 1], marker="square"),
    ]  # fmt: skip
    picture = Picture("<b>&", Axis("volt", 0.0, 1.0), Axis('"amp"', 0.0, 2.0), layers, "a\x1b<script>")
    return ET.fromstring(svg.draw(picture))


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
    assert [surface.get("class") for surface in root.iter(f"{SPACE}polygon")] == ["band f-u_set"]
    assert len(list(root.iter(f"{SPACE}rect"))) == 1, "a point without a number is not drawn"


def test_a_matrix_marks_what_it_is_told() -> None:
    values = np.array([[1.0, -0.25], [np.nan, -0.001]])
    marked = np.array([[False, True], [False, False]])
    root = ET.fromstring(svg.draw(Matrix("title", "heading", ["a", "b"], values, marked)))
    words = [text.text for text in root.iter(f"{SPACE}text") if text.get("class") == "value"]
    assert words == ["1", "−0.25*", "–", "0"]
    assert sum("marked" in (rect.get("class") or "") for rect in root.iter(f"{SPACE}rect")) == 1
