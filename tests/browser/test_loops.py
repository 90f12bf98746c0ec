"""I-V loops in the browser: each option changes the pictures that it is about."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.drive import Dashboard

pytestmark = pytest.mark.browser
QUERY = "tab=loops&rows=8&columns=8&cycles=12&cells=3.5&loops.points=20"
CYCLES, CELLS = "loops cycles", "loops cells"
LOOP = 22  # points of a loop in a line: 20, the begin, and the gap after it


def drawn(dashboard: Dashboard, figure: str) -> dict[str, list[dict[str, list[Any]]]]:
    """Sources with data by kind: lines, areas, marks."""
    kinds: dict[str, list[dict[str, list[Any]]]] = {"lines": [], "areas": [], "marks": []}
    for source in dashboard.sources(figure):
        kind = "areas" if "xs" in source else "marks" if "resistance" in source else "lines"
        if source["xs" if kind == "areas" else "x"]:
            kinds[kind].append(source)
    return kinds


def test_options_change_the_loops(open_page: Callable[..., Dashboard]) -> None:
    dashboard = open_page(QUERY)
    page = dashboard.page
    first = drawn(dashboard, CYCLES)
    assert [len(line["x"]) for line in first["lines"]] == [12 * LOOP, LOOP - 1], "twelve loops and their median"
    assert len(first["areas"][0]["xs"]) == 4, "a band for each way of the sweep"
    assert [len(marks["x"]) for marks in first["marks"]] == [12, 12]
    assert set(first["marks"][0]["row"]) == {3} and set(first["marks"][0]["column"]) == {5}
    assert len(drawn(dashboard, CELLS)["lines"][0]["x"]) == 64 * LOOP

    before = dashboard.sources(CYCLES), dashboard.sources(CELLS)
    dashboard.choose("Scale", "Log |I|")
    dashboard.wait_change(CELLS, before[1])
    for figure in (CYCLES, CELLS):
        heights = [y for line in drawn(dashboard, figure)["lines"] for y in line["y"] if y is not None]
        assert all(math.isnan(y) or y > 0 for y in heights)

    page.get_by_label("Loops drawn", exact=True).fill("5")
    page.keyboard.press("Enter")
    dashboard.wait_for(
        lambda: len(drawn(dashboard, CYCLES)["lines"][0]["x"]), lambda n: n == 5 * LOOP, "still 12 loops"
    )
    assert len(drawn(dashboard, CELLS)["lines"][0]["x"]) == 5 * LOOP

    page.get_by_role("switch", name="Thresholds").click()
    dashboard.wait_for(
        lambda: drawn(dashboard, CYCLES)["marks"], lambda marks: not marks, "thresholds are still marked"
    )
    dashboard.choose("Show", "Median and band")
    dashboard.wait_for(lambda: len(drawn(dashboard, CYCLES)["lines"]), lambda n: n == 1, "loops are still drawn")

    dashboard.unfold()
    page.get_by_label("RESET end (V)", exact=True).fill("1.7")
    page.keyboard.press("Enter")
    page.get_by_text("Beyond ±1.5 V").wait_for()
    assert max(drawn(dashboard, CYCLES)["lines"][0]["x"]) == pytest.approx(1.7)
