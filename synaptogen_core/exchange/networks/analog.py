"""Programmed networks on the disk: every cell's state, the weights that were meant, ranges and gains."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import xarray as xr

from synaptogen_core.array.cells import CellArray
from synaptogen_core.crossbar.circuit.lines import Faults, Lines
from synaptogen_core.crossbar.readout.effective_matrix import EffectiveMatrix
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.datasets.cells import ARRAYS
from synaptogen_core.exchange.datasets.datasets import (
    WRITERS,
    check_container,
    check_target,
    format_of,
    open_container,
)
from synaptogen_core.exchange.files import text
from synaptogen_core.exchange.files.atomic import replacing
from synaptogen_core.exchange.files.damage import refused
from synaptogen_core.networks.digital import convolution, layers, spiking
from synaptogen_core.networks.digital.layers import Layer, Weighted
from synaptogen_core.networks.digital.network import Network
from synaptogen_core.networks.hardware.analog import AnalogLayer, AnalogNetwork, places_and_lines
from synaptogen_core.networks.hardware.chip import Chip
from synaptogen_core.networks.hardware.inference import ReadOut
from synaptogen_core.networks.hardware.mapping import Layout, Mapping

FORMAT = "synaptogen_core network 1"
WHAT = "a network that save_network wrote"
KINDS: dict[str, type[Layer]] = {
    kind.__name__: kind
    for kind in (
        layers.Dense, layers.Relu, layers.Tanh, layers.Sigmoid, layers.Softmax, layers.Reshape, convolution.Conv2d,
        convolution.Pool2d, spiking.Latency, spiking.EachStep, spiking.LeakyIntegrator, spiking.LeakyIntegrateAndFire,
    )
}  # fmt: skip
READOUT = ("read_voltage", "adc_bits", "dac_bits", "bandwidth", "density", "seed", "first_line", "input_range")


def save_network(analog: AnalogNetwork, path: str | os.PathLike[str]) -> None:
    """Write a programmed network, from which `load_network` makes it again bit for bit; all or nothing.

    Parameters
    ----------
    analog : AnalogNetwork
    path : str or path
        .nc (NetCDF-4), .zarr (a folder) or .zarr.zip.

    Raises
    ------
    FileError
        If the suffix is another, the folder does not exist, or the file system refuses the write.
    TypeError
        If it is something else.
    """
    write = WRITERS[format_of(path)]
    if not isinstance(analog, AnalogNetwork):
        raise TypeError(f"analog: must be an AnalogNetwork (got {type(analog).__name__}); make one with program(...)")
    check_target(path)
    ds = _described(analog)
    with replacing(path) as temporary:
        write(ds, temporary)


def save_table(ds: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write what judged a network, a Dataset of `evaluate` or `sweep_chips`; all or nothing.

    Parameters
    ----------
    ds : xarray.Dataset
    path : str or path
        .nc (NetCDF-4), .zarr (a folder) or .zarr.zip.

    Raises
    ------
    FileError
        If the suffix is another, the folder does not exist, or the file system refuses the write.
    """
    write = WRITERS[format_of(path)]
    check_target(path)
    with replacing(path) as temporary:
        write(ds, temporary)


def load_network(path: str | os.PathLike[str], *, engine: str = "auto") -> AnalogNetwork:
    """Read a network that `save_network` wrote.

    Parameters
    ----------
    path : str or path
        .nc, .zarr or .zarr.zip.
    engine : {"auto", "numpy", "numba"}
        As for `CellArray`.

    Returns
    -------
    AnalogNetwork
        Which goes on exactly as the saved one would.

    Raises
    ------
    FileError
        If there is no such file, or it is not what it says: the hash of the cells is checked.
    """
    kind, file = format_of(path), text.there(path)
    check_container(file, kind)
    try:
        with open_container(file, kind) as opened:
            ds = opened.load()
    except Exception as error:  # HDF5, Zarr and xarray raise what they like for a damaged file
        raise refused(path, f"be readable as {kind}", error, "is it cut off?") from error
    if ds.attrs.get("format") != FORMAT:
        raise FileError(f"{path}: must hold {WHAT} (got the format {ds.attrs.get('format')!r}); give another file")
    settings = text.strict_json(str(ds.attrs.get("settings", "")), str(path))
    try:
        return _made(ds, settings, engine)
    except FileError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        raise refused(path, f"hold {WHAT}", error, "is it damaged?") from error


