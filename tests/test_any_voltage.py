"""A device that switches at a quarter, four or eight times the packaged one's voltages does all that this one does.

A copy of the packaged device is made with all voltages, and so all currents, a power of two as large: floating point
then gives the same digits, but for the powers of the RESET. Where something fixed for 1.5 V is left in the way, they
differ. Devices fitted to loops of .3, 5 and 8 V, whose I-V curves are of another kind, are in
exchange/circuits/test_any_voltage.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import synaptogen_core as sc
from synaptogen_core.analysis.fitting.assembly import repeated_measurement
from synaptogen_core.analysis.fitting.cycle_table import Panel
from synaptogen_core.array.tally import notes
from synaptogen_core.cli import app
from synaptogen_core.crossbar import Lines, bias, pulse
from synaptogen_core.crossbar.programming import staircase
from synaptogen_core.schema import U_RESET, U_SET
from tests.analysis.made_loops import Cell, made_loops

nets = sc.networks
PACKAGED = sc.load_device("hennen2024")
LINES = Lines(2.0, 2.0)
VOLTS = [U_SET, U_RESET, 4 + U_SET, 4 + U_RESET]  # means, then spreads


def scaled(times: float, device: sc.DeviceParameters = PACKAGED) -> sc.DeviceParameters:
    """The same device where all voltages and currents are `times` as large."""
    tree = device.to_dict()
    for name in ("means", "factors"):
        values = np.array(tree[name])
        values[:, VOLTS] *= times
        tree[name] = values.tolist()
    for name in ("hhrs", "llrs"):
        values = np.array(tree[name])
        tree[name] = (values * times ** -(np.arange(values.size)[::-1] - 1.0)).tolist()
    tree.update({name: tree[name] * times for name in ("u_0", "u_max", "valid_range")}, name=f"{times:g} times")
    return sc.DeviceParameters.from_dict(tree)


@pytest.fixture(scope="module", params=[0.25, 4.0, 8.0])
def times(request: pytest.FixtureRequest) -> float:
    return float(request.param)


def programmed(times: float) -> Any:
    cells = sc.CellArray((12, 12), scaled(times).vary(c2c=2), seed=2)  # so wild that some have to try again
    return sc.crossbar.program_and_verify(cells, 40e-6, tolerance=0.02)


def test_program_and_verify(times: float, monkeypatch: pytest.MonkeyPatch) -> None:
    expected, found = programmed(1.0), programmed(times)
    assert expected.set_pulses.values.max() > 1
    for name in ("pulses", "set_pulses", "outcome"):
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)
    for name, factor in (("reached", 1.0), ("last_voltage", times)):  # a power in single precision is not of two
        np.testing.assert_allclose(found[name], factor * expected[name], rtol=1e-5, err_msg=name)
    monkeypatch.setattr(staircase, "STEP_BACK", staircase.STEP_BACK * times)  # .15 V for all: the negative control
    assert (programmed(times).pulses.values != expected.pulses.values).any()


def test_pulses_through_lines(times: float) -> None:
    """Newton's steps are of other lengths: the solution agrees to its own tolerance, and states follow it."""
    expected, found = (
        sc.crossbar.program_and_verify(
            sc.CellArray((12, 12), scaled(t), seed=2), 90e-6, reach=sc.crossbar.through_lines(LINES)
        )
        for t in (1.0, times)
    )
    assert (found.pulses.values == expected.pulses.values).mean() > 0.95
    one, other = (sc.CellArray((16, 16), scaled(t), seed=2) for t in (1.0, times))
    for u in (-1.5, 1.0, 1.5):
        seen = [pulse(c, bias(c.shape, "row", t * u, row=3), LINES) for c, t in ((one, 1.0), (other, times))]
        assert len({(done.rounds, done.settled) for done in seen}) == 1
        np.testing.assert_allclose(seen[1].last, times * seen[0].last, rtol=0, atol=1e-6 * times)
        np.testing.assert_array_equal(one.state(), other.state())


def test_networks(times: float) -> None:
    """Drivers that make up for what the lines take go as far, in parts of the device's range."""
    rng = np.random.default_rng(0)
    network = nets.Network.from_arrays([rng.normal(size=(10, 6))])
    lines = Lines(40.0, 40.0, source=400.0)  # much of a pulse is lost

    def errors(t: float, tolerance: float | None) -> Any:
        chip = nets.Chip(scaled(t), lines=lines, seed=3, bandwidth=0.0)
        return nets.program(network, chip, tolerance).programming[0]

    for tolerance in (0.05, None):
        expected, found = errors(1.0, tolerance), errors(times, tolerance)
        np.testing.assert_allclose(found.last_voltage, times * expected.last_voltage, rtol=1e-6)
        np.testing.assert_allclose(found.error, expected.error, rtol=1e-3, atol=1e-6)


def test_repeats_of_a_measurement_switch_in_every_cycle(times: float) -> None:
    like = Panel(np.zeros((4 * 9, 4)), np.repeat(np.arange(4, dtype=np.int32), 9), np.arange(5) * 9, (0, 1, 2, 3), 1)
    expected, found = (repeated_measurement(scaled(t), like, 20, 1).values for t in (1.0, times))
    assert np.isfinite(found[:, :3]).sum() == np.isfinite(expected[:, :3]).sum() > 0.8 * found[:, :3].size
    np.testing.assert_array_equal(found, expected * [1, times, 1, times])


