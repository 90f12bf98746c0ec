"""Programming in the browser: a map that selects, its outcomes and its link; the staircase of the same array."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.browser.drive import Dashboard

pytestmark = pytest.mark.browser


def test_programming(open_page: Callable[..., Dashboard]) -> None:
    dashboard = open_page("tab=programming&rows=16&columns=12&cycles=2&programming.target=checkerboard")
    image, _, halo, _ = dashboard.sources("programming map")
    assert image["dw"] == [12] and image["dh"] == [16]
    assert (halo["y"], halo["x"]) == ([0], [0])
    targets = {round(g, 6) for g in dashboard.sources("programming targets")[2]["x"]}
    assert targets == {20, 200}
    assert sum(dashboard.sources("programming pulses")[0]["all"]) == pytest.approx(100)

    place = dashboard.place("programming map", 5, 7)
    dashboard.settle(lambda: dashboard.page.mouse.click(*place))
    assert "cells=5.7" in dashboard.page.url
    dashboard.wait_for(lambda: dashboard.sources("programming map")[2]["y"], lambda y: y == [5], "nothing was selected")

    before = dashboard.sources("programming map")
    dashboard.settle(lambda: dashboard.choose("Map of", "Outcome"))
    outcome = dashboard.wait_change("programming map", before)
    assert outcome[0]["image"] != before[0]["image"]
    assert dashboard.page.get_by_text(re.compile(r"^reached \(\d")).count() == 2, (
        "a legend below the map, and below the targets"
    )

    dashboard.settle(lambda: dashboard.choose("Method", "RESET staircase"))
    assert "programming.method=staircase" in dashboard.page.url
    stairs = dashboard.wait_for(
        lambda: dashboard.sources("programming staircase")[1]["y"], lambda y: len(y) == 22, "no staircase"
    )
    assert stairs[0] > 150 > 50 > stairs[-1]
    assert not dashboard.page.get_by_text("Pulses needed").is_visible()
