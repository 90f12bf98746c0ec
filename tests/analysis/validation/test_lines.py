import numpy as np
import pytest
from scipy.special import ndtri

import synaptogen_core as sc
from synaptogen_core.analysis.validation.lines import LIMITS
from synaptogen_core.analysis.validation.numbers import RATE, bit_error_rate
from synaptogen_core.analysis.validation.rows import WORDS, relative
from synaptogen_core.errors import RangeWarning
from tests.device.example_extended import SETTLED

PUBLISHED = sc.load_device("hennen2024")


@pytest.fixture(scope="module")
def data():  # type: ignore[no-untyped-def]
    with pytest.warns(RangeWarning):
        return sc.simulate(sc.CellArray((40, 1), SETTLED, seed=4), sc.PulseTrain.cycling(150, -1000, 1000))


def test_the_right_device_is_not_found_wrong(data) -> None:  # type: ignore[no-untyped-def]
    found = sc.fitting.compare_numbers(SETTLED, data)
    wrong = found["word"].values == WORDS[1]
    assert wrong.mean() <= 0.05
    assert set(LIMITS) - set(found["about"].values) == {"rare quantiles", "bit errors"}  # of 6,000 values, without one
    assert (found["lower"] <= found["error"]).all() and (found["error"] <= found["upper"]).all()
    assert "within" in found.attrs["uses"]


@pytest.mark.parametrize(
    "change, about",
    [({"c2c": 1.6}, "quantiles"), ({"c2c": {"r_hrs": 3.0}}, "bit errors"), ({"autocorrelation": False}, "averages"),
     ({"d2d": 0.3}, "devices")],
)  # fmt: skip
def test_a_wrong_device_is(data, change: dict, about: str) -> None:  # type: ignore[no-untyped-def,type-arg]
    found = sc.fitting.compare_numbers(SETTLED.vary(**change), data)
    assert WORDS[1] in found["word"].values[found["about"].values == about]


def test_what_cannot_be_is_counted(data) -> None:  # type: ignore[no-untyped-def]
    found = sc.fitting.compare_numbers(PUBLISHED.vary(c2c=4.0), data).to_dataframe().set_index("about")
    assert found.loc["possible values", "error"] > 0 and found.loc["possible values", "word"] == WORDS[1]
    narrow = sc.fitting.compare_numbers(SETTLED, data, limits={"quantiles": 0.0}).to_dataframe()
    assert WORDS[0] not in set(narrow[narrow["about"] == "quantiles"]["word"])
    with pytest.raises(ValueError, match="limits"):
        sc.fitting.compare_numbers(SETTLED, data, limits={"colour": 1.0})


def test_bit_errors() -> None:
    assert bit_error_rate(np.array([3.0, 4, 5, 6]), np.array([1.0, 2, 3.5, 1])) == 0.125
    assert bit_error_rate(np.full(50, 9.0), np.full(50, 1.0)) == 0.25 / 50


def test_the_old_verdict_takes_both_kinds(data) -> None:  # type: ignore[no-untyped-def]
    few = data.isel(row=slice(0, 16), cycle=slice(0, 50))
    fit = sc.fitting.fit_extended(few, PUBLISHED, name="again", intervals=False)
    verdict = {finding.about: finding.good for finding in sc.fitting.validate(fit).verdict}
    assert fit.device.format == 2 and verdict["Other devices"] is not None and len(verdict) == 10


def test_a_measurement_like_a_repeat_lies_amid_them() -> None:
    """A bit error rate is the mean of repeats, most of which lie below it, as the measurement does."""
    repeats = np.exp(0.8 * ndtri((np.arange(40) + 0.5) / 40))
    row = relative("bit errors", RATE, 1.0, repeats, 0.3, "share")
    assert (1 + row.lower) * (1 + row.upper) == pytest.approx(1.0), "as far below as above"
    assert row.simulated == pytest.approx(1 + row.error) == pytest.approx(repeats.mean()) and row.error > 0.3
    assert row.word == "not known"
