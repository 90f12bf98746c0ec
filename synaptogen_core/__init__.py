"""Synaptogen Lab: statistically faithful arrays of ReRAM cells.

The names below are the whole public surface; each is loaded when it is first used, so that importing stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from synaptogen_core import crossbar as crossbar
    from synaptogen_core.analysis import fitting as fitting
    from synaptogen_core.analysis import statistics as statistics
    from synaptogen_core.array.cells import CellArray as CellArray
    from synaptogen_core.array.pulses import PulseTrain as PulseTrain
    from synaptogen_core.array.simulation import apply_train as apply_train
    from synaptogen_core.array.simulation import estimate as estimate
    from synaptogen_core.array.simulation import repeat as repeat
    from synaptogen_core.array.simulation import simulate as simulate
    from synaptogen_core.crossbar.converters import Adc as Adc
    from synaptogen_core.crossbar.readout import ideal_read as ideal_read
    from synaptogen_core.device.parameters import DeviceParameters as DeviceParameters
    from synaptogen_core.errors import Cancelled as Cancelled
    from synaptogen_core.exchange.circuits import save_netlist as save_netlist
    from synaptogen_core.exchange.files import load_cells as load_cells
    from synaptogen_core.exchange.files import load_dataset as load_dataset
    from synaptogen_core.exchange.files import load_device as load_device
    from synaptogen_core.exchange.files import load_measurements as load_measurements
    from synaptogen_core.exchange.files import load_train as load_train
    from synaptogen_core.exchange.files import save_cells as save_cells
    from synaptogen_core.exchange.files import save_dataset as save_dataset
    from synaptogen_core.exchange.files import save_device as save_device
    from synaptogen_core.exchange.files import save_report as save_report
    from synaptogen_core.exchange.files import simulate_to_file as simulate_to_file
    from synaptogen_core.exchange.files import simulate_to_zarr as simulate_to_zarr

_HOMES = {
    "Adc": "crossbar.converters",
    "Cancelled": "errors",
    "CellArray": "array.cells",
    "DeviceParameters": "device.parameters",
    "PulseTrain": "array.pulses",
    "apply_train": "array.simulation",
    "estimate": "array.simulation",
    "ideal_read": "crossbar.readout",
    "load_cells": "exchange.cells",
    "load_dataset": "exchange.datasets",
    "load_device": "exchange.parameters",
    "load_measurements": "exchange.measurements",
    "load_train": "exchange.tables",
    "repeat": "array.simulation",
    "save_cells": "exchange.cells",
    "save_dataset": "exchange.datasets",
    "save_device": "exchange.parameters",
    "save_netlist": "exchange.circuits",
    "save_report": "exchange.report",
    "simulate": "array.simulation",
    "simulate_to_file": "exchange.files",
    "simulate_to_zarr": "exchange.files",
}

_ROOMS = {"crossbar": "crossbar", "fitting": "analysis.fitting", "statistics": "analysis.statistics"}

__all__ = ["__version__", *_ROOMS, *_HOMES]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"synaptogen_core.{_ROOMS[name]}")
    if name in _HOMES:
        return getattr(import_module(f"synaptogen_core.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'synaptogen_core' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
