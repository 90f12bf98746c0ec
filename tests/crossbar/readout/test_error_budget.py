"""The error budget: each cause worked out by other means, off when it is off; and the nominal conductances."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synaptogen_core as sc
from synaptogen_core.analysis.population.curves import population_quantiles
from synaptogen_core.crossbar.circuit.lines import Faults, Lines
from synaptogen_core.crossbar.readout.converters import Dac, TransimpedanceAmplifier
from synaptogen_core.crossbar.readout.error_budget import error_budget, median_feature, nominal_conductances
from synaptogen_core.crossbar.readout.line_noise import LineNoise
from synaptogen_core.crossbar.readout.matrix_products import DifferentialPairs, differences, read_tiles
from synaptogen_core.crossbar.readout.read import IDEAL, Periphery
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.schema import HRS, IRS, LRS, R_HRS, R_LRS

DEVICE = sc.load_device("hennen2024")
LINES = Lines(2.0, 2.0)
PERIPHERY = Periphery(
    Dac(6, -0.2, 0.2 * (1 - 2**-5)),
    LineNoise(1e8, 1e-12),
    TransimpedanceAmplifier(5e3, 2.0),
    sc.Adc(8, -1.0, 1.0 - 2**-7),
)
CAUSES = ("variability", "nonlinearity", "lines", "noise", "quantisation")


def crossbar(device: DeviceParameters = DEVICE, rows: int = 6, columns: int = 4) -> sc.CellArray:
    """LRS and HRS in a checkerboard."""
    cells = sc.CellArray((rows, columns), device, seed=3)
    cells.apply_voltage(-1.5)
    cells.apply_voltage(np.where(np.indices((rows, columns)).sum(axis=0) % 2, 1.5, 0.0))
    return cells


def vectors(rows: int = 6, count: int = 8) -> np.ndarray:
    return np.random.default_rng(1).uniform(-0.2, 0.2, (count, rows))


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


# ----------------------------------------------------------------------------------------------------------- by cause
def test_all_off_is_no_error() -> None:
    """Linear cells of nominal conductance, ideal lines, nothing around: exactly the product."""
    nominal = nominal_conductances(crossbar())
    found = asdict(error_budget(nominal, nominal, vectors()))
    assert found.pop("ideal") == pytest.approx(rms(vectors() @ nominal))
    assert set(found.values()) == {0.0}


@pytest.mark.parametrize(
    ("cause", "settings_of_it"),
    [
        ("lines", {"lines": LINES}),
        ("lines", {"lines": Lines(0.0, 0.0, source=100.0)}),
        ("lines", {"lines": Lines(1.0, 1.0, faults=Faults(open_cells=((1, 2),)))}),
        ("noise", {"periphery": Periphery(noise=LineNoise(1e8))}),
        ("quantisation", {"periphery": Periphery(dac=PERIPHERY.dac)}),
        ("quantisation", {"periphery": Periphery(amplifier=TransimpedanceAmplifier(1e4, 0.05))}),
        ("quantisation", {"periphery": Periphery(adc=sc.Adc(5, -1e-4, 1e-4))}),
    ],
)
def test_one_cause_alone_is_the_whole_error(cause: str, settings_of_it: dict[str, Any]) -> None:
    nominal = nominal_conductances(crossbar())
    budget = asdict(error_budget(nominal, nominal, vectors(), **settings_of_it))
    assert budget[cause] > 0
    assert budget["together"] == budget[cause]
    assert all(budget[other] == 0 for other in CAUSES if other != cause)


def test_variability_alone() -> None:
    cells = crossbar()
    nominal, actual = nominal_conductances(cells), cells.conductance(DEVICE.u_0).astype(float)
    budget = error_budget(actual, nominal, vectors())
    assert budget.variability == pytest.approx(rms(vectors() @ (actual - nominal)))
    assert budget.together == budget.variability
    assert error_budget(cells, nominal, vectors()).variability == budget.variability


def test_cells_as_intended_have_none() -> None:
    """The device without any spread: every cell is the median one, but for the rounding to float32."""
    cells = crossbar(DEVICE.vary(d2d=0.0, c2c=0.0))
    budget = error_budget(cells, nominal_conductances(cells), vectors())
    assert budget.variability < 1e-6 * budget.ideal
    assert budget.together == pytest.approx(budget.nonlinearity, rel=1e-3)
    assert error_budget(crossbar(), nominal_conductances(cells), vectors()).variability > 1e-2 * budget.ideal


def test_nonlinearity_alone() -> None:
    """Of cells that are nominal to the last bit but for float32, and none at the voltage that defines resistance."""
    cells = crossbar()
    own = cells.conductance(DEVICE.u_0).astype(float)
    volts = vectors()
    budget = error_budget(cells, own, volts)
    true = np.stack([sc.ideal_read(cells, v) for v in volts])
    assert budget.variability == 0
    assert budget.nonlinearity == pytest.approx(rms(true - volts @ own), rel=1e-4)
    assert budget.together == pytest.approx(budget.nonlinearity, rel=1e-4)
    at_u_0 = error_budget(cells, own, np.full(6, DEVICE.u_0))
    assert at_u_0.nonlinearity < 1e-12 * at_u_0.ideal
    assert budget.nonlinearity > 1e-3 * budget.ideal
    # it does not depend on the cells' spread: only on what they were meant to be
    others = crossbar(DEVICE.vary(d2d=2.0))
    assert error_budget(others, own, volts).nonlinearity == budget.nonlinearity


def test_noise_and_lines_are_judged_on_nominal_linear_cells() -> None:
    cells, volts = crossbar(), vectors()
    nominal = nominal_conductances(cells)
    whole = error_budget(cells, nominal, volts, LINES, PERIPHERY, seed=5)
    linear = error_budget(nominal, nominal, volts, LINES, PERIPHERY, seed=5)
    for cause in ("lines", "noise", "quantisation"):
        assert getattr(whole, cause) == getattr(linear, cause) > 0
    assert whole.lines == pytest.approx(rms(read_tiles(nominal, volts, LINES) - volts @ nominal))


@pytest.mark.statistical
def test_the_noise_is_as_large_as_its_law() -> None:
    nominal = np.full((3, 2), 1e-4)
    volts = np.full((20_000, 3), 0.1)
    noise = LineNoise(1e8, 3e-12)
    expected = noise.sd(volts[0][:, None] * nominal, nominal)
    found = error_budget(nominal, nominal, volts, periphery=Periphery(noise=noise)).noise
    assert found == pytest.approx(rms(expected), rel=4.89 / np.sqrt(2 * 40_000))
    assert found != pytest.approx(1.03 * rms(expected), rel=4.89 / np.sqrt(2 * 40_000))


@settings(max_examples=20)
@given(st.integers(4, 12), st.integers(0, 1000))
def test_quantisation_is_at_most_half_a_step_a_line(bits: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    nominal, volts = rng.uniform(0, 1e-4, (3, 4)), rng.uniform(-0.2, 0.2, (5, 3))
    adc = sc.Adc(bits, -6e-5, 6e-5)
    budget = error_budget(nominal, nominal, volts, periphery=Periphery(adc=adc))
    assert budget.quantisation <= adc.step / 2 * (1 + 1e-9)
    tiled = error_budget(nominal, nominal, volts, periphery=Periphery(adc=adc), tile=(1, 2))
    assert tiled.quantisation <= 3 * adc.step / 2 * (1 + 1e-9)  # each partial sum its own


def test_together_is_the_real_read() -> None:
    cells, volts = crossbar(), vectors()
    nominal = nominal_conductances(cells)
    for tile in (None, (4, 3)):
        budget = error_budget(cells, nominal, volts, LINES, PERIPHERY, tile=tile, seed=2, first_read=7)
        real = read_tiles(cells, volts, LINES, PERIPHERY, tile=tile, seed=2, first_read=7)
        assert budget.together == pytest.approx(rms(real - volts @ nominal))
        parts = asdict(budget)
        assert budget.together <= sum(parts[cause] for cause in CAUSES) * 1.2
        relative = budget.relative()
        assert list(relative) == [*CAUSES, "together"]
        assert relative["noise"] == budget.noise / budget.ideal


def test_pairs_are_judged_by_their_differences() -> None:
    """What both columns of a pair have in common goes: a constant offset of the converters does no harm."""
    weights = np.random.default_rng(3).uniform(-1, 1, (6, 2))
    nominal, volts = DifferentialPairs(1e-5, 2e-4).conductances(weights), vectors()
    periphery = Periphery(adc=sc.Adc(20, -1e-3, 1e-3, offset=1e-4))
    columns = error_budget(nominal, nominal, volts, IDEAL, periphery)
    pairs = error_budget(nominal, nominal, volts, IDEAL, periphery, pairs=True)
    assert columns.quantisation == pytest.approx(1e-4, rel=1e-3)
    assert pairs.quantisation < 1e-8
    assert pairs.ideal == pytest.approx(rms(differences(volts @ nominal)))
    assert pairs.ideal < columns.ideal * 2


def test_one_vector_and_no_voltage() -> None:
    cells = crossbar()
    nominal = nominal_conductances(cells)
    one = error_budget(cells, nominal, vectors()[0], LINES)
    assert asdict(one) == pytest.approx(asdict(error_budget(cells, nominal, vectors()[:1], LINES)))
    dark = error_budget(cells, nominal, np.zeros(6), periphery=Periphery(noise=LineNoise(1e8)))
    assert dark.ideal == dark.variability == dark.nonlinearity == 0
    assert dark.together > 0  # Johnson noise needs no voltage
    assert np.isnan(dark.relative()["noise"])


def test_a_budget_leaves_the_cells_as_they_are() -> None:
    cells = crossbar()
    before = cells.state_hash()
    error_budget(cells, nominal_conductances(cells), vectors(), LINES, PERIPHERY, tile=(4, 3))
    assert cells.state_hash() == before


@pytest.mark.parametrize(
    ("nominal", "volts", "sentence"),
    [
        (np.ones((2, 2)), np.ones(6), "nominal: must have shape (6, 4) (got (2, 2)); correct the array"),
        (
            np.ones((6, 4)),
            np.ones(4),
            "voltages: must have shape (6,) or (vectors, 6) (got (4,)); give one for each row",
        ),
    ],
)
def test_bad_input(nominal: Any, volts: Any, sentence: str) -> None:
    with pytest.raises(ValueError) as error:
        error_budget(crossbar(), nominal, volts)
    assert str(error.value) == sentence


# ---------------------------------------------------------------------------------------------------------- nominal
def test_nominal_conductances_by_state() -> None:
    cells = crossbar()
    cells.apply_voltage(np.where(np.arange(24).reshape(6, 4) == 0, 0.95, 0.0))
    state, own, nominal = cells.state(), cells.conductance(DEVICE.u_0), nominal_conductances(cells)
    assert set(np.unique(state)) == {HRS, IRS, LRS}
    assert 1 / nominal[state == LRS] == pytest.approx(4512.04, abs=0.01)
    assert 1 / nominal[state == HRS] == pytest.approx(75711.8, abs=0.1)
    assert np.array_equal(nominal[state == IRS], own[state == IRS].astype(float))


VARIATIONS: list[dict[str, Any]] = [{}, {"d2d": 2.0}, {"c2c": 0.3}, {"d2d": 0.0}, {"shapes": "gaussian"}]


@pytest.mark.parametrize("changes", [*VARIATIONS, {"correlations": False}], ids=str)
def test_medians_are_those_of_the_population_without_outliers(changes: dict[str, Any]) -> None:
    device = DEVICE.vary(**changes) if changes else DEVICE
    regular = device.vary(outlier_share=0.0)
    assert 10 ** median_feature(device, R_HRS) == pytest.approx(
        population_quantiles(regular, "r_hrs", [0.5]).item(), rel=1e-5
    )
    assert median_feature(device, R_LRS) == pytest.approx(
        population_quantiles(regular, "r_lrs", [0.5]).item(), rel=1e-5
    )


def test_a_population_of_outliers_alone_has_their_median() -> None:
    """And it is another one than that of the others: they are not left out by mistake, nor counted in."""
    outliers = DEVICE.vary(outlier_share=1.0)
    found = median_feature(outliers, R_LRS)
    assert found == pytest.approx(population_quantiles(outliers, "r_lrs", [0.5]).item(), rel=1e-5)
    assert abs(found - median_feature(DEVICE, R_LRS)) > 50
