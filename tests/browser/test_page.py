"""The page as its user sees it: every control, links, cancel, downloads, narrow screens, no internet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
import xarray as xr
from playwright.sync_api import Browser, TimeoutError

import synaptogen_core as sc
from app.look.controls import title
from app.settings.sections import Settings
from tests.app.typed import TYPED
from tests.browser.drive import FIND, POLL, Dashboard, one_page

SMALL = "rows=8&columns=8&cycles=20"
OVERVIEW = ("overview r_hrs", "overview u_set", "overview r_lrs", "overview u_reset", "overview window",
            "overview loops", "overview map", "overview response")  # fmt: skip

Open = Callable[..., Dashboard]


@pytest.fixture(scope="module")
def large_page(server: str, browser: Browser) -> Iterator[Dashboard]:
    """100 cycles of 256 x 256 cells, by a link of which not all can be used."""
    yield from one_page(server, browser, "rows=256&columns=256&cycles=100&seed=many&colour=red&group=new,range,x,1,2")


def press(dashboard: Dashboard, label: str, *keys: str) -> None:
    """Move a slider to one of its ends, or by steps."""
    slider = dashboard.page.get_by_role("slider", name=label, exact=True)
    for key in keys:
        slider.press(key)


def fill_and_leave(dashboard: Dashboard, label: str, text: str) -> None:
    """Write into a box of several lines, which applies what it holds when it is left."""
    box = dashboard.page.get_by_label(label, exact=True).locator("visible=true")  # a tab beside it may have such a box
    box.fill(text)
    box.press("Tab")


def open_tab(dashboard: Dashboard, name: str) -> None:
    dashboard.page.get_by_role("tab", name=name, exact=True).click()


def toggle(dashboard: Dashboard, label: str) -> None:
    dashboard.page.get_by_label(label, exact=True).click(force=True)


Move = tuple[Callable[..., None], tuple[str, ...]]


def kind(title: str) -> Move:
    return Dashboard.choose, ("Kind", title)


# What is set first; then controls, how each is moved, and the figure that must change by it.
Control = tuple[Callable[..., None], tuple[str, ...], str]
CONTROLS: list[tuple[list[Move], list[Control]]] = [
    ([(open_tab, ("Crossbar",)), (toggle, ("ADC",))], [
        (Dashboard.fill, ("ADC to (µA)", "2000"), "crossbar columns"),
        (Dashboard.fill, ("ADC from (µA)", "100"), "crossbar columns"),
        (press, ("ADC offset (µA)", "End"), "crossbar columns"),
        (press, ("ADC bits", "Home"), "crossbar columns")]),
    ([(toggle, ("ADC",)), (toggle, ("DAC",))], [
        (press, ("DAC bits", "Home"), "crossbar columns"),
        (press, ("DAC to (V)", "Home"), "crossbar columns")]),
    ([(open_tab, ("Overview",))], [
        (Dashboard.choose, ("Kind", "RESET staircase after SET"), "pulse train"),
        (press, ("First step (V)", "Home"), "pulse train"),
        (press, ("Last step (V)", *["ArrowLeft"] * 30), "overview map"),
        (press, ("Steps", "Home"), "pulse train")]),
    ([kind("Triangular I-V sweep")], [
        (press, ("Lower end (V)", "End"), "pulse train"),
        (press, ("Upper end (V)", "Home"), "pulse train"),
        (press, ("Points", "Home"), "pulse train")]),
    ([kind("Identical pulses after SET")], [
        (press, ("η", "End"), "overview map"),
        (press, ("Pulse (V)", "End"), "overview map"),
        (press, ("Pulses", "Home"), "pulse train")]),
    ([kind("Random voltages"), (press, ("Pulses", *["ArrowRight"] * 9))], [
        (press, ("Lowest (V)", "ArrowRight"), "pulse train"),
        (press, ("Highest (V)", "ArrowLeft"), "pulse train"),
        (toggle, ("One voltage a cell",), "overview map"),
        (Dashboard.fill, ("Seed of the train", "5"), "pulse train"),
        (Dashboard.choose, ("Distribution", "Normal"), "pulse train"),
        (press, ("Mean (V)", "ArrowLeft"), "pulse train"),
        (press, ("Standard deviation (V)", "Home"), "pulse train")]),
    ([kind("Read only")], [(press, ("Pulses", "Home"), "pulse train")]),
    ([kind("Table of voltages")], [(fill_and_leave, ("Voltages", "-1.4, 0.7"), "pulse train")]),
    ([kind("Segments (Pulse lab)")], [(fill_and_leave, ("Segments", "pulse -1.4, pulse 0.7"), "pulse train")]),
    ([kind("Full SET/RESET cycles")], [(press, ("SET pulse (V)", "End"), "overview u_set")]),
    # each leaves something for the next to change: identical cells, and a pulse that resets none, come last
    ([(press, ("SET pulse (V)", "Home"))], [
        (press, ("Rows", "Home"), "overview map"),
        (Dashboard.fill, ("Seed", "7"), "overview map"), (Dashboard.fill, ("Cycles", "9"), "overview u_set"),
        (press, ("Outlier share (%)", "End"), "overview r_lrs"),
        (press, ("VAR order", "Home"), "overview r_lrs"),
        (toggle, ("Memory",), "overview r_lrs"),
        (toggle, ("Correlations",), "overview r_lrs"),
        (Dashboard.choose, ("Shapes", "Gaussian"), "overview r_lrs"),
        (press, ("U_max (V)", "End"), "overview map"),
        (press, ("Read voltage (V)", "End"), "overview map"),
        (Dashboard.fill, ("Bandwidth (MHz)", "900"), "overview map"),
        (toggle, ("Read noise",), "overview map"),
        (press, ("C2C spread ×", "Home"), "overview r_lrs"),
        (press, ("D2D spread ×", "Home"), "overview r_lrs"),
        (press, ("Columns", "Home"), "overview map"),
        (press, ("RESET pulse (V)", "Home"), "overview map")]),
]  # fmt: skip
NOT_MOVED = {"device"}  # there is one parameter set


def test_what_a_bad_link_says_is_dropped_and_told(large_page: Dashboard) -> None:
    said = large_page.page.locator(".MuiAlert-message").all_inner_texts()
    large_page.page.get_by_text("Selected cells: quantity: must be one of").wait_for()
    assert any("Seed: must be a whole number (got “many”)" in text and "“colour”" in text for text in said)


def test_an_array_of_65536_cells_follows_its_controls(large_page: Dashboard) -> None:
    """100 cycles of 256 x 256 cells: nobody has to press Run."""
    dashboard = large_page
    before = {name: dashboard.sources(name) for name in OVERVIEW}
    dashboard.settle(lambda: dashboard.fill("Seed", "6"))
    for name in OVERVIEW:
        dashboard.wait_change(name, before[name])
    said = dashboard.page.locator("[class^=status-]").all_inner_texts()
    assert any("256 × 256 cells · 100 cycles · hennen2024 · seed 6" in text for text in said)
    assert not dashboard.page.get_by_role("button", name="Run", exact=True).is_visible()


def test_a_number_box_takes_one_number_after_the_other(small_page: Dashboard) -> None:
    before = small_page.sources("overview map")
    for seed in ("41", "42", "5"):  # the last is the one that it began with
        small_page.settle(lambda seed=seed: small_page.fill("Seed", seed))
        assert f"seed={seed}&" in small_page.page.url
        before = small_page.wait_change("overview map", before)


BOXES = {  # a slider and a box of either kind: name, name in the link, first value, the texts that it takes
    "Seed": ("seed", 5, {"1,000": 1000, "1e9": 10**9}),
    "C2C spread ×: number": ("c2c", 1.0, {"0,8": 0.8, "1e-3": 0.001}),
    "VAR order: number": ("order", 10, {}),
    "SET end (V)": ("loops.u_min", -1.5, {"−0.9": -0.9}),
}
ANSWERS = """(label) =>
  [...Bokeh.documents[0].all_models].map((model) => model.data).filter((data) => data?.groups).find((data) =>
    data.groups.some((group) => group.specs?.some((spec) => label.startsWith(spec.label)))).answers