# ---- to a Dataset
def _described(analog: AnalogNetwork) -> xr.Dataset:
    variables: dict[str, tuple[tuple[str, ...], Any, dict[str, str]]] = {}
    about = []
    for k, layer in enumerate(analog.layers):
        state = layer.cells.to_state()
        for name, array in state.pop("arrays").items():
            dims, long_name, units = ARRAYS[name]
            there = tuple(f"cell_{k}" if dim == "cell" else dim for dim in dims)
            variables[f"{name}_{k}"] = (there, array, {"long_name": long_name, "units": units})
        for name, found in layer.programming.data_vars.items():
            variables[f"{name}_{k}"] = ((f"row_{k}", f"column_{k}"), found.values, _plain_attrs(found.attrs))
        state.pop("device")
        _put(variables, f"ranges_{k}", (f"tile_{k}", "end"), layer.readout.ranges, "ends of the ADC's range", "A")
        gain = np.broadcast_to(layer.readout.gain, layer.layout.outputs)  # one for all before calibration
        _put(variables, f"gain_{k}", (f"output_{k}",), gain, "digital gain", "1")
        _put(
            variables, f"largest_{k}", (f"output_{k}",), layer.layout.largest, "weight of the largest conductance", "1"
        )
        readout = {name: getattr(layer.readout, name) for name in READOUT}
        attrs = _plain_attrs(layer.programming.attrs)
        about.append({"cells": state, "hash": layer.cells.state_hash(), "readout": readout, "programming": attrs})
    for which, network in (("", analog.network), ("meant_", analog.meant)):
        for k, weighted in enumerate(network.weighted):
            dims = (f"input_{k}", f"output_{k}")
            _put(variables, f"{which}weights_{k}", dims, weighted.matrix, "weights of the float network", "1")
            _put(variables, f"{which}bias_{k}", dims[1:], weighted.bias, "bias of the float network", "1")
    if analog.calibration is not None:
        dims = ("image", *(f"pixel_{n}" for n in range(analog.calibration.ndim - 1)))
        _put(variables, "calibration", dims, analog.calibration, "images of the calibration", "1")
    chip = {field.name: getattr(analog.chip, field.name) for field in fields(analog.chip)}
    chip["device"], chip["mapping"] = analog.chip.device.to_dict(), asdict(analog.chip.mapping)
    chip["lines"] = asdict(analog.chip.lines)
    chip["faults"] = [[list(place), asdict(found)] for place, found in analog.chip.faults.items()]
    settings = {
        "chip": chip, "layers": about, "network": [_layer(layer) for layer in analog.network.layers],
        "classes": analog.network.classes.tolist(), "meant_classes": analog.meant.classes.tolist(),
    }  # fmt: skip
    title = f"A network in {sum(layer.cells.size for layer in analog.layers)} programmed ReRAM cells"
    attrs = {"title": title, "format": FORMAT, "settings": json.dumps(settings, allow_nan=False)}
    return xr.Dataset(variables, attrs=attrs)


def _put(variables: dict[str, Any], name: str, dims: tuple[str, ...], array: Any, long_name: str, units: str) -> None:
    variables[name] = (dims, np.array(array), {"long_name": long_name, "units": units})


def _plain_attrs(attrs: Any) -> dict[str, Any]:
    return {str(name): value.item() if isinstance(value, np.generic) else value for name, value in attrs.items()}


def _layer(layer: Layer) -> dict[str, Any]:
    given = {f.name: getattr(layer, f.name) for f in fields(layer) if f.name not in ("matrix", "bias")}  # type: ignore[arg-type]
    return {"kind": type(layer).__name__, **given}


