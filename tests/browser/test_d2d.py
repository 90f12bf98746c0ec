"""Device to device in the browser: each option changes its own picture."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.drive import Dashboard

pytestmark = pytest.mark.browser
QUERY = "tab=d2d&rows=16&columns=16&cycles=20"


def choose(dashboard: Dashboard, label: str, option: str) -> None:
    dashboard.page.get_by_role("combobox", name=label).click()
    dashboard.page.locator("li").get_by_text(option, exact=True).click()


def test_options_change_their_own_pictures(open_page: Callable[..., Dashboard]) -> None:
    dashboard = open_page(QUERY)
    scatter = dashboard.sources("devices scatter")
    assert len(scatter[0]["x"]) + len(scatter[1]["x"]) == 256
    choose(dashboard, "Across: feature", "SET voltage")
    changed = dashboard.wait_change("devices scatter", scatter)
    assert changed[0]["y"] == scatter[0]["y"]
    assert max(changed[0]["x"]) < 0
    matrix = dashboard.sources("devices correlations")
    choose(dashboard, "Correlations", "Within devices")
    dashboard.wait_change("devices correlations", matrix)
    shares = dashboard.sources("devices shares")
    dashboard.page.get_by_label("Textbook").click()
    textbook = dashboard.wait_change("devices shares", shares)
    assert any(len(source["share"]) == 4 for source in textbook if "model" not in source)


def test_identical_devices_are_one_point_but_for_their_cycles(open_page: Callable[..., Dashboard]) -> None:
    dashboard = open_page(f"{QUERY}&d2d=0")
    outlines = [s for s in dashboard.sources("devices scatter") if "xs" in s]
    assert all(not source["xs"] for source in outlines)
