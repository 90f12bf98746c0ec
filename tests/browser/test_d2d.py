"""Device to device in the browser: each option changes its own picture."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.drive import Dashboard

pytestmark = pytest.mark.browser
QUERY = "tab=d2d&rows=16&columns=16&cycles=20"


def test_options_change_their_pictures_and_identical_devices_are_one_point(
    open_page: Callable[..., Dashboard],
) -> None:
    dashboard = open_page(QUERY)
    scatter = dashboard.sources("devices scatter")
    devices, outliers = (source for source in scatter[:3] if "row" in source)  # before them: the density of many
    assert len(devices["x"]) + len(outliers["x"]) == 256 and outliers["x"]
    dashboard.choose("x axis", "SET voltage")
    assert any(source["xs"] for source in scatter if "xs" in source)
    changed = dashboard.wait_change("devices scatter", scatter)
    assert changed[1]["y"] == devices["y"]
    assert max(changed[1]["x"]) < 0
    matrix = dashboard.sources("devices correlations")
    dashboard.choose("Correlations", "Within devices")
    dashboard.wait_change("devices correlations", matrix)
    shares = dashboard.sources("devices shares")
    dashboard.unfold()
    dashboard.page.get_by_label("One-way ANOVA").click()
    textbook = dashboard.wait_change("devices shares", shares)
    assert any(len(source["share"]) == 4 for source in textbook if "model" not in source)

    dashboard.page.get_by_role("slider", name="D2D spread ×", exact=True).press("Home")  # identical devices
    dashboard.wait_for(
        lambda: [source["xs"] for source in dashboard.sources("devices scatter") if "xs" in source],
        lambda outlines: not any(outlines), "devices without spread have an outline",
    )  # fmt: skip
    assert "d2d=0" in dashboard.page.url
