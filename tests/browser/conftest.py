"""A server and a Chromium for all browser tests of a run; a fresh page for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.drive import DESK, PHONE, Dashboard, browsing, one_page, serving


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    # A busy machine estimates longer; the tests are not about when the Run button appears.
    with serving(
        "--warm", "--plugins", "tests.browser.hold", environment={"SYNAPTOGEN_AT_ONCE_SECONDS": "8"}
    ) as address:
        yield address


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with browsing(chromium) as browser:
        yield browser


@pytest.fixture(scope="module")
def small_page(server: str, browser: Browser) -> Iterator[Dashboard]:
    """One page for the tests of a file that can share it: 8 x 8 cells, 20 cycles, seed 5. It stays as they leave it."""
    yield from one_page(server, browser, "rows=8&columns=8&cycles=20&seed=5")


@pytest.fixture
def open_page(server: str, browser: Browser) -> Iterator[Callable[..., Dashboard]]:
    """open_page("tab=overview&rows=16", phone=False) -> Dashboard. No page may have failed requests."""
    opened = []

    def open_one(query: str = "", *, phone: bool = False) -> Dashboard:
        dashboard = Dashboard(browser.new_page(**(PHONE if phone else DESK)), server)
        opened.append(dashboard)
        return dashboard.open(query)

    yield open_one
    failures = [failure for dashboard in opened for failure in dashboard.failures]
    for dashboard in opened:
        dashboard.page.close()
    assert not failures, failures
