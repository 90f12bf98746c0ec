"""Pages that are closed leave nothing behind."""

from __future__ import annotations

import json
import time
import urllib.request

import pytest
from playwright.sync_api import Browser

from app.tabs import TABS
from tests.browser.drive import Dashboard, serving

HASTY = 10  # pages that are closed while they are still being drawn
OPTIONS = ("--plugins", "tests.browser.alive", "--check-unused-sessions", "200", "--unused-session-lifetime", "3000")


@pytest.mark.timeout(900)
def test_twenty_pages_leave_none_of_their_objects_alive(browser: Browser) -> None:
    with serving(*OPTIONS) as address:
        host = address.removesuffix("/main")
        for i, tab in enumerate([*(tab.key for tab in TABS), *["overview"] * HASTY]):
            page = browser.new_page()
            Dashboard(page, address).open(f"rows=8&columns=8&cycles=5&seed={i % 3}&tab={tab}", ready=i < len(TABS))
            if tab == "fit":  # closed while it fits
                page.get_by_role("button", name="Try it with an example").click()
                page.get_by_text("cycles have their features").wait_for(timeout=120_000)
            page.wait_for_function("window.Bokeh?.documents?.length")  # the server has made it, and is connected
            page.close()
        end = time.monotonic() + 60
        while time.monotonic() < end:
            seen = json.load(urllib.request.urlopen(f"{host}/alive", timeout=60))
            if not seen["alive"]:
                break
            time.sleep(0.5)
        assert seen["pages"] >= len(TABS) + HASTY == 20
        assert seen["alive"] == []
