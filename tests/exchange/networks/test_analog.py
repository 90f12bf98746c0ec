"""A programmed network, saved and loaded: the same bits, and it goes on as it would have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import synaptogen_core as sc
from synaptogen_core.crossbar import Faults, Lines
from synaptogen_core.errors import FileError

nets = sc.networks
X, Y = np.random.default_rng(3).uniform(0, 1, (60, 36)), np.random.default_rng(4).integers(0, 3, 60)


@pytest.fixture(scope="module")
def analog() -> Any:
    rng = np.random.default_rng(5)
    layers = [
        nets.Reshape((1, 6, 6)), nets.Conv2d.of_kernels(rng.normal(size=(4, 1, 3, 3)), padding=(1, 1)), nets.Relu(),
        nets.Pool2d((2, 2)), nets.Reshape(), nets.Dense(rng.normal(size=(36, 3)), np.zeros(3)),
    ]  # fmt: skip
    network = nets.Network(layers, ["a", "b", "c"])
    faults = {(1, 0, 0): Faults(shorted_cells=((2, 1),))}
    chip = nets.Chip(
        sc.load_device("hennen2024").vary(d2d=1.5), nets.Mapping(bias="row"), tile=(16, 8), lines=Lines(5.0, 5.0),
        adc_bits=7, dac_bits=6, seed=11, faults=faults,
    )  # fmt: skip
    return nets.calibrate(nets.program(network, chip, inputs=X), X)


@pytest.mark.parametrize("name", ["a.nc", "a.zarr", "a.zarr.zip"])
def test_it_is_the_same_again(analog: Any, tmp_path: Path, name: str) -> None:
    sc.save_network(analog, tmp_path / name)
    again = sc.load_network(tmp_path / name)
    assert np.array_equal(again.forward(X, first_read=5), analog.forward(X, first_read=5))
    labels = np.array(["a", "b", "c"])[Y]
    logs = [nets.train_in_the_loop(one.copy(), X, labels, epochs=1) for one in (analog, again)]
    assert logs[0].identical(logs[1])
    for one, other in zip(again.programming, analog.programming, strict=True):
        assert all(np.array_equal(one[n], other[n], equal_nan=True) for n in other.data_vars)
    if name == "a.nc":
        with xr.open_dataset(tmp_path / name) as plain:
            assert "settings" in plain.attrs and plain["r_0"].attrs["long_name"]


def test_files_that_were_changed(analog: Any, tmp_path: Path) -> None:
    sc.save_network(analog, tmp_path / "a.nc")
    with xr.open_dataset(tmp_path / "a.nc") as ds:
        ds.load()
    r = ds["r_0"].values.copy()
    r[0] += 0.1
    ds.assign(r_0=ds["r_0"].copy(data=r)).to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    with pytest.raises(FileError, match="layer 0: must have the hash"):
        sc.load_network(tmp_path / "b.nc")
    ds.drop_vars("gain_1").to_netcdf(tmp_path / "c.nc", engine="h5netcdf")
    with pytest.raises(FileError, match="must hold a network that save_network wrote"):
        sc.load_network(tmp_path / "c.nc")
    ds.attrs["settings"] = ds.attrs["settings"].replace('"tile": [16, 8]', '"tile": [8, 8]')
    ds.to_netcdf(tmp_path / "d.nc", engine="h5netcdf")
    with pytest.raises(FileError, match="must have a range for each of"):
        sc.load_network(tmp_path / "d.nc")
    (tmp_path / "e.nc").write_bytes((tmp_path / "a.nc").read_bytes()[:3000])
    with pytest.raises(FileError, match="must be readable"):
        sc.load_network(tmp_path / "e.nc")
    with pytest.raises(FileError, match=r"must end in .nc, .zarr or .zarr.zip"):
        sc.save_network(analog, tmp_path / "a.pkl")
    with pytest.raises(TypeError, match="analog: must be an AnalogNetwork"):
        sc.save_network(analog.network, tmp_path / "a.nc")
