"""Layouts: weights there and back, and products as sums over cells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synaptogen_core.crossbar import EffectiveMatrix, Lines
from synaptogen_core.crossbar.readout.matrix_products import tiles_of
from synaptogen_core.networks import Chip, Mapping
from synaptogen_core.networks.hardware.inference import Linear, ReadOut, Stage, product
from synaptogen_core.networks.hardware.mapping import Layout

KINDS = [
    Mapping(), Mapping(pairs_in="rows"), Mapping(scheme="offset"), Mapping(scale="column", headroom=1.0),
    Mapping(scheme="bit_sliced", weight_bits=16, slice_bits=4, headroom=1.0),
]  # fmt: skip


def stage_of(mapping: Mapping, weights: np.ndarray, tile: tuple[int, int], **readout: Any) -> Stage:
    layout = Layout.of(mapping, weights, tile)
    g = layout.conductances(weights)
    places = list(tiles_of(g.shape, tile))
    around: dict[str, Any] = {
        "read_voltage": 0.2, "adc_bits": None, "dac_bits": None, "bandwidth": 0.0, "density": 0.0, "seed": 1,
        "first_line": 0, "ranges": np.zeros((len(places), 2)), "input_range": 2.0, "gain": np.ones(weights.shape[1]),
    }  # fmt: skip
    matrices = [np.ascontiguousarray(g[p.rows, p.columns]) for p in places]
    return Stage(layout, Linear(places, matrices), ReadOut(weights.shape[1], **(around | readout)))


@settings(max_examples=25)
@given(st.sampled_from(KINDS), st.integers(1, 9), st.integers(1, 7), st.integers(0, 99), st.integers(2, 6))
def test_products_on_nominal_cells_are_those_of_the_weights(
    mapping: Mapping, inputs: int, outputs: int, seed: int, tile: int
) -> None:
    """Nominal cells, ideal lines, no converters: to 1e-12; bit slices to the step of their bits."""
    rng = np.random.default_rng(seed)
    weights, x = rng.normal(size=(inputs, outputs)), rng.uniform(-2, 2, (5, inputs))
    stage = stage_of(mapping, weights, (tile, tile))
    sliced = mapping.scheme == "bit_sliced"
    size = np.abs(x).sum(axis=1).max() * np.abs(weights).max()
    allowed = size / (2**16 - 1) / 2 if sliced else 1e-12 * size
    assert np.abs(product(stage, x) - x @ weights).max() <= allowed * (1 + 1e-9)
    back = stage.layout.weights(stage.layout.conductances(weights))
    assert np.abs(back - weights).max() <= (np.abs(weights).max() / (2**16 - 1) / 2 if sliced else 1e-14) + 1e-12
    g = stage.layout.conductances(weights)
    assert mapping.low * (1 - 1e-9) <= g.min() and g.max() <= mapping.high * (1 + 1e-9)


def test_an_adc_makes_errors_of_a_twelfth_of_its_step_squared() -> None:
    """Two columns of one tile: their difference has twice that variance; a wrong step is seen."""
    rng = np.random.default_rng(4)
    weights, x = rng.normal(size=(60, 8)), rng.uniform(0, 2, (4000, 60))
    ideal = stage_of(Mapping(), weights, (64, 64))
    top = 60 * 200e-6 * 0.2
    bits = 10
    converted = stage_of(Mapping(), weights, (64, 64), adc_bits=bits, ranges=np.array([[0.0, top]]))
    step = top / (2**bits - 1)
    error = (product(converted, x) - product(ideal, x)) / (ideal.layout.scale * 2.0 / 0.2)
    n = error.size
    assert error.var() == pytest.approx(2 * step**2 / 12, rel=4.89 * np.sqrt(2 / n) * 2)
    assert abs(error.var() / (2 * (1.1 * step) ** 2 / 12) - 1) > 4.89 * np.sqrt(2 / n) * 2


def test_inputs_beyond_their_range_are_clipped_and_levels_counted() -> None:
    stage = stage_of(Mapping(), np.array([[1.0]]), (2, 2), dac_bits=2)
    assert product(stage, np.array([[0.0], [0.7], [1.0], [5.0]])).ravel() == pytest.approx([0, 2 / 3, 4 / 3, 2])
    assert product(stage, np.array([[-0.7], [0.7]])).ravel() == pytest.approx([-2 / 3, 2 / 3])


def test_noise_goes_by_seed_line_and_number_of_the_vector() -> None:
    weights, x = np.random.default_rng(1).normal(size=(6, 3)), np.full((9, 6), 0.7)
    stage = stage_of(Mapping(), weights, (4, 4), bandwidth=1e8)
    whole = product(stage, x)
    assert np.array_equal(product(stage, x[3:], 3), whole[3:]) and np.unique(whole).size == whole.size
    other = replace(stage, readout=replace(stage.readout, seed=2))
    assert not np.isin(product(other, x), whole).any()
    silent = product(replace(stage, readout=replace(stage.readout, bandwidth=0.0)), x)
    sd = (whole - silent).std()
    assert 1e-4 < sd / np.abs(silent).mean() < 0.1


def test_pairs_in_rows_cancel_on_the_bit_line() -> None:
    weights = np.random.default_rng(1).normal(size=(64, 64))
    pixels = np.random.default_rng(2).uniform(0, 1, (200, 64))
    errors = {}
    for where in ("columns", "rows"):
        layout = Layout.of(Mapping(pairs_in=where), weights, (32, 32))
        owner = EffectiveMatrix(layout.conductances(weights), Lines(10.0, 10.0), tile=(32, 32))
        found = layout.weights(owner.matrix())
        y, wanted = pixels @ found, pixels @ weights
        gain = (y * wanted).sum() / (y**2).sum()
        errors[where] = np.sqrt(((gain * y - wanted) ** 2).mean())
    assert errors["rows"] < 0.7 * errors["columns"]


BAD: list[tuple[Any, str]] = [
    (lambda d: Mapping(low=1e-4, high=1e-5), "high: must lie above low, 0.0001 S (got 1e-05); swap or widen them"),
    (
        lambda d: Mapping(scheme="ternary"),
        "scheme: must be one of differential, offset, bit_sliced (got 'ternary'); choose one of them",
    ),
    (
        lambda d: Mapping(scheme="bit_sliced", weight_bits=5),
        "slice_bits: must divide weight_bits, 5 (got 2); change one of them",
    ),
    (
        lambda d: Chip(d, Mapping(high=1e-3)),
        "high: must be from 6.61e-06 to 0.000275 S for hennen2024 (got 0.001); choose conductances between its two "
        "states",
    ),
    (lambda d: Chip(d, adc_bits=0), "adc_bits: must be from 1 to 24 (got 0); choose one in that range"),
    (
        lambda d: Layout.of(Mapping(), np.ones((2, 2)), (4, 1)),
        "tile: must have at least 2 columns for differential weights in columns (got 1); widen it",
    ),
]


@pytest.mark.parametrize(("make", "sentence"), BAD)
def test_bad_input(device: Any, make: Any, sentence: str) -> None:
    with pytest.raises((TypeError, ValueError)) as error:
        make(device)
    assert str(error.value) == sentence
