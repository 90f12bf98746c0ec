"""Times as people read them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synaptogen_core.durations import UNITS, YEAR, duration, marks


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"), (1e-9, "1 ns"), (1e-5, "10 µs"), (0.01, "10 ms"), (1.0, "1 s"), (60, "1 min"), (100, "100 s"),
        (119.97, "2 min"), (1000, "16.7 min"), (3599.9, "1 h"), (7200, "2 h"), (86400, "1 d"), (9e4, "25 h"),
        (1e5, "27.8 h"), (864000, "10 d"), (YEAR / 12, "1 month"), (YEAR, "1 year"), (3.15576e8, "10 years"),
        (3.2e8, "10.1 years"), (1e12, "31,700 years"),
    ],
)  # fmt: skip
def test_as_people_say_them(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@given(st.floats(1e-9, 1e15), st.integers(2, 4))
def test_what_is_said_is_the_time_to_so_many_digits_and_has_no_exponent(seconds: float, digits: int) -> None:
    said = duration(seconds, digits)
    number, unit = re.fullmatch(r"([\d.,]+) (\S+)", said).groups()  # type: ignore[union-attr] # it matches, or fails
    size = {name: size for name, size, _ in UNITS} | {"year": YEAR, "month": YEAR / 12}
    assert float(number.replace(",", "")) * size[unit] == pytest.approx(seconds, rel=0.55 * 10 ** (1 - digits))
    assert unit == "years" or float(number.replace(",", "")) < 1000


def test_marks_of_an_axis_rise_and_are_told_apart() -> None:
    found = marks()
    assert list(found) == sorted(found) and len(set(found.values())) == len(found)
