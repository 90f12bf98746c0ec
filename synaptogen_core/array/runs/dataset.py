"""From a finished run to a Dataset that explains itself, and from its settings back to the run."""

from __future__ import annotations

import copy
import datetime
import json
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from synaptogen_core import checks
from synaptogen_core.array.cells import CellArray
from synaptogen_core.array.runs.executor import Run
from synaptogen_core.array.runs.recording import Recording, request
from synaptogen_core.array.trains.pulse_train import PulseTrain
from synaptogen_core.device.model.random_streams import STREAM_VERSION
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.device.retention.clock import SECOND
from synaptogen_core.schema import SCHEMA_VERSION, VARIABLES
from synaptogen_core.version import __version__

LONG_TABLE = 1000  # numbers of all tables together; HDF5 holds about 64 kB of attributes
LONG_SELECTION = 100  # cells
LONG_TEXT = 20_000  # characters
SETTINGS = (
    "shape",
    "seed",
    "history",
    "first_cell",
    "start",
    "reads",
    "advance",
    "device",
    "train",
    "record",
    "every",
    "select",
    "read_voltage",
    "bandwidth",
)


def cells_settings(cells: CellArray) -> dict[str, Any]:
    """What the cells follow from besides their device, as plain data."""
    return {
        "shape": list(cells.shape),
        "seed": cells.seed,
        "history": cells.start,
        "first_cell": cells.first_cell,
        **({} if cells.retention is None else {"retention": cells.retention.to_dict()}),
        **({} if cells.traps is None else {"traps": cells.traps.to_dict()}),
    }


def beginning(cells: CellArray) -> dict[str, Any]:
    """How the cells of a run begin, as plain data."""
    before = {"start": "fresh" if cells.fresh else "used", "reads": cells.reads}
    return before if cells.fresh else {**before, "state_hash": cells.state_hash()}


def origin(cells: CellArray) -> dict[str, Any]:
    """Attributes that say which cells these are."""
    about = {"device": cells.device.name, "device_hash": cells.device.hash, "seed": cells.seed}
    law, traps = cells.retention, cells.traps
    if law is None:
        return about
    if traps is not None:
        about |= {"traps": traps.name, "traps_hash": traps.hash, "traps_note": traps.label}
    return about | {"retention": law.name, "retention_hash": law.hash, "retention_note": law.label}


def making() -> dict[str, str]:
    """Attributes that say by what and when a Dataset was made."""
    now = datetime.datetime.now(datetime.UTC)
    return {"synaptogen_version": __version__, "created": now.isoformat(timespec="seconds")}


def grid_coords(cells: CellArray) -> dict[str, Any]:
    """The coordinates row and column."""
    return {
        "row": ("row", np.arange(cells.rows), _attrs("row")),
        "column": ("column", np.arange(cells.columns), _attrs("column")),
    }


