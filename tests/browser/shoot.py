"""Take pictures of tabs: python -m tests.browser.shoot overview crossbar --dark --phone --query "rows=16" --out /tmp"""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.browser.drive import DESK, PHONE, Dashboard, browsing, serving


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tabs", nargs="*", default=["overview"])
    parser.add_argument("--dark", action="store_true", help="also in dark")
    parser.add_argument("--phone", action="store_true", help="also 390 pixels wide")
    parser.add_argument("--full", action="store_true", help="the whole height of the page's content")
    parser.add_argument("--query", default="", help="further settings")
    parser.add_argument("--out", type=Path, default=Path("/tmp"))
    parser.add_argument("--address", help="of a server that is running")
    arguments = parser.parse_args()
    with browsing("/usr/bin/chromium") as browser:
        if arguments.address:
            shoot(browser, arguments.address, arguments)
        else:
            with serving("--warm") as address:
                shoot(browser, address, arguments)


def shoot(browser: object, address: str, arguments: argparse.Namespace) -> None:
    for tab in arguments.tabs:
        for dark in (False, True) if arguments.dark else (False,):
            for device in (DESK, PHONE) if arguments.phone else (DESK,):
                view = device["viewport"] | ({"height": 2600} if arguments.full else {})
                page = browser.new_page(**device | {"viewport": view})
                query = f"tab={tab}&{arguments.query}" + ("&theme=dark" if dark else "")
                dashboard = Dashboard(page, address).open(query)
                page.wait_for_timeout(1500)
                file = arguments.out / f"{tab}-{'dark' if dark else 'light'}-{view['width']}.png"
                page.screenshot(path=file)
                print(file, *dashboard.failures, sep="\n  ")
                page.close()


if __name__ == "__main__":
    main()
