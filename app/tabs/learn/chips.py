"""Measures of networks for lessons: handwritten digits on chips made of the device of the present run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations
from typing import Protocol

import numpy as np

from app.work.runs import Run
from synaptogen_core import DeviceParameters
from synaptogen_core.crossbar import Lines
from synaptogen_core.networks import (
    AnalogNetwork,
    Chip,
    Dense,
    Mapping,
    Network,
    Relu,
    Softmax,
    calibrate,
    draw_weights,
    evaluate,
    program,
    train_in_the_loop,
)
from synaptogen_core.networks.digital.layers import Layer
from synaptogen_core.networks.example import digits

HIDDEN, EPOCHS = 16, 6
LETTERS = ("111010010", "100100111", "101010101")  # T, L, X of 3 x 3 pixels
Found = tuple[float, float, float]  # value, and 95 % interval


class OfRun(Protocol):
    """`Numbers` of measures.py, which this file must not know."""

    run: Run


def accuracy(analog: AnalogNetwork, x: np.ndarray, y: np.ndarray) -> Found:
    """In per cent, with its interval over the images."""
    ds = evaluate(analog, x, y)
    low, high = ds["accuracy_interval"].values
    return 100 * float(ds["accuracy"]), 100 * float(low), 100 * float(high)


@lru_cache(maxsize=32)
def on_chip(device: DeviceParameters, ohm: float, side: int, bits: int, verify: bool, full: bool) -> AnalogNetwork:
    """Digits on a chip; calibrated, or with ADCs to the largest possible current."""
    network, (x, _), _ = digits(HIDDEN)
    chip = Chip(device, tile=(side, side), lines=Lines(ohm, ohm), adc_bits=bits or None, seed=1)
    analog = program(network, chip, 0.05 if verify else None)
    full_ranges = [layer.readout.ranges for layer in analog.layers]
    analog = calibrate(analog, x)
    if not full:
        return analog
    readouts = [replace(la.readout, ranges=ends) for la, ends in zip(analog.layers, full_ranges, strict=True)]
    return analog.with_readouts(readouts, analog.calibration)


@lru_cache(maxsize=16)
def learnt(device: DeviceParameters, ohm: float, side: int, verify: bool) -> tuple[AnalogNetwork, float]:
    """A chip after its training in the loop, and the pulses a cell that this took."""
    _, training, _ = digits(HIDDEN)
    analog = on_chip(device, ohm, side, 0, verify, False).copy()
    log = train_in_the_loop(analog, *training, epochs=EPOCHS, rate=2e-3)
    return analog, float(log["pulses"].sum()) / log.attrs["cells"]


def float_accuracy(numbers: OfRun) -> Found:
    network, _, (x, y) = digits(HIDDEN)
    share = 100 * float((network.predict(x) == y).mean())
    return share, float("nan"), float("nan")


def chip_accuracy(numbers: OfRun, ohm: float, side: float, bits: float) -> Found:
    return accuracy(on_chip(numbers.run.device, ohm, int(side), int(bits), True, False), *digits(HIDDEN)[2])


def full_range_accuracy(numbers: OfRun, bits: float) -> Found:
    return accuracy(on_chip(numbers.run.device, 0.0, 64, int(bits), True, True), *digits(HIDDEN)[2])


def blind_accuracy(numbers: OfRun) -> Found:
    return accuracy(on_chip(numbers.run.device, 0.0, 64, 0, False, False), *digits(HIDDEN)[2])


def learnt_accuracy(numbers: OfRun, ohm: float, side: float) -> Found:
    return accuracy(learnt(numbers.run.device, ohm, int(side), True)[0], *digits(HIDDEN)[2])


def blind_learnt_accuracy(numbers: OfRun) -> Found:
    return accuracy(learnt(numbers.run.device, 0.0, 64, False)[0], *digits(HIDDEN)[2])


def learning_pulses(numbers: OfRun, ohm: float, side: float) -> tuple[float]:
    return (learnt(numbers.run.device, ohm, int(side), True)[1],)


# ------------------------------------------------------------------------------------------------ three letters
def letters(flips: int) -> tuple[np.ndarray, np.ndarray]:
    """The letters with so many pixels flipped, in every way; and which they are."""
    found = []
    for letter in LETTERS:
        plain = np.array(list(letter), float)
        for places in combinations(range(9), flips):
            image = plain.copy()
            image[list(places)] = 1 - image[list(places)]
            found.append(image)
    return np.array(found), np.repeat(np.arange(3), len(found) // 3)


@lru_cache(maxsize=16)
def thirty_cells(device: DeviceParameters, epochs: int) -> AnalogNetwork:
    """Nine pixels and a bias to three letters: 30 cells that learn, with a reference cell in each row."""
    x, y = (np.concatenate(parts) for parts in zip(letters(0), letters(1), strict=True))
    network = draw_weights(Network([Dense(np.ones((9, 3)), np.zeros(3)), Softmax()]), seed=1)
    chip = Chip(device, Mapping(scheme="offset", bias="row", headroom=2.0), tile=(10, 4), seed=1)
    analog = calibrate(program(network, chip, inputs=x), x)
    if epochs:
        train_in_the_loop(analog, x, y, epochs=epochs, rate=0.03, batch=6)
    return analog


def letters_accuracy(numbers: OfRun, epochs: float, flips: float) -> Found:
    return accuracy(thirty_cells(numbers.run.device, int(epochs)), *letters(int(flips)))


# ------------------------------------------------------------------------------------------------ XOR by contrast
@dataclass(frozen=True)
class Goodness(Layer):
    """Two answers, "does not fit" and "fits": a level, and how strongly the units respond together."""

    level: float = 1.0

    def forward(self, x: np.ndarray) -> np.ndarray:
        return np.stack([np.full(len(x), self.level), (x**2).sum(axis=1)], axis=1)

    def backward(self, x: np.ndarray, y: np.ndarray, dy: np.ndarray) -> np.ndarray:
        return 2 * x * dy[:, 1:]  # each unit needs to know its own response, and one signal that all share


def contexts() -> tuple[np.ndarray, np.ndarray]:
    """The four inputs of XOR, each with the right and with the wrong answer beside it; and which of the two it is."""
    found = [((a, b), (a ^ b) ^ wrong, wrong) for a in (0, 1) for b in (0, 1) for wrong in (0, 1)]
    rows = [[a, 1 - a, b, 1 - b, answer, 1 - answer] for (a, b), answer, _ in found]
    return np.array(rows, float), np.array([1 - wrong for *_, wrong in found])


@lru_cache(maxsize=16)
def xor_chip(device: DeviceParameters, epochs: int) -> AnalogNetwork:
    """Six inputs to twelve units on pairs of cells, taught by contrast alone: no error goes back through a layer."""
    x, y = (np.concatenate([part] * 10) for part in contexts())
    network = draw_weights(Network([Dense(np.ones((6, 12)), np.zeros(12)), Relu(), Goodness()]), seed=3)
    analog = calibrate(program(network, Chip(device, Mapping(headroom=2.0), tile=(8, 24), seed=1), inputs=x), x)
    if epochs:
        train_in_the_loop(analog, x, y, epochs=epochs, rate=5e-3, batch=8, validation=0.09)
    return analog


def xor_goodness(device: DeviceParameters, epochs: int) -> np.ndarray:
    """How well answers fit, shape (four inputs, right and wrong answer)."""
    return xor_chip(device, epochs).forward(contexts()[0])[:, 1].reshape(4, 2)


def xor_right(numbers: OfRun, epochs: float) -> tuple[float]:
    right, wrong = xor_goodness(numbers.run.device, int(epochs)).T
    return (100 * float((right > wrong).mean()),)


# ------------------------------------------------------------------------------------------------ what pictures show
def currents(device: DeviceParameters) -> np.ndarray:
    """Currents of the first layer's columns for 200 training images, in per cent of the largest possible."""
    analog = on_chip(device, 0.0, 64, 0, True, False)
    x, readout, chip = digits(HIDDEN)[1][0][:200], analog.layers[0].readout, analog.chip
    found = analog.layers[0].source().drive(x / readout.input_range * readout.read_voltage).currents(0)
    return 100 * found / (x.shape[1] * chip.mapping.high * chip.read_voltage)


