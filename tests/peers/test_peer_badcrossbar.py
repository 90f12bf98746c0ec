"""Linear cells against badcrossbar 1.1.0, which solves the whole set of node equations at once."""

from __future__ import annotations

import numpy as np
import pytest

from synaptogen_core.crossbar.circuit.bias import read_bias
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.crossbar.solver.solve import LineSolution, solve_lines

badcrossbar = pytest.importorskip("badcrossbar")
SIZES = [(1, 1), (1, 6), (5, 1), (3, 2), (16, 40), (64, 64), (70, 33), (128, 128), (256, 256)]
SMALL_LOSS, HALF, LARGE_LOSS = 0.015, 0.5, 0.985


def array_of(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Conductances of HRS and LRS cells [S], and input voltages [V]."""
    rng = np.random.default_rng(shape[0])
    level = np.where(rng.random(shape) < 0.5, 5e-6, 1.3e-4)
    return level * rng.lognormal(0, 0.3, shape), rng.uniform(0.05, 0.4, shape[0])


def ours(g: np.ndarray, volts: np.ndarray, word: float, bit: float) -> LineSolution:
    """With a segment before the first cell and behind the last one, as the peer has them."""
    return solve_lines(g, read_bias(volts, g.shape[1]), Lines(word, bit, source=word, sense=bit))


def segment_for(g: np.ndarray, volts: np.ndarray, loss: float) -> float:
    """The resistance at which the lines take this share of the current."""
    ideal, low, high = (volts @ g).sum(), 1e-6, 1e7
    while high / low > 1.05:
        middle = (low * high) ** 0.5
        lost = 1 - ours(g, volts, middle, 1.5 * middle).bit_current.sum() / ideal
        low, high = (middle, high) if lost < loss else (low, middle)
    return low


@pytest.mark.filterwarnings("ignore:Could not import `badcrossbar.plot`")
@pytest.mark.parametrize("shape", SIZES, ids=str)
@pytest.mark.parametrize("loss", [SMALL_LOSS, HALF, LARGE_LOSS])
def test_currents_and_voltages(shape: tuple[int, int], loss: float) -> None:
    g, volts = array_of(shape)
    ohm = segment_for(g, volts, loss)
    peer = badcrossbar.compute(volts[:, None], 1 / g, r_i_word_line=ohm, r_i_bit_line=1.5 * ohm)
    read = ours(g, volts, ohm, 1.5 * ohm)
    pairs = {
        "output currents": (read.bit_current, peer.currents.output[0]),
        "device currents": (read.cell_current, peer.currents.device),
        "word line voltages": (read.word_voltage, peer.voltages.word_line),
        "bit line voltages": (read.bit_voltage, peer.voltages.bit_line),
    }
    for name, (mine, theirs) in pairs.items():
        assert np.abs(mine - theirs).max() <= 1e-8 * np.abs(theirs).max(), name
    assert abs(1 - read.bit_current.sum() / (volts @ g).sum() - loss) < 0.02

    swapped = ours(g, volts, 1.5 * ohm, ohm)  # negative control
    word = np.abs(swapped.word_voltage - peer.voltages.word_line).max() / volts.max()
    bit = np.abs(swapped.bit_voltage - peer.voltages.bit_line).max() / np.abs(peer.voltages.bit_line).max()
    assert max(word, bit) > 1e-5
