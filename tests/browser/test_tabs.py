"""Every tab on one page: drawn without internet, read and worked by anyone; and closed pages leave nothing behind."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import settings
from playwright.sync_api import Browser

import synaptogen_core as sc
from app.tabs.registry import TABS
from benchmarks.class_load import Session
from tests.browser import access
from tests.browser.drive import DESK, PHONE, POLL, Dashboard, serving
from tests.test_any_voltage import scaled

NIGHT = settings().max_examples >= settings.get_profile("nightly").max_examples
HASTY = 4 if NIGHT else 2  # pages that are closed while they are still being drawn
VISITS = 50 if NIGHT else 4  # without a browser: pages that are opened, get an answer, and are left
OPTIONS = ("--plugins", "tests.browser.alive", "--check-unused-sessions", "200", "--unused-session-lifetime", "3000")
# Paints the figures that are shown, lets the status line say something else, and lays the whole page out; says how
# often CSS was asked while painting, and how many figures were laid out for words, and for the page: on the tab that is
# shown, and on those that are not.
LAID_OUT = """
() => {
  const count = {shown: 0, hidden: 0, styles: 0}
  const models = [...Bokeh.documents[0].all_models]
  for (const figure of models.filter((model) => model.type === "Figure")) {
    const view = Bokeh.index.find_one_by_id(figure.id)
    if (!view) { continue }
    const shown = view.el.checkVisibility({visibilityProperty: true})
    const act = view._after_layout
    view._after_layout = function () { count[shown ? "shown" : "hidden"]++; return act.call(this) }
    if (shown) {
      const real = window.getComputedStyle
      window.getComputedStyle = (element) => { count.styles++; return real(element) }
      view.request_repaint()
      view.paint()
      window.getComputedStyle = real
    }
  }
  models.find((model) => /status-[a-z]+ status/.test(model.text ?? "")).text += " "
  const words = count.shown + count.hidden
  Bokeh.index.find_one_by_id(models.find((model) => model.class_name === "Page").id).invalidate_layout()
  return {...count, words}
}
"""


# Buttons are the last to be told of another theme.
ALL_DARK = """
() => !deep(document).some(
  (e) => e.matches("button.MuiButtonBase-root") && getComputedStyle(e).color === "rgb(31, 78, 121)")
