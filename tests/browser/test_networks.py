"""The Networks tab in the browser: one page, used as somebody would who sees it for the first time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser

from synaptogen_core.networks import digits
from tests.browser.drive import Dashboard, one_page

pytestmark = pytest.mark.browser
QUERY = "tab=networks&rows=64&columns=64&cycles=5&networks.ohm=20&networks.hidden=16"


@pytest.fixture(scope="module")
def dashboard(server: str, browser: Browser) -> Iterator[Dashboard]:
    """One page for all tests, in the order of the file."""
    yield from one_page(server, browser, QUERY)


def drawn(dashboard: Dashboard, figure: str, column: str) -> list[Any]:
    return next(source[column] for source in dashboard.sources(figure) or [] if column in source)


def click(dashboard: Dashboard, figure: str, row: int, column: int) -> None:
    dashboard.wait_ready()
    dashboard.page.mouse.click(*dashboard.place(figure, row, column))


def test_a_field_of_the_confusion_shows_those_images(dashboard: Dashboard) -> None:
    click(dashboard, "network confusion", 4, 4)
    says = dashboard.wait_for(
        lambda: drawn(dashboard, "network images", "says"),
        lambda found: found and found[0].endswith("/ 4"),
        "not the fours",
    )
    assert len(says) == 12 and all(text.endswith("/ 4") for text in says)
    assert dashboard.page.get_by_text("images of a 4 that the chip takes for a 4").count()


def test_a_cell_of_the_chip_is_one_of_the_page(dashboard: Dashboard) -> None:
    click(dashboard, "network map", 3, 7)  # cell 3 * 32 + 7 = 103 of a page of 64 columns
    dashboard.wait_for(lambda: dashboard.page.url, lambda url: "cells=1.39" in url, "the click followed nothing")
    marks = [source for source in dashboard.sources("network map") if "color" in source]
    assert [(source["y"], source["x"]) for source in marks] == [([3], [7])]


def test_a_drawn_digit_is_answered_by_both_networks(dashboard: Dashboard) -> None:
    answers = dashboard.page.get_by_role("row", name="Float network")
    before = answers.inner_text()
    dashboard.page.get_by_role("button", name="Clear", exact=True).click()
    for row in range(1, 7):
        click(dashboard, "network pad", row, 3)
    dashboard.wait_for(answers.inner_text, lambda text: text != before, "nothing was answered")


def test_the_curve_is_drawn_point_by_point_and_the_training_epoch_by_epoch(dashboard: Dashboard) -> None:
    dashboard.choose("Show", "Accuracy over one setting")
    seen = set()

    def points() -> int:
        found = max((len(s["x"]) for s in dashboard.sources("network curve") if len(s.get("x", [])) < 9), default=0)
        seen.add(found)
        return found

    dashboard.wait_for(
        lambda: (points(), len(drawn(dashboard, "network curve", "x"))), lambda n: n[1] == 10, "no curve"
    )
    dashboard.choose("Show", "Training in the loop")
    epochs = set()

    def learnt() -> int:
        epochs.add(len(next(s["loss"] for s in dashboard.sources("network loop") if "loss" in s)))
        return max(epochs)

    dashboard.wait_for(learnt, lambda n: n == 21, "the training did not end", timeout=60)
    assert len(epochs - {0, 21}) > 1, "the training came all at once"
    dashboard.page.get_by_text("pulses a cell in all").wait_for()


def test_own_weights(dashboard: Dashboard, tmp_path: Path) -> None:
    network, _, _ = digits(16)
    named = {f"coefs_{k}": layer.matrix for k, layer in enumerate(network.weighted)}
    np.savez(tmp_path / "mine.npz", **named)
    dashboard.page.locator("input[type=file]:visible, input[type=file]").last.set_input_files(tmp_path / "mine.npz")
    dashboard.page.get_by_text("The network is yours: mine.npz").wait_for()
    dashboard.page.get_by_role("button", name="Without own weights").click()
    dashboard.page.get_by_text("The network is yours: mine.npz").wait_for(state="detached")
    assert not dashboard.failures
