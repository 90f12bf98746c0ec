"""A fit finds the law that made a table, and says what a table cannot tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import special

import synaptogen_core as sc
from synaptogen_core.analysis.retention.fit import _interval
from tests.analysis.made_retention import NOISE, table


@pytest.fixture(scope="module")
def fit() -> sc.fitting.RetentionFit:
    return sc.fitting.fit_retention(table([0.0, 0.01, 0.1, 1.0, 10.0, 1e4]), levels=1, resamples=4)


def test_the_law_is_found(fit: sc.fitting.RetentionFit) -> None:
    law = fit.law
    assert law.spread[0] == pytest.approx(1e-6, rel=0.08)
    assert law.rate[0] == pytest.approx(0.35, rel=0.2)
    assert law.reversible[0] == pytest.approx(NOISE, rel=0.15)
    assert 2e-3 < law.t0 < 2e-2 and fit.identified
    one = fit.estimates.isel(level=0)
    assert float(one.rate_low) <= float(one.rate) * 1.02 and float(one.rate_high) >= float(one.rate) * 0.98


def test_a_drift_near_nothing_has_its_error_too(fit: sc.fitting.RetentionFit) -> None:
    """Of n births that are followed over u e-folds, s/sqrt(n u); a search that stays where it began says a tenth."""
    one = fit.estimates.isel(level=0)
    error = float(one.mean_high - one.mean_low) / 2 / float(special.stdtrit(3, 0.975))  # of four drawings
    exact = 1e-6 / np.sqrt(900 * np.log(1e4 / 0.01))
    assert 0.3 < error / exact < 2.5
    assert abs(float(one["mean"])) < 4.89 * exact


def test_a_reversible_part_that_grows_is_found_and_none_where_there_is_none(fit: sc.fitting.RetentionFit) -> None:
    times, truth = [0.0, 0.01, 0.1, 1.0, 100.0, 1e4], 0.3e-6
    grown = sc.fitting.fit_retention(table(times, 1500, flicker=truth), levels=1, resamples=4)
    assert grown.law.flicker[0] == pytest.approx(truth, rel=0.15) and any("grows" in note for note in grown.notes)
    assert grown.law.spread[0] == pytest.approx(1e-6, rel=0.08) and grown.law.rate[0] == pytest.approx(0.35, rel=0.25)
    one = grown.estimates.isel(level=0)
    assert 0 < float(one.flicker_low) < truth * 1.15 and truth / 1.15 < float(one.flicker_high) < 3 * truth
    assert not fit.law.flicker.any() and np.isnan(fit.estimates.flicker_low).all(), "the control: white noise alone"


def test_intervals_of_a_few_drawings_hold_what_they_say() -> None:
    """A normal estimate, in the logarithm but for the drift, and twelve drawings around it."""
    rng, n = np.random.default_rng(1), 3000
    held, narrow = np.zeros(4), np.zeros(4)
    for _ in range(n):
        value = rng.normal(0, 0.1, 4)
        again = value + rng.normal(0, 0.1, (12, 4))
        plain = np.arange(4) == 2
        value, again = (np.where(plain, x, np.exp(x)) for x in (value, again))
        truth = np.where(plain, 0.0, 1.0)
        low, high = _interval(value, again)
        held += (low <= truth) & (truth <= high)
        low, high = np.quantile(again, [0.025, 0.975], axis=0)
        narrow += (low <= truth) & (truth <= high)
    error = 4.89 * np.sqrt(0.95 * 0.05 / n)
    assert np.abs(held / n - 0.95).max() < error
    assert np.abs(narrow / n - 0.95).min() > error, "the control: between the ends of the drawings"


def test_it_is_validated() -> None:
    fit = sc.fitting.fit_retention(table([0.0, 0.01, 0.1, 10.0, 1e4], 299), levels=1, resamples=0)
    found = sc.fitting.validate_retention(fit, resamples=20)
    scores = {kind: float(found.held_out.sel(law=kind)) for kind in ("jumps", "gaussian", "independent", "none")}
    assert scores["jumps"] > scores["gaussian"] + 0.05 and scores["gaussian"] > scores["none"]
    assert float(found.coverage.sel(law="jumps", interval=0.9).mean()) == pytest.approx(0.9, abs=0.07)
    value, low, high = found.two_time.values[0]
    assert low <= value <= high and 0.85 < value < 1.15, "a walk: what has moved stays moved"
    assert "walk (1)" in found.verdict[-1]


def test_the_temperature_of_a_table_is_that_of_its_law(tmp_path: Path) -> None:
    rows = "".join(f"{k},{t},{50 + (k * 7 + t) % 5}\n" for k in range(160) for t in (0, 1))
    plain = text(tmp_path, "device,time,G_uS\n" + rows)
    fit = sc.fitting.fit_retention(sc.load_retention_table(plain), resamples=0)
    assert fit.law.temperature == 300 and any("no temperature" in note for note in fit.notes)
    warm = text(tmp_path, "device,time,G_uS,temperature [°C]\n" + rows.replace("\n", ",85\n"))
    fit = sc.fitting.fit_retention(sc.load_retention_table(warm), resamples=0)
    assert fit.law.temperature == pytest.approx(358.15) and not any("no temperature" in note for note in fit.notes)


def test_one_delay_says_how_much_and_not_in_how_many_jumps() -> None:
    fit = sc.fitting.fit_retention(table([0.0, 1.0], 300), resamples=0)
    assert not fit.identified and any("not identified" in note for note in fit.notes)
    with pytest.raises(ValueError, match="three times"):
        sc.fitting.validate_retention(fit)


def text(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "reads.csv"
    path.write_text(content)
    return path


def test_tables_in_other_units_and_orders_are_read_right(tmp_path: Path) -> None:
    path = text(tmp_path, "device;time_h;R [kohm]\nb;1;20\na;0;10\na;2;25\nb;0;\nb;3;40\n")
    found = sc.load_retention_table(path)
    assert found.birth.tolist() == [0, 0, 1, 1]
    assert found.time.tolist() == [0, 7200, 3600, 10800]
    assert found.conductance == pytest.approx([1e-4, 4e-5, 5e-5, 2.5e-5])
    assert any("gap" in note for note in found.notes)


@pytest.mark.parametrize(
    ("columns", "row", "time", "conductance"),
    [
        ("cell,age [days],G (uS)", "{},{},{}", 86400.0, 1e-6),
        ("address\tdelay_min\tresistance_Mohm", "{}\t{}\t{}", 60.0, None),
        ("id,timepoint,g_nS", "{},{},{}", 1.0, 1e-9),
        ("device;time_ms;R_ohm", "{};{};{},5", 1e-3, None),
    ],
)
def test_units_of_all_kinds(tmp_path: Path, columns: str, row: str, time: float, conductance: float | None) -> None:
    """Births come out in the order of their labels, whatever the order of the rows."""
    path = text(
        tmp_path, "\n".join([columns, row.format("b", 2, 8), row.format("a", 3, 5), row.format("b", 1, 4)]) + "\n"
    )
    found = sc.load_retention_table(path)
    assert found.birth.tolist() == [0, 1, 1] and found.time == pytest.approx([3 * time, time, 2 * time])
    if conductance:
        assert found.conductance == pytest.approx(np.array([5, 4, 8]) * conductance)
    else:
        ohm = np.array([5e6, 4e6, 8e6]) if "Mohm" in columns else np.array([5.5, 4.5, 8.5])
        assert found.conductance == pytest.approx(1 / ohm)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("device,time,conductance_uS\na,0,1\na,-1,2\n", "line 3 must hold a time from 0 s"),
        ("device,time,conductance_uS\na,0,1\na,1,-2\n", "line 3 must hold a conductance above zero"),
        ("device,time,conductance_uS\na,1,1\na,0,1\na,1,2\n", "line 4 must not read a device again"),
        ("device,time,conductance_furlong\na,0,1\na,1,2\n", "unit that is known"),
        ("device,time,colour\na,0,1\na,1,2\n", "must have columns time"),
        ("device,time,R,temperature\na,0,1,25\n", "unit that is known"),
        ("device,time,R,temperature_C\na,0,1,25\na,1,2,85\n", "line 3 must be of the same temperature as line 2"),
        ("device,time,R,temperature_K\na,0,1,-3\n", "line 2 must hold a temperature above 0 K"),
    ],
)
def test_tables_that_make_no_sense_are_refused_with_the_line(tmp_path: Path, content: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        sc.load_retention_table(text(tmp_path, content))


def test_the_measured_table_has_its_times(shared_data: Path) -> None:
    found = sc.load_retention_table(shared_data / "stanford_mit_relaxation_techC.csv.gz")
    assert found.births == 13024
    assert found.groups()[1] == pytest.approx([0, 0.01, 0.1, 1, 3.44, 1e5], rel=0.05)
