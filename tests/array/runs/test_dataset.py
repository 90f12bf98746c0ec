"""The Dataset: laid out as documented, explaining itself, and made again from its own attributes to the last bit."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
import xarray as xr

import synaptogen_core as sc
from synaptogen_core.schema import FEATURE_NAMES, VARIABLES, cell_dims

DEVICE = sc.load_device("hennen2024")
Train = sc.PulseTrain
VALUES = ["conductance", "current", "state", "cycle_count", "voltage"]
ALL = ["features", *VALUES]
HDF5_LIMIT = 60_000  # bytes of one attribute


def array(device: sc.DeviceParameters = DEVICE, **options: Any) -> sc.CellArray:
    return sc.CellArray((4, 5), device, **{"seed": 8, **options})


def same(one: xr.Dataset, two: xr.Dataset) -> None:
    """Equal in every bit and attribute, but for the time of creation."""
    assert one.attrs.keys() == two.attrs.keys()
    a, b = (ds.assign_attrs(created=None) for ds in (one, two))
    assert a.identical(b)
    for name, variable in a.variables.items():
        assert variable.dtype == b[name].dtype, name
        assert variable.values.tobytes() == b[name].values.tobytes(), name


# --------------------------------------------------------------------------------------------------------------- layout
def test_by_cycle() -> None:
    ds = sc.simulate(array(), 3 * Train.staircase(steps=2), record=ALL)
    assert ds.sizes == {"cycle": 3, "row": 4, "column": 5}
    assert set(ds.data_vars) == {*FEATURE_NAMES, *VALUES, "component", "outlier"}
    assert set(ds.coords) == {"cycle", "time", "row", "column"}
    for name in (*FEATURE_NAMES, *VALUES):
        assert ds[name].dims == ("cycle", "row", "column")
    assert ds["component"].dims == ds["outlier"].dims == ("row", "column") == cell_dims(ds)


def test_by_pulse() -> None:
    ds = sc.simulate(array(), 3 * Train.staircase(steps=2), record=[*ALL[:-1]], every=2)
    assert ds.sizes == {"cycle": 3, "pulse": 4, "row": 4, "column": 5}
    assert set(ds.coords) == {"cycle", "time", "pulse", "pulse_cycle", "pulse_step", "voltage", "row", "column"}
    assert ds["conductance"].dims == ("pulse", "row", "column")
    assert ds["r_hrs"].dims == ("cycle", "row", "column")
    assert ds["pulse"].values.tolist() == [1, 3, 5, 7]
    assert ds["pulse_cycle"].values.tolist() == [0, 1, 1, 2]
    assert ds["pulse_step"].values.tolist() == [1, 0, 2, 1]
    assert ds["voltage"].values == pytest.approx([0.6, -1.5, 1.5, 0.6])


def test_chosen_cells() -> None:
    ds = sc.simulate(array(), Train.cycling(2), record=ALL, select=[[3, 1], [0, 2]])
    assert ds.sizes == {"cycle": 2, "cell": 2}
    assert set(ds.coords) == {"cycle", "time", "cell", "row", "column"}
    assert (ds["cell"].values.tolist(), ds["row"].values.tolist(), ds["column"].values.tolist()) == (
        [2, 16],
        [0, 3],
        [2, 1],
    )
    assert cell_dims(ds) == ("cell",)


def test_only_what_was_asked_for() -> None:
    ds = sc.simulate(array(), Train.identical(4), record="state", every=1)
    assert set(ds.data_vars) == {"state", "component", "outlier"}
    assert "cycle" not in ds.dims
    ds = sc.simulate(array(), Train.identical(4), every=1)
    assert set(ds.data_vars) == {*FEATURE_NAMES, "component", "outlier"}
    assert "pulse" not in ds.dims


def test_types() -> None:
    ds = sc.simulate(array(), Train.cycling(2), record=ALL)
    kinds = {name: str(ds[name].dtype) for name in (*FEATURE_NAMES, *VALUES, "component", "outlier")}
    assert kinds == {
        **dict.fromkeys((*FEATURE_NAMES, "conductance", "current", "voltage"), "float32"),
        "state": "uint8",
        "cycle_count": "uint32",
        "component": "uint8",
        "outlier": "bool",
    }
    assert np.array_equal(ds["outlier"], ds["component"] == 2)


@pytest.mark.parametrize("options", [{}, {"every": 1}, {"select": [3, 9]}, {"every": 3, "select": [3]}])
def test_every_variable_and_coordinate_explains_itself(options: dict[str, Any]) -> None:
    train = Train.table(np.linspace(-1.5, 1.5, 1200))
    for record in (ALL, "current"):
        ds = sc.simulate(array(), train, record=record, **options)
        for name in ds.variables:
            expected = VARIABLES[str(name)]
            if name == "component":  # how many there are is the device's affair
                meanings = "component_1 component_2 component_3_outliers"
                expected = expected | {"flag_values": [0, 1, 2], "flag_meanings": meanings}
            assert ds[name].attrs == expected
            assert {"long_name", "units"} <= expected.keys()


def test_attributes_given_out_are_copies() -> None:
    ds = sc.simulate(array(), Train.cycling(1), record="state")
    ds["state"].attrs["flag_values"].append(7)
    assert VARIABLES["state"]["flag_values"] == [0, 1, 2]


def test_attributes() -> None:
    device = DEVICE.vary(d2d=2)
    ds = sc.simulate(array(device), Train.cycling(1), read_voltage=0.3, bandwidth=1e6)
    attrs = ds.attrs
    assert attrs["title"] == "Synaptogen array of 4 x 5 ReRAM cells"
    assert (attrs["device"], attrs["device_hash"]) == ("hennen2024, d2d x 2", device.hash)
    assert (attrs["seed"], attrs["start"], attrs["read_voltage"], attrs["bandwidth"]) == (8, "fresh", 0.3, 1e6)
    assert attrs["synaptogen_version"] == sc.__version__
    assert (attrs["stream_version"], attrs["schema_version"]) == (2, 1)
    assert "10.1109/TED.2024.3427616" in attrs["references"]
    assert np.datetime64(attrs["created"].removesuffix("+00:00")) <= np.datetime64("now") + np.timedelta64(1, "s")
    settings = json.loads(attrs["settings"])
    assert sc.DeviceParameters.from_dict(settings["device"]) == device, "the full parameters, not only their hash"


# ------------------------------------------------------------------------------------------------------ voltages a cell
def test_random_voltages_of_each_cell_are_no_coordinate() -> None:
    train = Train.cycling(1) + Train.random(4, seed=3)
    ds = sc.simulate(array(), train, record="state", every=1)
    assert "voltage" not in ds.variables
    ds = sc.simulate(array(), train, record="voltage", every=1)
    assert ds["voltage"].dims == ("pulse", "row", "column")
    assert np.isfinite(ds["voltage"]).all()


def test_random_voltages_for_all_are_one() -> None:
    train = Train.cycling(1) + Train.random(4, seed=3, per_cell=False)
    ds = sc.simulate(array(), train, record="state", every=1)
    assert ds["voltage"].dims == ("pulse",)
    assert np.array_equal(ds["voltage"], train.voltages(0)[:, 0])


# ----------------------------------------------------------------------------------------------------------- made again
TABLE = Train.table(np.random.default_rng(4).uniform(-1.5, 1.5, 1500), np.arange(1500) % 7 == 3)
SHORT = Train.table(np.random.default_rng(5).uniform(-1.5, 1.5, 600))
TRAINS = {
    "cycling": Train.cycling(3),
    "sweep": Train.iv_sweep(2, points=40),
    "staircase": 2 * Train.staircase(steps=3) + Train.identical(3),
    "random": Train.random(20, low=-1.5, high=1.5, seed=9) + Train.random(9, "normal", sd=0.3, per_cell=False),
    "long table": Train.cycling(1) + TABLE + Train.read_only(2),
    "many tables": 2 * (SHORT + Train.cycling(1) + SHORT),
    "short table": Train.table([-1.5, 0.9, 1.5]),
}


@pytest.mark.parametrize("train", TRAINS.values(), ids=TRAINS)
@pytest.mark.parametrize("options", [{}, {"every": 2, "select": [1, 19], "advance": False, "bandwidth": 1e8}])
def test_made_again_from_its_own_attributes(train: sc.PulseTrain, options: dict[str, Any]) -> None:
    cells = array(start="empty", first_cell=70, order=3)
    ds = sc.simulate(cells, train, record=ALL, **options)
    same(sc.repeat(ds), ds)


@pytest.mark.parametrize(
    "wishes",
    [
        {"correlations": False, "outlier_share": 0.2},
        {"autocorrelation": False},
        {"c2c": {"u_set": 0.5}, "shapes": "gaussian"},
    ],
)
def test_a_varied_device_is_made_again(wishes: dict[str, Any]) -> None:
    ds = sc.simulate(array(DEVICE.vary(**wishes).vary(d2d=1.5)), Train.cycling(2), record=ALL)
    same(sc.repeat(ds), ds)


def test_a_run_with_used_cells_is_made_again_from_their_saved_state() -> None:
    cells = array()
    cells.apply_voltage(-1.5)
    cells.read()
    saved = sc.CellArray.from_state(cells.to_state())
    ds = sc.simulate(cells, TRAINS["random"], record=ALL, bandwidth=1e8)
    assert ds.attrs["start"] == "used"
    same(sc.repeat(ds, saved), ds)


def test_a_repetition_goes_on_with_options() -> None:
    seen: list[float] = []
    ds = sc.simulate(array(), Train.cycling(2))
    same(sc.repeat(ds, progress=seen.append, threads=1), ds)
    assert seen[-1] == 1
    with pytest.raises(sc.Cancelled):
        sc.repeat(ds, cancel=lambda: True)


def test_a_repetition_with_another_seed_would_be_seen() -> None:
    ds = sc.simulate(array(), Train.cycling(2))
    settings = json.loads(ds.attrs["settings"])
    other = ds.assign_attrs(settings=json.dumps({**settings, "seed": 9}))
    assert not np.array_equal(sc.repeat(other)["r_hrs"], ds["r_hrs"])


@pytest.mark.parametrize("train", TRAINS.values(), ids=TRAINS)
@pytest.mark.parametrize("device", [DEVICE, DEVICE.vary(correlations=False)], ids=["published", "no correlations"])
def test_attributes_stay_small(train: sc.PulseTrain, device: sc.DeviceParameters) -> None:
    ds = sc.simulate(array(device), train)
    sizes = {name: len(str(value).encode()) for name, value in ds.attrs.items()}
    assert sum(sizes.values()) < HDF5_LIMIT, sizes


def test_long_tables_are_variables() -> None:
    ds = sc.simulate(array(), TRAINS["long table"])
    assert ds["train_table"].dims == ds["train_table_cycle_end"].dims == ("train_entry",)
    assert ds.sizes["train_entry"] == 1500
    assert ds["train_table"].values.tobytes() == np.array(TABLE.to_dict()["voltages"]).tobytes()
    assert np.flatnonzero(ds["train_table_cycle_end"]).tolist() == list(range(3, 1500, 7))
    assert "train_table" not in sc.simulate(array(), TRAINS["short table"])
    assert sc.simulate(array(), TRAINS["many tables"]).sizes["train_entry"] == 1200


# ----------------------------------------------------------------------------------------------------------- for people
def run_text(ds: xr.Dataset) -> xr.Dataset:
    names: dict[str, Any] = {}
    exec(ds.attrs["python"], names)  # our own text, from our own run
    return names["ds"]


@pytest.mark.parametrize("name", ["cycling", "sweep", "staircase", "random", "short table"])
@pytest.mark.parametrize("options", [{}, {"every": 2, "select": [1, 19], "advance": False, "bandwidth": 1e8}])
def test_the_python_text_makes_it_again(name: str, options: dict[str, Any]) -> None:
    device = DEVICE.vary(c2c={"u_set": 1.5}, outlier_share=0.1)
    ds = sc.simulate(array(device, first_cell=3, start="empty"), TRAINS[name], record=ALL, **options)
    same(run_text(ds), ds)


def test_the_python_text_reads() -> None:
    ds = sc.simulate(array(DEVICE.vary(d2d=2)), Train.cycling(2), select=[3])
    assert ds.attrs["python"] == (
        "import synaptogen_core as sc\n"
        "\n"
        "device = sc.load_device('hennen2024').vary(d2d=2)\n"
        "cells = sc.CellArray((4, 5), device, seed=8, start='stationary')\n"
        "train = sc.PulseTrain.cycling(cycles=2, u_set=-1.5, u_reset=1.5)\n"
        "chosen = [3]\n"
        "ds = sc.simulate(cells, train, record=['features'], every='cycle', select=chosen, read_voltage=0.2, "
        "bandwidth=0.0)\n"
    )


def test_the_python_text_names_files_where_numbers_are_too_many() -> None:
    cells = sc.CellArray((20, 20), DEVICE, seed=1)
    cells.apply_voltage(-1.5)
    state = cells.state_hash()
    text = sc.simulate(cells, TRAINS["many tables"], select=np.arange(200)).attrs["python"]
    assert f"cells = sc.load_cells('cells.nc')  # used cells, state {state}\n" in text
    assert 'train = sc.load_train("train.csv")\n' in text
    assert "chosen = sc.load_dataset('run.nc')['cell'].values\n" in text


# ------------------------------------------------------------------------------------------------------------ sentences
def test_a_dataset_that_began_with_used_cells_needs_them() -> None:
    cells = array()
    cells.apply_voltage(-1.5)
    state = cells.state_hash()
    ds = sc.simulate(cells, Train.cycling(1))
    with pytest.raises(ValueError) as error:
        sc.repeat(ds)
    assert str(error.value) == (
        "cells: must be given for a Dataset that began with used cells (got none); use load_cells"
    )
    with pytest.raises(ValueError) as error:
        sc.repeat(ds, cells)
    assert str(error.value) == (f"cells: must be in the state {state} (got {cells.state_hash()}); load the right ones")


NOT_READABLE = (
    "ds: must hold the settings of a run in its attributes (got none that can be read); use a Dataset of simulate"
)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (None, NOT_READABLE),
        ("{", NOT_READABLE),
        ("[1]", NOT_READABLE),
        (
            '{"schema_version":1,"stream_version":0}',
            f"ds: must come from schema 1 and streams 2 (got 1 and 0); use the release {sc.__version__}",
        ),
        (
            '{"schema_version":1,"stream_version":2,"shape":[1,1],"seed":1,"history":"empty","first_cell":0,'
            '"start":"fresh","reads":0,"advance":true,"device":{},"train":{},"record":[],"every":1}',
            "ds: must hold all settings of a run (missing select, read_voltage, bandwidth); use a Dataset of simulate",
        ),
    ],
)
def test_settings_that_cannot_be_read(settings: str | None, sentence: str) -> None:
    ds = sc.simulate(array(), Train.cycling(1))
    if settings is None:
        del ds.attrs["settings"]
    else:
        ds.attrs["settings"] = settings
    with pytest.raises(ValueError) as error:
        sc.repeat(ds)
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("missing", "options"), [("train_table", {}), ("train_table_cycle_end", {}), ("cell", {"select": [2]})]
)
def test_a_variable_that_is_missing_is_named(missing: str, options: dict[str, Any]) -> None:
    ds = sc.simulate(array(), TRAINS["long table"], **options).drop_vars(missing)
    with pytest.raises(ValueError) as error:
        sc.repeat(ds)
    assert str(error.value) == f"ds: must have the variable {missing!r} (got none); use the whole Dataset of simulate"


def test_settings_are_data_and_never_executed() -> None:
    ds = sc.simulate(array(), Train.cycling(1))
    ds.attrs["python"] = "raise SystemExit('executed')"
    same(sc.repeat(ds).assign_attrs(python=ds.attrs["python"]), ds)


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "../../hennen2024", "<img src=x onerror=pwn()>", "\ud83d"])
def test_a_name_need_not_be_one_that_a_file_can_have(name: str) -> None:
    ds = sc.simulate(array(dataclasses.replace(DEVICE, name=name)), Train.cycling(1))
    assert "a device of your own: save it in this file first" in ds.attrs["python"]
    assert "<img" not in ds._repr_html_()
