"""Pages that are closed leave nothing behind."""

from __future__ import annotations

import json
import time
import urllib.request

import pytest
from playwright.sync_api import Browser

from app.tabs import TABS
from tests.browser.drive import Dashboard, serving

TABS_OF_PAGES = [*(tab.key for tab in TABS), *["data"] * 12]  # every tab once; then the one that is drawn soonest
OPTIONS = ("--plugins", "tests.browser.alive", "--check-unused-sessions", "200", "--unused-session-lifetime", "3000")


@pytest.mark.timeout(900)
def test_twenty_pages_leave_none_of_their_objects_alive(browser: Browser) -> None:
    with serving(*OPTIONS) as address:
        host = address.removesuffix("/main")
        for i, tab in enumerate(TABS_OF_PAGES):
            page = browser.new_page()
            dashboard = Dashboard(page, address).open(f"rows=8&columns=8&cycles=5&seed={i % 3}&tab={tab}")
            assert not dashboard.failures
            page.close()
        end = time.monotonic() + 60
        while time.monotonic() < end:
            seen = json.load(urllib.request.urlopen(f"{host}/alive", timeout=60))
            if not seen["alive"]:
                break
            time.sleep(0.5)
        assert seen["pages"] >= len(TABS_OF_PAGES) == 20
        assert seen["alive"] == []
