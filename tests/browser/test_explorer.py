"""The Explorer in the browser: a box with the mouse lights the same cells in all pictures, and what follows from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.drive import Dashboard, one_page
from tests.browser.mouse import drag_box, frame

SCATTER, MAP, HISTOGRAM, VIOLIN = (f"explorer {k}" for k in (1, 2, 3, 4))


@pytest.fixture(scope="module")
def dashboard(server: str, browser: Browser) -> Iterator[Dashboard]:
    """One page for all tests, each in the state in which the one before left it."""
    yield from one_page(server, browser, "tab=explorer&rows=16&columns=16&cycles=20")


def cells(source: dict[str, list[Any]]) -> set[tuple[int, int]]:
    return set(zip(source["row"], source["column"], strict=True))


def marked(dashboard: Dashboard, figure: str) -> tuple[list[Any], list[Any]]:
    """Where the followed cells are marked."""
    return next((source["x"], source["y"]) for source in dashboard.sources(figure) if "marker" in source)


def test_a_box_lights_the_same_cells_in_all_pictures(dashboard: Dashboard) -> None:
    before = dashboard.sources(SCATTER)
    assert len(before[0]["x"]) == 256 and not before[1]["x"]
    assert dashboard.page.get_by_role("button", name="Undo").is_disabled(), "to show pictures is not to choose them"
    place = frame(dashboard, SCATTER)
    drag_box(dashboard, SCATTER, (0.1, 0.2, 0.5, 0.9))
    chosen = dashboard.wait_change(SCATTER, before)[1]
    inside = cells(chosen)
    assert 10 < len(inside) < 250
    image = dashboard.sources(MAP)[1]["image"][0]
    assert {(row, column) for row in range(16) for column in range(16) if image[16 * row + column]} == inside
    assert sum(dashboard.sources(HISTOGRAM)[1]["top"]) == pytest.approx(20 * len(inside), rel=0.02)
    assert len(dashboard.sources(VIOLIN)[2]["x"]) == len(inside)
    dashboard.page.get_by_text(re.compile(rf"{len(inside)} of 256 cells selected")).wait_for()
    dashboard.page.wait_for_url(re.compile("explorer.selection=new,box,r_lrs.median,u_reset.median"))
    assert frame(dashboard, SCATTER) == place, "the picture jumps under the mouse"


def test_a_second_box_narrows_down_and_the_choice_turns_around(dashboard: Dashboard) -> None:
    page, before = dashboard.page, dashboard.sources(SCATTER)
    first = cells(before[1])
    dashboard.settle(lambda: dashboard.choose("A new box", "Narrows down"))
    page.get_by_role("menu").wait_for(state="hidden")  # until then it lies over the figures
    drag_box(dashboard, MAP, (0.01, 0.01, 0.99, 0.49))
    second = cells(dashboard.wait_change(SCATTER, before)[1])
    assert second == {cell for cell in first if cell[0] < 8}
    before = dashboard.sources(SCATTER)
    page.locator("summary:visible", has_text="More").press("Enter")  # by keyboard alone
    dashboard.fill("From, to", "4.4, 4.7")
    page.locator("summary:visible", has_text="More").press("Enter")
    third = cells(dashboard.wait_change(SCATTER, before)[1])
    assert third < second
    page.wait_for_url(re.compile("and,range,r_lrs.median,4400,4700"))
    before, second = dashboard.sources(SCATTER), third
    page.get_by_role("button", name="Invert").click()
    assert cells(dashboard.wait_change(SCATTER, before)[1]) == cells(before[0]) - second
    before = dashboard.sources(SCATTER)
    page.get_by_role("button", name="Clear").click()
    assert not dashboard.wait_change(SCATTER, before)[1]["x"]


def test_a_cell_of_the_table_is_followed_and_pictures_are_chosen_with_the_keyboard(dashboard: Dashboard) -> None:
    page = dashboard.page
    first = page.get_by_role("button", name=re.compile("Follow cell")).first
    row, column = re.findall(r"\d+", first.get_attribute("aria-label") or "")
    first.press("Enter")
    page.wait_for_url(re.compile(rf"cells={row}\.{column}"))
    dashboard.wait_for(
        lambda: marked(dashboard, MAP), lambda now: now == ([int(column)], [int(row)]), "not marked on the map"
    )
    page.mouse.click(*dashboard.place(MAP, 3, 5))
    page.wait_for_url(re.compile(r"cells=3\.5"))
    points = dashboard.sources(SCATTER)[0]
    at = list(zip(points["row"], points["column"], strict=True)).index((3, 5))
    dashboard.wait_for(
        lambda: marked(dashboard, SCATTER),
        lambda now: now == ([points["x"][at]], [points["y"][at]]),
        "another point is marked",
    )
    before = dashboard.sources(HISTOGRAM)
    page.get_by_label("Kind of picture 3").select_option("trace")
    dashboard.wait_for(
        lambda: dashboard.sources(HISTOGRAM),
        lambda now: now is not None and now != before and "ys" in now[0],
        "no trace",
    )
    page.wait_for_url(re.compile("explorer.pictures=.*trace"))
    with page.expect_download() as download:
        drag_box(dashboard, SCATTER, (0.1, 0.1, 0.9, 0.9))
        page.get_by_text(re.compile("cells selected")).wait_for()
        page.get_by_role("button", name="Selection as CSV").click()
    assert download.value.suggested_filename.endswith("selection.csv")
