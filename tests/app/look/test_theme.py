"""What follows light and dark in a picture."""

from __future__ import annotations

import pytest
from bokeh.models import LinearColorMapper

from app.look.theme import COLORS, INK, SURFACE, Theme, measured
from synaptogen_core.plots.exploring.quantities import COMPONENT_COLORS, QUARTILE_COLORS


def test_shaded_fields_and_the_words_on_them_follow_light_and_dark() -> None:
    look = Theme(dark=True)
    mapper = look.shade(LinearColorMapper(low=0, high=1), ("#ffffff", "#000000"), ("#000000", "#ffffff"))
    words = look.inside("over")["transform"]
    for dark, palest in ((True, "#000000"), (False, "#ffffff"), (True, "#000000")):
        look.set_dark(dark)
        assert mapper.palette[0] == palest
        assert dict(zip(words.factors, words.palette, strict=True)) == {"pale": INK[dark], "strong": "#ffffff"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.73, "0.730"),
        (-5, "−5.00"),
        (78, "78.0"),
        (99.97, "100"),
        (110, "110"),
        (1067.2, "1,067"),
        (0, "0"),
        (2e-5, "2e−05"),
    ],
)
def test_what_was_measured_keeps_its_zeros(value: float, text: str) -> None:
    assert measured(value) == text


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it, from 1 to 21."""
    dark, light = sorted(luminance(color) for color in (one, other))
    return (light + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("dark", [False, True])
def test_marks_stand_out_from_both_grounds(dark: bool) -> None:
    colors = {*COMPONENT_COLORS, *QUARTILE_COLORS, *COLORS.values()}
    assert not {color for color in colors if contrast(color, SURFACE[dark]) < 3}
    assert contrast("#F0E442", SURFACE[False]) < 1.4, "yellow on white would be found"
