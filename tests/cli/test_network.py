"""`synaptogen network`: files with accuracy, budget and weights; sweeps with the same numbers on a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

import synaptogen_core as sc
from synaptogen_core.cli import app
from synaptogen_core.networks.scoring import sweep

nets = sc.networks
QUICK = ["--hidden", "8"]


def call(*words: object) -> Any:
    return CliRunner().invoke(app, ["network", *map(str, words)])


def test_run_writes_accuracy_budget_and_weights(tmp_path: Path) -> None:
    out, chip = tmp_path / "a.nc", tmp_path / "chip.nc"
    done = call("run", out, *QUICK, "--ohm", 20, "--tile", "64x64", "--adc-bits", 6, "--chip-file", chip)
    assert done.exit_code == 0 and "accuracy" in done.output and "together" in done.output
    with xr.open_dataset(out) as ds:
        assert ds.accuracy_by_cause.isel(cause=-1).item() == ds.accuracy.item() < ds.float_accuracy.item()
        assert ds.cause.flag_meanings.split()[-1] == "together"
        assert ds.weights_effective_0.shape == (64, 8) and ds.attrs["ohm"] == 20
        again = sc.load_network(chip)
        assert np.array_equal(again.weights("effective")[0], ds.weights_effective_0.values)
    assert call("run", out, *QUICK).exit_code == 1


def test_own_weights_and_images(tmp_path: Path) -> None:
    network, (x, y), _ = nets.digits(8)
    arrays = {f"{k}.weight": layer.matrix.T for k, layer in enumerate(network.weighted)}
    np.savez(tmp_path / "w.npz", **arrays, **{f"{k}.bias": layer.bias for k, layer in enumerate(network.weighted)})
    np.savez(tmp_path / "x.npz", x=x[:300], y=y[:300])
    done = call("run", tmp_path / "a.zarr", "--weights", tmp_path / "w.npz", "--images", tmp_path / "x.npz")
    assert done.exit_code == 0, done.output
    for words in (["--weights", tmp_path / "w.npz"], ["--images", tmp_path / "x.npz"], ["--ohm", "-1"]):
        assert call("run", tmp_path / "b.nc", *words).exit_code != 0
    assert not (tmp_path / "b.nc").exists()


def test_a_sweep_is_the_same_on_a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tasks are functions of what they are given alone: here in another order, as a cluster may."""
    words = [*QUICK, "--over", "adc_bits", "--values", "3,8", "--seeds", "4,5"]
    assert call("sweep", tmp_path / "a.nc", *words).exit_code == 0

    def backwards(tasks: list[Any], scheduler: str) -> list[Any]:
        assert scheduler == "tcp://there"
        return [sweep.judged(task) for task in tasks[::-1]][::-1]

    monkeypatch.setattr(sweep, "_on_cluster", backwards)
    assert call("sweep", tmp_path / "b.nc", *words, "--scheduler", "tcp://there").exit_code == 0
    with xr.open_dataset(tmp_path / "a.nc") as one, xr.open_dataset(tmp_path / "b.nc") as other:
        assert one.identical(other) and one.accuracy.dims == ("adc_bits", "seed")
        assert one.accuracy.sel(adc_bits=8).mean() > one.accuracy.sel(adc_bits=3).mean()
    bad = call("sweep", tmp_path / "c.nc", *QUICK, "--over", "colour")
    assert bad.exit_code == 1 and not (tmp_path / "c.nc").exists()
