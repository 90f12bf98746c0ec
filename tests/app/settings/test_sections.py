"""Settings, the Request they make, and links."""

from __future__ import annotations

from urllib.parse import parse_qsl

import param
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settings import link
from app.settings.sections import MAX_CELLS, TRAIN_KINDS, ArraySettings, Choices, Settings
from app.tabs.registry import TABS


def all_settings() -> Settings:
    return Settings({tab.key: tab.options for tab in TABS})


def values_of(parameter: param.Parameter) -> st.SearchStrategy:
    if isinstance(parameter, param.Boolean):
        return st.booleans()
    if isinstance(parameter, param.Selector):
        return st.sampled_from(parameter.objects)
    if isinstance(parameter, param.Integer):
        return st.integers(*parameter.bounds)
    if isinstance(parameter, param.Number):
        return st.floats(*parameter.bounds, allow_nan=False)
    if isinstance(parameter, param.List):
        return st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=MAX_CELLS, unique=True)
    return st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=40)


@given(st.data())
def test_a_link_brings_every_setting_back(data: st.DataObject) -> None:
    settings = all_settings()
    for _, section in settings.sections():
        for name in section.names():
            setattr(section, name, data.draw(values_of(section.param[name]), label=name))
    copy = all_settings()
    assert link.apply_query(copy, link.to_query(settings, "overview")) == []
    assert copy.request() == settings.request()
    assert hash(copy.request()) == hash(settings.request())


def test_a_link_holds_every_value_that_matters_and_a_version() -> None:
    pairs = dict(parse_qsl(link.to_query(all_settings(), "overview"), keep_blank_values=True))
    assert pairs["v"] == "1" and pairs["seed"] == "1" and pairs["rows"] == "64" and pairs["u_max"] == "1.46"
    assert "points" not in pairs  # belongs to another kind of train


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("rows=0", "Rows: must be from 1 to 1,024 (got “0”)."),
        ("rows=many", "Rows: must be a whole number (got “many”)."),
        ("rows=1.5", "Rows: must be a whole number (got “1.5”)."),
        ("c2c=nan", "C2C spread ×: must be a number (got “nan”)."),
        ("rows=" + "9" * 400, "Rows: must be a whole number (got “999"),
        ("rows=" + "9" * 5000, "Rows: must be a whole number (got “999"),
        ("cells=" + "9" * 5000 + ".0", f"Cells: must be 1 to 4 cells, as row.column,row.column (got “{'9' * 40}”)."),
        ("c2c=inf", "C2C spread ×: must be a number (got “inf”)."),
        ("memory=yes", "Memory: must be 0 or 1 (got “yes”)."),
        ("kind=dance", "Kind: must be one of cycling, iv_sweep, staircase"),
        ("cells=1", "Cells: must be 1 to 4 cells, as row.column,row.column (got “1”)."),
        ("cells=1.2,-3.4", "Cells: must be 1 to 4 cells"),
        ("cells=0.0,0.1,0.2,0.3,0.4", "Cells: must be 1 to 4 cells"),
        ("colour=red", "“colour” is not a setting of this page."),
        ("v=99", "The link has version 99, this page reads version 1: check the settings."),
    ],
)
def test_what_is_wrong_in_a_link_is_said_and_the_rest_is_used(query: str, said: str) -> None:
    settings = all_settings()
    dropped = link.apply_query(settings, f"?seed=5&{query}")
    assert len(dropped) == 1 and dropped[0].startswith(said)
    assert settings.array.seed == 5
    settings.array.seed = 1
    assert settings.request() == all_settings().request()


def test_a_link_keeps_quiet_about_the_theme_and_the_tab() -> None:
    assert link.apply_query(all_settings(), "?theme=dark&tab=crossbar&v=1") == []
    assert link.tab_of("?theme=dark&tab=crossbar") == "crossbar"
    assert link.tab_of("") == ""


def test_settings_that_do_not_matter_make_no_difference() -> None:
    settings = all_settings()
    before = settings.request()
    settings.train.points = 77  # a full cycle has no points
    assert settings.request() == before
    settings.train.u_reset = 1.2
    assert settings.request() != before


def test_every_parameter_has_help_and_every_number_bounds() -> None:
    for _, section in all_settings().sections():
        for name in section.names():
            parameter = section.param[name]
            assert parameter.doc, name
            if isinstance(parameter, param.Number):
                low, high = parameter.bounds
                assert low < high and low <= parameter.default <= high, name


def test_names_differ_over_the_main_sections() -> None:
    names = [name for prefix, section in all_settings().sections() if not prefix for name in section.names()]
    assert len(names) == len(set(names))


def test_every_kind_of_train_names_its_parameters() -> None:
    settings = all_settings()
    for kind in TRAIN_KINDS:
        settings.train.kind = kind
        assert set(settings.train.active()) <= set(settings.train.names())


def test_reset_brings_every_default_back() -> None:
    settings = all_settings()
    before = settings.request()
    settings.array.rows, settings.device.memory, settings.train.kind = 8, False, "staircase"
    settings.select(3, 3)
    settings.reset()
    assert settings.request() == before


def test_selected_cells_add_up_and_stay_within_the_array() -> None:
    settings = all_settings()
    settings.select(2, 3)
    assert settings.request().cells == ((2, 3),)
    settings.select(4, 5, add=True)
    assert settings.request().cells == ((2, 3), (4, 5))
    settings.select(2, 3, add=True)  # a second time: no longer
    assert settings.request().cells == ((4, 5),)
    settings.array.rows = 3
    assert settings.request().cells == ((0, 0),)
    for i in range(6):
        settings.select(0, i, add=True)
    assert len(settings.request().cells) == MAX_CELLS


def test_choices_are_frozen_and_equal_by_content() -> None:
    one, two = Choices({"a": 1, "b": 2.0}), Choices({"b": 2.0, "a": 1})
    assert one == two and hash(one) == hash(two) and one.a == 1 and one["b"] == 2.0
    with pytest.raises(AttributeError, match="frozen"):
        one.a = 2
    with pytest.raises(AttributeError):
        _ = one.c


def test_watchers_hear_of_every_section() -> None:
    settings, heard = all_settings(), []
    settings.watch(lambda *events: heard.append(events[0].name))
    settings.array.rows = 3
    settings.read.noise = False
    settings.select(1, 1)
    assert heard == ["rows", "noise", "cells"]


def test_values_of_a_device_that_is_not_here_are_not_judged() -> None:
    """One sentence says that they wait for it; what is no number is still said."""
    settings = all_settings()
    dropped = link.apply_query(settings, "?own=mine&u_set=-1.9&seed=5&kind=dance")
    assert len(dropped) == 2 and "without the settings that only that device allows" in dropped[0]
    assert dropped[1].startswith("Kind: must be one of")
    assert settings.array.seed == 5 and settings.train.u_set == -1.5
    assert len(link.apply_query(all_settings(), "?u_set=-1.9")) == 1


def test_choices_stay_as_they_were_and_whoever_hears_of_a_change_sees_the_new_ones() -> None:
    section, seen = ArraySettings(), []
    section.param.watch(lambda *events: seen.append(section.choices()), ["rows", "seed"])
    before = section.choices()
    section.rows = 7
    section.param.update(seed=5, rows=9)
    assert [(choices.rows, choices.seed) for choices in seen] == [(7, 1), (9, 5)]
    assert (before.rows, section.choices()) == (64, seen[-1])