def build(run: Run) -> xr.Dataset:
    """The Dataset of a run, before its cells take their new state."""
    cells, table, recording = run.cells, run.timetable, run.recording
    chosen = recording.select
    where: tuple[str, ...] = ("row", "column") if chosen is None else ("cell",)
    shape = cells.shape if chosen is None else (chosen.size,)
    data: dict[str, Any] = {}
    for name, array in run.arrays.items():
        axis = table.axis if name in table.values else "cycle"
        data[name] = ((axis, *where), array.reshape(-1, *shape), _attrs(name))
    components = {"flag_values": list(range(len(cells.device.weights))), "flag_meanings": component_names(cells.device)}
    data["component"] = (where, run.component.reshape(shape), _attrs("component") | components)
    data["outlier"] = (where, np.isin(run.component, cells.device.outliers).reshape(shape), _attrs("outlier"))
    coords: dict[str, Any] = {}
    if chosen is None:
        coords |= grid_coords(cells)
    else:
        coords["cell"] = ("cell", chosen, _attrs("cell"))
        coords["row"] = ("cell", chosen // cells.columns, _attrs("row"))
        coords["column"] = ("cell", chosen % cells.columns, _attrs("column"))
    if table.features or (table.values and table.by_cycle):
        coords["cycle"] = ("cycle", np.arange(table.cycles), _attrs("cycle"))
    if table.values and not table.by_cycle:
        coords["pulse"] = ("pulse", table.pulse, _attrs("pulse"))
        pulses = table.train.pulses
        coords["pulse_cycle"] = ("pulse", pulses.cycle[table.pulse], _attrs("pulse_cycle"))
        coords["pulse_step"] = ("pulse", pulses.step[table.pulse], _attrs("pulse_step"))
        if "voltage" not in data and not any(source.per_cell for source in table.train.sources):
            coords["voltage"] = ("pulse", table.train.voltages(0)[table.pulse, 0], _attrs("voltage"))
    if table.features or table.values:
        coords["time"] = (table.axis, _times(run), _attrs("time"))
    settings = {
        "schema_version": SCHEMA_VERSION,
        "stream_version": STREAM_VERSION,
        **cells_settings(cells),
        **beginning(cells),
        "advance": run.advance,
        "device": cells.device.to_dict(),
        "train": _without_long_tables(table.train.to_dict(), data),
        **recording.settings(),
    }
    return xr.Dataset(data, coords, attrs=_attributes(run, settings))


def component_names(device: DeviceParameters) -> str:
    """What the numbers of the components mean, as CF has it: component_1 component_2 component_3_outliers."""
    return " ".join(
        f"component_{k + 1}{'_outliers' if k in device.outliers else ''}" for k in range(len(device.weights))
    )


def _attrs(name: str) -> dict[str, Any]:
    return copy.deepcopy(VARIABLES[name])


def _attributes(run: Run, settings: Mapping[str, Any]) -> dict[str, Any]:
    cells, train, recording = run.cells, run.timetable.train, run.recording
    return {
        "title": f"Synaptogen array of {cells.rows} x {cells.columns} ReRAM cells",
        **origin(cells),
        "start": settings["start"],
        "read_voltage": settings["read_voltage"],
        "bandwidth": settings["bandwidth"],
        "largest_voltage": run.largest_voltage,
        "measured_voltage": cells.device.valid_range,
        **(run.tally.attributes() if run.tally else {}),
        "settings": json.dumps(settings, separators=(",", ":"), allow_nan=False),
        "python": python_text(settings, cells.device, train, recording.select),
        "source": cells.device.source,
        "references": cells.device.citation,
        "stream_version": STREAM_VERSION,
        "schema_version": SCHEMA_VERSION,
        **making(),
    }


def python_text(
    settings: Mapping[str, Any], device: DeviceParameters, train: PulseTrain, select: NDArray[np.int64] | None
) -> str:
    """Python text for people that makes the Dataset again.

    Parameters
    ----------
    settings : mapping
        As in the Dataset's attribute.
    device : DeviceParameters
    train : PulseTrain
    select : ndarray of int or None
        Recorded cells; None: all.

    Returns
    -------
    str
        Some lines of code.
    """
    root = device.base or device
    sets = resources.files("synaptogen_core.device").joinpath("sets").iterdir()
    known = f"{root.name}.json" in {file.name for file in sets}  # a name need not be one that a file can have
    source = root.name if known else re.sub(r"[^A-Za-z0-9.()-]+", "-", root.name).strip("-.") + ".json"
    made = f"sc.load_device({source!r})"
    for change in device.to_dict()["variations"]:
        made += f".vary({', '.join(f'{k}={v!r}' for k, v in change.items())})"
    rows, columns = settings["shape"]
    options = f"seed={settings['seed']}, start={settings['history']!r}"
    if "retention" in settings:
        options += f", retention={law_text(settings['retention'])}"
    if "traps" in settings:
        options += f", traps=sc.retention.Traps.from_dict({settings['traps']!r})"
    if settings["first_cell"]:
        options += f", first_cell={settings['first_cell']}"
    lines = ["import synaptogen_core as sc", ""]
    if not known:
        lines.append(f"# a device of your own: save it in this file first; its hash is {root.hash}")
    lines.append(f"device = {made}")
    if settings["start"] == "fresh":
        lines.append(f"cells = sc.CellArray(({rows}, {columns}), device, {options})")
    else:
        lines.append(f"cells = sc.load_cells('cells.nc')  # used cells, state {settings['state_hash']}")
    written = train.to_python()
    lines.append("train = " + (written if len(written) <= LONG_TEXT else 'sc.load_train("train.csv")'))
    arguments = [f"record={settings['record']!r}", f"every={settings['every']!r}"]
    if select is not None:
        numbers = str(select.tolist()) if select.size <= LONG_SELECTION else "sc.load_dataset('run.nc')['cell'].values"
        lines.append(f"chosen = {numbers}")
        arguments.append("select=chosen")
    arguments += [f"read_voltage={settings['read_voltage']!r}", f"bandwidth={settings['bandwidth']!r}"]
    if not settings["advance"]:
        arguments.append("advance=False")
    lines.append(f"ds = sc.simulate(cells, train, {', '.join(arguments)})")
    return "\n".join(lines) + "\n"


def law_text(law: Mapping[str, Any]) -> str:
    """Python text that loads a retention law."""
    changes = law["variations"]
    name = law["name"].split(", ")[0] if changes else law["name"]
    sets = resources.files("synaptogen_core.device").joinpath("retention_sets").iterdir()
    known = f"{name}.json" in {file.name for file in sets}
    made = f"sc.load_retention({name if known else 'law.json'!r})"
    if known:
        made += "".join(f".vary({', '.join(f'{k}={v!r}' for k, v in change.items())})" for change in changes)
    return made


def _times(run: Run) -> NDArray[np.float64]:
    """When the rows along the Dataset's axis were recorded [s]."""
    table, ends = run.timetable, run.timetable.ends
    begin = run.cells.clock.time
    if ends is None:
        return np.full(table.times if table.values else table.cycles, begin / SECOND)
    return np.asarray((ends + begin) / SECOND)


def _without_long_tables(tree: Any, data: dict[str, Any]) -> Any:
    """A train's tree; its tables, where they are long, moved into variables of the Dataset."""
    volts: list[float] = []
    ends: list[bool] = []
    lasting: list[int] = []

    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(part) for part in node]
        if not isinstance(node, dict):
            return node
        if node.get("kind") == "table":
            moved = {"kind": "table", "first": len(volts), "length": len(node["voltages"])}
            volts.extend(node["voltages"])
            ends.extend(node["cycle_ends"])
            return moved
        if node.get("kind") == "timed":
            node = dict(node)
            for name in ("width", "delay"):
                if isinstance(node[name], list):
                    lasting.extend(node[name])
                    node[name] = {"first": len(lasting) - len(node[name]), "length": len(node[name])}
        return {key: walk(value) for key, value in node.items()}

    result = walk(tree)
    if len(volts) + len(lasting) <= LONG_TABLE:
        return tree
    if lasting:
        data["train_durations"] = ("train_duration", np.array(lasting, np.int64), _attrs("train_durations"))
    if not volts:
        return result
    data["train_table"] = ("train_entry", np.array(volts), _attrs("train_table"))
    data["train_table_cycle_end"] = ("train_entry", np.array(ends), _attrs("train_table_cycle_end"))
    return result


