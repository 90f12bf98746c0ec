from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synaptogen_core.crossbar.circuit.lines import PLACES, Faults, Lines

PLACE = st.tuples(st.integers(0, 9), st.integers(0, 9))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"word": -1.0}, "word: must be from 0 to 1e"),
        ({"bit": float("nan")}, "bit: must be finite"),
        ({"sense": 1e12}, "sense: must be from 0"),
        ({"source": "1"}, "source: must be a number"),
        ({"word_ends": "top"}, "word_ends: must be one of 'left', 'right', 'both'"),
        ({"bit_ends": "left"}, "bit_ends: must be one of 'top', 'bottom', 'both'"),
        ({"faults": None}, "faults: must be Faults"),
        ({"word": 0.0, "faults": Faults(open_word=((0, 1),))}, "word: must be above 0 ohm where a segment is open"),
        ({"bit": 0.0, "faults": Faults(open_bit=((0, 1),))}, "bit: must be above 0 ohm where a segment is open"),
    ],
)
def test_lines_refuse(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises((TypeError, ValueError), match=says):
        Lines(**wrong)


@pytest.mark.parametrize("name", PLACES)
def test_faults_refuse(name: str) -> None:
    for wrong in ("ab", 3, ((1,),), ((1, 2, 3),), (("a", "b"),), ((-1, 0),), ((0.5, 1),)):
        with pytest.raises((TypeError, ValueError), match=f"^{name}: must be"):
            Faults(**{name: wrong})
    with pytest.raises(ValueError, match="short: must be above 0 ohm"):
        Faults(short=0)


@given(st.lists(PLACE), st.integers(1, 12), st.integers(1, 12))
def test_places_outside_an_array_are_refused(places: list[tuple[int, int]], rows: int, columns: int) -> None:
    faults = Faults(open_cells=places, open_word=places, open_bit=[place[::-1] for place in places])
    assert faults.open_cells == tuple(dict.fromkeys(places))
    inside = all(i < rows and j < columns for i, j in places)
    if inside:
        faults.check(rows, columns)
        Faults(open_word=[(i, columns) for i, _ in places]).check(rows, columns)  # the lead on the right
    else:
        with pytest.raises(ValueError, match=f"must lie inside {rows} x {columns} cells"):
            faults.check(rows, columns)


def test_records_are_values() -> None:
    assert Lines(1, 2) == Lines(1.0, 2.0, faults=Faults()) and hash(Lines(1, 2)) == hash(Lines(1.0, 2.0))
    assert Lines(1, 2) != Lines(2, 1)
