"""The Fit tab in the browser: a file in, points on its loops, a fit, the device on all tabs, and back again."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, TimeoutError

import synaptogen_core as sc
from app.tabs.fit import compute
from synaptogen_core.exchange.files import text
from tests.browser.drive import REVEAL, Dashboard, one_page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
LONG = 240.0  # seconds; fitting on a machine that may be busy
SMALL = "rows=8&columns=8&cycles=20&seed=5"


@pytest.fixture(scope="module")
def loops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulated loops of 6 devices x 30 cycles as an instrument's table, in odd units; one cycle is broken."""
    before = dict(compute.EXAMPLE_SIZE)
    compute.EXAMPLE_SIZE.update(devices=6, cycles=30, points=120)
    try:
        ds = compute.example(lambda done: None)
    finally:
        compute.EXAMPLE_SIZE.update(before)
    count = ds["sample_count"].values
    device, cycle = (np.repeat(values, count) for values in (ds["device_index"].values, ds["cycle"].values))
    volts, current = ds["voltage"].values, ds["current"].values.copy()
    broken = (device == 1) & (cycle == 3)
    current[broken] = volts[broken] * 1e-6  # a line: it never switches
    path = tmp_path_factory.mktemp("fit") / "mine.csv"
    rows = np.stack([device, cycle, 1e3 * volts, 1e6 * current], axis=1)
    np.savetxt(path, rows, fmt=["%d", "%d", "%.1f", "%.5f"], delimiter=";", comments="",
               header="device;cycle;Voltage (mV);Current (uA)")  # fmt: skip
    return path


@pytest.fixture(scope="module")
def page(server: str, browser: Browser) -> Iterator[Dashboard]:
    """One page for all these tests, in the order of the file."""
    yield from one_page(server, browser, f"{SMALL}&tab=fit&fit.model=published")


def drop(dashboard: Dashboard, *files: Path) -> None:
    dashboard.page.locator("input[type=file]").set_input_files([str(file) for file in files])


def said(dashboard: Dashboard, words: str, timeout: float = LONG) -> None:
    """Wait until the page says something."""
    place = dashboard.page.get_by_text(re.compile(words)).locator("visible=true").first
    try:
        place.wait_for(timeout=1000 * timeout)
    except TimeoutError as error:
        raise AssertionError(f"nobody said {words}") from error


LEAVES = "window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"


def test_the_browser_does_not_ask_where_nothing_would_be_lost(page: Dashboard) -> None:
    assert page.page.evaluate(LEAVES)


def test_a_bad_file_at_first_is_a_sentence(page: Dashboard, tmp_path: Path) -> None:
    bad = tmp_path / "poem.csv"
    bad.write_bytes(b"PK\x03\x04 not a table at all")
    drop(page, bad)
    said(page, r"poem\.csv: must be a table or NetCDF \(got a ZIP archive")


def test_a_dropped_file_shows_its_points_and_what_failed(page: Dashboard, loops: Path) -> None:
    drop(page, loops)
    said(page, r"6 devices, 180 cycles in all: I-V loops")
    said(page, r"Features were found in 179 of 180 cycles")
    faint, line, *segments, u_set, u_reset, r_hrs, r_lrs = page.wait_for(
        lambda: page.sources("fit loop"), lambda sources: len(sources[1]["x"]) > 0, "no loop"
    )
    assert len(line["x"]) == 120 and len(faint["x"]) > 120 and len(segments) == 2
    for mark in (u_set, u_reset):  # on the loop
        apart = np.hypot((np.array(line["x"]) - mark["x"][0]) / 1.5, (np.array(line["y"]) - mark["y"][0]) / 200)
        assert len(mark["x"]) == 1 and apart.min() < 0.5
    assert u_set["x"][0] < 0 < u_reset["x"][0] and r_lrs["y"][0] > r_hrs["y"][0] > 0
    page.page.get_by_role("button", name="Next failed cycle").click()
    said(page, r"This cycle has no features: ")
    page.wait_for(lambda: page.sources("fit loop")[4]["x"], lambda x: x == [], "a SET where there is none")


def test_the_fit_stands_beside_the_measurement_in_words_and_pictures(page: Dashboard) -> None:
    said(page, r"Use this device on all tabs")
    said(page, r"^R_LRS with R_HRS$")
    assert not page.empty_figures() and not page.spilling()
    band, measured, fitted = page.sources("fit r_lrs")
    assert len(measured["x"]) == len(fitted["x"]) > 5 and len(band["x"]) == 2 * len(measured["x"])
    assert page.page.get_by_text("Assumed, not fitted").is_visible()
    assert page.page.locator("summary", has_text="Conduction").is_visible()
    assert page.page.locator("tr:visible", has_text="fitted").count() > 5, "the first group is open"
    assert page.page.evaluate("typeof Tabulator") == "undefined", "its scripts came for nothing"
    before = page.sources("fit devices")
    page.choose("y axis", "SET voltage, median")
    page.wait_change("fit devices", before)


