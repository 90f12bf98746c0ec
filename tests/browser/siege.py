"""Open hostile links and drop hostile files, and see what the page makes of them: python -m tests.browser.siege

200 links one by one and 200 files of each kind, while three other pages are in use: some 20 minutes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from urllib.parse import quote

from playwright.sync_api import Browser

from tests.browser.drive import DESK, Dashboard, browsing, serving
from tests.hostile import FOREIGN, SPELLINGS, WATCH, files, links

SMALL = "rows=8&columns=8&cycles=20"
COUNT = 200


def keys(texts: Sequence[str]) -> str:
    """One query with many texts for keys."""
    return "&".join(f"{quote(text)}={i}" for i, text in enumerate(texts))


class Siege:
    """A page for links, and one for files."""

    def __init__(self, browser: Browser, address: str):
        self._browser, self._address = browser, address
        self._fit: Dashboard | None = None

    def link(self, query: str) -> None:
        """A page that opens, says what was not used, and holds nothing foreign."""
        page = self._browser.new_page(**DESK)
        page.add_init_script(WATCH)
        dashboard = Dashboard(page, self._address)
        dashboard.open(f"{SMALL}&{query}", ready=False)  # of two values for a key the last one counts
        page.get_by_text("Part of the link was not used").first.wait_for()
        dashboard.wait_ready()
        self._look(dashboard, query)
        page.close()

    def drop(self, name: str, content: bytes) -> None:
        """A file on the Fit tab, and what is said of it."""
        if self._fit is None:
            page = self._browser.new_page(**DESK)
            page.add_init_script(WATCH)
            self._fit = Dashboard(page, self._address).open(f"{SMALL}&tab=fit")
        page = self._fit.page
        page.locator("input[type=file]").set_input_files(
            [{"name": name, "mimeType": "application/octet-stream", "buffer": content}]
        )
        self._fit.wait_drawn()
        page.wait_for_timeout(150)
        self._look(self._fit, name)

    def close(self) -> None:
        """Nothing may have failed, or asked elsewhere."""
        if self._fit is not None:
            assert not self._fit.failures, self._fit.failures
            self._fit.page.close()
            self._fit = None

    def _look(self, dashboard: Dashboard, what: str) -> None:
        found = dashboard.page.evaluate(FOREIGN, None)
        assert found == [] and not dashboard.failures, (what, found, dashboard.failures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=COUNT)
    parser.add_argument("--files", type=int, default=COUNT)
    arguments = parser.parse_args()
    chosen = [SPELLINGS[i * len(SPELLINGS) // COUNT] for i in range(COUNT)]
    with serving("--warm") as address, browsing("/usr/bin/chromium") as browser:
        others = [Dashboard(browser.new_page(**DESK), address).open(f"{SMALL}&seed={i}") for i in range(3)]
        siege, began = Siege(browser, address), time.monotonic()
        for i, text in enumerate(chosen[: arguments.links]):
            siege.link(links(text)[i % 6])  # the last place, the tab, says nothing
            if i % 20 == 19:
                alive(others, i)
                print(f"{i + 1} links, {time.monotonic() - began:.0f} s", flush=True)
        for i, text in enumerate(chosen[: arguments.files]):
            for name, content in files(text, i):
                siege.drop(name, content)
            if i % 20 == 19:
                alive(others, i)
                print(f"{i + 1} files of each kind, {time.monotonic() - began:.0f} s", flush=True)
        siege.close()
        assert all(not other.failures for other in others)
        print("no script ran, no foreign element; the three other pages answer")


def alive(others: Sequence[Dashboard], seed: int) -> None:
    """Each of the other pages takes a new seed and draws again."""
    for place, other in enumerate(others):
        other.settle(lambda other=other, place=place: other.fill("Seed", str(1000 + 10 * seed + place)))


if __name__ == "__main__":
    main()