"""
SMALL = "rows=8&columns=8&cycles=5"
VOLTS = {"loops", "sweep", "pulses", "crossbar", "programming", "networks"}  # tabs with voltages of their own


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(*OPTIONS) as address:
        yield address


@pytest.fixture(scope="module")
def page_of_all(address: str, browser: Browser) -> Iterator[Dashboard]:
    """One page for the tests of this file; the first visits all tabs, the last closes it."""
    dashboard = Dashboard(browser.new_page(**DESK), address)
    yield dashboard.open(SMALL)
    dashboard.page.close()


def objects(address: str) -> dict[str, Any]:
    """How many pages this server has served, and what of them is alive."""
    return json.load(urllib.request.urlopen(f"{address.removesuffix('/main')}/alive", timeout=60))


async def visits(address: str) -> None:
    for seed in range(VISITS):
        visitor = Session(address, f"{SMALL}&seed={seed}")
        await visitor.open()
        await visitor.change(1000 + seed)
        visitor.close()


@pytest.mark.timeout(300)
def test_keys_lead_to_every_tab_and_each_is_drawn(page_of_all: Dashboard) -> None:
    page, press = page_of_all.page, page_of_all.page.keyboard.press
    assert 2 <= page_of_all.told <= 20, "ranges of the pictures, and that they are painted: all else is the browser's"
    press("Tab")
    page.wait_for_function("document.activeElement.textContent === 'Skip to the pictures'")
    press("Enter")
    for tab in TABS[1:]:
        page_of_all.settle(lambda: press("ArrowRight"))
        assert page.get_by_role("tab", selected=True).get_attribute("aria-label") == tab.title
        assert not page_of_all.empty_figures(), f"{tab.title}: figures without data, though it is said to be up to date"
        assert not page_of_all.spilling(), f"{tab.title}: places that are lower than what is in them"
    page_of_all.settle(lambda: press("Home"))
    laid_out = page.evaluate(LAID_OUT)
    assert laid_out["shown"] > 0 and laid_out["hidden"] == 0, "what no one sees costs time"
    assert laid_out["words"] == 0, "a few words lay out pictures that they do not touch"
    # 1,859 with Bokeh's own; a layout that happens to be due asks for the size of letters
    assert laid_out["styles"] < 400, "a figure that is painted has the style of the whole page worked out"


def test_keys_work_what_they_reach(page_of_all: Dashboard) -> None:
    """A slider, a switch, a choice, a group and a menu, of which each kind is made once for all places."""
    page, press = page_of_all.page, page_of_all.page.keyboard.press
    page_of_all.unfold()
    worked = (
        ("slider", "C2C spread ×", "ArrowRight"),
        ("switch", "Memory", "Space"),
        ("combobox", "Shapes", "ArrowDown"),
    )
    for role, name, key in worked:
        page.get_by_role(role, name=name, exact=True).focus()
        page_of_all.settle(lambda key=key: press(key))
    assert {"c2c=1.05", "memory=0", "shapes=gaussian"} <= set(urlsplit(page.url).query.split("&"))
    page_of_all.settle(page.get_by_role("button", name="Reset to defaults").click)
    page.locator("summary", has_text="Array").press("Enter")
    page.get_by_role("slider", name="Rows").wait_for(state="hidden")
    share, second = page.get_by_role("button", name="Share", exact=True), page.get_by_role("menuitem").nth(1)
    share.press("Enter")
    press("ArrowDown")
    assert second.evaluate("(item) => item.matches(':focus')")
    press("Escape")
    page_of_all.wait_for(
        lambda: share.evaluate("(button) => button.matches(':focus')"), bool, "the focus is not given back", 20
    )
    assert second.is_hidden()


@pytest.mark.timeout(300)
def test_a_device_of_other_voltages_is_used_where_volts_are_set(page_of_all: Dashboard, tmp_path: Path) -> None:
    """Four times those of the published one; then the page is as it was. tests/test_any_voltage.py knows the rest."""
    page, file, before = page_of_all.page, tmp_path / "six.json", page_of_all.page.url
    sc.save_device(scaled(4.0), file)
    page_of_all.settle(page.get_by_role("tab", name="Fit", exact=True).click)
    page_of_all.settle(lambda: page.locator("label:visible input[type=file]").set_input_files(str(file)))
    page.locator(".own-device").wait_for()
    for tab in (tab for tab in TABS if tab.key in VOLTS):
        page_of_all.settle(page.get_by_role("tab", name=tab.title, exact=True).click)
        assert not page_of_all.empty_figures() and not page_of_all.spilling(), tab.title
        assert page.locator(".MuiAlert-colorError:visible").count() == 0, tab.title
    volts = [v for column in page_of_all.sources("loops cycles") for v in column.get("x", []) if v not in (None, "NaN")]
    assert min(volts) == -6.0 and max(volts) == 6.0, "loops of its own range"
    page_of_all.settle(page.get_by_role("button", name="Back to the published device").click)
    page_of_all.settle(page.get_by_role("tab", name="Overview", exact=True).click)
    assert page.url == before and not page_of_all.failures


@pytest.mark.timeout(300)
def test_every_control_of_every_tab_is_reached_by_keys_and_shows_it(page_of_all: Dashboard) -> None:
    page_of_all.unfold()
    access.show_all(page_of_all)
    access.plant(page_of_all)
    assert [found.split(" in ")[0] for found in access.tab_through(page_of_all)] == ["BUTTON "]
    assert [found.split(" in ")[0] for found in access.unmarked(page_of_all)] == ["BUTTON pale"]


@pytest.mark.timeout(300)
def test_axe_finds_no_serious_fault_in_light_and_dark_on_a_desk_and_a_phone(page_of_all: Dashboard) -> None:
    page, planted = page_of_all.page, ["button-name", "color-contrast"]
    found = {"light": access.faults(page_of_all)}
    access.show_all(page_of_all, False)
    page_of_all.settle(page.get_by_label("Toggle theme").click)
    page.wait_for_function(ALL_DARK, polling=300)
    access.show_all(page_of_all)
    found["dark"] = access.faults(page_of_all, access.CONTRAST)
    page.get_by_label("Close drawer").click()
    page.set_viewport_size(PHONE["viewport"])
    access.show_all(page_of_all)
    found["phone"] = access.faults(page_of_all, access.SHAPES)
    rules = {look: sorted(fault.split(":")[0] for fault in faults) for look, faults in found.items()}
    assert rules == {"light": planted, "dark": planted[1:], "phone": planted[:1]}, found


@pytest.mark.timeout(900)
def test_pages_leave_no_object_alive(page_of_all: Dashboard, address: str, browser: Browser) -> None:
    """One page that has shown all tabs is closed while it fits, some are closed while they are drawn, some at work."""
    page = page_of_all.page
    access.show_all(page_of_all, False)
    seen = objects(address)
    alive = set(seen["alive"])
    assert seen["late"] == [], "components that pages which were open before do not know"
    assert {f"{tab.view.__module__}.{tab.view.__name__}" for tab in TABS} <= alive, "what is alive is seen"
    page.get_by_role("tab", name="Fit", exact=True).click()
    page.get_by_role("button", name="Load example data").click()
    page.get_by_text("Features were found in").wait_for()
    assert not page_of_all.failures, "the page asks nobody but its server"
    page.close()

    for seed in range(HASTY):
        page = browser.new_page()
        Dashboard(page, address).open(f"{SMALL}&seed={seed}", ready=False)
        page.wait_for_function("window.Bokeh?.documents?.length", polling=POLL)  # it is made, and connected
        page.close()

    with ThreadPoolExecutor(1) as thread:  # the browser's driver has a loop in this one
        thread.submit(asyncio.run, visits(address)).result()

    end = time.monotonic() + 60
    while (seen := objects(address))["alive"] and time.monotonic() < end:
        time.sleep(0.5)  # each look collects garbage
    assert seen["pages"] >= 1 + HASTY + VISITS
    assert seen["alive"] == []