FILES = {"Device (Synaptogen Lab JSON)": ".json", "Device (original Synaptogen JSON)": ".published.json",
         "Features": ".csv", "Estimates": ".csv"}  # fmt: skip


@pytest.mark.parametrize(("button", "ending"), FILES.items())
def test_what_was_learned_can_be_downloaded(page: Dashboard, tmp_path: Path, button: str, ending: str) -> None:
    with page.page.expect_download() as waiting:
        page.page.get_by_role("button", name=button, exact=True).click()
    name = waiting.value.suggested_filename
    assert name.startswith("mine") and name.endswith(ending)
    waiting.value.save_as(tmp_path / name)
    if ending.endswith("json"):
        assert sc.load_device(tmp_path / name).order >= 1
    else:
        assert len((tmp_path / name).read_text().splitlines()) > 50


def test_buttons_that_are_pressed_at_once_all_send(page: Dashboard) -> None:
    """No button is left disabled, as the quick change of a disabled one once did (some 1 in 70, on a busy machine)."""
    got: list[str] = []
    page.page.on("download", lambda download: got.append(download.suggested_filename))
    for button in FILES:
        page.page.get_by_role("button", name=button, exact=True).click()
    page.wait_for(lambda: len(got), lambda count: count == len(FILES), "not all were sent")
    assert len({name.partition(".")[2] for name in got}) == len(FILES)
    for button in FILES:
        assert page.page.get_by_role("button", name=button, exact=True).is_enabled()


def presets(page: Dashboard, choice: str) -> None:
    page.page.get_by_role("button", name="Presets").click()
    page.page.get_by_role("menuitem", name=choice).click()


def test_the_device_is_used_by_all_tabs_and_left_again(page: Dashboard, open_page: Callable[..., Dashboard]) -> None:
    chromium = page.page
    chromium.get_by_label("Name of the device", exact=True).evaluate(REVEAL)
    chromium.get_by_label("Name of the device", exact=True).fill("Mine <b>1</b>")
    chromium.get_by_label("Name of the device", exact=True).press("Enter")
    page.settle(chromium.get_by_role("button", name="Use this device on all tabs").click)
    page.settle(chromium.get_by_role("tab", name="Overview").click)
    page.wait_for(
        lambda: " ".join(chromium.locator("[class*=status-] .shown").all_inner_texts()),
        lambda shown: "8 × 8 cells · 20 cycles · Mine <b>1</b> · seed 5" in shown, "another device",
    )  # fmt: skip
    line = chromium.locator(".own-device")
    assert line.is_visible() and "Showing Mine <b>1</b> (your device) on all tabs. " in line.inner_text()
    line.locator("summary").click()
    assert line.locator("li").first.is_visible()
    assert chromium.locator("b.own").inner_text() == "Mine <b>1</b>"
    assert "own=Mine" in chromium.url and "eta=" not in chromium.url
    page.wait_ready()
    own = page.sources("overview r_lrs")
    page.wait_for(lambda: chromium.url, lambda url: "tab=overview" in url and "#device=" in url, "not in the address")
    address = chromium.url.split("?", 1)[1]
    link = open_page(address)  # it carries the device
    link.wait_for(lambda: link.sources("overview r_lrs"), lambda shown: shown == own, "another device")
    link.wait_for(lambda: link.page.url.split("?", 1)[1], lambda shown: shown == address, "another address")
    assert link.page.locator("b.own").inner_text() == "Mine <b>1</b>"
    assert link.page.get_by_role("button", name="Undo", exact=True).is_disabled(), "it is how the page was opened"
    link.open(address.partition("#")[0])
    link.page.get_by_text("“Mine <b>1</b>”, which it does not carry").wait_for()
    presets(page, "Save or remove")
    chromium.get_by_label("Name of the preset").fill("Mine <b>2</b> & all")
    chromium.keyboard.press("Enter")

    def back() -> None:
        chromium.get_by_role("button", name="Back to the published device").first.click()
        page.wait_for(lambda: chromium.url, lambda url: "own=" not in url and "eta=3.0567" in url, "not back")
        page.wait_change("overview r_lrs", own)

    back()
    assert "#" not in chromium.url
    presets(page, "Mine <b>2</b> & all")
    page.wait_for(lambda: page.sources("overview r_lrs"), lambda shown: shown == own, "not the preset's")
    presets(page, "Save or remove")
    chromium.get_by_role("button", name="Remove Mine <b>2</b> & all").click()
    chromium.get_by_role("button", name="Close", exact=True).click()
    assert chromium.evaluate("localStorage['synaptogen presets']") == "[]"
    back()
    assert not line.is_visible()
    page.settle(chromium.get_by_role("tab", name="Fit").click)


