"""The Networks tab in the browser: one page, used as somebody would who sees it for the first time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser

from synaptogen_core.networks import digits
from tests.browser.drive import FIND, Dashboard, one_page

pytestmark = pytest.mark.browser
QUERY = "tab=networks&rows=64&columns=64&cycles=5&networks.ohm=20&networks.hidden=16"

# How many entries a column had whenever it was replaced: what came one by one is seen, however quickly.
WATCH = f"""
([figure, column]) => {{
  window.lengths = []
  for (const renderer of ({FIND})(figure).renderers) {{
    const source = renderer.data_source
    const length = () => (source.data instanceof Map ? source.data.get(column) : source.data[column])?.length
    if (length() !== undefined) {{
      source.properties.data.change.connect(() => window.lengths.push(length()))
      return
    }}
  }}
}}
"""


@pytest.fixture(scope="module")
def dashboard(server: str, browser: Browser) -> Iterator[Dashboard]:
    """One page for all tests, in the order of the file."""
    yield from one_page(server, browser, QUERY)


def drawn(dashboard: Dashboard, figure: str, column: str) -> list[Any]:
    return next(source[column] for source in dashboard.sources(figure) or [] if column in source)


def click(dashboard: Dashboard, figure: str, row: int, column: int) -> None:
    dashboard.wait_ready()
    dashboard.page.mouse.click(*dashboard.place(figure, row, column))


def accuracy(dashboard: Dashboard) -> tuple[float, float, float, float]:
    """On the chip, its interval, and float [%], as the page says them."""
    said = dashboard.page.get_by_text(re.compile(r"% on the chip \(")).inner_text()
    found = re.match(r"([\d.]+) % on the chip \(([\d.]+) to ([\d.]+) %, 95 % over 450 test images\); ([\d.]+) %", said)
    assert found, said
    chip, low, high, meant = map(float, found.groups())
    return chip, low, high, meant


def lengths(dashboard: Dashboard) -> list[int]:
    return dashboard.page.evaluate("window.lengths")


def test_it_opens_whole(dashboard: Dashboard) -> None:
    assert not dashboard.empty_figures() and not dashboard.spilling()
    chip, low, high, meant = accuracy(dashboard)
    assert 50 < low < chip < high < meant < 99
    causes = next(s for s in dashboard.sources("network causes") if "top" in s)
    assert causes["name"][0] == "Float network" and causes["name"][-1] == "All together"
    assert causes["top"][-1] == pytest.approx(chip, abs=0.05) and causes["top"][0] == pytest.approx(meant, abs=0.05)
    assert sum(drawn(dashboard, "network confusion", "count")) == 450


def test_a_moved_control_changes_accuracy_and_pictures(dashboard: Dashboard) -> None:
    before, cells = accuracy(dashboard), dashboard.sources("network map")
    dashboard.settle(lambda: dashboard.fill("Line resistance (Ω)", "2"))
    after = accuracy(dashboard)
    assert after[0] > before[0] + 3 and after[3] == before[3]
    dashboard.wait_change("network map", cells)
    causes = next(s for s in dashboard.sources("network causes") if "top" in s)
    assert causes["top"][-1] == pytest.approx(after[0], abs=0.05)
    dashboard.settle(lambda: dashboard.fill("Line resistance (Ω)", "20"))
    assert accuracy(dashboard) == before, "the same chip again"


def test_a_field_of_the_confusion_shows_those_images(dashboard: Dashboard) -> None:
    click(dashboard, "network confusion", 4, 4)
    says = dashboard.wait_for(
        lambda: drawn(dashboard, "network images", "says"),
        lambda found: found and all(text.endswith("/ 4") for text in found),
        "not the fours",
    )
    assert len(says) == 12 and all(re.fullmatch(r"\d / 4", text) for text in says)
    assert len(drawn(dashboard, "network images", "image")) == 12
    assert dashboard.page.get_by_text("images of a 4 that the chip takes for a 4").count()


def test_a_cell_of_the_chip_is_one_of_the_page(dashboard: Dashboard) -> None:
    click(dashboard, "network map", 3, 7)  # cell 3 * 32 + 7 = 103 of a page of 64 columns
    dashboard.wait_for(lambda: dashboard.page.url, lambda url: "cells=1.39" in url, "the click followed nothing")
    dashboard.wait_for(
        lambda: [(s["y"], s["x"]) for s in dashboard.sources("network map") if "color" in s],
        lambda marks: marks and all(mark == ([3], [7]) for mark in marks), "it is not marked",
    )  # fmt: skip


def test_a_drawn_digit_is_answered_by_both_networks(dashboard: Dashboard) -> None:
    rows = [dashboard.page.get_by_role("row", name=name) for name in ("Float network", "Chip")]
    before = [row.last.inner_text() for row in rows]
    dashboard.page.get_by_role("button", name="Clear", exact=True).click()
    for row in range(1, 7):
        click(dashboard, "network pad", row, 3)
    after = dashboard.wait_for(
        lambda: [row.last.inner_text() for row in rows], lambda now: now[0].split()[1:2] == ["1"] or now != before, "no"
    )
    assert all(re.match(r"(Float network|Chip)\s+\d\s+\d+ %", text) for text in after)


def test_a_curve_grows_point_by_point_until_something_else_is_wanted(dashboard: Dashboard) -> None:
    dashboard.page.evaluate(WATCH, ["network curve", "x"])
    dashboard.choose("Show", "Accuracy over one setting")
    dashboard.wait_for(lambda: lengths(dashboard), lambda seen: max(seen, default=0) > 1, "no point came")
    dashboard.settle(lambda: dashboard.choose("Show", "Where the errors come from"))
    left = max(lengths(dashboard))
    assert left < 16, "the band has two ends a point"
    dashboard.choose("Show", "Accuracy over one setting")
    dashboard.wait_for(lambda: max(lengths(dashboard)), lambda n: n == 16, "the curve did not go on")
    dashboard.wait_ready()
    seen = lengths(dashboard)
    assert seen == sorted(seen) and len(set(seen)) > 3, "it went on where it was left, not all at once"
    low, high = np.array(drawn(dashboard, "network curve", "y")).reshape(2, 8)
    line = next(s["y"] for s in dashboard.sources("network curve") if len(s["y"]) == 8)
    assert np.all(low <= line) and np.all(line <= high[::-1]) and line[0] > line[-1] + 5, "lines cost accuracy"


def test_training_in_the_loop_is_seen_as_it_goes(dashboard: Dashboard) -> None:
    dashboard.page.evaluate(WATCH, ["network loop", "loss"])
    dashboard.choose("Show", "Training in the loop")
    dashboard.page.get_by_text("% after").wait_for()
    dashboard.wait_ready()
    seen = lengths(dashboard)
    assert sorted(set(seen)) == list(range(1, 22)), "epoch by epoch"
    loop = next(s for s in dashboard.sources("network loop") if "loss" in s)
    assert loop["loss"][-1] < loop["loss"][0] and loop["y"][-1] > loop["y"][0] + 5 and sum(loop["pulses"]) > 0
    assert accuracy(dashboard)[0] > 85, "the chip that has learnt is the one that is shown"


def test_own_weights(dashboard: Dashboard, tmp_path: Path) -> None:
    """They are taken, their name is text, and taking them away brings back what was there."""
    dashboard.settle(lambda: dashboard.choose("Show", "Where the errors come from"))
    before = accuracy(dashboard)
    network, _, test = digits(8)
    file = tmp_path / "mine <b>own<b> & 1.npz"
    np.savez(file, **{f"coefs_{k}": layer.matrix for k, layer in enumerate(network.weighted)},
             **{f"intercepts_{k}": layer.bias for k, layer in enumerate(network.weighted)})  # fmt: skip
    dashboard.page.locator("input[type=file]").last.set_input_files(file)
    said = dashboard.page.get_by_text(f"The network is yours: {file.name}.")
    said.wait_for()
    dashboard.wait_ready()
    meant = 100 * float((network.predict(test[0]) == test[1]).mean())
    assert accuracy(dashboard)[3] == pytest.approx(meant, abs=0.05) != before[3]
    assert not dashboard.page.get_by_label("Hidden units", exact=True).is_visible(), "it means nothing now"
    dashboard.page.get_by_role("button", name="Without own weights").click()
    said.wait_for(state="detached")
    dashboard.wait_ready()
    assert accuracy(dashboard) == before
    (tmp_path / "bad.npz").write_bytes(b"no weights")
    dashboard.page.locator("input[type=file]").last.set_input_files(tmp_path / "bad.npz")
    dashboard.page.get_by_text(re.compile("Networks: bad.npz: must")).first.wait_for()
    dashboard.page.get_by_role("button", name="Without own weights").click()
    dashboard.wait_ready()
    assert accuracy(dashboard) == before and not dashboard.failures


def test_own_images(dashboard: Dashboard, tmp_path: Path) -> None:
    """They are what both networks see, with classes of their own; taking them away brings the digits back."""
    before, page = accuracy(dashboard), dashboard.page
    rng, stripe = np.random.default_rng(3), np.arange(400) % 3
    x = rng.uniform(0, 0.2, (400, 6, 5))
    x[np.arange(400), stripe] = 1.0
    file = tmp_path / "<i>stripes.npz"
    np.savez(file, x=x, y=np.array(["<b>top", "mid", "low"])[stripe])
    page.locator("input[type=file]").first.set_input_files(file)
    said = page.get_by_text(f"Your images {file.name} of 6 × 5 pixels, trained in float on 300 others.")
    said.wait_for()
    dashboard.wait_ready()
    assert sum(drawn(dashboard, "network confusion", "count")) == 100
    assert len(drawn(dashboard, "network confusion", "count")) == 9
    page.get_by_role("button", name="Clear", exact=True).click()
    click(dashboard, "network pad", 0, 2)
    dashboard.wait_for(page.get_by_role("row", name="Chip").last.inner_text, lambda t: "<b>top" in t, "not the top one")
    page.get_by_role("button", name="Without own images").click()
    said.wait_for(state="detached")
    dashboard.wait_ready()
    assert accuracy(dashboard) == before and not dashboard.failures
