"""Numbers as people type them: what is read, what is refused; and the boxes that show what is used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import param
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.controls.panel import Group, Panel
from app.look.controls import title
from app.look.number_box import NumberBox
from app.settings.link import apply_query
from app.settings.numbers import number_text, range_text, read_number
from app.settings.sections import Section, Settings, unit_of
from app.tabs.registry import TABS
from tests.app.typed import TYPED


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.8", 0.8), ("0,8", 0.8), (" ,5 ", 0.5), ("5.", 5.0), ("−0.9", -0.9), ("–2", -2.0), ("- 2", -2.0),
        ("+4", 4.0),
        ("1e-3", 1e-3), ("1E+2", 100.0), ("−1,5e3", -1500.0), ("1.000", 1.0), ("0,200", 0.2), ("1,2345", 1.2345),
        ("1 000", 1000.0), ("1\u202f000", 1000.0), ("1'000", 1000.0), ("1 000,5", 1000.5), ("1,234.5", 1234.5),
        ("1.234,5", 1234.5), ("1,234,567", 1234567.0), ("1.234.567", 1234567.0), ("0.8 V", 0.8), ("800 mV", 0.8),
        ("800mV", 0.8), ("-0", 0.0),
    ],
)  # fmt: skip
def test_what_is_read(text: str, value: float) -> None:
    assert read_number(text, unit="V") == value
    assert str(read_number("-0")) == "0.0"


@pytest.mark.parametrize(
    ("text", "value"), [("1,000", 1000), ("64", 64), ("64.0", 64), ("1e9", 10**9), ("1 024", 1024)]
)
def test_what_is_read_as_a_whole_number(text: str, value: int) -> None:
    found = read_number(text, whole=True)
    assert found == value and type(found) is int


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must be a number (got nothing)"), ("  ", "must be a number (got nothing)"),
        ("abc", "must be a number (got “abc”)"), ("inf", "must be a number (got “inf”)"),
        ("nan", "must be a number (got “nan”)"), ("1_000", "must be a number (got “1_000”)"),
        ("1,2,3", "must be a number (got “1,2,3”)"), ("12 34", "must be a number (got “12 34”)"),
        ("--1", "must be a number (got “--1”)"), ("0x10", "must be a number (got “0x10”)"),
        ("١", "must be a number (got “١”)"), ("1e999", "must be a number (got “1e999”)"),
        ("1" * 61, f"must be a number (got “{'1' * 24}”)"), ("5 A", "must be a number in V (got “5 A”)"),
        ("1,000", "must be clear: 1000 or 1? (got “1,000”); leave out the thousands separator"),
        ("−12,500", "must be clear: 12500 or 12.5? (got “−12,500”); leave out the thousands separator"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError) as error:
        read_number(text, unit="V")
    assert str(error.value) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3.7", "must be a whole number (got “3.7”)"), ("1e-3", "must be a whole number (got “1e-3”)"),
        ("1.000", "must be clear: 1000 or 1? (got “1.000”); leave out the thousands separator"),
        ("0", "must be from 1 to 1,024 (got “0”)"), ("1e9", "must be from 1 to 1,024 (got “1e9”)"),
        ("1e999", "must be from 1 to 1,024 (got “1e999”)"),
    ],
)  # fmt: skip
def test_what_is_refused_where_whole_numbers_are_wanted(text: str, said: str) -> None:
    with pytest.raises(ValueError) as error:
        read_number(text, 1, 1024, whole=True)
    assert str(error.value) == said


def test_another_prefix_is_the_same_quantity() -> None:
    assert read_number("3 mA", unit="µA") == 3000.0
    assert read_number("2 GHz", unit="MHz") == 2000.0
    assert read_number("1.5 kohm", unit="Ω") == 1500.0
    assert read_number("4,2 %", unit="%") == 4.2


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_what_the_page_writes_it_also_reads(value: float) -> None:
    assert read_number(str(value)) == read_number(str(value).replace("-", "−")) == value


@given(st.text(max_size=70))
def test_any_text_is_a_number_or_a_sentence(text: str) -> None:
    try:
        assert isinstance(read_number(text), float)
    except ValueError as error:
        assert str(error).startswith("must be ")


def test_bounds_are_said_as_people_write_them() -> None:
    assert range_text(-1.5, -0.1, "V") == "from −1.5 to −0.1 V"
    assert range_text(0, None, "Ω") == "0 Ω or more" and range_text(None, 5) == "5 or less"
    assert number_text(2**31 - 1) == "2,147,483,647" and number_text(-0.25) == "−0.25"


# ------------------------------------------------------------------------------------------------ boxes
def numbers() -> Iterator[tuple[Section, str]]:
    """Every number that the page lets its user choose."""
    for _, section in Settings({tab.key: tab.options for tab in TABS}).sections():
        for name in section.names():
            parameter = section.param[name]
            if isinstance(parameter, param.Number) and not isinstance(parameter, param.Boolean):
                yield section, name


class Box:
    """The control of one number, as the browser sees it."""

    def __init__(self, section: Section, name: str):
        self._key, self._panel = f"0.{name}", Panel((Group(section, (name,)),))

    def __getattr__(self, name: str) -> Any:
        return self._panel.state[self._key][name]

    def type(self, text: str | None) -> None:
        self._panel._handle_msg({"key": self._key, "text": text})

    def slide(self, value: float) -> None:
        self._panel._handle_msg({"key": self._key, "value": value})


def test_every_box_shows_what_is_used_or_marks_what_it_refused() -> None:
    met = set()
    for section, name in numbers():
        box, parameter = Box(section, name), section.param[name]
        unit, whole = unit_of(parameter), isinstance(parameter, param.Integer)
        for text in TYPED:
            before = getattr(section, name)
            box.type(text)
            used = getattr(section, name)
            assert box.value == used
            met.add((whole, bool(box.error)))
            if box.error:
                assert used == before and box.draft == text
                assert box.error.startswith(f"{parameter.label}: must be ") and box.error.endswith("stays in use.")
                assert not unit or f" {unit} stays in use." in box.error
            else:
                assert box.draft == "" and used == read_number(text, whole=whole)
    assert met == {(whole, bad) for whole in (False, True) for bad in (False, True)}


def test_the_mark_goes_when_the_value_changes_otherwise() -> None:
    settings = Settings()
    box = Box(settings.train, "u_set")
    for leave in (
        lambda: box.slide(-0.7),
        lambda: setattr(settings.train, "u_set", -0.8),  # a link, undo
        settings.reset,
        lambda: box.type(None),  # Escape
        lambda: box.type("−0.9"),
    ):
        box.type("much")
        kept = str(box.value).replace("-", "−")
        assert box.error == f"SET pulse: must be a number (got “much”); {kept} V stays in use."
        leave()
        assert (box.error, box.draft, box.value) == ("", "", settings.train.u_set)


def test_a_box_without_a_value_keeps_none() -> None:
    box = NumberBox(label=title(Settings().train.param.u_set, "u_set"), unit="V", value=None, start=0, end=2)
    box.type("3")
    assert box.value is None and box.error == "SET pulse: must be from 0 to 2 V (got “3”)."
    box.type("1,5")
    assert (box.value, box.error) == (1.5, "")


def test_the_active_line_lies_in_the_array() -> None:
    settings = Settings({tab.key: tab.options for tab in TABS})
    options = settings.options["crossbar"]
    box = Box(options, "line")
    box.type("1,023")
    assert (options.line, box.error) == (0, "Active line: must be from 0 to 63 (got “1,023”); 0 stays in use.")
    settings.array.rows = 1024
    box.type("1,023")
    assert (options.line, box.value, box.error) == (1023, 1023, "")
    options.along = "columns"  # of those there are 64
    assert (options.line, box.value, box.end) == (63, 63, 63)
    settings.array.columns = 1
    assert (options.line, box.value) == (0, 0)
    opened = Settings({tab.key: tab.options for tab in TABS})
    assert apply_query(opened, "rows=1024&crossbar.line=900") == [] and opened.options["crossbar"].line == 900
    opened.reset()
    assert opened.request() == Settings({tab.key: tab.options for tab in TABS}).request()
