"""The panel of settings: what a browser may send, and what it is told."""

from __future__ import annotations

from typing import Any

import param
import pytest

from app.controls.panel import Group, Panel
from app.settings.sections import Settings, TabOptions


@pytest.fixture
def made() -> tuple[Settings, Panel]:
    settings = Settings()
    groups = Group(settings.array, title="Array"), Group(settings.train), Group(settings.device)
    return settings, Panel(groups, words={"table": "lines"}, reset=settings.reset)


def test_what_is_typed_is_read_and_what_cannot_be_is_marked(made: tuple[Settings, Panel]) -> None:
    settings, panel = made
    panel._handle_msg({"key": "0.rows", "text": "1,000"})
    assert settings.array.rows == 1000 and panel.state["0.rows"]["changed"]
    panel._handle_msg({"key": "0.rows", "text": "many"})
    state = panel.state["0.rows"]
    assert state["draft"] == "many" and state["error"].startswith("Rows: must be a whole number")
    assert state["error"].endswith("1,000 stays in use.") and settings.array.rows == 1000
    settings.array.rows = 7  # whatever else sets it takes the mark away
    assert panel.state["0.rows"]["error"] == "" and panel.state["0.rows"]["value"] == 7


def test_a_slider_is_kept_in_its_bounds_and_a_value_goes_back_to_its_default(made: tuple[Settings, Panel]) -> None:
    settings, panel = made
    panel._handle_msg({"key": "2.c2c", "value": 99.0})
    assert settings.device.c2c == 3.0
    panel._handle_msg({"key": "2.c2c", "reset": True})
    assert settings.device.c2c == 1.0 and not panel.state["2.c2c"]["changed"]
    panel._handle_msg({"key": "0.rows", "value": 12.4})
    assert settings.array.rows == 12
    panel._handle_msg({"reset": True})
    assert settings.array.rows == 64


def test_a_choice_among_numbers_comes_back_as_a_number() -> None:
    class Tiles(TabOptions):
        tile = param.Selector(default=64, objects={"32 × 32": 32, "64 × 64": 64})

    tiles = Tiles()
    panel = Panel((Group(tiles),))
    assert panel.state["0.tile"]["value"] == "64" and panel.state["0.tile"]["options"][0] == ["32", "32 × 32"]
    panel._handle_msg({"key": "0.tile", "value": "32"})
    assert tiles.tile == 32 and panel.state["0.tile"]["value"] == "32"
    panel._handle_msg({"key": "0.tile", "value": "48"})
    assert tiles.tile == 32 and panel.state["0.tile"]["error"].startswith("Tile: must be one of its choices")


def test_what_matters_now_is_shown(made: tuple[Settings, Panel]) -> None:
    _, panel = made
    assert panel.state["1.cycles"]["shown"] and not panel.state["1.table"]["shown"]
    panel._handle_msg({"key": "1.kind", "value": "table"})
    assert not panel.state["1.cycles"]["shown"] and panel.state["1.table"]["shown"]
    panel.hide("table")
    assert not panel.state["1.table"]["shown"]


@pytest.mark.parametrize("data", [
    None, [], "x", {}, {"key": 1}, {"key": "9.rows", "text": "3"}, {"key": "0.name", "text": "3"},
    {"key": "0.rows"}, {"key": "0.rows", "value": "7"}, {"key": "0.rows", "value": True},
    {"key": "0.rows", "value": float("nan")}, {"key": "0.rows", "text": ["7"]}, {"key": "0.rows", "text": "9" * 10**5},
    {"key": "1.kind", "value": "all"}, {"key": "1.kind", "value": 3}, {"key": "2.memory", "value": "yes"},
    {"key": "1.table", "value": "1" * 10**6}, {"key": "2.own", "value": "x"}, {"reset": "yes"},
])  # fmt: skip
def test_nothing_that_a_browser_sends_breaks_a_setting(made: tuple[Settings, Panel], data: Any) -> None:
    settings, panel = made
    before = settings.request()
    panel._handle_msg(data)
    assert settings.request() == before
