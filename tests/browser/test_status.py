"""The status line in every state, with what is to be seen beside it; tabs that stay; buttons that copy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator

from tests.browser.drive import DESK, EMPTY, Dashboard

# Each state that the line has shown, with the figures that were empty then: some states last too short to be met.
WATCH = f"""
() => {{
  const empty = {EMPTY}
  const line = [...Bokeh.documents[0].all_models].find((model) => /status-[a-z]+ status/.test(model.text ?? ""))
  window.told = []
  line.properties.text.change.connect(() => {{
    const [, state] = /status-([a-z]+)/.exec(line.text)
    window.told.push([state, empty()])
  }})
}}
"""
# What is written on a button for a moment only.
LABELS = """
(label) => {
  const button = [...Bokeh.documents[0].all_models].find((model) => model.data?.label === label)
  const labels = window.labels = []
  button.data.properties.said.change.connect(() => labels.push(button.data.said))
}
"""
LOOKS = """
(element) => {
  let opacity = Number(getComputedStyle(element.shadowRoot.querySelector(".bk-Canvas")).opacity)
  for (let at = element; at; at = at.parentElement ?? at.getRootNode().host) { opacity *= getComputedStyle(at).opacity }
  return opacity
}
"""


@pytest.fixture(scope="module")
def page(server: str, browser: Browser) -> Iterator[Dashboard]:
    """A link with a run of 10,000 cycles of a million cells, which no machine makes at once."""
    context = browser.new_context(**DESK, permissions=["clipboard-read", "clipboard-write"])
    dashboard = Dashboard(context.new_page(), server)
    dashboard.open("rows=1024&columns=1024&cycles=10000&seed=3", ready=False)
    line(dashboard, "new").wait_for()
    yield dashboard
    context.close()
    assert not dashboard.failures, dashboard.failures


def line(dashboard: Dashboard, state: str) -> Locator:
    return dashboard.page.locator(f".status-{state}")


def tell(dashboard: Dashboard) -> list[tuple[str, list[str]]]:
    """What the line has said since it was watched."""
    return [tuple(each) for each in dashboard.page.evaluate("window.told")]


def looks(dashboard: Dashboard) -> float:
    """How much of the visible tab's first figure can be seen."""
    return dashboard.page.locator(".bk-Figure:visible").first.evaluate(LOOKS)


def press(dashboard: Dashboard, button: str) -> None:
    dashboard.page.get_by_role("button", name=button, exact=True).locator("visible=true").first.click()


def labels(dashboard: Dashboard, button: str) -> list[str]:
    """What is written on a button after it has been pressed, until it is as before."""
    dashboard.page.evaluate(LABELS, button)
    press(dashboard, button)
    dashboard.page.wait_for_function("(label) => window.labels.at(-1) === label", arg=button)
    return dashboard.page.evaluate("window.labels")


def slide(dashboard: Dashboard, key: str) -> None:
    dashboard.page.get_by_role("slider", name="Columns", exact=True).press(key)


def go(dashboard: Dashboard, tab: str) -> None:
    """Open a tab; the address names it when the status line speaks of it."""
    dashboard.page.get_by_role("tab", name=tab, exact=True).click()
    dashboard.page.wait_for_url(re.compile(f"tab={tab.lower()}&"))


def test_a_link_with_a_long_run_says_what_it_takes_and_shows_nothing(page: Dashboard) -> None:
    said = line(page, "new").inner_text()
    assert re.search(r"Nothing simulated yet\s+Not run yet; a run takes about [\d.]+ (s|min|h), [\d.]+ [MG]B", said)
    assert looks(page) == 0, "axes without data could be taken for data"
    assert page.page.get_by_role("button", name="Run", exact=True).is_visible()
    go(page, "Data")
    press(page, "NetCDF")
    page.page.get_by_text("Nothing to download yet: the run that the settings ask for has not been made.").wait_for()
    assert labels(page, "Copy as Python") == ["Nothing to copy yet", "Copy as Python"]
    go(page, "Overview")
    line(page, "new").wait_for()


