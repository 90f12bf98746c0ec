"""What the opening of a page costs, beside an empty one: python -m benchmarks.opening --count 5

Prints for each page, as medians: Panel components (each has a shadow root, and walks the whole document when it is
made), all Bokeh models, the time to the first canvas and to all pictures painted, processor seconds of Chromium's
processes and of the server's loop. Each opening is a new context without a cache, as a first visit is.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.drive import DESK, PHONE, POLL, STATE, browsing, serving

TICKS = 100  # of /proc a second
COUNT = """() => [...Bokeh.documents[0].all_models].map((model) => model.class_name ?? model.type)"""
ESM = """() => [...Bokeh.documents[0].all_models].filter((model) => "esm" in model.properties).length"""
FIRST_CANVAS = """
() => {
  const deep = (root) => root.querySelector("canvas") ?? [...root.querySelectorAll("*")].map(
    (element) => element.shadowRoot && deep(element.shadowRoot)).find((found) => found)
  return Boolean(deep(document))
}
"""


def cpu(*processes: int) -> float:
    """Processor seconds of some processes and of those that they began."""
    children: dict[int, list[int]] = {}
    used = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, rest = int(stat.parent.name), stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        children.setdefault(int(rest[1]), []).append(number)
        used[number] = sum(map(int, rest[11:15]))
    wanted, total = list(processes), 0
    while wanted:
        number = wanted.pop()
        total += used.get(number, 0)
        wanted += children.get(number, [])
    return total / TICKS


def loop_seconds(server: int) -> float:
    """Processor seconds of the server's main thread, which answers all pages."""
    rest = Path(f"/proc/{server}/task/{server}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, rest[11:13])) / TICKS


def pids(word: str) -> list[int]:
    """Processes begun by this one whose command holds a word."""
    mine = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in mine.splitlines()[1:]]
    family, grown = {str(__import__("os").getpid())}, True
    while grown:
        more = {pid for pid, parent, _ in rows if parent in family} - family
        family |= more
        grown = bool(more)
    return [int(pid) for pid, _, arguments in rows if pid in family and word in arguments]


def opening(browser: Browser, address: str, server: int, chromium: int, options: dict, ready: bool) -> dict[str, float]:
    page = browser.new_page(**options)
    begun, loop, used = time.perf_counter(), loop_seconds(server), cpu(chromium)
    page.goto(address)
    found = {}
    if ready:
        page.wait_for_function(FIRST_CANVAS, polling=POLL)
        found["first canvas (s)"] = time.perf_counter() - begun
        page.wait_for_function(STATE, arg="ready", polling=POLL)
    else:
        page.wait_for_function("document.querySelector('.bk-reactive-esm, [data-root-id] > *') !== null")
    found["ready (s)"] = time.perf_counter() - begun
    page.wait_for_timeout(1500)  # what it still does after that
    found["browser (CPU s)"] = cpu(chromium) - used
    found["server's loop (CPU s)"] = loop_seconds(server) - loop
    found["components"] = page.evaluate(ESM)
    found["models"] = len(page.evaluate(COUNT))
    if "--kinds" in sys.argv:
        print(Counter(page.evaluate(COUNT)).most_common(40))
    page.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=5, help="openings of each page")
    parser.add_argument("--phone", action="store_true", help="390 pixels wide")
    parser.add_argument("--kinds", action="store_true", help="say how many models there are of each kind")
    parser.add_argument("--query", default="rows=64&columns=64&cycles=100")
    arguments = parser.parse_args()
    options = PHONE if arguments.phone else DESK
    with browsing("/usr/bin/chromium") as browser:
        chromium = pids("chromium")[0]
        for name, file, query in (("empty page", "benchmarks/empty_page.py", ""), ("dashboard", "", arguments.query)):
            with serving("--warm", page=file or "app/main.py") as address:
                server = pids("panel serve")[0]
                seen = [
                    opening(browser, f"{address}?{query}", server, chromium, options, not file)
                    for _ in range(arguments.count + 1)
                ][1:]
            print(f"\n{name}: medians of {len(seen)} openings")
            for key in seen[0]:
                values = [each[key] for each in seen]
                print(f"  {key:24} {statistics.median(values):8.2f}   ({min(values):.2f} to {max(values):.2f})")


if __name__ == "__main__":
    main()
