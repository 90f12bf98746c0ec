"""The Networks tab: what its pictures are given, against the library; nothing is made twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from app.settings.sections import Choices
from app.tabs.networks import compute as tab

nets = sc.networks


@pytest.fixture
def given(make_run: Callable[..., Any]) -> Any:
    run = make_run()
    return run, run.request


def choices(**other: Any) -> Choices:
    return tab.Options(**({"hidden": 16} | other)).choices()


def test_what_is_shown_is_what_the_library_says(given: Any) -> None:
    run, request = given
    options, never = choices(ohm=20.0), threading.Event()
    result = tab.compute(run, request, options, never)
    network, (x, _), test = nets.digits(16)
    chip = tab.chip_of(run, request, options)
    analog = nets.calibrate(nets.program(network, chip), x)
    assert result.accuracy == nets.evaluate(analog, *test).accuracy.item() < result.float_accuracy
    assert result.causes[-1] == "together" and result.by_cause[-1] == result.accuracy
    assert result.confusion.sum() == 450 and result.cells == 2 * 16 * 74
    assert np.array_equal(result.weights[2], analog.weights("effective")[0].ravel())
    image = test[0][3]
    meant, found = result.answer(image)
    assert np.array_equal(meant, network.forward(image[None])[0]) and np.abs(meant - found).max() > 0
    before = run.kept
    again = tab.compute(run, request, choices(ohm=20.0, map="error"), never)
    assert again.by_cause is result.by_cause and again.values.shape == result.values.shape and before is run.kept


def test_a_curve_and_the_loop(given: Any) -> None:
    run, request = given
    curve = tab.compute(run, request, choices(show="curve", over="adc_bits"), threading.Event()).curve
    assert curve is not None and curve.mean[-1] > curve.mean[0] and np.all(curve.low <= curve.high)
    result = tab.compute(run, request, choices(show="loop", ohm=20.0), threading.Event())
    loop = result.loop
    assert loop is not None and loop.after > loop.before and loop.after == result.accuracy
    assert len(loop.pulses) == tab.EPOCHS + 1


def test_controls_that_mean_nothing_are_hidden() -> None:
    options = tab.Options()
    assert "over" not in options.active() and "full_range" in options.active()
    options.adc, options.verify, options.show = 0, False, "curve"
    assert {"over"} <= set(options.active()) and not {"tolerance", "full_range"} & set(options.active())


def test_a_cancelled_run_says_so(given: Any) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(sc.Cancelled):
        tab.compute(*given, choices(seed=99), stop)