def train_of(settings: Mapping[str, Any], ds: xr.Dataset) -> PulseTrain:
    """The pulse train of a Dataset.

    Parameters
    ----------
    settings : mapping
        As in the Dataset's attribute.
    ds : xarray.Dataset
        Holds the voltages of tables.

    Returns
    -------
    PulseTrain
    """

    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(part) for part in node]
        if not isinstance(node, dict):
            return node
        if node.get("kind") == "table" and "first" in node:
            entries = slice(node["first"], node["first"] + node["length"])
            return {
                "kind": "table",
                "voltages": _values(ds, "train_table")[entries].tolist(),
                "cycle_ends": _values(ds, "train_table_cycle_end")[entries].tolist(),
            }
        if set(node) == {"first", "length"}:
            return _values(ds, "train_durations")[node["first"] : node["first"] + node["length"]].tolist()
        return {key: walk(value) for key, value in node.items()}

    return PulseTrain.from_dict(walk(settings["train"]))


def recording_of(settings: Mapping[str, Any], ds: xr.Dataset, cells: CellArray) -> Recording:
    """What a Dataset recorded.

    Parameters
    ----------
    settings : mapping
        As in the Dataset's attribute.
    ds : xarray.Dataset
        Holds the addresses of chosen cells.
    cells : CellArray
        Whose run it was.

    Returns
    -------
    Recording
    """
    select = None if settings["select"] == "all" else np.asarray(_values(ds, "cell"), np.int64)
    names = ("record", "every", "read_voltage", "bandwidth")
    return request(cells, select=select, **{name: settings[name] for name in names})


def _values(ds: xr.Dataset, name: str) -> NDArray[Any]:
    if name not in ds.variables:  # xarray would count from 0 where a coordinate is missing
        raise ValueError(f"ds: must have the variable {name!r} (got none); use the whole Dataset of simulate")
    return np.asarray(ds[name].values)


def settings_of(ds: xr.Dataset) -> dict[str, Any]:
    """The settings in a Dataset's attributes.

    Raises
    ------
    ValueError
        If there are none, or they come from another version.
    """
    checks.instance("ds", ds, xr.Dataset, "give what simulate returned")
    try:
        settings = json.loads(ds.attrs["settings"])
        version = settings["schema_version"]
    except (KeyError, TypeError, ValueError, RecursionError):
        raise ValueError(
            "ds: must hold the settings of a run in its attributes (got none that can be read); "
            "use a Dataset of simulate"
        ) from None
    if version != SCHEMA_VERSION or settings.get("stream_version") != STREAM_VERSION:
        raise ValueError(
            f"ds: must come from schema {SCHEMA_VERSION} and streams {STREAM_VERSION} "
            f"(got {version} and {settings.get('stream_version')}); "
            f"use the release {ds.attrs.get('synaptogen_version')}"
        )
    missing = [name for name in SETTINGS if name not in settings]
    if missing:
        raise ValueError(
            f"ds: must hold all settings of a run (missing {', '.join(missing)}); use a Dataset of simulate"
        )
    return dict(settings)
