"""Synaptogen Lab: statistically faithful arrays of ReRAM cells.

The names below are the whole public surface; each is loaded when it is first used, so that importing stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from synaptogen_core.version import __version__

if TYPE_CHECKING:
    from synaptogen_core import crossbar as crossbar
    from synaptogen_core import networks as networks
    from synaptogen_core import plots as plots
    from synaptogen_core.analysis import fitting_api as fitting  # noqa: F401 - the public name is the shorter one
    from synaptogen_core.analysis import retention_api as retention  # noqa: F401 - as above
    from synaptogen_core.analysis import statistics_api as statistics  # noqa: F401 - as above
    from synaptogen_core.array.cells import CellArray as CellArray
    from synaptogen_core.array.runs.simulate import apply_train as apply_train
    from synaptogen_core.array.runs.simulate import estimate_cost as estimate_cost
    from synaptogen_core.array.runs.simulate import repeat as repeat
    from synaptogen_core.array.runs.simulate import simulate as simulate
    from synaptogen_core.array.trains.pulse_train import PulseTrain as PulseTrain
    from synaptogen_core.crossbar.readout.converters import Adc as Adc
    from synaptogen_core.crossbar.readout.read import ideal_read as ideal_read
    from synaptogen_core.device.parameters import DeviceParameters as DeviceParameters
    from synaptogen_core.device.retention.law import RetentionLaw as RetentionLaw
    from synaptogen_core.errors import Cancelled as Cancelled
    from synaptogen_core.exchange.api import load_cells as load_cells
    from synaptogen_core.exchange.api import load_dataset as load_dataset
    from synaptogen_core.exchange.api import load_device as load_device
    from synaptogen_core.exchange.api import load_measurements as load_measurements
    from synaptogen_core.exchange.api import load_retention as load_retention
    from synaptogen_core.exchange.api import load_train as load_train
    from synaptogen_core.exchange.api import save_cells as save_cells
    from synaptogen_core.exchange.api import save_dataset as save_dataset
    from synaptogen_core.exchange.api import save_device as save_device
    from synaptogen_core.exchange.api import save_retention as save_retention
    from synaptogen_core.exchange.api import simulate_to_file as simulate_to_file
    from synaptogen_core.exchange.api import simulate_to_zarr as simulate_to_zarr
    from synaptogen_core.exchange.circuits.files import save_netlist as save_netlist
    from synaptogen_core.exchange.circuits.veriloga import save_veriloga as save_veriloga
    from synaptogen_core.exchange.measurements.retention_table import load_retention_table as load_retention_table
    from synaptogen_core.exchange.networks.analog import load_network as load_network
    from synaptogen_core.exchange.networks.analog import save_network as save_network
    from synaptogen_core.exchange.networks.images import load_images as load_images
    from synaptogen_core.exchange.networks.weights import load_weights as load_weights
    from synaptogen_core.report.page import save_report as save_report

_HOMES = {
    "Adc": "crossbar.readout.converters",
    "Cancelled": "errors",
    "CellArray": "array.cells",
    "DeviceParameters": "device.parameters",
    "PulseTrain": "array.trains.pulse_train",
    "RetentionLaw": "device.retention.law",
    "apply_train": "array.runs.simulate",
    "estimate_cost": "array.runs.simulate",
    "ideal_read": "crossbar.readout.read",
    "load_cells": "exchange.datasets.cells",
    "load_dataset": "exchange.datasets.datasets",
    "load_device": "exchange.devices.ours",
    "load_images": "exchange.networks.images",
    "load_measurements": "exchange.measurements.load",
    "load_network": "exchange.networks.analog",
    "load_retention": "exchange.devices.retention",
    "load_retention_table": "exchange.measurements.retention_table",
    "load_train": "exchange.datasets.train_csv",
    "load_weights": "exchange.networks.weights",
    "repeat": "array.runs.simulate",
    "save_cells": "exchange.datasets.cells",
    "save_dataset": "exchange.datasets.datasets",
    "save_device": "exchange.devices.ours",
    "save_netlist": "exchange.circuits.files",
    "save_network": "exchange.networks.analog",
    "save_report": "report.page",
    "save_retention": "exchange.devices.retention",
    "save_veriloga": "exchange.circuits.veriloga",
    "simulate": "array.runs.simulate",
    "simulate_to_file": "exchange.api",
    "simulate_to_zarr": "exchange.api",
}

_ROOMS = {
    "crossbar": "crossbar",
    "networks": "networks",
    "plots": "plots",
    "fitting": "analysis.fitting_api",
    "retention": "analysis.retention_api",
    "statistics": "analysis.statistics_api",
}

__all__ = ["__version__", *_ROOMS, *_HOMES]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"synaptogen_core.{_ROOMS[name]}")
    if name in _HOMES:
        return getattr(import_module(f"synaptogen_core.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'synaptogen_core' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
