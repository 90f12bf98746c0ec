"""Realism: faithful data lie in their bands, and each kind of unfaithful data is seen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

import synaptogen_core as sc
from app.settings.sections import Choices
from app.tabs.realism import compute, view
from app.work.runs import Run

Make = Callable[..., Run]


def test_faithful_numbers_lie_in_their_bands_and_others_do_not(make_run: Make) -> None:
    run = make_run(rows=32, columns=32, cycles=50)
    found = compute.compute(run, run.request, cast(Any, Choices({})), threading.Event())
    numbers = [number for group in found.groups for number in group.numbers]
    assert len(found.groups) == 5 and len(numbers) > 55
    # at 0.1 % each, more than four of some 65 outside come up less than once in ten million runs
    assert sum(not number.inside for number in numbers) <= 4
    for number in numbers:
        assert number.inside == (number.band[0] <= number.generated <= number.band[1])
    # negative controls: the same data, judged by the law of another device
    device = sc.load_device("hennen2024")
    free = replace(run, device=device.vary(correlations=False))
    for group in (
        compute.quantiles(replace(run, device=device.vary(c2c=1.2))),
        compute.autocorrelation(replace(run, device=device.vary(autocorrelation=False))),
        *compute.correlations(free),
        compute.shares(replace(run, device=device.vary(outlier_share=0.2))),
    ):
        assert len(group.numbers) - group.inside >= 2, group.title


def test_cells_that_repeat_themselves_are_said(make_run: Make) -> None:
    run = make_run(cycles=20, u_reset=0.7)  # hardly any cell can be RESET
    found = compute.compute(run, run.request, cast(Any, Choices({})), threading.Event())
    assert "did not draw new features" in " ".join(found.notes)
    few = make_run(rows=2, columns=2, cycles=3)
    found = compute.compute(few, few.request, cast(Any, Choices({})), threading.Event())
    assert [group.title for group in found.groups] == ["Mixture shares"] and "at least" in found.notes[0]


@pytest.mark.parametrize(("off", "word"), [(3.2, 'class="in"'), (3.4, 'class="out"')])
def test_only_what_is_inside_is_green(off: float, word: str) -> None:
    number = compute.Number("lag 1", "r_lrs", 0.4, 0.4 + off * 0.01, 0.01)
    assert word in view.cell(number, quantiles=False)