# ---- and back again
def _made(ds: xr.Dataset, settings: Any, engine: str) -> AnalogNetwork:
    chip = _chip(settings["chip"])
    network = _network(ds, "", settings["network"], settings["classes"])
    meant = _network(ds, "meant_", settings["network"], settings["meant_classes"])
    if len(settings["layers"]) != len(network.weighted):
        raise ValueError(f"layers: must be {len(network.weighted)} (got {len(settings['layers'])}); save it again")
    found = [_analog_layer(ds, k, about, chip, network, engine) for k, about in enumerate(settings["layers"])]
    calibration = np.array(ds["calibration"].values, np.float64) if "calibration" in ds else None
    if calibration is not None:
        network.check_images(calibration)
    return AnalogNetwork(network, chip, found, calibration, meant)


def _chip(about: dict[str, Any]) -> Chip:
    given = dict(about)
    faults = {tuple(place): _faults(found) for place, found in given.pop("faults")}
    lines = dict(given.pop("lines"))
    lines["faults"] = _faults(lines["faults"])
    device, mapping = DeviceParameters.from_dict(given.pop("device")), Mapping(**given.pop("mapping"))
    given["tile"] = tuple(given["tile"])
    return Chip(device, mapping, lines=Lines(**lines), faults=faults, **given)


def _faults(about: dict[str, Any]) -> Faults:
    return Faults(**about)


def _network(ds: xr.Dataset, which: str, about: list[dict[str, Any]], classes: list[Any]) -> Network:
    made: list[Layer] = []
    number = 0
    for one in about:
        kind = KINDS[one["kind"]]
        given = {name: tuple(v) if isinstance(v, list) else v for name, v in one.items() if name != "kind"}
        if issubclass(kind, Weighted):
            given |= {"matrix": ds[f"{which}weights_{number}"].values, "bias": ds[f"{which}bias_{number}"].values}
            number += 1
        made.append(kind(**given))
    return Network(made, classes)


def _analog_layer(
    ds: xr.Dataset, k: int, about: dict[str, Any], chip: Chip, network: Network, engine: str
) -> AnalogLayer:
    weighted = network.weighted[k]
    biases = 1 if chip.mapping.bias == "row" else 0
    largest = np.array(ds[f"largest_{k}"].values, np.float64)
    layout = Layout(chip.mapping, weighted.matrix.shape[0], weighted.matrix.shape[1], chip.tile[1], largest, biases)
    arrays = {name: np.array(ds[f"{name}_{k}"].values) for name in ARRAYS}
    shape = (layout.rows, layout.columns)
    if tuple(about["cells"]["shape"]) != shape or arrays["r"].size != shape[0] * shape[1]:
        raise ValueError(f"layer {k}: must have {shape[0]} x {shape[1]} cells (got others); save it again")
    state = {**about["cells"], "device": chip.device.to_dict(), "arrays": arrays}
    cells = CellArray.from_state(state, engine=engine)
    if cells.state_hash() != about["hash"]:
        raise ValueError(f"layer {k}: must have the hash {about['hash']} (got {cells.state_hash()}); it was changed")
    places, lines = places_and_lines(chip, k, layout)
    ranges, gain = (np.array(ds[f"{name}_{k}"].values, np.float64) for name in ("ranges", "gain"))
    if ranges.shape != (len(places), 2) or gain.shape != largest.shape != (0,):
        raise ValueError(f"layer {k}: must have a range for each of {len(places)} tiles (got others); save it again")
    readout = ReadOut(layout.outputs, ranges=ranges, gain=gain, **{name: about["readout"][name] for name in READOUT})
    names = {
        name.removesuffix(f"_{k}"): name
        for name in map(str, ds.data_vars)
        if ds[name].dims == (f"row_{k}", f"column_{k}")
    }
    variables = {plain: (("row", "column"), ds[name].values, ds[name].attrs) for plain, name in names.items()}
    coords = {"row": ("row", np.arange(shape[0])), "column": ("column", np.arange(shape[1]))}
    programming = xr.Dataset(variables, coords, about["programming"])
    matrix = EffectiveMatrix(cells, lines, tile=chip.tile, u=chip.read_voltage)
    return AnalogLayer(layout, cells, matrix, readout, programming)
