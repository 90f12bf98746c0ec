"""Datasets as NetCDF and Zarr: the same bits back, plain xarray, every wrong file its sentence."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from zarr.storage import ZipStore

import synaptogen_core as sc
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.api import dataset_bytes, dataset_stream, load_dataset, save_dataset
from synaptogen_core.exchange.datasets.datasets import CHUNK, chunks_of
from synaptogen_core.schema import VARIABLES

SUFFIXES = (".nc", ".zarr", ".zarr.zip")


@pytest.fixture(params=["run", "chosen"])
def ds(request: pytest.FixtureRequest) -> xr.Dataset:
    dataset: xr.Dataset = request.getfixturevalue(request.param)
    return dataset


def plain_open(path: Path) -> xr.Dataset:
    """What someone without this package does."""
    if path.suffix == ".zip":
        return xr.open_dataset(ZipStore(path, mode="r"), engine="zarr")
    return xr.open_dataset(path)


def fault(path: Path) -> str:
    with pytest.raises(FileError) as caught:
        load_dataset(path)
    return str(caught.value)


# ------------------------------------------------------------------------------------------------- the same bits back


@pytest.mark.parametrize(
    "value",
    [True, None, {"a": 1}, datetime.date(2026, 1, 2), [1, None], ["a", 1], "a\0b", "\ud800", np.array(["a"]),
     np.longdouble(1)],
)  # fmt: skip
def test_an_attribute_that_no_file_holds_is_named(run: xr.Dataset, value: object, tmp_path: Path) -> None:
    for suffix in (".nc", ".zarr"):
        with pytest.raises(ValueError, match=r"attribute 'annealed': must be text, a number or a list of them \(got"):
            sc.save_dataset(run.assign_attrs(annealed=value), tmp_path / f"a{suffix}")
    sc.save_dataset(run.assign_attrs(annealed=[1.5, 2], why="a text"), tmp_path / "a.nc")


@pytest.mark.parametrize("name", ["", 5, "a\0", "NAME", "coordinates", "_NCProperties"])
def test_an_attribute_whose_name_files_keep_for_themselves_is_refused(
    run: xr.Dataset, name: object, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"attribute: must have a name that files have free \(got"):
        sc.save_dataset(run.assign_attrs({name: 1}), tmp_path / "a.nc")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_round_trip_is_identical(ds: xr.Dataset, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"run{suffix}"
    save_dataset(ds, path)
    again = load_dataset(path)
    xr.testing.assert_identical(again, ds)
    for name in ds.variables:
        assert again[name].dtype == ds[name].dtype
        assert again[name].values.tobytes() == ds[name].values.tobytes()
        assert list(again[name].dims) == list(ds[name].dims)
    assert {name: type(value) for name, value in again.attrs.items()} == {n: type(v) for n, v in ds.attrs.items()}
    assert sorted(os.listdir(tmp_path)) == [path.name]
    assert set(again.coords) == set(ds.coords)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_loaded_dataset_can_be_saved_in_another_format(chosen: xr.Dataset, suffix: str, tmp_path: Path) -> None:
    """What the first file says of its own pieces and filters must not follow the values into the second."""
    path = tmp_path / f"run{suffix}"
    save_dataset(chosen, path)
    other = tmp_path / f"other{SUFFIXES[SUFFIXES.index(suffix) - 1]}"
    save_dataset(load_dataset(path), other)
    with load_dataset(path, lazy=True) as lazy:
        save_dataset(lazy, path)  # over the file that it is read from
    xr.testing.assert_identical(load_dataset(path), load_dataset(other))
    xr.testing.assert_identical(load_dataset(path), chosen)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_loaded_dataset_can_be_made_again(chosen: xr.Dataset, suffix: str, tmp_path: Path) -> None:
    save_dataset(chosen, tmp_path / f"run{suffix}")
    again = sc.repeat(load_dataset(tmp_path / f"run{suffix}"))
    xr.testing.assert_equal(again, chosen)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_long_texts_survive(run: xr.Dataset, suffix: str, tmp_path: Path) -> None:
    long = run.assign_attrs(python="# µ\n" * 50_000, note="x" * 70_000)
    save_dataset(long, tmp_path / f"run{suffix}")
    xr.testing.assert_identical(load_dataset(tmp_path / f"run{suffix}"), long)
    assert plain_open(tmp_path / f"run{suffix}").attrs["python"] == long.attrs["python"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_several_pieces(suffix: str, device: sc.DeviceParameters, tmp_path: Path) -> None:
    ds = sc.simulate(sc.CellArray((61, 67), device, seed=3), sc.PulseTrain.cycling(131), record="features")
    assert chunks_of(ds["r_hrs"].shape) != ds["r_hrs"].shape
    save_dataset(ds, tmp_path / f"run{suffix}")
    xr.testing.assert_identical(load_dataset(tmp_path / f"run{suffix}"), ds)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_part_of_a_dataset_can_be_saved(run: xr.Dataset, suffix: str, tmp_path: Path) -> None:
    part = run.isel(cycle=slice(3, 9), row=[1, 4])[["r_hrs", "state"]]
    save_dataset(part, tmp_path / f"part{suffix}")
    xr.testing.assert_identical(load_dataset(tmp_path / f"part{suffix}"), part)


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=3).map(tuple))
def test_pieces_are_neither_large_nor_lopsided(shape: tuple[int, ...]) -> None:
    chunk = chunks_of(shape)
    size = np.prod(chunk, dtype=float)
    assert size <= CHUNK
    assert all(1 <= c <= n for c, n in zip(chunk, shape, strict=True))
    if np.prod(shape, dtype=float) > CHUNK:
        assert size >= CHUNK / 3
        cut = [c for c, n in zip(chunk, shape, strict=True) if c < n]
        assert max(chunk) <= 2 * min(cut) + 1


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_large_variables_are_compressed(run: xr.Dataset, suffix: str, tmp_path: Path) -> None:
    flat = run.isel(cycle=np.zeros(4000, int))[["state", "cycle_count"]].assign_coords(cycle=("cycle", np.arange(4000)))
    flat["cycle"].attrs = run["cycle"].attrs
    save_dataset(flat, tmp_path / f"run{suffix}")
    written = sum(f.stat().st_size for f in [tmp_path / f"run{suffix}", *tmp_path.rglob("*")] if f.is_file())
    assert written < flat.nbytes / 4


def test_lazy_reading_leaves_the_values_in_the_file(run: xr.Dataset, tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        save_dataset(run, tmp_path / f"run{suffix}")
        with load_dataset(tmp_path / f"run{suffix}", lazy=True) as ds:
            assert not ds["r_hrs"].variable._in_memory
            np.testing.assert_array_equal(ds["r_hrs"][3, 1], run["r_hrs"][3, 1])


def test_what_libraries_remark_about_a_file_is_nobodys_business(run: xr.Dataset, tmp_path: Path) -> None:
    """Here, a warning is an error."""
    save_dataset(run, tmp_path / "run.zarr")
    (tmp_path / "run.zarr" / ".DS_Store").write_text("of another program")
    xr.testing.assert_identical(load_dataset(tmp_path / "run.zarr"), run)
    with h5py.File(tmp_path / "plain.nc", "w") as plain:  # dimensions without names
        plain["a"] = np.arange(4)
    assert "schema_version: must be among the attributes" in fault(tmp_path / "plain.nc")


# ------------------------------------------------------------------------------------------------ without our package


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_plain_xarray_opens_it(ds: xr.Dataset, suffix: str, tmp_path: Path) -> None:
    save_dataset(ds, tmp_path / f"run{suffix}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with plain_open(tmp_path / f"run{suffix}") as opened:
            xr.testing.assert_identical(opened.load(), ds)
            for name, variable in opened.variables.items():
                assert variable.attrs["long_name"] == VARIABLES[str(name)]["long_name"]
                assert variable.attrs["units"] == VARIABLES[str(name)]["units"]


def test_a_process_without_our_package_opens_it(run: xr.Dataset, tmp_path: Path) -> None:
    save_dataset(run, tmp_path / "run.nc")
    program = (
        "import sys, xarray; ds = xarray.open_dataset('run.nc'); print(ds.r_lrs.units, ds.outlier.dtype, ds.seed);"
        "assert not any(name.startswith('synaptogen') for name in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["ohm", "bool", str(2**63 - 1)]


@pytest.mark.parametrize("kind", ["nc", "zarr.zip"])
def test_a_download_is_a_file(run: xr.Dataset, kind: str, tmp_path: Path) -> None:
    (tmp_path / f"a.{kind}").write_bytes(dataset_bytes(run, kind))
    xr.testing.assert_identical(load_dataset(tmp_path / f"a.{kind}"), run)
    with dataset_stream(run, kind) as stream:
        assert stream.tell() == 0
        assert len(stream.read()) > 1000


def test_a_download_of_another_kind(run: xr.Dataset) -> None:
    with pytest.raises(ValueError, match=r"^kind: must be one of nc, zarr.zip, csv \(got 'xls'\); choose one of them$"):
        dataset_bytes(run, "xls")


# ----------------------------------------------------------------------------------------------------- what is no file


def test_a_missing_file_and_a_wrong_suffix(run: xr.Dataset, tmp_path: Path) -> None:
    assert fault(tmp_path / "no.nc") == f"{tmp_path / 'no.nc'}: must exist (got no such file); check the name"
    suffix = f"{tmp_path / 'a.h5'}: must end in .nc, .zarr or .zarr.zip (got .h5); rename it"
    assert fault(tmp_path / "a.h5") == suffix
    with pytest.raises(FileError) as caught:
        save_dataset(run, tmp_path / "a.h5")
    assert str(caught.value) == suffix
    with pytest.raises(FileError, match=r"must lie in a folder that exists \(got .*/no\); make it first"):
        save_dataset(run, tmp_path / "no" / "a.nc")


def test_bytes_that_are_no_dataset(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).bytes(5000)
    for suffix, sentence in (
        (".nc", "must be NetCDF-4 (got other bytes at its start); is it another format?"),
        (".zarr", "must be a Zarr folder (got no zarr.json in it); is it another format?"),
        (".zarr.zip", "must be a ZIP archive (got none that can be read); is it cut off?"),
    ):
        path = tmp_path / f"noise{suffix}"
        path.write_bytes(noise)
        assert fault(path) == f"{path}: {sentence}"
    (tmp_path / "old.nc").write_bytes(b"CDF\x01" + noise)
    assert "must be NetCDF-4 (got an older NetCDF); is it another format?" in fault(tmp_path / "old.nc")
    (tmp_path / "folder.nc").mkdir()
    assert "must be a file (got a folder); is it another format?" in fault(tmp_path / "folder.nc")


@pytest.mark.parametrize("suffix", [".nc", ".zarr.zip"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.95, 0.999])
def test_truncated_files(suffix: str, share: float, run: xr.Dataset, tmp_path: Path) -> None:
    path = tmp_path / f"run{suffix}"
    save_dataset(run, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    sentence = fault(path)
    assert sentence.startswith(f"{path}: must be ")
    if suffix == ".nc":
        assert f"of its {len(whole):,} bytes)" in sentence or share < 0.03, sentence
    assert sentence.endswith("is it cut off?")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_damaged_pieces(suffix: str, device: sc.DeviceParameters, tmp_path: Path) -> None:
    """Flip bytes in the middle of the largest file, where the values of a large array must be."""
    ds = sc.simulate(sc.CellArray((60, 60), device, seed=3), sc.PulseTrain.cycling(60), record="features")
    path = tmp_path / f"run{suffix}"
    save_dataset(ds[["r_hrs"]], path)
    target = path if path.is_file() else max(path.rglob("c/*/*/*"), key=lambda file: file.stat().st_size)
    content = bytearray(target.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(b ^ 0xFF for b in content[middle : middle + 64])
    target.write_bytes(content)
    assert fault(path).startswith(f"{path}: must hold complete arrays (got ")


def test_a_zarr_folder_that_lost_a_piece(run: xr.Dataset, tmp_path: Path) -> None:
    path = tmp_path / "run.zarr"
    save_dataset(run, path)
    next((path / "state" / "c").rglob("0/0")).joinpath("0").unlink()
    assert fault(path) == f"{path}: must have 1 piece of state (got 0); is it cut off?"


def test_another_netcdf(tmp_path: Path) -> None:
    xr.Dataset({"t": ("x", [1.0, 2.0])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    assert fault(tmp_path / "other.nc") == (
        f"{tmp_path / 'other.nc'}: must hold a Dataset of simulate; schema_version: must be among the attributes "
        "(got none); give a Dataset of simulate"
    )


def test_another_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.zarr.zip", "w") as archive:
        archive.writestr("readme.txt", "no data")
    sentence = fault(tmp_path / "other.zarr.zip")
    assert "must be readable as .zarr.zip (got contents that break the rules of its format)" in sentence


CHANGES: list[tuple[Callable[[xr.Dataset], xr.Dataset], str]] = [
    (
        lambda ds: ds.assign_attrs(schema_version=99),
        "schema_version: must be 1 (got 99); use the release that wrote it",
    ),
    (
        lambda ds: ds.assign(extra=ds["r_hrs"]),
        "extra: must be a variable of the schema (got an unknown one); drop it",
    ),
    (
        lambda ds: ds.transpose("row", "cycle", "column"),
        "r_hrs: must have the dimensions (cycle, row, column) (got row, cycle, column); transpose it",
    ),
    (
        lambda ds: ds.assign(r_lrs=ds["r_lrs"].astype(int)),
        "r_lrs: must hold floating-point numbers (got int64); take it from simulate again",
    ),
    (
        lambda ds: ds.assign(r_hrs=ds["r_hrs"].assign_attrs(units="kohm")),
        "r_hrs: must have the units ohm (got kohm); convert it back",
    ),
    (
        lambda ds: ds.assign_attrs(settings="{"),
        "ds: must hold the settings of a run in its attributes (got none that can be read); use a Dataset of simulate",
    ),
    (
        lambda ds: ds.assign_attrs(device_hash="0000"),
        "device_hash: must be that of the device in the settings, {hash} (got 0000); "
        "the parameters were changed after the run",
    ),
    (
        lambda ds: ds.assign_coords(row=ds["row"] + 100).assign(),
        "row: must be from 0 to 6 (got 106); is the file damaged?",
    ),
]


@pytest.mark.parametrize(("change", "sentence"), CHANGES, ids=[s.split(":")[0] for _, s in CHANGES])
@pytest.mark.parametrize("way", ["save", "load"])
def test_a_dataset_that_is_not_ours(
    way: str, change: Callable[[xr.Dataset], xr.Dataset], sentence: str, run: xr.Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "run.nc"
    changed = change(run)
    if "row" in changed.coords:
        changed["row"].attrs.update(run["row"].attrs)
    sentence = sentence.replace("{hash}", run.attrs["device_hash"])
    if way == "load":
        changed.drop_encoding().to_netcdf(path, engine="h5netcdf")
        assert fault(path) == f"{path}: must hold a Dataset of simulate; {sentence}"
    else:
        with pytest.raises(ValueError) as caught:
            save_dataset(changed, path)
        assert str(caught.value) == f"ds: must be a Dataset of simulate; {sentence}"
        assert list(tmp_path.iterdir()) == []


def test_values_that_cannot_be(run: xr.Dataset, tmp_path: Path) -> None:
    for name, value, sentence in (
        ("r_hrs", np.nan, "r_hrs: must be numbers (got NaN); is the file damaged?"),
        ("state", 7, "state: must be below 3 (got 7); is the file damaged?"),
    ):
        changed = run.copy(deep=True)
        changed[name][0, 0, 0] = value
        changed.drop_encoding().to_netcdf(tmp_path / "run.nc", engine="h5netcdf")
        assert fault(tmp_path / "run.nc").endswith(f"must hold a Dataset of simulate; {sentence}")


def test_what_float32_does_not_hold_is_infinite_and_comes_back(tmp_path: Path) -> None:
    """A device whose SET thresholds spread beyond all measure: saved, loaded, and gone on with."""
    device = sc.load_device("hennen2024").vary(c2c={"u_set": 3e39})
    cells = sc.CellArray((8, 8), device, seed=7)
    ds = sc.simulate(cells, sc.PulseTrain.cycling(20))
    assert np.isinf(ds.u_set.values).any(), "the test needs one"
    sc.save_dataset(ds, tmp_path / "run.nc")
    assert sc.load_dataset(tmp_path / "run.nc").identical(ds)
    sc.save_cells(cells, tmp_path / "cells.nc")
    assert sc.load_cells(tmp_path / "cells.nc").state_hash() == cells.state_hash()


def test_a_folder_in_the_way_is_left_alone(run: xr.Dataset, tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        folder = tmp_path / f"notes{suffix}"
        folder.mkdir()
        (folder / "thesis.txt").write_text("years of work")
        with pytest.raises(FileError, match=r"must not be a folder of other things \(got one\); choose another name"):
            save_dataset(run, folder)
        assert (folder / "thesis.txt").read_text() == "years of work"


def test_only_a_dataset_is_saved(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"^ds: must be a Dataset of simulate \(got dict\); give an xarray.Dataset$"):
        save_dataset({}, tmp_path / "a.nc")  # type: ignore[arg-type]  # what a user must not do
