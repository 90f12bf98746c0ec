"""Distributions in the browser: features, states and levels, each control its own picture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.drive import Dashboard, one_page

QUERY = "tab=distributions&rows=16&columns=16&cycles=20"


@pytest.fixture(scope="module")
def dashboard(server: str, browser: Browser) -> Iterator[Dashboard]:
    """One page for both tests."""
    yield from one_page(server, browser, QUERY)


def test_options_change_their_own_pictures(dashboard: Dashboard) -> None:
    page, figure = dashboard.page, "distributions r_hrs"
    bars = dashboard.sources(figure)
    assert any(len(source.get("top", [])) == 80 for source in bars)
    dashboard.fill("Bins", "10")
    fewer = dashboard.wait_change(figure, bars)
    assert any(len(source.get("top", [])) == 10 for source in fewer)
    for label, option in (("Plot type", "Probability plot"), ("Value axis", "Linear"), ("Plot type", "Cumulative")):
        before = dashboard.sources(figure)
        dashboard.choose(label, option)
        dashboard.wait_change(figure, before)
    before = dashboard.sources(figure)
    page.get_by_label("Model", exact=True).click(force=True)
    dashboard.wait_change(figure, before)


def test_states_and_levels(dashboard: Dashboard) -> None:
    dashboard.settle(lambda: dashboard.choose("Kind", "RESET staircase after SET"))
    dashboard.settle(lambda: dashboard.choose("Show", "HRS and LRS"))
    states = dashboard.sources("distributions states")
    assert any(any(len(column) > 1 for column in source.values()) for source in states)
    dashboard.choose("Quantity", "Read current")
    dashboard.wait_change("distributions states", states)
    dashboard.settle(lambda: dashboard.choose("Show", "Levels"))
    dashboard.wait_for(dashboard.empty_figures, lambda empty: not empty, "figures without data")
    steps = dashboard.sources("distributions steps")
    dashboard.choose("Tails", "10 %")
    dashboard.wait_change("distributions steps", steps)
