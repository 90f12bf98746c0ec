"""Everything that is read and written, under one roof, but for networks: few commands need what these load."""

from __future__ import annotations

from synaptogen_core.exchange.datasets.cells import load_cells, save_cells
from synaptogen_core.exchange.datasets.datasets import load_dataset, save_dataset
from synaptogen_core.exchange.datasets.downloads import dataset_bytes, dataset_stream, temporary_folder
from synaptogen_core.exchange.datasets.estimates import save_estimates
from synaptogen_core.exchange.datasets.feature_csv import save_features_csv
from synaptogen_core.exchange.datasets.train_csv import load_train, save_train, train_from_text
from synaptogen_core.exchange.devices.ours import device_from_text, list_devices, load_device, save_device
from synaptogen_core.exchange.devices.published import to_published
from synaptogen_core.exchange.devices.retention import list_retention, load_retention, save_retention
from synaptogen_core.exchange.measurements.columns import TableLayout
from synaptogen_core.exchange.measurements.load import inspect_measurements, load_measurements, measurements_from_bytes
from synaptogen_core.exchange.runs.resumable import simulate_to_zarr
from synaptogen_core.exchange.runs.streaming import simulate_to_file

__all__ = [
    "TableLayout",
    "dataset_bytes",
    "dataset_stream",
    "device_from_text",
    "inspect_measurements",
    "list_devices",
    "list_retention",
    "load_cells",
    "load_dataset",
    "load_device",
    "load_measurements",
    "load_retention",
    "load_train",
    "measurements_from_bytes",
    "save_cells",
    "save_dataset",
    "save_device",
    "save_estimates",
    "save_features_csv",
    "save_retention",
    "save_train",
    "simulate_to_file",
    "simulate_to_zarr",
    "temporary_folder",
    "to_published",
    "train_from_text",
]