def test_every_state_is_so(page: Dashboard) -> None:
    press(page, "Run")
    line(page, "running").filter(has_text=re.compile(r"Running, \d+ %")).wait_for()
    assert not page.page.get_by_role("button", name="Run", exact=True).is_visible()
    press(page, "Cancel")
    line(page, "new").wait_for()
    page.page.evaluate(WATCH)
    slide(page, "Home")
    line(page, "ready").wait_for()
    told = tell(page)
    assert [state for state, _ in told][-2:] == ["drawing", "ready"] and told[-1][1] == [], told
    assert any(empty for state, empty in told if state != "ready"), "or nothing would be seen here"
    assert "1024 × 1 cells · 10,000 cycles" in line(page, "ready").inner_text()
    assert looks(page) == 1

    before = page.sources("overview map")
    slide(page, "End")
    line(page, "stale").filter(has_text="Out of date: the settings have changed; a run takes about").wait_for()
    assert looks(page) == 0.45 and page.sources("overview map") == before
    slide(page, "Home")
    line(page, "ready").wait_for()
    assert looks(page) == 1


def test_a_long_run_waits_shows_progress_and_can_be_cancelled(page: Dashboard) -> None:
    slide(page, "ArrowRight")
    page.page.wait_for_url(re.compile("columns=2&"))
    page.wait_ready()
    before = page.sources("overview map")
    slide(page, "End")
    line(page, "stale").wait_for()
    assert "Out of date" in line(page, "stale").inner_text()
    assert page.sources("overview map") == before
    press(page, "Run")
    line(page, "running").filter(has_text=re.compile(r"[1-9]\d* %")).wait_for()
    press(page, "Cancel")
    line(page, "stale").wait_for()
    assert page.sources("overview map") == before
    slide(page, "Home")
    page.wait_ready()
    assert page.sources("overview map") != before


def test_what_fails_on_one_tab_is_said_there_while_its_cause_is_there(page: Dashboard) -> None:
    go(page, "Crossbar")
    page.wait_ready()
    page.unfold()
    page.settle(lambda: page.page.get_by_label("ADC", exact=True).click(force=True))
    page.fill("ADC from (µA)", "3000")
    line(page, "failed").filter(has_text="Failed; the pictures are the last good ones").wait_for()
    said = page.page.locator(".MuiAlert-message", has_text="Crossbar: ")
    said.wait_for()
    assert looks(page) == 0.45 and not page.empty_figures()
    go(page, "Overview")
    page.wait_ready()
    said.wait_for(state="hidden")
    go(page, "Crossbar")
    line(page, "failed").wait_for()
    said.wait_for()
    page.fill("ADC from (µA)", "0")
    line(page, "ready").wait_for()
    said.wait_for(state="hidden")


def test_a_visited_tab_is_there_whole(page: Dashboard) -> None:
    views = """(mark) => [...Bokeh.documents[0].all_models].filter((m) => m.type === "Figure").flatMap((m) => {
      const view = Bokeh.index.find_one_by_id(m.id)
      if (view == null || !m.name.startsWith("overview")) { return [] }
      if (mark) { view.visited = true }
      return [view.visited === true && view.el.isConnected]
    })"""
    go(page, "Overview")
    page.wait_ready()
    figures: list[Any] = page.page.evaluate(views, True)
    assert len(figures) == 8
    page.page.evaluate("Bokeh.documents[0].get_model_by_name('overview map').x_range.end = 0.5")  # as zooming does
    go(page, "Crossbar")
    page.wait_ready()
    go(page, "Overview")
    page.wait_ready()
    assert page.page.evaluate(views, False) == [True] * 8
    assert page.page.evaluate("Bokeh.documents[0].get_model_by_name('overview map').x_range.end") == 0.5
    wide = page.page.locator(".bk-Figure:visible").first.bounding_box()
    assert wide is not None and wide["width"] > 200


def test_what_is_copied_is_in_the_clipboard_and_said(page: Dashboard) -> None:
    assert labels(page, "Copy link") == ["Copied", "Copy link"]
    assert page.page.evaluate("navigator.clipboard.readText()") == page.page.url
    go(page, "Data")
    page.wait_ready()
    assert labels(page, "Copy as Python") == ["Copied", "Copy as Python"]
    python = page.page.evaluate("navigator.clipboard.readText()")
    assert python.startswith("import synaptogen_core as sc") and "cycles=10000" in python