"""


def commit(dashboard: Dashboard, name: str, text: str) -> tuple[str, str]:
    """Type into a box, wait for the server's answer; what the box then shows, and the sentence under it."""
    box, label = dashboard.page.get_by_label(name, exact=True), name.removesuffix(": number")
    before = dashboard.page.evaluate(ANSWERS, label)
    box.fill(text)
    box.press("Enter")
    dashboard.page.wait_for_function(
        f"([label, before]) => ({ANSWERS})(label) > before", arg=[label, before], polling=POLL
    )
    sentence = box.locator("xpath=ancestor::div[contains(concat(' ', @class, ' '), ' row ')]//div[@class='sentence']")
    return box.input_value(), sentence.text_content() or ""


def test_every_kind_of_box_shows_what_is_used_or_marks_what_it_refused(small_page: Dashboard) -> None:
    page, wrong = small_page.page, []
    small_page.settle(lambda: open_tab(small_page, "I-V loops"))
    small_page.unfold()
    for name, (key, first, taken) in BOXES.items():
        used, rule = first, name.removesuffix(": number").split(" (")[0] + ": must be "
        for text in (*TYPED, str(first)):
            shown, sentence = commit(small_page, name, text)
            if text == str(first) or text in taken:
                used = taken.get(text, first)
                right = float(shown) == used and sentence == ""
            else:
                right = shown == text and sentence.startswith(rule) and "in use." in sentence
            page.wait_for_function(
                "([key, used]) => Number(new URLSearchParams(location.search).get(key)) === used",
                arg=[key, used],
                polling=POLL,  # not at each frame, which would have it painted
            )
            if not right:
                wrong.append((name, text, shown, sentence))
    assert not wrong, "\n".join(map(str, wrong))
    small_page.settle(lambda: open_tab(small_page, "Overview"))


