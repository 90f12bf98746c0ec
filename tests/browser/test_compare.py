"""Compare, the page's selection, Undo and the browser's Back, in one page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.drive import Dashboard, one_page

GROUP = "new,range,row,0,3"
GHOSTS = """
(key) => Object.fromEntries([...Bokeh.documents[0].all_models].filter((m) => m.type === "Figure").map((figure) => [
  figure.name, figure.renderers.filter((r) => r.name === `ghost ${key}`)
    .reduce((count, r) => count + (r.data_source.get_length() ?? 0), 0)]))
"""


@pytest.fixture(scope="module")
def dashboard(server: str, browser: Browser) -> Iterator[Dashboard]:
    """One page for all tests, each in the state in which the one before left it."""
    yield from one_page(server, browser, f"tab=overview&rows=12&columns=12&cycles=20&group={GROUP}")


def c2c(dashboard: Dashboard) -> str:
    found = re.search(r"[?&]c2c=([^&]*)", dashboard.page.url)
    return found.group(1) if found else ""


def test_selected_cells_are_marked_and_said(dashboard: Dashboard) -> None:
    dashboard.page.get_by_text("48 of 144 cells are marked on every tab").wait_for()
    marked = dashboard.page.evaluate(GHOSTS, "selected")
    assert marked["overview map"] == 48 and marked["overview r_hrs"] > 0


def test_run_a_stays_beside_what_is_changed_and_the_numbers_are_said(dashboard: Dashboard) -> None:
    page = dashboard.page
    page.get_by_role("button", name="Compare: pin this run as A").click()
    page.get_by_text("Change a setting: B is drawn over A").wait_for()
    dashboard.settle(lambda: dashboard.fill("C2C spread ×", "1.8"))
    dashboard.wait_for(
        lambda: page.evaluate(GHOSTS, "A"), lambda now: now["overview r_hrs"] > 0 and now["overview window"] > 0, "no A"
    )
    page.get_by_label("Maps and matrices show").first.select_option("difference")
    page.wait_for_function("[...Bokeh.documents[0].all_models].some((m) => /^B − A: Read current/.test(m.title ?? ''))")
    page.get_by_text(re.compile("features differ by more than chance")).click()
    page.get_by_role("rowheader", name="C2C spread of U_SET").or_(
        page.get_by_text("C2C spread of U_SET")
    ).first.wait_for()
    weights = page.locator("tr:has(td)").evaluate_all(
        "(lines) => lines.map((line) => [line.className, getComputedStyle(line.lastElementChild).fontWeight])"
    )
    assert {("far", "600"), ("", "400")} == {tuple(each) for each in weights}, "0 outside the interval: bold"
    page.get_by_role("button", name="Let go of A").click()
    dashboard.wait_for(lambda: page.evaluate(GHOSTS, "A"), lambda now: not any(now.values()), "A stays")
    dashboard.wait_for(page.get_by_label("Maps and matrices show").first.is_visible, lambda there: not there, "no A")


def test_undo_back_and_redo(dashboard: Dashboard) -> None:
    page = dashboard.page
    assert c2c(dashboard) == "1.8"
    page.wait_for_function("history.state?.state === 1")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(re.compile(r"[?&]c2c=1\.0"))
    page.wait_for_function("history.state?.state === 0")
    page.get_by_role("button", name="Redo").click()
    page.wait_for_url(re.compile(r"[?&]c2c=1\.8"))
    page.evaluate("history.back()")
    page.wait_for_url(re.compile(r"[?&]c2c=1\.0"))
    box = page.get_by_label("C2C spread ×", exact=True).first
    dashboard.wait_for(box.input_value, lambda text: text == "1", "the control did not follow")


def test_next_outlier_follows_one_cell_after_the_other(dashboard: Dashboard) -> None:
    page, cells = dashboard.page, "new URLSearchParams(location.search).get('cells')"
    for _ in range(2):
        before = page.evaluate(cells)
        page.get_by_role("button", name="Next outlier").click()
        page.get_by_role("menuitem", name=re.compile("median of R_LRS")).click()
        page.wait_for_function(f"(before) => {cells} !== before", arg=before)
