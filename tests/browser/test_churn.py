"""Every tab is drawn without internet, and pages that are closed leave nothing behind."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import settings
from playwright.sync_api import Browser

from app.tabs.registry import TABS
from benchmarks.class_load import Session
from tests.browser.drive import POLL, Dashboard, serving

NIGHT = settings().max_examples >= settings.get_profile("nightly").max_examples
HASTY = 4 if NIGHT else 2  # pages that are closed while they are still being drawn
VISITS = 50 if NIGHT else 4  # without a browser: pages that are opened, get an answer, and are left
OPTIONS = ("--plugins", "tests.browser.alive", "--check-unused-sessions", "200", "--unused-session-lifetime", "3000")
# Lets the status line say something else, and lays the whole page out; says how many figures were laid out for words,
# and for the page: on the tab that is shown, and on those that are not.
LAID_OUT = """
() => {
  const count = {shown: 0, hidden: 0}
  const models = [...Bokeh.documents[0].all_models]
  for (const figure of models.filter((model) => model.type === "Figure")) {
    const view = Bokeh.index.find_one_by_id(figure.id)
    if (!view) { continue }
    const shown = view.el.checkVisibility({visibilityProperty: true})
    const act = view._after_layout
    view._after_layout = function () { count[shown ? "shown" : "hidden"]++; return act.call(this) }
  }
  models.find((model) => /status-[a-z]+ status/.test(model.text ?? "")).text += " "
  const words = count.shown + count.hidden
  Bokeh.index.find_one_by_id(models.find((model) => model.class_name === "Page").id).invalidate_layout()
  return {...count, words}
}
"""


async def visits(address: str) -> None:
    for seed in range(VISITS):
        visitor = Session(address, f"rows=8&columns=8&cycles=5&seed={seed}")
        await visitor.open()
        await visitor.change(1000 + seed)
        visitor.close()


@pytest.mark.timeout(900)
def test_every_tab_is_drawn_and_no_page_leaves_its_objects_alive(browser: Browser) -> None:
    """One page that has shown all tabs is closed while it fits, some are closed while they are drawn, some at work."""
    with serving(*OPTIONS) as address:

        def objects() -> dict[str, Any]:
            return json.load(urllib.request.urlopen(f"{address.removesuffix('/main')}/alive", timeout=60))

        busy = Dashboard(browser.new_page(), address).open("rows=8&columns=8&cycles=5&tab=overview")
        assert 2 <= busy.told <= 20, "ranges of the pictures, and that they are painted: all else is the browser's own"
        for tab in TABS[1:]:
            busy.settle(busy.page.get_by_role("tab", name=tab.title, exact=True).click)
            assert not busy.empty_figures(), f"{tab.title}: figures without data, though it is said to be up to date"
            assert not busy.spilling(), f"{tab.title}: places that are lower than what is in them"
        busy.settle(busy.page.get_by_role("tab", name="Overview", exact=True).click)
        laid_out = busy.page.evaluate(LAID_OUT)
        assert laid_out["shown"] > 0 and laid_out["hidden"] == 0, "what no one sees costs time"
        assert laid_out["words"] == 0, "a few words lay out pictures that they do not touch"
        assert not busy.failures, "the page asks nobody but its server"
        alive = set(objects()["alive"])
        assert {f"{tab.view.__module__}.{tab.view.__name__}" for tab in TABS} <= alive, "what is alive is seen"
        busy.page.get_by_role("tab", name="Fit", exact=True).click()
        busy.page.get_by_role("button", name="Load example data").click()
        busy.page.get_by_text("Features were found in").wait_for()
        busy.page.close()

        for seed in range(HASTY):
            page = browser.new_page()
            Dashboard(page, address).open(f"rows=8&columns=8&cycles=5&seed={seed}", ready=False)
            page.wait_for_function("window.Bokeh?.documents?.length", polling=POLL)  # it is made, and connected
            page.close()

        with ThreadPoolExecutor(1) as thread:  # the browser's driver has a loop in this one
            thread.submit(asyncio.run, visits(address)).result()

        end = time.monotonic() + 60
        while (seen := objects())["alive"] and time.monotonic() < end:
            time.sleep(0.5)  # each look collects garbage
        assert seen["pages"] >= 1 + HASTY + VISITS
        assert seen["alive"] == []
