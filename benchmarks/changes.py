"""A control that is moved, from the key to the painted picture: python -m benchmarks.changes --count 40

64 x 64 cells, 100 cycles: the overview (seven pictures), one picture alone, and an echo of the same control without a
simulation, on a server of its own kind. The Networks tab: steps of which none has been seen before.
"""

from __future__ import annotations

import argparse
import os
import statistics

from playwright.sync_api import Page

from tests.browser.drive import DESK, FIND, Dashboard, browsing, serving

CONTROL = "C2C spread ×"
# From the key to the second frame after the last of the figures has its new data and the document is at rest.
ARM = f"""
(names) => {{
  window.painted = new Promise((done) => {{
    let pressed = null, left = names.length
    window.addEventListener("keydown", () => {{ pressed = performance.now() }}, {{once: true, capture: true}})
    for (const name of names) {{
      const source = ({FIND})(name).renderers[0].data_source
      const slot = () => {{
        source.properties.data.change.disconnect(slot)
        if (--left === 0) {{
          const look = () => Bokeh.documents[0].is_idle
            ? requestAnimationFrame(() => setTimeout(() => done(performance.now() - pressed)))
            : requestAnimationFrame(look)
          requestAnimationFrame(look)
        }}
      }}
      source.properties.data.change.connect(slot)
    }}
  }})
}}
"""
NETWORKS = (  # 4,736 cells programmed anew, matrices, calibration, 450 images
    ("lines", "networks.ohm=5", "Line resistance (Ω)"), ("tolerance", "networks.ohm=5", "Tolerance (%)"),
    ("tolerance, ideal lines", "networks.ohm=0", "Tolerance (%)"),
)  # fmt: skip
OVERVIEW = [*(f"overview {name}" for name in ("r_hrs", "u_set", "r_lrs", "u_reset")), "overview window"]


def painted(page: Page, names: list[str], count: int, control: str = CONTROL) -> list[float]:
    """Milliseconds of each of some steps of a slider, there and back; values that come again are other runs."""
    slider, found = page.get_by_role("slider", name=control, exact=True), []
    for k in range(count + 2):
        page.evaluate(ARM, names)
        slider.press("ArrowRight" if k % 40 < 20 else "ArrowLeft")
        found.append(page.evaluate("window.painted"))
        page.wait_for_timeout(250)
    return found[2:]


def line(name: str, found: list[float]) -> str:
    """Median and 95 % quantile."""
    return f"| {name} | {statistics.median(found):.0f} | {sorted(found)[int(0.95 * len(found))]:.0f} |"


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40, help="steps of each")
    count = parser.parse_args().count
    print(f"load {os.getloadavg()[0]:.1f}\n| | median [ms] | p95 [ms] |\n|---|---|---|")
    with browsing("/usr/bin/chromium") as browser:
        with serving(page="benchmarks/echo_page.py") as address:
            page = browser.new_page(**DESK)
            page.goto(address)
            page.get_by_role("slider", name=CONTROL).wait_for()
            print(line("echo", painted(page, ["echo"], count)))
        with serving("--warm") as address:
            for name, query, figures in (
                ("overview", "tab=overview", OVERVIEW),
                ("one picture", "tab=distributions&distributions.feature=r_lrs", ["distributions r_lrs"]),
            ):
                dashboard = Dashboard(browser.new_page(**DESK), address).open(query)
                print(line(name, painted(dashboard.page, figures, count)))
                dashboard.page.close()
            for name, query, control in NETWORKS:
                dashboard = Dashboard(browser.new_page(**DESK), address).open(
                    f"tab=networks&rows=64&columns=74&{query}"
                )
                print(line(f"networks: {name}", painted(dashboard.page, ["network weights"], min(count, 18), control)))
                dashboard.page.close()
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