def test_a_device_whose_repeats_stand_still_is_compared_all_the_same() -> None:
    """Numbers that its simulations do not have are left out."""
    ds = sc.simulate(sc.CellArray((1, 3), PACKAGED, seed=1), sc.PulseTrain.cycling(40))
    lines = [
        set(sc.fitting.compare_numbers(device, ds)["what"].values)
        for device in (PACKAGED, sc.DeviceParameters.from_dict(PACKAGED.to_dict() | {"valid_range": 0.05}))
    ]
    assert lines[1] < lines[0]


def test_features_of_loops(times: float) -> None:
    """Also where six steps go beyond the .6 V in which a branch is usually fitted, as at eight times."""
    loops = made_loops(Cell(step=0.04), 12).dataset()
    swept = loops.assign(voltage=times * loops["voltage"], current=times * loops["current"])
    expected, found = (sc.fitting.extract_features(ds) for ds in (loops, swept))
    for name, factor in (("r_hrs", 1.0), ("r_lrs", 1.0), ("u_set", times), ("u_reset", times)):
        assert np.isfinite(expected[name]).all()
        np.testing.assert_allclose(found[name], factor * expected[name], rtol=0.03, err_msg=name)


def test_sweeps_that_hardly_reach_the_usual_read_voltage_are_read_at_a_lower_one() -> None:
    ends, ohms = (0.125, 0.25, 0.375), []
    for end in ends:
        s = end / 1.5
        cell = Cell(u_set=1.2 * s, u_reset=1.1 * s, u_min=end, u_max=end, step=0.03 * s)
        found = sc.fitting.extract_features(made_loops(cell, 60, seed=1).dataset())
        ohms.append([float(found[name].median()) for name in ("r_hrs", "r_lrs")])
        assert (found["failure"] == 0).all()
        read = sc.fitting.FeatureOptions.of(found).read_voltage
        assert read == (0.2 if end == ends[-1] else pytest.approx(0.4 * end))
    np.testing.assert_allclose(ohms, [[60e3, 6e3]] * 3, rtol=0.03)


def test_trains_of_the_command_line_follow_the_device(times: float, tmp_path: Path) -> None:
    sc.save_device(scaled(times), tmp_path / "device.json")
    trains = ["cycling:cycles=3", "staircase", "iv_sweep:points=20", "random:pulses=5", "identical"]
    options = [word for train in trains for word in ("--train", train)]
    said = CliRunner().invoke(
        app, ["generate", str(tmp_path / "run.nc"), "--device", str(tmp_path / "device.json"), "--shape", "8x8",
              "--record", "voltage", "--every", "1", *options],
    )  # fmt: skip
    assert said.exit_code == 0, said.output
    ds = sc.load_dataset(tmp_path / "run.nc")
    assert abs(ds.voltage).max() == 1.5 * times and not any("No cell" in note for note in notes(ds))
    if times > 1:  # negative control: the library's own trains know no device, and the run says so
        by_hand = sc.simulate(sc.CellArray((8, 8), scaled(times), seed=1), sc.PulseTrain.cycling(3))
        assert f"|U| reaches 1.5 V, and the device was measured up to {1.5 * times:g} V" in notes(by_hand)[0]


def test_cells_are_read_where_their_device_was_measured(times: float) -> None:
    """The packaged one's .2 V is a voltage of that device alone."""
    pairs = sc.crossbar.DifferentialPairs(1e-6, 1e-4)

    def reads(t: float, *u: float) -> list[Any]:
        cells, volts = sc.CellArray((6, 6), scaled(t), seed=3), {"read_voltage": u[0]} if u else {}
        train = 2 * (sc.PulseTrain.cycling(2, -1.5 * t, 1.5 * t) + sc.PulseTrain.read_only(2, *u))
        ds = sc.simulate(cells, train, record=("conductance", "current"), every=3, **volts)
        found = [ds["conductance"], ds["current"] / t, cells.conductance(*u), cells.current(*u) / t,
                 cells.read(*u, bandwidth=0.0) / t, sc.crossbar.matvec(cells, np.ones(6), pairs, **volts),
                 sc.crossbar.EffectiveMatrix(cells, LINES, u=u[0] if u else None).matrix()]  # fmt: skip
        return [np.asarray(one) for one in found]

    for seen, expected, at_fixed in zip(reads(times), reads(1.0), reads(times, 0.2), strict=True):
        np.testing.assert_allclose(seen, expected, rtol=1e-5, atol=1e-12)
        assert not np.allclose(at_fixed, expected, rtol=1e-3, atol=1e-12)  # negative control
    for seen, expected in zip(reads(1.0), reads(1.0, 0.2), strict=True):
        np.testing.assert_array_equal(seen, expected)


def test_loops_are_drawn_over_the_whole_range(times: float) -> None:
    ds = sc.simulate(sc.CellArray((4, 4), scaled(times), seed=1), sc.PulseTrain.cycling(2, -1.5 * times, 1.5 * times))
    assert sc.plots.iv_loops(ds).range("voltage") == pytest.approx((-1.5 * times, 1.5 * times))


def test_what_a_run_takes(times: float) -> None:
    """Full cycles are counted as such, whatever their voltage; speeds of two measurements differ by chance."""
    from synaptogen_core.array.runs.cost import partial_resets

    for make in (lambda t: sc.PulseTrain.staircase(3, -1.5 * t, 0.6 * t, 1.5 * t), lambda t: sc.PulseTrain.random(7)):
        assert partial_resets(make(times), 1.5 * times) == partial_resets(make(1.0), 1.5)
