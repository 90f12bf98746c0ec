"""The same noise fed to our rule and to the authors' own code (PyPI synaptogen 0.2.0) gives the same r, step by step.

Every cell is SET first: a new cell of the published code is in no state, and its threshold is a view of its features.
Its matrix products and powers are those of float32 libraries, so equality holds to their roundings; a pulse that comes
closer than that to a threshold may fall on either side, and its cell is no longer compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

import synaptogen_core as sc
from synaptogen_core.device.model import conduction, random_streams, switching, variability
from synaptogen_core.device.model.float32 import Constants, constants
from synaptogen_core.device.model.state import State
from synaptogen_core.schema import HRS, LRS
from synaptogen_core.types import F32

peer = pytest.importorskip("synaptogen.synaptogen", reason="install the peer: pip install synaptogen==0.2.0")

DEVICE = sc.load_device("hennen2024")
M = 400
SEED = 77
CLOSE = 2e-5  # V or relative: distance below which a rounding may decide
TOLERANCE = 5e-6  # of r: some 80 roundings of float32; 4e-7 is what one sees


class OurNoise:
    """Stands in for the peer's generator: gives the normals of our addresses, in the order in which it asks."""

    def __init__(self, cells: int) -> None:
        self.cell = np.arange(cells, dtype=np.uint64)
        self.component = variability.draw_devices(self.cell, SEED, constants(DEVICE))[0]
        self.asked = 0
        self.count: Callable[[], NDArray[np.integer]] = lambda: np.zeros(cells, np.int64)

    def rand(self, size: int) -> F32:
        """In the middle of the interval that picks our component: the two codes round its limits differently."""
        limits = np.concatenate([[0], np.cumsum(DEVICE.weights)])
        return ((limits[self.component] + limits[self.component + 1]) / 2).astype(np.float32)

    def randn(self, size: tuple[int, int], out: F32 | None = None) -> F32:
        if size[0] == 8:  # device vectors, one component after the other
            chosen = self.cell[self.component == self.asked]
            self.asked += 1
            return np.concatenate(
                [random_streams.normals(SEED, random_streams.DEVICE, chosen, 0, sub) for sub in (0, 1)]
            )
        normals = random_streams.normals(SEED, random_streams.CYCLE, self.cell, self.count())
        if out is not None:
            out[:] = normals
        return normals