def test_a_box_is_left_or_given_up(small_page: Dashboard) -> None:
    page, box = small_page.page, small_page.page.get_by_label("Seed", exact=True)
    before = float(box.input_value())
    box.fill("abc")
    box.press("Tab")  # leaving commits as Enter does
    page.get_by_text("Seed: must be a whole number (got “abc”)").wait_for()
    assert box.get_attribute("aria-invalid") == "true"
    box.press("Escape")
    page.wait_for_function("(box) => box.getAttribute('aria-invalid') === 'false'", arg=box.element_handle())
    assert float(box.input_value()) == before
    box.fill("77")
    box.press("Escape")
    box.press("Tab")
    small_page.settle(lambda: press(small_page, "VAR order", "ArrowLeft"))
    assert f"seed={before:.0f}&" in page.url and float(box.input_value()) == before
    small_page.settle(lambda: press(small_page, "VAR order", "ArrowRight"))


def test_no_control_is_forgotten() -> None:
    moved = {arguments[0] for _, controls in CONTROLS for _, arguments, _ in controls} | {"ADC", "DAC"}
    sections = Settings().main
    expected = {title(s.param[name], name) for s in sections for name in s.names() if name not in NOT_MOVED}
    assert expected == moved


def test_settings_that_contradict_each_other_are_a_sentence(small_page: Dashboard) -> None:
    dashboard = small_page
    dashboard.settle(lambda: dashboard.choose("Kind", "Random voltages"))
    press(dashboard, "Lowest (V)", "End")
    press(dashboard, "Highest (V)", "Home")
    alert = dashboard.page.locator(".MuiAlert-message", has_text="low")
    alert.wait_for()
    assert "Traceback" not in alert.inner_text()
    press(dashboard, "Lowest (V)", "Home")
    press(dashboard, "Highest (V)", "End")
    dashboard.wait_ready()
    alert.wait_for(state="hidden")
    dashboard.settle(lambda: dashboard.choose("Kind", "Full SET/RESET cycles"))


def test_downloads_hold_what_simulate_gives(small_page: Dashboard, tmp_path: Path) -> None:
    expected = sc.simulate(sc.CellArray((8, 8), sc.load_device("hennen2024"), seed=5), sc.PulseTrain.cycling(cycles=20))
    small_page.settle(lambda: open_tab(small_page, "Data"))
    csv = download(small_page, "CSV", tmp_path)
    assert re.fullmatch(r"synaptogen-hennen2024-8x8-20c-seed5-[0-9a-f]{7}\.csv", csv.name)
    table = np.genfromtxt(csv, delimiter=",", names=True)
    np.testing.assert_array_equal(np.float32(table["r_lrs_ohm"]).reshape(20, 8, 8), expected["r_lrs"].values)
    with xr.open_dataset(download(small_page, "NetCDF", tmp_path)) as opened:
        xr.testing.assert_equal(opened.load(), expected)
    small_page.settle(lambda: open_tab(small_page, "Overview"))


def download(dashboard: Dashboard, kind: str, folder: Path) -> Path:
    with dashboard.page.expect_download() as waiting:
        dashboard.page.get_by_role("button", name=kind).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


FIGURE = f"({FIND})('overview window')"


