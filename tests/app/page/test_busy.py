"""A page does not follow Panel's process-wide `busy`, which every event of any user sets."""

from __future__ import annotations

import panel as pn
import panel_material_ui as pmui
import pytest

from app.page.dashboard import leave_busy


def watchers() -> list[object]:
    return list(pn.state.param.watchers.get("busy", {}).get("value", []))


@pytest.fixture(autouse=True)
def restored() -> object:
    before = watchers()
    yield
    for watcher in watchers():
        if watcher not in before:
            pn.state.param.unwatch(watcher)


def test_a_page_that_was_made_no_longer_follows_busy() -> None:
    before = watchers()
    page, other = pmui.Page(title="one"), pmui.Page(title="two")
    assert len(watchers()) == len(before) + 2, "pmui.Page watches it: where it no longer does, `leave_busy` can go"
    leave_busy(page)
    leave_busy(other)
    assert watchers() == before
    leave_busy(page)  # once more changes nothing
    assert watchers() == before
