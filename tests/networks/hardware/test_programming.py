"""Programming a network: what lies in the cells, what is read through the lines, and what goes wrong, whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.crossbar import Faults, Lines, read_tiles

nets = sc.networks
LINES = Lines(5.0, 5.0)


@pytest.fixture(scope="module")
def lined(digits: Any, device: Any) -> Any:
    chip = nets.Chip(device, tile=(40, 24), lines=LINES, seed=3, bandwidth=0.0)
    return nets.program(digits.network, chip)


def test_cells_are_within_the_tolerance_and_read_as_the_crossbar_does(digits: Any, device: Any) -> None:
    analog = nets.program(digits.network, nets.Chip(device, tile=(40, 24), seed=3, bandwidth=0.0))
    for ds in analog.programming:
        assert (ds.outcome.values == 1).mean() > 0.995 and float(abs(ds.error).quantile(0.99)) <= 0.05
        assert 5 < ds.pulses.values.mean() < 9
    layer, x = analog.layers[0], digits.x_test[:40]
    by_library = layer.layout.decode(read_tiles(layer.cells, 0.2 * x, tile=(40, 24))) * layer.layout.scale / 0.2
    from synaptogen_core.networks.hardware.inference import product

    found = product(layer.stage(), x)
    assert found == pytest.approx(by_library, abs=1e-6 * np.abs(by_library).max())
    wanted = x @ digits.network.weighted[0].matrix
    assert 0.005 < np.sqrt(((found - wanted) ** 2).mean() / (wanted**2).mean()) < 0.06
    assert analog.layers[1].cells.to_state()["first_cell"] == layer.cells.size


def test_through_lines_the_matrix_is_right_to_one_per_cent_of_the_exact_solution(digits: Any, lined: Any) -> None:
    x = digits.x_test[:6]
    fast, exact = lined.forward(x), lined.forward(x, exact=True)
    spread = np.sqrt(((exact - exact.mean()) ** 2).mean())
    gain = (fast * exact).sum() / (fast**2).sum()  # curves bend a little below 0.2 V: 1 %, which a gain takes up
    assert abs(gain - 1) < 0.02 and np.sqrt(((gain * fast - exact) ** 2).mean()) < 0.01 * spread
    assert np.sqrt(((digits.network.forward(x) - exact) ** 2).mean()) > 0.05 * spread  # lines do take something


def test_programming_through_lines_reaches_its_targets(lined: Any) -> None:
    for ds in lined.programming:
        assert (ds.outcome.values == 1).mean() > 0.99 and ds.pulses.values.mean() < 9


def test_weights_of_every_kind(digits: Any, lined: Any) -> None:
    target, programmed, effective = (lined.weights(kind) for kind in ("target", "programmed", "effective"))
    for k, layer in enumerate(digits.network.weighted):
        assert target[k] == pytest.approx(layer.matrix, abs=1e-9)
        error = [
            np.sqrt(((w[k] - layer.matrix) ** 2).mean() / (layer.matrix**2).mean()) for w in (programmed, effective)
        ]
        assert error[0] < 0.04 < error[1]
    with pytest.raises(ValueError, match="kind: must be 'target', 'programmed' or 'effective'"):
        lined.weights("float")


def test_shuffled_weights_fall_to_chance(digits: Any, device: Any) -> None:
    """The negative control of every accuracy."""
    rng = np.random.default_rng(0)
    weights = [rng.permuted(layer.matrix.ravel()).reshape(layer.matrix.shape) for layer in digits.network.weighted]
    network = digits.network.with_weights(weights, [layer.bias for layer in digits.network.weighted])
    analog = nets.program(network, nets.Chip(device, seed=1))
    accuracy = nets.evaluate(analog, digits.x_test, digits.y_test).accuracy.item()
    assert accuracy < 0.1 + 4.89 * np.sqrt(0.1 * 0.9 / 450) + 0.1
    good = nets.program(digits.network, nets.Chip(device, seed=1))
    assert nets.evaluate(good, digits.x_test, digits.y_test).accuracy.item() > 0.85


@pytest.mark.parametrize(
    "mapping",
    [
        nets.Mapping(pairs_in="rows"), nets.Mapping(scheme="offset"), nets.Mapping(scheme="bit_sliced"),
        nets.Mapping(bias="row", scale="column"),
    ],
)  # fmt: skip
def test_other_mappings_lose_little(digits: Any, device: Any, mapping: Any) -> None:
    accuracy = []
    for seed in (1, 2):
        analog = nets.program(digits.network, nets.Chip(device, mapping, seed=seed), inputs=digits.x_train)
        accuracy.append(nets.evaluate(analog, digits.x_test, digits.y_test))
    assert np.mean([e.accuracy.item() for e in accuracy]) > accuracy[0].float_accuracy.item() - 0.03


def test_without_verify_the_error_is_many_times_as_large(digits: Any, device: Any) -> None:
    blind = nets.program(digits.network, nets.Chip(device, seed=1), tolerance=None)
    ds = blind.programming[0]
    assert 0.15 < float(np.sqrt((ds.error**2).mean())) < 0.6 and abs(float(ds.error.median())) < 0.1
    assert set(np.unique(ds.pulses)) == {2} and set(np.unique(ds.outcome)) == {0}


def test_faults_of_one_tile(digits: Any, device: Any) -> None:
    broken = Faults(open_cells=((0, 0),), shorted_cells=((1, 1),), short=100.0)
    chip = nets.Chip(device, tile=(40, 24), lines=LINES, seed=3, bandwidth=0.0, faults={(0, 1, 1): broken})
    analog = nets.program(digits.network, chip)
    matrix = analog.layers[0].matrix.matrix()
    assert matrix[40, 24] == 0 and matrix[41, 25] > 1e-3
    assert (analog.programming[0].outcome.values == 1).mean() > 0.98
    cut = replace(chip, faults={(0, 0, 0): Faults(open_word=((3, 2),))})
    with pytest.raises(ValueError, match="direct: must be True where lines of a tile are broken"):
        nets.program(digits.network, cut)
    assert nets.program(digits.network, cut, direct=True).layers[0].matrix.matrix()[3, 5] < 1e-7
    with pytest.raises(ValueError, match=r"faults: layer 0 has 2 x 2 tiles \(got \(5, 0\)\)"):
        nets.program(digits.network, replace(chip, faults={(0, 5, 0): broken}))


def test_cancelling_and_bad_targets(digits: Any, device: Any) -> None:
    chip, told = nets.Chip(device), []
    with pytest.raises(sc.Cancelled, match="program_and_verify: cancelled"):
        nets.program(digits.network, chip, progress=told.append, cancel=lambda: len(told) > 2)
    assert told == sorted(told) and told[0] < 1
    for targets, sentence in (
        ([np.full((64, 32), 1e-4)], "targets: must be 2 arrays"),
        ([np.full((64, 32), 1e-3), np.full((16, 20), 1e-4)], r"targets: must be from 6.61e-06 to 0.000275 S"),
        ([np.full((64, 31), 1e-4), np.full((16, 20), 1e-4)], r"targets: must have shape \(64, 32\)"),
    ):
        with pytest.raises(ValueError, match=sentence):
            nets.program(digits.network, chip, targets=targets)
    with pytest.raises(ValueError, match="inputs: must be training images"):
        nets.program(digits.network, nets.Chip(device, nets.Mapping(bias="row")))


def test_compensated_targets_bring_the_effective_matrix_back(digits: Any, device: Any) -> None:
    chip = nets.Chip(device, tile=(64, 64), lines=Lines(10.0, 10.0), seed=4)
    found = nets.compensate_lines(digits.network, chip)
    assert all(after < 0.35 * before for before, after in zip(found.before, found.after, strict=True))
    accuracy = {}
    for name, targets in (("as they are", None), ("compensated", found.targets)):
        analog = nets.calibrate(nets.program(digits.network, chip, targets=targets), digits.x_train)
        accuracy[name] = nets.evaluate(analog, digits.x_test, digits.y_test).accuracy.item()
    assert accuracy["compensated"] > accuracy["as they are"]
    float_accuracy = (digits.network.predict(digits.x_test) == digits.y_test).mean()
    assert accuracy["compensated"] > float_accuracy - 0.025


def test_the_same_seed_is_the_same_chip(digits: Any, device: Any) -> None:
    chip = nets.Chip(device, seed=5)
    one, two = (nets.program(digits.network, chip).layers[0].cells.state_hash() for _ in range(2))
    other = nets.program(digits.network, replace(chip, seed=6)).layers[0].cells.state_hash()
    assert one == two != other
