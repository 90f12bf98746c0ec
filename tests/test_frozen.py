"""What a frozen record shows refuses writing, and what it was given stays open."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pytest
import xarray as xr

import synaptogen_core as sc
from synaptogen_core.array.runs import recording
from synaptogen_core.crossbar.programming.pulse import Pulse
from synaptogen_core.crossbar.solver.solve import LineSolution
from synaptogen_core.device import stationary
from synaptogen_core.device.model.float32 import Constants, constants

DEVICE = sc.load_device("hennen2024")
BIAS = sc.crossbar.bias((3, 4), "half", 0.5, selector="transistor")


def open_arrays(record: Any, path: str) -> Iterator[str]:
    """Names of arrays that a record shows, however deep, and that take writing."""
    if isinstance(record, np.ndarray):
        if record.flags.writeable:
            yield path
    elif isinstance(record, xr.Dataset):
        for name, variable in record.variables.items():
            if name not in record.indexes:
                yield from open_arrays(variable.values, f"{path}[{name}]")
    elif isinstance(record, (tuple, list)):
        for k, part in enumerate(record):
            yield from open_arrays(part, f"{path}[{k}]")
    elif isinstance(record, Mapping):
        for key, part in record.items():
            yield from open_arrays(part, f"{path}[{key}]")
    elif dataclasses.is_dataclass(record) and type(record).__module__.startswith("synaptogen_core"):
        names = {field.name for field in dataclasses.fields(record)}
        names |= {k for k, v in vars(type(record)).items() if isinstance(v, (property, cached_property))}
        for name in sorted(names):
            yield from open_arrays(getattr(record, name), f"{path}.{name}")


def made_up(kind: Any) -> Any:
    """A record of this class, whatever it holds."""
    values: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        values[field.name] = np.ones(3) if "F" in str(field.type) else None
        if "Dataset" in str(field.type):
            values[field.name] = xr.Dataset({"a": ("x", np.ones(3))}, {"x": [1, 2, 3], "y": ("x", np.ones(3))})
    return kind(**values)


PROGRAMMED = sc.networks.program(
    sc.networks.Network.from_arrays([np.eye(4), np.ones((4, 3))]), sc.networks.Chip(DEVICE, seed=1)
)
RECORDS = [
    DEVICE,
    DEVICE.vary(order=3, c2c=0.5, correlations=False),
    constants(DEVICE),
    (sc.PulseTrain.cycling(3) + sc.PulseTrain.table([1.0, -1.0])).pulses,
    sc.PulseTrain.table([1.0, -1.0]),
    sc.PulseTrain.cycling(3).timed(1e-6, 1.0),
    sc.load_retention("stanford-c"),
    sc.retention.Traps.stanford_a(),
    *PROGRAMMED.layers,
    *PROGRAMMED.network.weighted,
    BIAS,
    sc.crossbar.Lines(),
    sc.crossbar.Periphery(sc.crossbar.Dac(4, 0, 1)),
    sc.crossbar.solve_lines(np.full((3, 4), 1e-4), BIAS),
    recording.request(sc.CellArray((3, 4), DEVICE, seed=1), "state", 1, [1, 2], 0.2, None),
    sc.fitting.scaled_curves(DEVICE),
    *(made_up(kind) for kind in (LineSolution, Pulse, sc.fitting.Curves, sc.fitting.Fit, sc.fitting.Validation)),
]


def test_every_array_of_a_frozen_record_refuses_writing() -> None:
    assert [name for record in RECORDS for name in open_arrays(record, type(record).__name__)] == []


def pickled(record: Any) -> Any:
    return pickle.loads(pickle.dumps(record))  # noqa: S301 - our own


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled])
def test_copies_refuse_writing_too(copied: Any) -> None:
    records = [record for record in RECORDS if not isinstance(record, Constants)]  # internal, and never copied
    assert [name for record in records for name in open_arrays(copied(record), type(record).__name__)] == []


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled])
def test_faults_of_a_chip_and_of_its_copies_refuse_writing(copied: Any) -> None:
    given = {(0, 0, 0): sc.crossbar.Faults(open_cells=((0, 0),))}
    chip = sc.networks.Chip(DEVICE, tile=(8, 4), seed=3, faults=given)
    for each in (chip, copied(chip)):
        assert dict(each.faults) == given and (each.tile, each.seed, each.device) == ((8, 4), 3, DEVICE)
        with pytest.raises(TypeError, match="does not support item assignment"):
            each.faults[0, 0, 1] = given[0, 0, 0]
    given.clear()
    assert len(chip.faults) == 1


def test_copies_of_programmed_networks_have_cells_of_their_own() -> None:
    for copied in (copy.copy(PROGRAMMED), copy.deepcopy(PROGRAMMED), PROGRAMMED.copy()):
        before = [layer.cells.state_hash() for layer in PROGRAMMED.layers]
        copied.layers[0].cells.apply_voltage(1.5)
        assert [layer.cells.state_hash() for layer in PROGRAMMED.layers] == before
        assert copied.layers[0].cells.state_hash() != before[0]


def test_an_open_array_would_be_seen() -> None:
    @dataclasses.dataclass(frozen=True)
    class Open:
        kept: Any

    Open.__module__ = "synaptogen_core"
    assert list(open_arrays(Open((np.ones(2), {"a": np.ones(2)})), "Open")) == ["Open.kept[0]", "Open.kept[1][a]"]


def test_what_is_kept_for_the_next_caller_refuses_writing() -> None:
    kept = [
        stationary.history_covariance(DEVICE),
        stationary.autocovariance(DEVICE, 3),
        stationary.feature_autocorrelation(DEVICE, 3),
        DEVICE.population_mean,
    ]
    for array in kept:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_what_was_given_stays_open() -> None:
    given = np.ones((3, 4))
    shown = Pulse(given, given, 1, True, 0.0)
    given[0, 0] = 2.0
    with pytest.raises(ValueError, match="read-only"):
        shown.first[0, 0] = 3.0
    ds = xr.Dataset({"a": ("x", np.ones(3), {"units": "V"})})
    fit = made_up(sc.fitting.Fit)
    fit = dataclasses.replace(fit, features=ds)
    ds["a"][0] = 2.0
    assert fit.features["a"].attrs == {"units": "V"}
