"""Cycle to cycle in the browser: what is followed, lags, and a box drawn with the mouse in the scatter matrix."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.drive import Dashboard, one_page

QUERY = "tab=c2c&rows=16&columns=16&cycles=50"
BOX = """
(name) => {
  const model = [...Bokeh.documents[0].all_models].find((model) => model.name === name)
  const view = Bokeh.index.find_one_by_id(model.id)
  const { left, top } = view.canvas_view.el.getBoundingClientRect()
  const { x0, y0, x1, y1 } = view.frame.bbox
  return [left + x0, top + y0, left + x1, top + y1]
}
"""


@pytest.fixture(scope="module")
def dashboard(server: str, browser: Browser) -> Iterator[Dashboard]:
    """One page for both tests."""
    yield from one_page(server, browser, QUERY)


def test_options_change_their_own_pictures(dashboard: Dashboard) -> None:
    for act, figure in (
        (lambda: dashboard.choose("Feature", "SET voltage"), "cycles series"),
        (lambda: dashboard.choose("Correlate with", "RESET voltage"), "cycles correlation"),
        (lambda: dashboard.fill("Lag", "3"), "cycles lag plot"),
        (lambda: dashboard.fill("Lags shown", "9"), "cycles correlation"),
        (lambda: dashboard.choose("Units of scatter plots", "True units"), "cycles r_hrs u_set"),
    ):
        before = dashboard.sources(figure)
        act()
        dashboard.wait_change(figure, before)


def test_a_box_drawn_in_the_matrix_shows_its_cycles_everywhere(dashboard: Dashboard) -> None:
    page = dashboard.page
    page.get_by_text("Draw a box in a scatter plot").scroll_into_view_if_needed()
    before = dashboard.sources("cycles r_lrs r_lrs")
    left, top, right, bottom = page.evaluate(BOX, "cycles r_hrs r_lrs")
    assert page.evaluate(BOX, "cycles u_set r_lrs")[1::2] == [top, bottom], "neighbours have one axis"
    assert bottom - top > 0.9 * 168, "and no empty room for the one that is below them all"
    page.mouse.move(left + 0.2 * (right - left), top + 0.2 * (bottom - top))
    page.mouse.down()
    page.mouse.move(left + 0.5 * (right - left), top + 0.5 * (bottom - top), steps=5)
    page.mouse.move(left + 0.8 * (right - left), top + 0.8 * (bottom - top), steps=5)
    page.mouse.up()
    after = dashboard.wait_change("cycles r_lrs r_lrs", before)
    assert len(after[1]["top"]) == len(after[0]["top"]) > 0  # the chosen cycles' own bars
    page.get_by_text(re.compile("of the cycles lie in the box")).wait_for()
    page.wait_for_url(re.compile(r"c2c\.brush=r_hrs"))
    page.get_by_role("button", name="Clear the box").click()
    dashboard.wait_for(
        lambda: dashboard.sources("cycles r_lrs r_lrs"), lambda now: not now[1]["top"], "the box was not cleared"
    )
    page.get_by_text("Draw a box in a scatter plot").wait_for()
