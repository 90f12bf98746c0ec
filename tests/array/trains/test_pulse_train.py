"""Pulse trains: lengths, cycles, the algebra of + and *, text, random voltages with an address."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from synaptogen_core.array.trains.pulse_train import PulseTrain
from synaptogen_core.device.model import random_streams

COUNT = st.integers(1, 12)
VOLT = st.floats(-3, 3, width=32)
POSITIVE = st.floats(0.0625, 3, width=32)


@st.composite
def uniform_limits(draw: st.DrawFn) -> dict[str, float]:
    low = draw(st.floats(-2, 1, width=16))
    return {"low": low, "high": low + draw(st.floats(0.125, 2, width=16))}


def leaves() -> st.SearchStrategy[PulseTrain]:
    return st.one_of(
        st.builds(lambda n, a, b: PulseTrain.cycling(n, -a, b), COUNT, POSITIVE, POSITIVE),
        st.builds(lambda n, a, b, p: PulseTrain.iv_sweep(n, -a, b, p), COUNT, POSITIVE, POSITIVE, st.integers(4, 30)),
        st.builds(lambda n, a, s: PulseTrain.iv_sweep(n, -a, a, step=s), COUNT, POSITIVE, st.floats(0.25, 5)),
        st.builds(
            lambda n, a, b, s: PulseTrain.staircase(n, -a, b, b + a, s),
            COUNT, POSITIVE, POSITIVE, st.integers(2, 9),
        ),
        st.builds(PulseTrain.identical, COUNT, VOLT),
        st.builds(PulseTrain.read_only, COUNT, VOLT),
        st.builds(
            lambda n, limits, each, seed: PulseTrain.random(n, per_cell=each, seed=seed, **limits),
            COUNT, uniform_limits(), st.booleans(), st.integers(0, 3),
        ),
        st.builds(
            lambda n, m, s, each: PulseTrain.random(n, "normal", mean=m, sd=s, per_cell=each),
            COUNT, VOLT, POSITIVE, st.booleans(),
        ),
        st.builds(
            lambda rows: PulseTrain.table([u for u, _ in rows], np.array([end for _, end in rows])),
            st.lists(st.tuples(VOLT, st.booleans()), min_size=1, max_size=9),
        ),
    )  # fmt: skip


TRAINS = st.recursive(
    leaves(),
    lambda inner: st.one_of(
        st.builds(lambda a, b: a + b, inner, inner), st.builds(lambda n, a: n * a, st.integers(1, 4), inner)
    ),
    max_leaves=5,
)


def same_pulses(a: PulseTrain, b: PulseTrain) -> bool:
    """Equal in every array, and in the random voltages they draw."""
    arrays = ("voltage", "cycle_end", "read", "step", "cycle")
    return all(
        np.array_equal(getattr(a.pulses, n), getattr(b.pulses, n), equal_nan=n == "voltage") for n in arrays
    ) and (np.array_equal(a.voltages([0, 5]), b.voltages([0, 5])))


# ------------------------------------------------------------------------------------------------------ each kind alone
def test_cycling_sets_then_resets() -> None:
    train = PulseTrain.cycling(cycles=3, u_set=-1.2, u_reset=1.4)
    pulses = train.pulses
    assert len(train) == 6
    assert train.cycles == 3
    assert pulses.voltage.dtype == np.float32
    np.testing.assert_array_equal(pulses.voltage, np.float32([-1.2, 1.4] * 3))
    np.testing.assert_array_equal(pulses.cycle_end, [False, True] * 3)
    np.testing.assert_array_equal(pulses.step, [0, 1] * 3)
    np.testing.assert_array_equal(pulses.cycle, [0, 0, 1, 1, 2, 2])
    assert not pulses.read.any()
    assert (pulses.random == -1).all()
    assert train.amplitude == 1.4


def test_sweep_is_a_triangle_that_meets_its_extremes() -> None:
    train = PulseTrain.iv_sweep(cycles=2, u_min=-1.0, u_max=1.5, points=10)
    one = [-0.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 1.0, 0.5, 0.0]
    np.testing.assert_allclose(train.pulses.voltage, one * 2, atol=1e-7)
    np.testing.assert_array_equal(np.flatnonzero(train.pulses.cycle_end), [9, 19])


@given(u_min=POSITIVE, u_max=POSITIVE, points=st.integers(4, 500))
def test_sweep_has_the_points_asked_for(u_min: float, u_max: float, points: int) -> None:
    volts = PulseTrain.iv_sweep(1, -u_min, u_max, points).pulses.voltage
    assert volts.size == points
    assert volts.min() == np.float32(-u_min)
    assert volts.max() == np.float32(u_max)
    assert volts[-1] == 0
    turns = np.count_nonzero(np.diff(np.sign(np.diff(np.append(0, volts)))))
    assert turns == 2  # down, up through zero, down


@given(u_min=POSITIVE, u_max=POSITIVE, step=st.floats(0.01, 4))
def test_sweep_steps_are_no_larger_than_asked_for(u_min: float, u_max: float, step: float) -> None:
    volts = PulseTrain.iv_sweep(1, -u_min, u_max, step=step).pulses.voltage.astype(float)
    distances = np.abs(np.diff(np.append(0, volts)))
    rounding = max(u_min, u_max) * 2.0**-23  # of the two float32 voltages
    assert distances.max() <= step * (1 + 1e-9) + rounding
    assert volts.size <= 2 * (math.ceil(u_min / step) + math.ceil(u_max / step))


def test_sweep_step_that_divides_gains_no_point_by_rounding() -> None:
    assert len(PulseTrain.iv_sweep(1, -0.3, 0.3, step=0.1)) == 12
    assert len(PulseTrain.iv_sweep(1, -1.5, 1.5, step=0.01)) == 600


def test_staircase_sets_then_climbs() -> None:
    train = PulseTrain.staircase(cycles=2, u_set=-1.5, u_start=0.6, u_stop=1.0, steps=3)
    np.testing.assert_allclose(train.pulses.voltage, [-1.5, 0.6, 0.8, 1.0] * 2, rtol=1e-7)
    np.testing.assert_array_equal(train.pulses.step, [0, 1, 2, 3] * 2)
    np.testing.assert_array_equal(train.pulses.cycle_end, [False, False, False, True] * 2)


def test_identical_ends_its_cycle_once() -> None:
    train = PulseTrain.identical(4, 0.9)
    np.testing.assert_array_equal(train.pulses.voltage, np.full(4, np.float32(0.9)))
    np.testing.assert_array_equal(train.pulses.cycle_end, [False, False, False, True])


def test_read_only_ends_no_cycle() -> None:
    train = PulseTrain.read_only(3, 0.1)
    assert train.pulses.read.all()
    assert not train.pulses.cycle_end.any()
    assert train.cycles == 1
    joined = PulseTrain.cycling(2) + train + PulseTrain.cycling(1)
    assert joined.cycles == 3
    np.testing.assert_array_equal(joined.pulses.cycle, [0, 0, 1, 1, 2, 2, 2, 2, 2])
    np.testing.assert_array_equal(joined.pulses.step, [0, 1, 0, 1, 0, 1, 2, 3, 4])


def test_table_takes_flags_or_indices() -> None:
    flags = PulseTrain.table([-1.5, 0.8, 1.5, 0.3], [False, True, True, False])
    assert flags == PulseTrain.table([-1.5, 0.8, 1.5, 0.3], [1, 2])
    assert flags.cycles == 3
    np.testing.assert_array_equal(flags.pulses.cycle, [0, 0, 1, 2])
    assert PulseTrain.table([1, 2, 3]).pulses.cycle_end.tolist() == [False, False, True]
    assert PulseTrain.table([1, 2, 3], []).cycles == 1


def test_table_owns_its_voltages() -> None:
    given_volts = np.array([0.5, 0.7])
    train = PulseTrain.table(given_volts)
    given_volts[:] = 9
    np.testing.assert_array_equal(train.pulses.voltage, np.float32([0.5, 0.7]))


def test_arrays_and_train_are_read_only() -> None:
    train = PulseTrain.cycling(2) + PulseTrain.table([0.1])
    for field in dataclasses.fields(train.pulses):
        with pytest.raises(ValueError, match="read-only"):
            getattr(train.pulses, field.name)[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        train.node = PulseTrain.cycling(1).node  # type: ignore[misc]  # what a user must not do


def test_long_trains_are_made_without_a_loop() -> None:
    train = PulseTrain.cycling(1_000_000) + PulseTrain.read_only(7)
    assert train.pulses.voltage.shape == (2_000_007,)
    assert train.cycles == 1_000_001
    assert json.dumps(train.to_dict()).count("{") == 3


# ---------------------------------------------------------------------------------------------------------- the algebra
@given(TRAINS)
def test_measures_agree_with_the_arrays(train: PulseTrain) -> None:
    pulses = train.pulses
    assert len(train) == pulses.voltage.size == pulses.random.size
    ends = int(pulses.cycle_end.sum())
    assert train.cycles == ends + (not pulses.cycle_end[-1]) == pulses.cycle[-1] + 1
    np.testing.assert_array_equal(pulses.cycle[1:] - pulses.cycle[:-1], pulses.cycle_end[:-1].astype(np.int32))
    np.testing.assert_array_equal(pulses.step[1:] == 0, pulses.cycle_end[:-1])
    assert pulses.step[0] == 0
    np.testing.assert_array_equal(np.isnan(pulses.voltage), pulses.random >= 0)
    assert pulses.random.max() < len(train.sources)
    volts = train.voltages(np.arange(3))
    assert np.isfinite(volts).all()
    assert np.abs(volts).max() <= train.amplitude * (1 + 1e-6)


@given(TRAINS, TRAINS, TRAINS)
def test_joining_is_associative(a: PulseTrain, b: PulseTrain, c: PulseTrain) -> None:
    left, right = (a + b) + c, a + (b + c)
    assert left == right
    assert hash(left) == hash(right)
    assert same_pulses(left, right)
    assert len(left) == len(a) + len(b) + len(c)
    fixed = left.pulses.voltage[len(a) : len(a) + len(b)]
    np.testing.assert_array_equal(fixed, b.pulses.voltage)


@given(st.integers(1, 5), TRAINS)
def test_repeating_is_joining_with_itself(times: int, train: PulseTrain) -> None:
    joined = train
    for _ in range(times - 1):
        joined = joined + train
    assert same_pulses(times * train, joined)
    assert times * train == train * times


@given(st.integers(1, 5), st.integers(1, 5), leaves())
def test_repeats_multiply(m: int, n: int, train: PulseTrain) -> None:
    assert m * (n * train) == (m * n) * train


@given(TRAINS)
def test_text_makes_the_same_train(train: PulseTrain) -> None:
    again = PulseTrain.from_dict(json.loads(json.dumps(train.to_dict(), allow_nan=False)))
    assert again == train
    assert hash(again) == hash(train)
    assert again.to_dict() == train.to_dict()
    assert same_pulses(again, train)


@given(TRAINS)
def test_python_text_makes_the_same_train(train: PulseTrain) -> None:
    class sc:  # stands for the package, which the text calls by this name
        PulseTrain: Any = PulseTrain

    assert eval(train.to_python(), {"sc": sc, "__builtins__": {}}) == train  # noqa: S307 - the text is our own


def test_python_text_reads_well() -> None:
    train = 2 * (PulseTrain.cycling(5) + PulseTrain.table([0.5, 1.0])) + PulseTrain.iv_sweep(step=0.1)
    assert train.to_python() == (
        "2 * (sc.PulseTrain.cycling(cycles=5, u_set=-1.5, u_reset=1.5) + sc.PulseTrain.table([0.5, 1.0]))"
        " + sc.PulseTrain.iv_sweep(cycles=1, u_min=-1.5, u_max=1.5, step=0.1)"
    )
    assert PulseTrain.table(np.zeros(1001)).to_python() == 'sc.load_train("train.csv")'


def test_different_trains_are_not_equal() -> None:
    trains = [
        PulseTrain.cycling(2), PulseTrain.cycling(3), 2 * PulseTrain.cycling(1), PulseTrain.identical(2, 0.2),
        PulseTrain.read_only(2, 0.2), PulseTrain.table([0.2, 0.2]), PulseTrain.table([0.2, 0.2], [0]),
        PulseTrain.random(2), PulseTrain.random(2, seed=1), PulseTrain.iv_sweep(points=4),
        PulseTrain.iv_sweep(step=0.75),
    ]  # fmt: skip
    assert len(set(trains)) == len(trains)
    assert trains[0] != "a train"


# ------------------------------------------------------------------------------------------------------ random voltages
@given(TRAINS, st.data())
def test_random_voltages_do_not_depend_on_the_block(train: PulseTrain, data: st.DataObject) -> None:
    cells = np.array(data.draw(st.lists(st.integers(0, 2**63), min_size=1, max_size=5)), np.uint64)
    whole = train.voltages(cells)
    first = data.draw(st.integers(0, len(train)))
    last = data.draw(st.integers(first, len(train)))
    one = data.draw(st.integers(0, cells.size - 1))
    np.testing.assert_array_equal(train.voltages(cells, first, last), whole[first:last])
    np.testing.assert_array_equal(train.voltages(cells[one], first, last)[:, 0], whole[first:last, one])
    order = data.draw(st.permutations(range(cells.size)))
    np.testing.assert_array_equal(train.voltages(cells[order]), whole[:, order])


def test_random_voltages_have_the_documented_address() -> None:
    train = PulseTrain.cycling(2) + 3 * PulseTrain.random(2, low=-1, high=2, seed=11)
    cells = np.array([0, 7, 2**40 + 3], np.uint64)
    for pulse in range(4, 10):
        u = random_streams.uniforms(11, random_streams.PULSE, cells, pulse)[0]
        np.testing.assert_array_equal(train.voltages(cells)[pulse], np.float32(-1) + np.float32(3) * u)
    normal = PulseTrain.random(3, "normal", mean=0.5, sd=0.25, seed=2**64 - 1)
    z = random_streams.normals(2**64 - 1, random_streams.PULSE, cells, 2)[0]
    np.testing.assert_array_equal(normal.voltages(cells)[2], np.float32(0.5) + np.float32(0.25) * z)


def test_large_blocks_are_drawn_in_pieces_alike() -> None:
    train = PulseTrain.random(300, "normal", seed=4)
    cells = np.arange(1000)
    whole = train.voltages(cells)
    np.testing.assert_array_equal(train.voltages(cells[990:], 250), whole[250:, 990:])


def test_one_voltage_for_all_cells() -> None:
    volts = PulseTrain.random(50, per_cell=False, seed=5).voltages(np.arange(9))
    assert (volts == volts[:, :1]).all()
    assert np.unique(volts[:, 0]).size == 50
    np.testing.assert_array_equal(volts[:, 0], PulseTrain.random(50, seed=5).voltages(0)[:, 0])


@pytest.mark.statistical
def test_random_voltages_follow_their_distribution() -> None:
    n = 40_000
    limit = 2.69 / math.sqrt(n)  # Kolmogorov-Smirnov, two-sided 1e-6
    cells = np.arange(n // 40)
    uniform = PulseTrain.random(40, low=-1, high=2, seed=1).voltages(cells).ravel()
    normal = PulseTrain.random(40, "normal", mean=0.3, sd=0.4, seed=1).voltages(cells).ravel()
    assert stats.kstest(uniform, stats.uniform(-1, 3).cdf).statistic < limit
    assert stats.kstest(normal, stats.norm(0.3, 0.4).cdf).statistic < limit
    # negative controls: limits 7 % too wide, a spread 15 % too wide
    assert stats.kstest(uniform, stats.uniform(-1.1, 3.2).cdf).statistic > limit
    assert stats.kstest(normal, stats.norm(0.3, 0.46).cdf).statistic > limit


# -------------------------------------------------------------------------------------------------------------- to plot
def test_waveform_shows_all_of_a_short_train() -> None:
    train = PulseTrain.cycling(3) + PulseTrain.random(4)
    pulse, voltage, complete = train.waveform()
    assert complete
    np.testing.assert_array_equal(pulse, np.arange(10))
    np.testing.assert_array_equal(voltage, train.voltages(0)[:, 0])


def test_waveform_of_a_long_train_shows_whole_cycles() -> None:
    train = PulseTrain.staircase(cycles=1000, steps=6)
    shown = train.waveform(max_points=100)
    assert not shown.complete
    assert shown.pulse.size == 98  # 14 cycles of 7 pulses
    np.testing.assert_array_equal(shown.voltage, train.pulses.voltage[:98])
    assert PulseTrain.identical(1000).waveform(10).pulse.size == 10  # no whole cycle fits


def test_waveform_makes_no_long_arrays() -> None:
    train = 25 * PulseTrain.cycling(1_000_000)
    assert train.waveform().pulse.size == 2000
    assert "pulses" not in vars(train)
