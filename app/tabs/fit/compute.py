"""The Fit tab: its options, and the stages from a file to a judged device. They run in the lane of `session`."""

from __future__ import annotations

import dataclasses
import io
import json
import threading
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import param
import xarray as xr

import synaptogen_core as sc
from app.settings.limits import limits_of
from app.settings.sections import Choices, Request, TabOptions
from app.work.runs import Run
from synaptogen_core import errors
from synaptogen_core.exchange.devices.ours import device_from_text, list_devices
from synaptogen_core.measurement import measurement, select_records
from synaptogen_core.schema import FEATURE_NAMES

__all__ = ["EXAMPLE", "STAGES", "USES", "Options", "Reading", "Source", "Stage", "compute", "device_of", "is_device",
           "is_measured", "limits_of"]  # fmt: skip
if TYPE_CHECKING:
    from synaptogen_core.exchange.api import TableLayout

USES: frozenset[str] = frozenset()
MAX_ORDER = 10
MAX_NAME = 80  # characters of a device's name
TEMPLATE = "hennen2024"  # tells what a measurement does not
EXAMPLE = "simulated example"
ASSUMED = ("sign", "halves", "one_way")  # of loops, where nothing is said: the user may say otherwise
EXAMPLE_SIZE = {"devices": 48, "cycles": 60, "points": 400}
Progress = Callable[[float], None]


class Options(TabOptions):
    set_method = param.Selector(
        default="level", label="SET voltage at",
        objects={"Half of the current limit": "level", "Steepest change": "steepest", "Largest voltage before": "peak"},
        doc="Half of the limit (or of what the cell carries afterwards), the steepest rise, or the largest |V| before.",
    )  # fmt: skip
    reset_method = param.Selector(
        default="peak", label="RESET voltage at",
        objects={"First maximum of current": "peak", "Steepest change": "steepest", "Half of the maximum": "level",
                 "Leaving the LRS line (gradual RESET)": "kink"},
        doc="The first maximum with a fall after it, the steepest fall, where half of the maximum is left, or where "
            "the current leaves the line of the LRS: for a gradual RESET, whose current never falls.",
    )  # fmt: skip
    smoothing = param.Integer(5, bounds=(1, 51), step=2, label="Smoothing (samples)",
                              doc="Running mean that finds the thresholds, odd; 1: none.")  # fmt: skip
    series_resistance = param.Number(0.0, bounds=(0.0, 100_000.0), step=10.0, label="Series resistance",
                                     doc="Its voltage I·R is taken off the measured one.")  # fmt: skip
    polarity = param.Selector(
        default="auto", label="SET is at", objects={"As the loops say": "auto", "Negative voltage": "negative",
                                                    "Positive voltage": "positive"},
        doc="Sign of the SET voltage in the file. In the model it is negative.",
    )  # fmt: skip
    model = param.Selector(
        default="auto", label="Model",
        objects={"Whichever suits better": "auto", "Published class": "published",
                 "Real devices (format 2)": "extended"},
        doc="Format 2 has coordinates, slow memory and break-in, each kept where it gains on other devices; the "
            "options beside it are of the published class. Both are fitted, and format 2 is taken where it predicts "
            "later cycles better, or where fewer of the numbers that matter are wrong; and for few cycles.",
    )  # fmt: skip
    order = param.Selector(default="0", objects={"Suggested": "0", **{str(p): str(p) for p in range(1, MAX_ORDER + 1)}},
                           label="VAR order", doc="How many past cycles the next one remembers.")  # fmt: skip
    method = param.Selector(default="ols", objects={"Least squares": "ols", "Yule–Walker": "yule-walker"},
                            label="Memory by", doc="How the autoregression is estimated.")  # fmt: skip
    components = param.Selector(default="0", objects={"Suggested": "0", **{str(k): str(k) for k in range(1, 6)}},
                                label="Components",
                                doc="Kinds of device in the mixture; suggested by the BIC.")  # fmt: skip
    limits = param.String("", label="Limits on errors",
                          doc="How large an error still serves your use, by line, such as: quantiles=5%, bit "
                              "errors=50%. Empty: what two lots of one technology differ by.")  # fmt: skip
    device_name = param.String("", label="Name of the device", doc="Empty: that of the file.")
    UNITS: ClassVar[dict[str, str]] = {"series_resistance": "Ω"}


@dataclass(frozen=True, eq=False)
class Source:
    """A file as it was dropped, and what its columns were said to be. `data` None: the example."""

    name: str
    data: bytes | None
    columns: tuple[tuple[str, str], ...] = ()
    units: tuple[tuple[str, str], ...] = ()
    reading: tuple[tuple[str, str], ...] = ()  # answers to questions other than these

    def said(self) -> dict[str, dict[str, str] | None]:
        """What its owner said, as the reader takes it."""
        return {name: dict(getattr(self, name)) or None for name in ("columns", "units", "reading")}


