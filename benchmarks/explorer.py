"""A box drawn in the Explorer, from the mouse's release to painted pictures: python -m benchmarks.explorer --count 9

Beside it, without a browser and in processor seconds: the server's part, and HoloViews' own `link_selections` over the
same cells or cycles in the same pictures.
"""

from __future__ import annotations

import argparse
import statistics
import time

import holoviews as hv

import synaptogen_core as sc
from synaptogen_core.analysis.exploring.cell_table import CellTable
from synaptogen_core.analysis.exploring.selecting import Step, choose
from synaptogen_core.plots.exploring.draw import draw, read_spec
from synaptogen_core.plots.exploring.live import Live
from tests.browser.drive import DESK, FIND, Dashboard, browsing, serving
from tests.browser.mouse import frame

CELLS = ("scatter r_lrs.median u_reset.median", "scatter r_hrs.median u_set.median", "map r_hrs.median",
         "histogram r_lrs.median")  # fmt: skip
CYCLES = ("scatter r_lrs u_reset", "scatter r_hrs u_set")
# From the release of the mouse to the second frame after every figure's layer on top has its new data.
ARM = f"""
(names) => {{
  window.painted = new Promise((done) => {{
    let released = null, left = names.length
    window.addEventListener("pointerup", (event) => {{ released = performance.now() }}, {{once: true, capture: true}})
    for (const name of names) {{
      const source = ({FIND})(name).renderers[1].data_source
      const slot = () => {{
        source.properties.data.change.disconnect(slot)
        if (--left === 0) {{
          const look = () => Bokeh.documents[0].is_idle
            ? requestAnimationFrame(() => setTimeout(() => done(performance.now() - released)))
            : requestAnimationFrame(look)
          requestAnimationFrame(look)
        }}
      }}
      source.properties.data.change.connect(slot)
    }}
  }})
}}
"""


def painted(dashboard: Dashboard, count: int, pictures: int) -> list[float]:
    """Seconds of some boxes in the first picture, each another one."""
    names = [f"explorer {k + 1}" for k in range(pictures)]
    mouse, found = dashboard.page.mouse, []
    for k in range(count):
        left, top, right, bottom = frame(dashboard, names[0])
        dashboard.page.evaluate(ARM, names)
        share = 0.3 + 0.4 * k / count
        mouse.move(left + 0.1 * (right - left), top + 0.1 * (bottom - top))
        mouse.down()
        mouse.move(left + share * (right - left), top + 0.9 * (bottom - top), steps=5)
        mouse.up()
        found.append(dashboard.page.evaluate("window.painted") / 1000)
        dashboard.page.wait_for_timeout(150)
    return found


def holoviews_alone(pictures: tuple[str, ...], count: int) -> list[float]:
    """Processor seconds of `link_selections` in this process: from a new selection to the last source."""
    ds = sc.simulate(sc.CellArray((64, 64), sc.load_device("hennen2024"), seed=1), sc.PulseTrain.cycling(100))
    made, instance = [], hv.link_selections.instance
    hv.link_selections.instance = lambda **options: made.append(instance(**options)) or made[-1]
    try:
        plot = hv.renderer("bokeh").get_plot(sc.plots.explore(ds, pictures))
    finally:
        hv.link_selections.instance = instance
    x, found = hv.dim(pictures[0].split()[1]), []
    for k in range(count):
        begun = time.process_time()
        made[0].selection_expr = (x > 4.1) & (x < 4.5 + 0.05 * k)
        found.append(time.process_time() - begun)
    plot.cleanup()
    return found


def ours_alone(pictures: tuple[str, ...], count: int) -> list[float]:
    """Processor seconds of the same choice in the page's way: choose, draw, replace the sources."""
    ds = sc.simulate(sc.CellArray((64, 64), sc.load_device("hennen2024"), seed=1), sc.PulseTrain.cycling(100))
    table = CellTable(ds)
    specs = [read_spec(words, table) for words in pictures]
    shown, found = [Live(draw(table, spec)) for spec in specs], []
    for k in range(count + 1):
        begun = time.process_time()
        chosen = choose(table, [Step("new", "range", specs[0].quantities[:1], (4100, 4500 + 50 * k))])
        for live, spec in zip(shown, specs, strict=True):
            live.show(draw(table, spec, chosen), chosen=True)
        found.append(time.process_time() - begun)
    return found[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=9)
    options = parser.parse_args()
    rows = []
    with serving("--warm") as address, browsing("/usr/bin/chromium") as browser:
        for what, pictures in (("4,096 cells in four pictures", CELLS), ("409,600 cycles in two rasters", CYCLES)):
            dashboard = Dashboard(browser.new_page(**DESK), address)
            dashboard.open(f"tab=explorer&rows=64&columns=64&cycles=100&explorer.pictures={'; '.join(pictures)}")
            times = sorted(painted(dashboard, options.count + 1, len(pictures))[1:])  # the first one compiles
            rows.append((what, "the page, painted in Chromium", times))
            dashboard.page.close()
    for what, pictures in (("4,096 cells in four pictures", CELLS), ("409,600 cycles in two rasters", CYCLES)):
        rows.append((what, "the page's way, server alone", sorted(ours_alone(pictures, 5))))
        rows.append((what, "`link_selections`, server alone", sorted(holoviews_alone(pictures, 4))))
    print("| what | how | median | largest |\n| --- | --- | --- | --- |")
    for what, how, times in rows:
        print(f"| {what} | {how} | {statistics.median(times):.3f} s | {times[-1]:.3f} s |")


if __name__ == "__main__":
    main()