class Pair:
    """Our cells and the peer's, from the same noise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, order: int = 10) -> None:
        noise = OurNoise(M)
        monkeypatch.setattr(peer, "randn", noise.randn)
        monkeypatch.setattr(peer, "rand", noise.rand)
        self.c: Constants = constants(DEVICE.vary(order=order))
        self.ours: State = variability.fresh_cells(noise.cell, SEED, "empty", self.c)
        self.theirs = peer.CellArrayCPU(M, peer.load_params(p=order))
        noise.count = lambda: self.theirs.n + 1
        self.alike = np.ones(M, bool)
        clipped = self.ours.sigma == self.c.sigma_floor[:, None]
        self.alike &= ~clipped.any(axis=0)  # the peer has no floor

    def apply(self, volts: NDArray[np.floating]) -> None:
        u = np.broadcast_to(np.asarray(volts, np.float32), M)
        own = self.ours
        limits = np.stack([own.features[1], own.features[3], own.threshold, np.full(M, self.c.u_max)])
        # a threshold that is the last pulse itself is exact in both codes
        self.alike &= ~np.any((np.abs(u - limits) < CLOSE) & (u != limits), axis=0)
        drawing = switching.drawing_cells(own, u)
        normals = random_streams.normals(
            SEED, random_streams.CYCLE, own.cell[drawing], own.count[drawing] + np.uint32(1)
        )
        switching.apply(own, u, normals, self.c)
        peer.applyVoltage(self.theirs, u.copy())

    def distance(self) -> float:
        """Largest difference of r; states and cycle counts must be equal."""
        a = self.alike
        assert np.array_equal((self.ours.code == LRS)[a], self.theirs.inLRS[a])
        assert np.array_equal((self.ours.code == HRS)[a], self.theirs.inHRS[a])
        assert np.array_equal(self.ours.count[a], self.theirs.n[a])
        return float(np.abs(self.ours.r - self.theirs.r)[a].max())


def test_the_same_cells_before_the_first_pulse(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair(monkeypatch)
    assert np.array_equal(pair.ours.component, pair.theirs.k)
    scale = np.abs(DEVICE.means).max(axis=0)
    vectors = np.concatenate([pair.ours.mu - pair.theirs.μ, pair.ours.sigma - pair.theirs.σ])[:, pair.alike]
    assert np.abs(vectors / scale[:, None]).max() < 1e-6
    relative = np.abs(pair.ours.features / pair.theirs.y - 1)[:, pair.alike]
    assert relative.max() < 1e-5
    assert pair.alike.mean() > 0.99


@settings(max_examples=12)
@given(data=st.data(), order=st.sampled_from([1, 2, 5, 10]))
def test_the_same_r_step_by_step(data: st.DataObject, order: int) -> None:
    levels = st.one_of(
        st.floats(-1.5, -0.5),
        st.floats(0.6, 1.45),
        st.sampled_from([-1.5, -1.0, 0.0, 0.9, 1.46, 1.5]),
    )
    pulses = data.draw(st.lists(levels, min_size=3, max_size=25))
    spread = data.draw(st.sampled_from([0.0, 0.05, 0.3]), label="spread over the cells [V]")
    rng = np.random.default_rng(1)
    with pytest.MonkeyPatch.context() as patch:
        pair = Pair(patch, order)
        pair.apply(np.array(-3.0))
        assert np.all(pair.theirs.inLRS)
        for pulse in pulses:
            pair.apply(pulse + spread * rng.uniform(-1, 1, M))
            assert pair.distance() < TOLERANCE
        relative = np.abs(pair.ours.features / pair.theirs.y - 1)[:, pair.alike]
        assert relative.max() < 1e-4
        assert pair.alike.mean() > 0.9


def test_a_long_history_stays_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """60 cycles, six times the order: a wrong place in the history would show."""
    pair = Pair(monkeypatch)
    rng = np.random.default_rng(2)
    for _ in range(60):
        pair.apply(np.array(-3.0))
        pair.apply(rng.uniform(0.7, 1.4, M))
        pair.apply(np.array(1.5))
        assert pair.distance() < TOLERANCE
    assert pair.alike.mean() > 0.9


SLIGHTLY_OTHER = {
    "eta": DEVICE.vary(eta=3.058),
    "u_max": DEVICE.vary(u_max=1.4602),
    "oldest lag as newest": replace(DEVICE, var={10: (DEVICE.a[::-1], DEVICE.b)}),
    "transposed": replace(DEVICE, var={10: (DEVICE.a.transpose(0, 2, 1), DEVICE.b)}),
}


@pytest.mark.parametrize("fault", SLIGHTLY_OTHER)
def test_a_slightly_other_rule_would_differ(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    pair = Pair(monkeypatch)
    pair.c = constants(SLIGHTLY_OTHER[fault])
    worst = 0.0
    for _ in range(4):
        pair.apply(np.array(-3.0))
        pair.apply(np.array(1.0))
        worst = max(worst, float(np.abs(pair.ours.r - pair.theirs.r)[pair.alike].max()))
    assert worst > TOLERANCE


@pytest.mark.parametrize("u", [0.2, -0.3, 0.6])
def test_the_same_current(monkeypatch: pytest.MonkeyPatch, u: float) -> None:
    pair = Pair(monkeypatch)
    pair.apply(np.array(-3.0))
    pair.apply(np.linspace(0.6, 1.5, M))
    ours = conduction.current(pair.ours.r, np.array([u], np.float32), pair.c)
    theirs = peer.I(pair.theirs, np.float32(u))
    assert np.abs(ours - theirs)[pair.alike].max() < 2 * TOLERANCE * abs(u) * DEVICE.g_llrs


# --------------------------------------------------------------------------------- with noise of its own: distributions
N = 20_000
KS_TWO_SAMPLES = 2.69 * np.sqrt(2 / N)
STAIRS = (0.8, 1.0, 1.3, 1.5)


@pytest.fixture(scope="module")
def their_levels() -> list[NDArray[np.float32]]:
    peer.rng = np.random.default_rng(5)  # unseeded as it comes
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(peer, "randn", lambda size, out=None: peer.rng.standard_normal(size, dtype=np.float32, out=out))
        patch.setattr(peer, "rand", lambda size: peer.rng.random(size, dtype=np.float32))
        cells = peer.CellArrayCPU(N)
        levels = []
        for u in (-3.0, *STAIRS):
            peer.applyVoltage(cells, u)
            levels.append(cells.r.copy())
    return levels


def our_levels(device: sc.DeviceParameters, start: str = "empty") -> list[NDArray[np.float32]]:
    state = variability.fresh_cells(np.arange(N), SEED, start, constants(device))
    levels = []
    for volts in (-3.0, *STAIRS):
        u = np.array([volts], np.float32)
        drawing = switching.drawing_cells(state, u)
        normals = random_streams.normals(
            SEED, random_streams.CYCLE, state.cell[drawing], state.count[drawing] + np.uint32(1)
        )
        switching.apply(state, u, normals, constants(device))
        levels.append(state.r.copy())
    return levels


def test_the_same_distribution_at_every_stair(their_levels: list[NDArray[np.float32]]) -> None:
    for ours, theirs in zip(our_levels(DEVICE), their_levels, strict=True):
        assert stats.ks_2samp(ours, theirs).statistic < KS_TWO_SAMPLES


def test_a_stationary_start_has_another_distribution(their_levels: list[NDArray[np.float32]]) -> None:
    distances = [
        stats.ks_2samp(ours, theirs).statistic
        for ours, theirs in zip(our_levels(DEVICE, "stationary"), their_levels, strict=True)
    ]
    assert max(distances) > KS_TWO_SAMPLES
