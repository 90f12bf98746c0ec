"""Which class of device is chosen: `python -m benchmarks.extended classes` counts over many measurements."""

from __future__ import annotations

import pytest

import synaptogen_core as sc
from benchmarks import fitting as old
from benchmarks.extended import PUBLISHED, real_device, two_features
from synaptogen_core.analysis.validation.choose import _is_fewer
from synaptogen_core.errors import NeedsExtended, reason_of
from synaptogen_core.progress import part_of


@pytest.mark.parametrize(
    ("make", "chosen", "why"),
    [
        (lambda: old.measured(PUBLISHED.vary(order=3), 24, 200, 7), 1, "predicts later cycles worse"),
        (lambda: two_features(real_device(), 24, 150, 7), 2, "predicts later cycles"),
        (lambda: two_features(real_device(), 1, 20, 7), 2, "with wide intervals"),
    ],
    ids=["published", "real", "few"],
)
def test_the_class_of_the_truth_is_chosen(make, chosen: int, why: str) -> None:  # type: ignore[no-untyped-def]
    told: list[float] = []
    found = sc.fitting.choose(make(), PUBLISHED, name="a", intervals=False, progress=told.append)
    assert found.fit.device.format == chosen and why in found.reason
    assert found.fit.device.notes[0] == found.fit.reason == found.reason
    assert told == sorted(told) and told[-1] <= 1.0


def test_options_of_the_published_class_reach_it() -> None:
    data = old.measured(PUBLISHED.vary(order=3), 8, 100, 7)
    found = sc.fitting.choose(data, PUBLISHED, name="a", intervals=False, published={"order": 2})
    assert found.fit.device.order == 2
    with pytest.raises(NeedsExtended):
        sc.fitting.fit(data.isel(record=slice(0, 8)), PUBLISHED, name="a")


def test_a_bad_option_is_said_before_anything_is_fitted() -> None:
    with pytest.raises(ValueError, match="order: must be"):
        sc.fitting.choose(old.measured(PUBLISHED, 1, 2, 7), PUBLISHED, name="a", published={"order": 21})


def test_one_wrong_number_decides_only_with_the_prediction() -> None:
    assert _is_fewer(1, 0, 0.01) and _is_fewer(2, 0, -0.01)
    assert not _is_fewer(1, 0, -0.01) and not _is_fewer(1, 1, 0.01)


def test_progress_of_a_part() -> None:
    told: list[float] = []
    part = part_of(told.append, 0.5, 0.75)
    assert part is not None
    part(0.0), part(1.0)
    assert told == [0.5, 0.75] and part_of(None, 0, 1) is None


def test_what_a_library_says_of_its_inside_is_not_passed_on() -> None:
    assert reason_of(ValueError("array must not contain infs or NaNs")) == "the numbers do not allow a fit"
    ours = "ds: must hold a device that switches (got none); measure more"
    assert reason_of(ValueError(ours)) == ours