@dataclass(frozen=True, eq=False)
class Reading:
    """What a file holds: a measurement, a device, or columns that its owner must name."""

    name: str
    data: xr.Dataset | None = None
    device: sc.DeviceParameters | None = None
    unclear: TableLayout | None = None
    said: str = ""  # what is unclear
    notes: tuple[str, ...] = ()
    size: int = 0


Values = Mapping[str, Any]  # what the stages before have found, by their keys


@dataclass(frozen=True)
class Stage:
    """One step of the way; `uses` names the options that it depends on."""

    key: str
    title: str
    run: Callable[[Any, Values, Choices, Progress, threading.Event], Any]
    uses: tuple[str, ...] = ()


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> None:
    """Nothing of this tab depends on the run."""


def read(source: Source, values: Values, options: Choices, progress: Progress, cancel: threading.Event) -> Reading:
    """What the file holds. Never executed, never written."""
    if source.data is None:
        return Reading(source.name, example(progress), notes=(EXAMPLE_NOTE,))
    size = len(source.data)
    if source.name.lower().endswith(".json"):
        text = source.data.decode("utf-8-sig", "replace")
        return Reading(source.name, device=device_from_text(text, source.name), size=size)
    from synaptogen_core.exchange.measurements.load import measurements_from_bytes

    try:
        ds = measurements_from_bytes(source.data, source.name, **source.said())
    except errors.ColumnsUnclear as unclear:
        return Reading(source.name, unclear=unclear.layout, said=str(unclear), size=size)
    return Reading(source.name, ds, notes=tuple(json.loads(ds.attrs.get("notes", "[]"))), size=size)


def layout_of(source: Source) -> TableLayout:
    """What the columns of a file are taken for, by itself and as its owner said, and what else its owner may say."""
    from synaptogen_core.exchange.measurements.load import inspect_measurements
    from synaptogen_core.exchange.measurements.reading import OPTIONS, Choice

    layout = inspect_measurements(source.data or b"", source.name, **source.said())
    said = dict(source.reading)
    choices = [Choice(key, "", ("", *OPTIONS[key]), said.get(key, "")) for key in ASSUMED if layout.kind == "loops"]
    return dataclasses.replace(layout, choices=(*layout.choices, *choices))