def test_axes_can_be_kept_while_settings_change(small_page: Dashboard) -> None:
    page = small_page.page
    ends = f"(({{x_range, y_range}}) => [x_range.start, x_range.end, y_range.start, y_range.end])({FIGURE})"
    at_first = page.evaluate(ends)
    page.evaluate(f"synaptogenTools.lock({FIGURE})")
    small_page.settle(lambda: press(small_page, "C2C spread ×", "End"))
    assert page.evaluate(ends) == at_first
    page.evaluate(f"synaptogenTools.lock({FIGURE})")
    small_page.settle(lambda: press(small_page, "C2C spread ×", "Home"))
    small_page.wait_for(lambda: page.evaluate(ends), lambda now: now != at_first, "the axes do not follow again")
    small_page.settle(page.get_by_role("button", name="C2C spread ×: back to its default").click)


def test_a_phone_sees_no_sideways_scrolling_and_opens_the_settings(open_page: Open) -> None:
    dashboard = open_page(f"{SMALL}&d2d=0&c2c=1.25&outlier_share=3.5", phone=True)  # a device with a long name
    page = dashboard.page
    ends = [page.locator(f".status .{part}").bounding_box() for part in ("shown", "badge")]
    tabs = page.get_by_role("tablist").bounding_box()
    assert tabs and all(
        end and end["y"] + end["height"] <= tabs["y"] and end["x"] + end["width"] <= 390 for end in ends
    )
    assert not page.get_by_role("slider", name="Rows").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_label("Open drawer").click()
    page.get_by_role("slider", name="Rows").wait_for(state="visible")


def test_a_click_on_the_map_follows_the_cell(small_page: Dashboard) -> None:
    before: Any = small_page.sources("overview loops")
    small_page.page.mouse.click(*small_page.place("overview map", 4, 4))
    small_page.wait_change("overview loops", before)
    small_page.page.wait_for_url(re.compile(r"cells=[1-7]\.[1-7]"))


def test_a_copied_link_opens_the_same_page_with_the_same_numbers(small_page: Dashboard, open_page: Open) -> None:
    first = small_page
    before = first.sources("overview r_lrs")
    press(first, "D2D spread ×", "Home")
    first.wait_change("overview r_lrs", before)
    first.wait_ready()
    first.page.wait_for_url(re.compile("d2d=0"))
    address = first.page.url
    second = open_page(address.split("?", 1)[1])
    assert "seed=5" in address
    for figure in OVERVIEW:
        assert second.sources(figure) == first.sources(figure), figure
    first.settle(lambda: first.fill("D2D spread ×: number", "1"))


@pytest.mark.timeout(600)
def test_every_control_changes_its_picture(small_page: Dashboard) -> None:
    page, unmoved = small_page.page, []
    small_page.unfold()
    for first, controls in CONTROLS:
        for move, arguments in first:
            small_page.settle(lambda move=move, arguments=arguments: move(small_page, *arguments))
        for move, arguments, figure in controls:
            before = small_page.sources(figure)
            try:
                move(small_page, *arguments)
                small_page.wait_change(figure, before, 20)
                small_page.wait_ready()
            except (AssertionError, TimeoutError) as error:
                said = page.locator(".MuiAlert-message:visible").all_inner_texts()
                unmoved.append((*arguments, figure, str(error).splitlines()[0], said))
    assert not unmoved, "\n".join(map(str, unmoved))
    small_page.settle(page.get_by_role("button", name="Reset to defaults").click)
    default = Settings()
    query = dict(parse_qsl(urlsplit(page.url).query))
    assert (query["rows"], query["seed"], query["kind"]) == (
        str(default.array.rows),
        str(default.array.seed),
        "cycling",
    )
    assert (float(query["c2c"]), float(query["d2d"])) == (1.0, 1.0)


def test_dark_reaches_the_pictures(small_page: Dashboard) -> None:
    light = small_page.page.screenshot()
    small_page.page.get_by_label("Toggle theme").click()
    figures = "Array.from(Bokeh.documents[0].all_models).filter((model) => model.type === 'Figure')"
    fills = f"{figures}.map((figure) => String(figure.background_fill_color).toLowerCase())"
    white = {"white", "#ffffff", "rgb(255, 255, 255)"}
    small_page.wait_for(lambda: set(small_page.page.evaluate(fills)), lambda seen: seen and not white & seen, "white")
    assert small_page.page.screenshot() != light
