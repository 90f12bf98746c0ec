"""Programming that goes on from where a cell is, through lines that take their share, with reads that do so, too."""

from __future__ import annotations

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.crossbar import Faults, Lines, program_and_verify, through_lines, verify_statistics, verify_through
from synaptogen_core.crossbar.programming import staircase

DEVICE = sc.load_device("hennen2024")
TARGET = np.random.default_rng(0).uniform(20e-6, 180e-6, (40, 40))


@pytest.fixture(scope="module")
def programmed() -> tuple[sc.CellArray, np.ndarray]:
    cells = sc.CellArray(TARGET.shape, DEVICE, seed=1)
    return cells, program_and_verify(cells, TARGET, tolerance=0.02)["last_voltage"].values


@pytest.mark.parametrize(("change", "at_most", "at_least"), [(0.95, 2.5, 6.0), (1.1, 6.5, 6.0)])
def test_a_small_change_takes_few_pulses(
    programmed: tuple[sc.CellArray, np.ndarray], change: float, at_most: float, at_least: float
) -> None:
    cells, last = programmed
    runs = [program_and_verify(cells.copy(), change * TARGET, tolerance=0.02, after=after) for after in (last, None)]
    going_on, anew = (run["pulses"].values.mean() for run in runs)
    assert going_on < at_most and anew > at_least and going_on < anew
    assert all(verify_statistics(run)["share_reached"] > 0.99 for run in runs)
    if change < 1:
        assert np.median(runs[0]["pulses"]) <= 2 and runs[0]["set_pulses"].values.mean() < 0.3


def test_what_after_must_be(programmed: tuple[sc.CellArray, np.ndarray]) -> None:
    cells, last = programmed
    before = cells.state_hash()
    for bad, sentence in ((last[:3], r"after: must have shape \(40, 40\)"), (-last, "after: must be 0 V or more")):
        with pytest.raises(ValueError, match=sentence):
            program_and_verify(cells, TARGET, after=bad)
    assert cells.state_hash() == before


def test_a_row_at_once_reaches_its_cells_in_the_end() -> None:
    """128 cells in LRS on one word line of 2 ohm a segment: most see too little until others are done."""
    target = np.random.default_rng(1).uniform(20e-6, 180e-6, (6, 128))
    through = through_lines(Lines(2.0, 2.0), "row")
    cells = sc.CellArray(target.shape, DEVICE, seed=1)
    cells.apply_voltage(-1.5)
    assert np.abs(through(cells, np.full(target.shape, 1.5))).min() < 0.7  # below the median U_RESET
    found = verify_statistics(program_and_verify(cells, target, reach=through))
    assert found["share_reached"] > 0.99
    hopeless = program_and_verify(sc.CellArray((2, 2), DEVICE, seed=1), 1e-4, reach=lambda _, volts: 0.3 * volts)
    assert set(hopeless["outcome"].values.ravel()) == {8} and "lost_on_the_lines" in hopeless.outcome.flag_meanings


def test_verify_reads_through_the_lines() -> None:
    """A controller that does not know its lines programs far cells too high, by their series resistance."""
    lines, tile = Lines(20.0, 20.0), (20, 20)
    reach = through_lines(lines, tile=tile)
    errors = {}
    for corrected in (True, False):
        cells = sc.CellArray(TARGET.shape, DEVICE, seed=1)
        read = verify_through(lines, tile=tile, corrected=corrected)
        ds = program_and_verify(cells, TARGET, tolerance=0.02, reach=reach, verify=read)
        errors[corrected] = np.where(ds.outcome == 1, ds.error, np.nan)
    assert np.nanmax(np.abs(errors[True])) < 0.025  # I(U) bends a little over the lost millivolts
    near, far = errors[False][19, 0], errors[False][0, 19]  # word lines begin on the left, bit lines at the bottom
    assert abs(near) < 0.021 and far > 0.03
    assert np.allclose(errors[False][:20, :20].mean(), errors[False][20:, 20:].mean(), atol=0.01)  # tiles are alike


def test_noisy_reads_of_open_and_shorted_cells_through_the_lines() -> None:
    cells = sc.CellArray((4, 4), DEVICE, seed=1)
    cells.apply_voltage(-1.5)
    lines = Lines(5.0, 5.0, faults=Faults(open_cells=((0, 1),), shorted_cells=((2, 2),), short=100.0))
    every = np.arange(16)
    silent = verify_through(lines)(cells, 0.2, 0.0, every).reshape(4, 4)
    noisy = verify_through(lines)(cells, 0.2, 1e8, every).reshape(4, 4)
    assert silent[0, 1] == 0 and silent[2, 2] == pytest.approx(0.01)
    mask = np.ones((4, 4), bool)
    mask[0, 1] = mask[2, 2] = False
    assert silent[mask] == pytest.approx(cells.conductance()[mask].astype(float), rel=0.01)
    assert np.all(noisy[mask] != silent[mask]) and noisy[mask] == pytest.approx(silent[mask], rel=0.02)


@pytest.mark.parametrize("lines", [None, Lines(2.0, 2.0)])
def test_cells_that_are_done_are_left_out_of_the_pulse(lines: Lines | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells at work are few after some rounds; what becomes of all is what it would be if all were pulsed."""
    device = DEVICE.vary(c2c=4.0)  # some draw a U_SET above 0 V, at which a pulse of 0 V does something
    few, found = [], []
    real = sc.CellArray.pulse_some

    def counted(cells: sc.CellArray, where: np.ndarray, u: np.ndarray) -> None:
        few.append(where.size)
        real(cells, where, u)

    monkeypatch.setattr(sc.CellArray, "pulse_some", counted)
    for share in (staircase.FEW_AT_WORK, 10**9):
        monkeypatch.setattr(staircase, "FEW_AT_WORK", share)
        cells = sc.CellArray(TARGET.shape, device, seed=4)
        through = {} if lines is None else {"reach": through_lines(lines, boost=2.5), "verify": verify_through(lines)}
        ds = program_and_verify(cells, TARGET, tolerance=0.03, max_pulses=60, **through)
        found.append((len(few), cells.state_hash(), ds["pulses"].values.tobytes(), ds["outcome"].values.tobytes()))
    (some, *first), (no_more, *second) = found
    assert first == second and 0 < some == no_more and max(few) <= TARGET.size / 4
