"""A lesson in the browser: started, answered wrongly and rightly, played with, and left."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.browser.drive import Dashboard

pytestmark = pytest.mark.browser


# Whether the keyboard is at what says so.
FOCUSED = """
(words) => {
  let at = document.activeElement
  while (at?.shadowRoot?.activeElement) { at = at.shadowRoot.activeElement }
  return (at?.shadowRoot?.textContent ?? "").includes(words)
}
"""


def press(dashboard: Dashboard, name: str) -> None:
    dashboard.page.get_by_role("button", name=name).first.click()


def test_a_lesson_wrongly_and_rightly(open_page: Callable[..., Dashboard]) -> None:
    dashboard = open_page("tab=learn&rows=8&columns=8&cycles=5&memory=0")
    page = dashboard.page
    assert "c2c=1.0" in page.url, "the link is whole before anything is changed"
    page.get_by_role("button", name="Start").first.press("Enter")
    page.get_by_text("Now C2C is switched on").wait_for()
    page.wait_for_function(FOCUSED, arg="One cell, a hundred times")
    flat = dashboard.sources("learn 1")
    line = next(s for s in flat if len(s.get("x", [])) == 100)
    assert max(line["y"]) == min(line["y"]), "the lesson has switched C2C off, memory on, and taken 100 cycles"
    assert all(setting in page.url for setting in ("rows=32", "c2c=0", "memory=1", "cycles=100"))

    press(dashboard, "Not noticeably")
    page.get_by_text("Not this time", exact=True).wait_for()
    page.wait_for_function(FOCUSED, arg="Not this time")
    verdict = page.locator(".MuiAlert-message").filter(has_text="Not this time").inner_text()
    assert re.search(r"C2C spread of the LRS resistance 4\.\d+\s%", verdict)
    wandering = dashboard.wait_change("learn 1", flat)
    line = next(s for s in wandering if len(s.get("x", [])) == 100)
    assert max(line["y"]) > 1.05 * min(line["y"])

    press(dashboard, "Predict again")
    press(dashboard, "By a few percent")
    page.get_by_text("Your prediction was right", exact=True).wait_for()

    page.get_by_role("button", name="Next step").click()
    page.get_by_text("How large do you expect C2C to be in HRS?").wait_for()
    page.get_by_role("button", name="Next step").click()
    assert page.get_by_label("Your prediction (kΩ)").input_value() == "", "nothing is predicted yet"
    page.get_by_label("Your prediction (kΩ)").fill("0,0905")
    press(dashboard, "Predict")
    page.get_by_text("Not this time", exact=True).wait_for()
    press(dashboard, "Predict again")
    page.get_by_label("Your prediction (kΩ)").fill("0.37")
    press(dashboard, "Predict")
    page.get_by_text("Your prediction was right", exact=True).wait_for()
    assert "c2c=2" in page.url and "learn.step=3" in page.url

    page.get_by_role("textbox", name=re.compile("^Cycles")).fill("40")
    page.keyboard.press("Enter")
    page.get_by_text("Cycles 40 instead of 100").wait_for()
    press(dashboard, "Restore the lesson's settings")
    page.get_by_text("Cycles 40 instead of 100").wait_for(state="hidden")
    dashboard.settle(lambda: press(dashboard, "All lessons"))
    page.get_by_role("button", name="Start").first.wait_for()
    assert all(setting in page.url for setting in ("rows=8&", "cycles=5&", "memory=0&", "c2c=1.0&")), "as before it"


def test_a_link_opens_the_same_answer(open_page: Callable[..., Dashboard]) -> None:
    dashboard = open_page(
        "tab=learn&learn.lesson=3-design&learn.step=2&learn.answer=2&d2d=0&outlier_share=0", phone=True
    )
    dashboard.page.get_by_text("Your prediction was right", exact=True).wait_for()
    assert dashboard.page.get_by_text("What a designer pays for (2/3)").is_visible()
    memory = next(s for s in dashboard.sources("learn 1") if len(s.get("x", [])) == 31)
    assert memory["y"][0] == pytest.approx(1.0)
    assert dashboard.page.evaluate("document.documentElement.scrollWidth") <= 390
