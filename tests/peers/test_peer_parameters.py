"""Parameters in the published layout: the authors' own code (PyPI synaptogen 0.2.0) reads them and draws our cells.

Its first cycle starts from an empty history, and its sigma is not clipped: both are known, and computed in here.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import synaptogen_core as sc
from synaptogen_core.exchange.api import load_device, save_device

peer = pytest.importorskip("synaptogen.synaptogen", reason="install the peer: pip install synaptogen==0.2.0")

Z = 4.89  # a false alarm in 1e6
PUBLISHED = sc.load_device("hennen2024")
CELLS = 20_000


def other() -> sc.DeviceParameters:
    """Two components, order 3, shapes of degree 5: nothing that the published set has."""
    rng = np.random.Generator(np.random.PCG64(11))
    gamma = np.hstack([np.zeros((4, 1)), PUBLISHED.gamma])
    gamma[:, 0] = [1e-3, 2e-3, -1e-3, 5e-4]
    a = np.stack([np.diag([0.3, 0.2, 0.4, 0.25]), np.diag([0.1, 0.2, 0.1, 0.0]), 0.05 * rng.normal(size=(4, 4))])
    b = np.linalg.cholesky(np.diag([0.8, 0.8, 0.6, 0.9]) + 0.1)
    return replace(
        PUBLISHED, name="another", gamma=gamma, weights=[0.7, 0.3], means=PUBLISHED.means[:2], outliers=(),
        factors=0.5 * PUBLISHED.factors[:2], var={3: (a, b)}, order=3, valid_range=1.55,
    )  # fmt: skip


DEVICES = {
    "published": PUBLISHED,
    "other": other(),
    "order between": replace(PUBLISHED, var={10: PUBLISHED.var[10]}, order=4),
    "varied": PUBLISHED.vary(d2d=0.5, c2c=0.7, order=5),
    "product mixture": PUBLISHED.vary(correlations=False, d2d=0.5),
}


@pytest.fixture(params=list(DEVICES))
def device(request: pytest.FixtureRequest) -> sc.DeviceParameters:
    return DEVICES[request.param]


def test_the_way_there_and_back(device: sc.DeviceParameters, tmp_path: Path) -> None:
    save_device(device, tmp_path / "device.json", layout="published")
    again = load_device(tmp_path / "device.json")
    assert again.name == device.name
    assert (again.a.tobytes(), again.b.tobytes()) == (device.a.tobytes(), device.b.tobytes())
    if device.order in device.var:
        assert again.hash == device.hash
    else:  # the order in force is written out beside the one that it was cut from
        assert replace(again, var=dict(device.var)).hash == device.hash


def test_the_peers_numbers_are_ours(device: sc.DeviceParameters, tmp_path: Path) -> None:
    """The peer holds [B | A_p | ... | A_1] in float32, for the order that it is told."""
    save_device(device, tmp_path / "device.json", layout="published")
    theirs = peer.load_params(str(tmp_path / "device.json"), p=device.order)
    np.testing.assert_array_equal(theirs.VAR, np.hstack([device.b, *device.a[::-1]]).astype(np.float32))
    np.testing.assert_array_equal(theirs.γ, device.gamma.astype(np.float32))
    np.testing.assert_array_equal(theirs.μDtD.T, device.means.astype(np.float32))
    np.testing.assert_array_equal(np.moveaxis(theirs.LDtD, 2, 0), device.factors.astype(np.float32))
    np.testing.assert_array_equal(theirs.wk, device.weights.astype(np.float32))
    assert (theirs.U0, theirs.η, theirs.Umax) == tuple(np.float32([device.u_0, device.eta, device.u_max]))
    assert pytest.approx(device.g_llrs, rel=1e-6) == theirs.G_LLRS


def population(device: sc.DeviceParameters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NDArray[np.float64]:
    """Features of cells that the peer has taken through so many cycles that its empty start is forgotten."""
    save_device(device, tmp_path / "device.json", layout="published")
    rng = np.random.default_rng(4)
    monkeypatch.setattr(peer, "randn", lambda size, out=None: rng.standard_normal(size, dtype=np.float32, out=out))
    monkeypatch.setattr(peer, "rand", lambda size: rng.random(size, dtype=np.float32))
    cells = peer.CellArrayCPU(CELLS, peer.load_params(str(tmp_path / "device.json"), p=device.order))
    cells.drawVARMask[:] = True
    for _ in range(40 if device.order <= 5 else 120):
        peer.VAR_sample(cells)
    y: NDArray[np.float64] = peer.Ψ(cells.μ, cells.σ, peer.Γ(cells.params.γ, cells.Xhat[-4:])).astype(np.float64)
    y[0] = np.log10(y[0])
    return y


def ours(device: sc.DeviceParameters) -> NDArray[np.float64]:
    cells = sc.CellArray((CELLS // 100, 100), device, seed=9)
    ds = sc.simulate(cells, sc.PulseTrain.cycling(1), record="features")
    names = ("r_hrs", "u_set", "r_lrs", "u_reset")
    y = np.stack([ds[name].isel(cycle=0).values.ravel() for name in names]).astype(np.float64)
    y[0] = np.log10(y[0])
    return y


def differences(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means and logarithms of the spread of two samples, in standard errors of their difference."""

    def moments(y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        centred = y - y.mean(axis=1, keepdims=True)
        sd = centred.std(axis=1)
        kurtosis = (centred**4).mean(axis=1) / sd**4
        values = np.concatenate([y.mean(axis=1), np.log(sd), np.corrcoef(y)[np.triu_indices(4, 1)]])
        pairs = [(centred[i] * centred[j] / sd[i] / sd[j]).var() for i, j in zip(*np.triu_indices(4, 1), strict=True)]
        return values, np.concatenate([sd**2, (kurtosis - 1) / 4, pairs]) / y.shape[1]

    (a, variance_a), (b, variance_b) = moments(one), moments(other)
    return np.asarray(np.abs(a - b) / np.sqrt(variance_a + variance_b))


def test_the_peers_cells_have_our_statistics(
    device: sc.DeviceParameters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert differences(population(device, tmp_path, monkeypatch), ours(device)).max() < Z


def test_another_population_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: a tenth more spread of cycles, a quarter more of devices, no outliers, the other device."""
    theirs = population(PUBLISHED, tmp_path, monkeypatch)
    for wrong in (PUBLISHED.vary(d2d=1.25), PUBLISHED.vary(c2c=1.1), PUBLISHED.vary(outlier_share=0.0), other()):
        assert differences(theirs, ours(wrong)).max() > Z


def test_the_keys_are_those_of_the_peers_own_file(tmp_path: Path) -> None:
    """The published Julia code reads the same keys, which its manual calls for by these very names."""
    save_device(PUBLISHED, tmp_path / "device.json", layout="published")
    written = json.loads((tmp_path / "device.json").read_text(encoding="utf-8"))
    theirs = json.loads(Path(peer.default_param_fp).read_text(encoding="utf-8"))
    assert set(theirs) <= set(written)
    for key, value in theirs.items():
        assert np.asarray(written[key]).shape == np.asarray(value).shape
        np.testing.assert_allclose(written[key], value, rtol=1e-7 if key == "wk" else 0)  # weights are made to sum to 1
    extra = {key for key in set(written) - set(theirs) if key.startswith("VAR")}
    assert extra == set()  # the peer takes every key that begins so for an order


def test_an_unknown_layout(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^layout: must be ours or published \(got 'theirs'\); choose one of them$"):
        save_device(PUBLISHED, tmp_path / "a.json", layout="theirs")