def weights(device: DeviceParameters, lines: bool) -> tuple[np.ndarray, np.ndarray]:
    """Wanted weights of the first layer, and those of a blind chip, or those that are seen through lines of 20 ohm."""
    analog = on_chip(device, 20.0, 64, 0, True, False) if lines else on_chip(device, 0.0, 64, 0, False, False)
    found = analog.weights("effective" if lines else "programmed")[0]
    return analog.network.weighted[0].matrix.ravel(), found.ravel()


def letter_cells(device: DeviceParameters, epochs: int) -> np.ndarray:
    """Conductances of the thirty cells [S]."""
    layer = thirty_cells(device, epochs).layers[0]
    return layer.cells.conductance(layer.matrix.u)[:, :3].T.ravel().astype(float)


def chip_title(ohm: float, side: float, bits: float) -> str:
    adc = f"{bits:g} bits" if bits else "ideal ADC"
    return f"accuracy with {ohm:g} Ω, tiles of {side:g}, {adc}"


def letters_title(epochs: float, flips: float) -> str:
    flipped = {0: "no pixel", 1: "one pixel"}.get(int(flips), f"{flips:g} pixels")
    return f"letters read after {epochs:g} epochs, {flipped} flipped"


Compute = Callable[..., tuple[float, ...]]
Title = Callable[..., str]
OF = "the lesson's own chips"
MEASURES: dict[str, tuple[tuple[str, ...], str, str | Title, Compute]] = {  # arguments, unit, title, what computes it
    "float_accuracy": ((), "%", "accuracy of the float network", float_accuracy),
    "chip_accuracy": (("ohm", "side", "bits"), "%", chip_title, chip_accuracy),
    "full_range_accuracy": (("bits",), "%", "accuracy with {0} bits to the largest possible current",
                            full_range_accuracy),
    "blind_accuracy": ((), "%", "accuracy of a chip programmed without verify", blind_accuracy),
    "blind_learnt_accuracy": ((), "%", "the same after learning in the loop", blind_learnt_accuracy),
    "learnt_accuracy": (("ohm", "side"), "%", "accuracy after learning, {0} Ω, tiles of {1}", learnt_accuracy),
    "learning_pulses": (("ohm", "side"), "", "pulses a cell for learning, {0} Ω, tiles of {1}", learning_pulses),
    "letters_accuracy": (("epochs", "flips"), "%", letters_title, letters_accuracy),
    "xor_right": (("epochs",), "%", "inputs of XOR answered rightly after {0} epochs", xor_right),
}  # fmt: skip