def test_a_bad_file_is_a_sentence_and_loses_nothing(page: Dashboard, tmp_path: Path) -> None:
    before, bad = page.sources("fit loop"), tmp_path / "holiday.csv"
    bad.write_bytes(b"PK\x03\x04 not a table at all")
    drop(page, bad)
    said(page, r"holiday\.csv: must be a table or NetCDF \(got a ZIP archive")
    empty, full = tmp_path / "nothing.csv", tmp_path / "full.csv"
    empty.touch()
    full.write_text("cycle,V,I\n0,1,1e-6\n")
    drop(page, full, empty)  # the browser sends nothing of it, and none of both is taken for all that was measured
    said(page, r"nothing\.csv: must not be empty \(got 0 bytes\)")
    assert page.sources("fit loop") == before
    assert page.page.get_by_text("Use this device on all tabs").is_visible()
    assert "Traceback" not in page.page.content()


def test_work_can_be_cancelled_and_goes_on(page: Dashboard, server: str) -> None:
    urllib.request.urlopen(f"{server.removesuffix('/main')}/hold", timeout=60)  # or it might be done too soon
    page.choose("VAR order", "2")
    cancel = page.page.get_by_role("button", name="Cancel", exact=True).first
    cancel.wait_for(state="visible")
    cancel.click()
    said(page, r"^Cancelled\.$")
    page.page.get_by_role("button", name="Resume").click()
    said(page, r"Order of the memory: 2")
    page.wait_for(lambda: cancel.is_visible(), lambda busy: not busy, "never done", LONG)


def test_unclear_columns_are_asked_for(page: Dashboard, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    rows = [f"{d},{c},{3000 + 10 * ((7 * c + d) % 11)},{90_000 + 1000 * ((5 * c + d) % 13)}"
            for d in range(3) for c in range(60)]  # fmt: skip
    path.write_text("\n".join(["who,when,small,large", *rows]))
    drop(page, path)
    said(page, r"please say what its columns are")
    for column, role in (("who", "device"), ("when", "cycle"), ("small", "R_LRS"), ("large", "R_HRS")):
        page.choose(f"“{column}” is", role)
    page.page.get_by_role("button", name="Read it like this").click()
    said(page, r"3 devices, 180 cycles in all: HRS resistance, LRS resistance")
    said(page, r"Features were found in 180 of 180 cycles")
    page.page.get_by_role("button", name="Change columns").click()
    said(page, r"Correct what is not right")
    page.choose("“large” is", "left out")
    page.page.get_by_role("button", name="Read it like this").click()
    said(page, r"3 devices, 180 cycles in all: LRS resistance\.")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    drop(page, tmp_path / "photo.png")
    said(page, r"photo\.png: line 3 must be text")
    page.wait_for(lambda: page.page.get_by_role("button", name="Cancel", exact=True).first.is_visible(),
                  lambda busy: not busy, "never done", LONG)  # fmt: skip


def test_the_browser_asks_before_a_fit_is_lost(page: Dashboard) -> None:
    assert not page.page.evaluate(LEAVES), "a file and its fit would be lost"


def test_a_device_file_is_taken_as_it_is(page: Dashboard, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(text.readable_json(sc.load_device("hennen2024").vary(order=2).to_dict()))
    drop(page, path)
    said(page, r"the device “hennen2024, order 2”, not a measurement")
    page.wait_for(lambda: page.page.locator(".own-device").is_visible(), bool, "not taken")
    said(page, r"^All tabs show this device now")
    for button in ("Report", "Features", "Estimates"):
        absent = page.page.get_by_role("button", name=button, exact=True)
        page.wait_for(absent.count, lambda count: count == 0, f"{button} is offered of a device")
    for button in ("Device (Synaptogen Lab JSON)", "Device (original Synaptogen JSON)"):
        page.page.get_by_role("button", name=button, exact=True).wait_for()
    page.page.get_by_role("button", name="Back to the published device").first.click()
    said(page, r"This is the device “hennen2024, order 2”; the other tabs show “hennen2024”\.")
    assert not page.page.get_by_text("Use this device on all tabs").is_visible()


def test_the_example_serves_who_has_no_file(open_page: Callable[..., Dashboard]) -> None:
    dashboard = open_page(f"{SMALL}&tab=fit", phone=True)
    dashboard.page.get_by_role("button", name="Load example data").click()
    said(dashboard, r"Simulated, not measured")
    said(dashboard, r"Features were found in")
    assert dashboard.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_json_of_a_download_is_ours(page: Dashboard, tmp_path: Path) -> None:
    with page.page.expect_download() as waiting:
        page.page.get_by_role("button", name="Device (Synaptogen Lab JSON)", exact=True).click()
    waiting.value.save_as(tmp_path / "device.json")
    assert sc.DeviceParameters.from_dict(json.loads((tmp_path / "device.json").read_text())).order == 2
