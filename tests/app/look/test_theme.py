"""What follows light and dark in a picture."""

from __future__ import annotations

import pytest
from bokeh.models import LinearColorMapper

from app.look.theme import INK, Theme, measured


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
