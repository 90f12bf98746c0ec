"""Every picture out of the page: the icons of a figure, and the files that they make."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from playwright.sync_api import Locator

from tests.browser.drive import FIND, Dashboard

COLUMN = 321  # pixels of 85 mm at 96 pixels an inch
# All that could differ on the page after a file has been made of a figure.
LOOKS = f"""
(name) => {{
  const fig = ({FIND})(name), view = synaptogenTools.viewOf(fig)
  return [fig.width, fig.height, String(fig.background_fill_color), String(fig.border_fill_color), view.bbox.width,
    view.bbox.height, fig.x_range.start, fig.x_range.end, view.export("png", true).canvas.toDataURL(),
    Bokeh.documents.length, window.devicePixelRatio, document.body.childElementCount]
}}
"""


def tools(dashboard: Dashboard, figure: str) -> Locator:
    """The row of icons of a figure."""
    dashboard.page.evaluate(
        f"(name) => synaptogenTools.viewOf(({FIND})(name)).el.setAttribute('data-name', name)", figure
    )
    return dashboard.page.locator(f"[data-name='{figure}'] .figure-tools")


def saved(dashboard: Dashboard, figure: str, kind: str, folder: Path, size: str = "As on the page") -> Path:
    """Save a figure as its user does."""
    row = tools(dashboard, figure)
    row.get_by_role("button", name="Save picture or numbers").click()
    menu = dashboard.page.get_by_role("dialog", name="Save picture or numbers")
    menu.get_by_label("Size").select_option(label=size)
    with dashboard.page.expect_download(timeout=30_000) as waiting:
        menu.get_by_role("button", name=kind).click()
    menu.wait_for(state="hidden")
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def pixels(path: Path) -> tuple[int, int]:
    head = path.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def test_each_figure_has_its_icons_always(small_page: Dashboard) -> None:
    page = small_page.page
    page.mouse.move(5, 5)
    rows = page.get_by_role("toolbar", name="Tools of the picture")
    assert rows.count() == len(small_page.figure_names())
    rows = tools(small_page, "overview r_hrs")
    for words in ("Whole screen", "Save picture or numbers", "Keep these axes", "Pin this run as A", "Zoom into a box"):
        assert rows.get_by_role("button", name=words).is_visible(), words


def test_a_picture_is_saved_in_each_size_and_the_page_stays_as_it_is(small_page: Dashboard, tmp_path: Path) -> None:
    name = "overview window"
    before = small_page.page.evaluate(LOOKS, name)
    shown = before[4]
    for scale in (1, 2, 3):
        path = saved(small_page, name, f"PNG {scale}×", tmp_path)
        assert abs(pixels(path)[0] - scale * shown) <= scale and pixels(path)[1] > scale * before[5]  # and its words
    path = saved(small_page, name, "PNG 3×", tmp_path, "One column, 85 mm")
    assert pixels(path)[0] == 3 * COLUMN
    assert re.fullmatch(r"synaptogen-hennen2024-8x8-20c-seed5-[0-9a-f]{7}-overview-window-85mm-3x\.png", path.name), (
        path.name
    )
    assert pixels(saved(small_page, name, "PNG 2×", tmp_path, "Slide, 16:9")) == (1920, 1080)
    assert small_page.page.evaluate(LOOKS, name) == before


def test_an_svg_holds_title_legend_and_settings(small_page: Dashboard, tmp_path: Path) -> None:
    page = small_page.page
    small_page.settle(page.get_by_role("tab", name="Distributions").click)
    before = page.evaluate(LOOKS, "distributions r_lrs")
    path = saved(small_page, "distributions r_lrs", "SVG", tmp_path, "Two columns, 170 mm")
    root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    assert root.tag.endswith("svg") and root.get("width") == "170mm"
    said = [text for element in root.iter() if (text := (element.text or "").strip())]
    assert {"these cells", "model, exact", "LRS resistance (kΩ)"} <= set(said)
    assert any(text.startswith("Median ") for text in said)
    assert " ".join(said).count("hennen2024 · 8 × 8 cells · 20 cycles · seed 5 · ") == 1
    assert page.evaluate(LOOKS, "distributions r_lrs") == before


def test_numbers_are_those_of_the_picture_with_names_and_units(small_page: Dashboard, tmp_path: Path) -> None:
    page = small_page.page
    path = saved(small_page, "distributions r_lrs", "Numbers (CSV)", tmp_path)
    head, *lines = csv.reader(path.open(encoding="utf-8"))
    bars, _, _, _, model = small_page.sources("distributions r_lrs")[:5]
    expected = {
        "these cells: LRS resistance, from (kΩ)": bars["left"], "these cells: LRS resistance, to (kΩ)": bars["right"],
        "these cells: Density, to (% per kΩ)": bars["top"], "model, exact: LRS resistance (kΩ)": model["x"],
        "model, exact: Density (% per kΩ)": model["y"],
    }  # fmt: skip
    for name, values in expected.items():
        column = [line[head.index(name)] for line in lines]
        assert [float(text) for text in column if text] == values and not any(column[len(values) :]), name
    small_page.settle(page.get_by_role("tab", name="Overview").click)
    path = saved(small_page, "overview map", "Numbers (CSV)", tmp_path)
    table = np.genfromtxt(path, delimiter=",", skip_header=1, usecols=(0, 1, 2))
    head = next(csv.reader(path.open(encoding="utf-8")))
    assert [name.split(": ")[-1] for name in head[:3]] == ["Column", "Row", "Read current at 0.2 V, with noise (µA)"]
    image = np.asarray(small_page.sources("overview map")[0]["image"][0]).reshape(8, 8)
    assert np.array_equal(table[:, 2].astype(np.float32), image.ravel().astype(np.float32))
    assert np.array_equal(table[:3, :2], [[0, 0], [1, 0], [2, 0]])


CSV = f"(name) => synaptogenTools.csvOf(({FIND})(name))"


def test_shaded_fields_and_error_bars_are_numbers_too(small_page: Dashboard) -> None:
    page = small_page.page
    small_page.settle(page.get_by_role("tab", name="Device to device").click)
    head, *lines = csv.reader(page.evaluate(CSV, "devices correlations").splitlines())
    assert head == ["Feature", "Feature", "Correlation between devices"] and len(lines) == 16
    (drawn,) = {tuple(source["value"]) for source in small_page.sources("devices correlations")}
    assert [float(line[2]) for line in lines] == list(drawn)
    head, *lines = csv.reader(page.evaluate(CSV, "devices shares").splitlines())
    bars = small_page.sources("devices shares")[0]
    for end in ("low", "high"):
        column = head.index(f"series 1: Share of the variance, {end} (%)")
        assert [float(line[column]) for line in lines] == bars[end]
    small_page.settle(page.get_by_role("tab", name="Overview").click)


def test_a_figure_fills_the_screen_and_comes_back(small_page: Dashboard) -> None:
    page, name = small_page.page, "overview loops"
    before = page.evaluate(LOOKS, name)
    tools(small_page, name).get_by_role("button", name="Whole screen").click()
    height = f"synaptogenTools.viewOf(({FIND})({name!r})).bbox.height"
    page.wait_for_function(f"document.fullscreenElement && {height} > 600")
    page.evaluate("document.exitFullscreen()")
    page.wait_for_function(f"!document.fullscreenElement && {height} === {before[5]}")
    small_page.wait_drawn()
    small_page.wait_for(lambda: page.evaluate(LOOKS, name) == before, bool, "the figure is not as it was")


def test_the_icons_are_one_stop_in_which_arrows_move_and_run_a_is_pinned(small_page: Dashboard) -> None:
    page, row = small_page.page, tools(small_page, "overview window")
    assert row.locator("button[tabindex='0']").count() == 1
    row.get_by_role("button", name="Save picture or numbers").focus()
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    pin = row.get_by_role("button", name="Pin this run as A")
    assert pin.evaluate("(button) => button.getRootNode().activeElement === button")
    for pressed in ("true", "false"):
        page.keyboard.press("Enter")
        page.wait_for_function(
            "([button, pressed]) => button.getAttribute('aria-pressed') === pressed",
            arg=[pin.element_handle(), pressed],
        )