def packed(names: Sequence[str], contents: Sequence[bytes]) -> tuple[str, bytes]:
    """Several files as one archive, not compressed: they are read as a measurement, each a cycle or a device."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for k, (name, data) in enumerate(zip(names, contents, strict=True)):
            twice = name in names[:k]
            archive.writestr(f"{k + 1} {name}" if twice else name, data)
    return f"{len(names)} files.zip", stream.getvalue()


EXAMPLE_NOTE = (
    f"Simulated, not measured: {EXAMPLE_SIZE['devices']} cells of the published device, {EXAMPLE_SIZE['cycles']} I-V "
    f"loops each, {EXAMPLE_SIZE['points']} voltages a loop, with white noise of 0.3 µA."
)


def example(progress: Progress) -> xr.Dataset:
    """A measurement as an instrument would give it, of cells of the published device."""
    import numpy as np

    devices, cycles, points = EXAMPLE_SIZE.values()
    cells = sc.CellArray((1, devices), sc.load_device(TEMPLATE), seed=20)
    train = sc.PulseTrain.iv_sweep(cycles=cycles, u_min=-1.5, u_max=1.5, points=points)
    ds = sc.simulate(cells, train, record=("current", "voltage"), every=1, progress=progress)
    volts = ds["voltage"].values.reshape(ds.sizes["pulse"], -1)[:, 0].astype(float)
    current = ds["current"].values.reshape(ds.sizes["pulse"], -1).astype(float)
    current += 0.3e-6 * np.random.Generator(np.random.PCG64(1)).standard_normal(current.shape)
    index, number = np.repeat(np.arange(devices), cycles), np.tile(np.arange(1, cycles + 1), devices)
    counts = np.full(index.size, volts.size // cycles)
    loops = np.tile(volts, devices), current.T.ravel(), counts
    labels = [str(k + 1) for k in range(devices)]
    return measurement(index, number, labels=labels, loops=loops, source="simulation")


def extract(
    source: Source, values: Values, options: Choices, progress: Progress, cancel: threading.Event
) -> xr.Dataset:
    """The four features of each cycle; as they stand in the file if there are no loops."""
    from synaptogen_core.analysis import fitting_api

    ds = values["read"].data
    if "sample_count" not in ds:
        return ds
    return fitting_api.extract_features(ds, feature_options(options), progress=progress, cancel=cancel)


def feature_options(options: Choices) -> sc.fitting.FeatureOptions:
    from synaptogen_core.analysis import fitting_api

    names = ("set_method", "reset_method", "series_resistance", "polarity")
    smoothing = options.smoothing | 1  # odd: a mean has a sample in its middle
    return fitting_api.FeatureOptions(smoothing=smoothing, **{name: options[name] for name in names})


def screen(source: Source, values: Values, options: Choices, progress: Progress, cancel: threading.Event) -> xr.Dataset:
    """Which devices switch, wear out, drift."""
    from synaptogen_core.analysis import fitting_api

    return fitting_api.screen_devices(values["extract"])


def fit(source: Source, values: Values, options: Choices, progress: Progress, cancel: threading.Event) -> Any:
    """The device."""
    from synaptogen_core.analysis import fitting_api

    both: dict[str, Any] = {
        "name": stem(source.name), "curves": values["curves"], "devices": values["screen"], "progress": progress,
        "cancel": cancel,
    }  # fmt: skip
    published: dict[str, Any] = {
        "method": options.method, "order": int(options.order) or None, "max_order": MAX_ORDER,
        "components": int(options.components) or None,
    }  # fmt: skip
    ds, template = values["extract"], sc.load_device(TEMPLATE)
    if options.model == "auto":
        return fitting_api.choose(ds, template, published=published, **both).fit
    if options.model == "published":
        try:
            return fitting_api.fit(ds, template, **published, **both)
        except errors.NeedsExtended:
            pass  # a device of the other class, with wide intervals
    return fitting_api.fit_extended(ds, template, **both)


def curves(source: Source, values: Values, options: Choices, progress: Progress, cancel: threading.Event) -> Any:
    """The I-V family of loops; scaled where none of them shows all that it needs."""
    from synaptogen_core.analysis import fitting_api

    ds, features = values["read"].data, values["extract"]
    used = fitting_api.usable_records(features, values["screen"])
    if "sample_count" not in ds or not used.any():
        return None
    kept = select_records(features, used)
    return fitting_api.curves_for(sc.load_device(TEMPLATE), kept, ds, features, progress=progress, cancel=cancel)


def judge(source: Source, values: Values, options: Choices, progress: Progress, cancel: threading.Event) -> Any:
    """How well it behaves like the measurement."""
    from synaptogen_core.analysis import fitting_api

    return fitting_api.validate(values["fit"], progress=progress, cancel=cancel)


def numbers(
    source: Source, values: Values, options: Choices, progress: Progress, cancel: threading.Event
) -> xr.Dataset:
    """How far the device is from the measurement in numbers that matter for its use."""
    from synaptogen_core.analysis import fitting_api

    limits = fitting_api.limits_said(text for text in options.limits.split(",") if text.strip())
    return fitting_api.compare_numbers(values["fit"], limits=limits, refitted=values["judge"].refitted)


def beside(
    source: Source, values: Values, options: Choices, progress: Progress, cancel: threading.Event
) -> xr.Dataset | None:
    """Which of two fits of the same data predicts better: the one that was kept, and this one."""
    from synaptogen_core.analysis import fitting_api

    kept, found = values.get("kept"), values["fit"]
    if kept is None or kept["fit"] is found or kept["fit"].data_hash != found.data_hash:
        return None
    return fitting_api.compare([kept["fit"], found], found.features)


OF_LOOPS = ("set_method", "reset_method", "smoothing", "series_resistance", "polarity")
STAGES = (
    Stage("read", "Reading the file", read),
    Stage("extract", "Finding the features", extract, OF_LOOPS),
    Stage("screen", "Looking at the devices", screen),
    Stage("curves", "Fitting the I-V family", curves),
    Stage("fit", "Fitting memory and spread", fit, ("model", "order", "method", "components")),
    Stage("judge", "Comparing the fit with the measurement", judge),
    Stage("numbers", "Comparing in numbers that matter", numbers, ("limits",)),
    Stage("beside", "Comparing with the fit that was kept", beside),
)


def is_measured(value: Callable[[str], Any]) -> bool:
    """Whether there is a measurement to go on with."""
    found = value("read")
    return found is not None and found.data is not None


def is_device(value: object) -> bool:
    """Whether what a stage found is a device."""
    return isinstance(value, Reading) and value.device is not None


def device_of(value: Callable[[str], Any], name: str = "") -> sc.DeviceParameters | None:
    """The device that can be used: of the fit, or of the file; under a name that no packaged set has."""
    found, reading = value("fit"), value("read")
    device = found.device if found is not None else (reading.device if reading is not None else None)
    if device is None or device.variations:
        return device  # a varied device is known by what was varied
    chosen = name.strip()[:MAX_NAME] or device.name
    if chosen in list_devices() and device != sc.load_device(chosen):
        chosen = f"{chosen} (own)"
    return device if chosen == device.name else dataclasses.replace(device, name=chosen)


def stem(name: str) -> str:
    """Name of a file as that of its device."""
    plain = Path(name).name
    for suffix in (".gz", ".zip"):
        plain = plain.removesuffix(suffix)
    return Path(plain).stem[:MAX_NAME] or "measured device"


def features_in(ds: xr.Dataset) -> tuple[str, ...]:
    """Features that a measurement holds."""
    return tuple(name for name in FEATURE_NAMES if name in ds)
