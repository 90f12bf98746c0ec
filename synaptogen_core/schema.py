"""The dictionary of the project: features, dimensions, variables, units. Every other room takes its words from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray as xr

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Feature:
    """One of the four numbers that describe a switching cycle."""

    name: str
    symbol: str
    unit: str
    long_name: str
    scale: str  # "log": its statistics are taken of log10; "linear" otherwise


FEATURES = (
    Feature("r_hrs", "R_HRS", "ohm", "resistance of the high-resistance state", "log"),
    Feature("u_set", "U_SET", "V", "SET voltage", "linear"),
    Feature("r_lrs", "R_LRS", "ohm", "resistance of the low-resistance state", "linear"),
    Feature("u_reset", "U_RESET", "V", "voltage at which RESET starts", "linear"),
)
FEATURE_NAMES = tuple(f.name for f in FEATURES)
R_HRS, U_SET, R_LRS, U_RESET = range(4)

HRS, IRS, LRS = 0, 1, 2
STATE_NAMES = ("HRS", "IRS", "LRS")

FAILURES = (  # why a measured cycle has no features; the numbers stand in files
    ("none", "all features found"),
    ("too_short", "too few samples to make a loop"),
    ("not_finite", "the samples hold no numbers where they should"),
    ("not_swept", "the voltage does not run to both signs, or only comes back from there"),
    ("no_set", "no SET found"),
    ("no_reset", "no RESET found"),
    ("no_hrs", "no fit of the high-resistance branch: too few samples before SET, or a current of the wrong sign"),
    ("no_lrs", "no fit of the low-resistance branch: too few samples before RESET, or a current of the wrong sign"),
    ("closed_window", "the high resistance is not above the low one"),
    ("unclear_set", "no step of the current at SET that bend and noise would not explain"),
    ("gradual_reset", "the current never falls: RESET is gradual, see the RESET method “kink”"),
    ("noisy", "the noise is as large as the current at the read voltage"),
)
DEVICE_STATES = (  # state of a measured device
    ("healthy", "switches"),
    ("never_switches", "never switches"),
    ("worn_out", "stops switching"),
    ("too_few", "too few cycles"),
)

RECORDABLE = ("features", "conductance", "current", "state", "cycle_count", "voltage")

VARIABLES: dict[str, dict[str, Any]] = {
    **{f.name: {"long_name": f.long_name, "units": f.unit} for f in FEATURES},
    "conductance": {"long_name": "static conductance at the read voltage", "units": "S"},
    "current": {"long_name": "current at the applied voltage", "units": "A"},
    "voltage": {"long_name": "applied voltage", "units": "V"},
    "state": {
        "long_name": "resistance state",
        "units": "1",
        "flag_values": list(range(3)),
        "flag_meanings": "high_resistance intermediate_resistance low_resistance",
    },
    "cycle_count": {"long_name": "switching cycles drawn by the cell so far", "units": "1"},
    "component": {"long_name": "mixture component of the cell (device to device)", "units": "1"},
    "outlier": {
        "long_name": "cell belongs to the outlier population",
        "units": "1",
        "flag_values": [0, 1],
        "flag_meanings": "main_population outlier_population",
    },
    "cycle": {"long_name": "cycle of the pulse train", "units": "1"},
    "pulse": {"long_name": "pulse of the pulse train", "units": "1"},
    "pulse_cycle": {"long_name": "cycle that the pulse belongs to", "units": "1"},
    "pulse_step": {"long_name": "position of the pulse in its cycle", "units": "1"},
    "time": {"long_name": "array time at which the values were recorded", "units": "s"},
    "row": {"long_name": "row (word line) of the cell", "units": "1"},
    "column": {"long_name": "column (bit line) of the cell", "units": "1"},
    "cell": {"long_name": "flat index of the cell, row by row", "units": "1"},
    "lag": {"long_name": "distance in cycles", "units": "1"},
    "device": {"long_name": "label of the measured device", "units": "1"},
    "device_index": {"long_name": "position of the measured device", "units": "1"},
    "failure": {
        "long_name": "why the cycle has no features",
        "units": "1",
        "flag_values": list(range(len(FAILURES))),
        "flag_meanings": " ".join(code for code, _ in FAILURES),
    },
    "sample_count": {"long_name": "samples of the loop", "units": "1"},
    "target": {"long_name": "target conductance at the read voltage", "units": "S"},
    "reached": {"long_name": "conductance at the read voltage after programming", "units": "S"},
    "error": {"long_name": "relative distance from the target", "units": "1"},
    "pulses": {"long_name": "pulses used", "units": "1"},
    "set_pulses": {"long_name": "SET pulses among them", "units": "1"},
    "last_voltage": {"long_name": "largest RESET voltage since the last SET", "units": "V"},
    "outcome": {"long_name": "outcome of programming", "units": "1"},
    "train_table": {"long_name": "voltages of the pulse train's table", "units": "V"},
    "train_durations": {"long_name": "widths of the train's pulses and delays after them", "units": "ns"},
    "train_table_cycle_end": {"long_name": "pulse of the table ends a cycle", "units": "1"},
}


def feature(name: str) -> Feature:
    """The feature called `name`.

    Raises
    ------
    ValueError
        If there is no such feature.
    """
    for candidate in FEATURES:
        if candidate.name == name:
            return candidate
    raise ValueError(f"feature: must be one of {', '.join(FEATURE_NAMES)} (got {name!r}); use one of these names")


def cell_dims(ds: xr.Dataset | xr.DataArray) -> tuple[str, ...]:
    """The dimensions that run over cells: ``("cell",)`` for chosen cells, else ``("row", "column")``."""
    return ("cell",) if "cell" in ds.dims else ("row", "column")
