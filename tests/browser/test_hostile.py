"""Hostile links and files in the browser: no script runs, and no element appears that is not ours.

A few pages carry many texts; `python -m tests.browser.siege` opens 200 links and drops 200 files of each kind.
"""

from __future__ import annotations

import html
import urllib.request
from collections.abc import Callable

import panel_material_ui as pmui
import pytest
from playwright.sync_api import Browser

from app.look import theme
from app.look.plain import escape
from app.page import guard
from tests.browser.drive import Dashboard
from tests.browser.siege import Siege, keys
from tests.hostile import FOREIGN, SPELLINGS, WATCH, files

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
# What an alert of the component set does with its words.
DRAW = """
(words) => {
  for (const text of words) {
    const place = document.createElement("div")
    place.innerHTML = new DOMParser().parseFromString(text, "text/html").documentElement.textContent
    document.body.append(place)
  }
}
"""


def test_no_spelling_makes_an_element_in_an_empty_page(browser: Browser) -> None:
    """Chromium's own reading of what the doors let through; without a policy that would stop a script."""

    def found(words: list[str]) -> list[str]:
        page = browser.new_page()
        page.evaluate(WATCH)
        page.evaluate(DRAW, words)
        page.wait_for_timeout(100)  # for whatever loads, and fails to
        found = page.evaluate(FOREIGN, None)
        found += page.evaluate("[...document.querySelectorAll('div *:not(br)')].map((element) => element.localName)")
        page.close()
        return found

    ours, theirs, texts = (alert_words(alert) for alert in (theme.Alert(), pmui.Alert(), None))
    assert found(ours) == [] and found(texts) == []
    assert len(found(theirs)) > 200 and any("scripts ran" in what for what in found(theirs))  # the negative control


def alert_words(alert: pmui.Alert | None) -> list[str]:
    """What is sent to the browser for each spelling: by an alert, or as HTML."""
    if alert is None:
        return [html.escape(escape(text)) for text in SPELLINGS]
    model, words = alert.get_root(), []
    for text in SPELLINGS:
        alert.object = text
        words.append(model.data.object)
    return words


def test_hostile_links_and_files_are_shown_as_text(server: str, browser: Browser) -> None:
    siege = Siege(browser, server)
    siege.link("own=%3Cimg src=x onerror=pwn()%3E&rows=%3Csvg/onload=pwn()%3E&" + keys(SPELLINGS[: 10 * 9 : 9]))
    for i, text in enumerate(SPELLINGS[5 :: len(SPELLINGS) // 3]):
        for name, content in files(text, i):
            siege.drop(name, content)
    siege.close()


def test_a_page_comes_with_its_policy_and_says_what_is_wrong(server: str, open_page: Callable[..., Dashboard]) -> None:
    for query in ("theme=%ff", "seed=" + "9" * 4301, "rows=%C2%B2"):
        answer = urllib.request.urlopen(f"{server}?{query}", timeout=60)
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == "'self'" and policy["frame-ancestors"] == guard.FRAMES == "'self'"
        assert "'unsafe-inline'" not in policy["script-src"] and policy["object-src"] == "'none'"
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Application Error" not in answer.read().decode()
