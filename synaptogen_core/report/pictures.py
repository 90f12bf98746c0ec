"""The pictures of a fit as data: what was measured, with its band, and the fitted device beside it.

The report draws all of them; the page draws `values`, `memory`, `conduction` and `criteria` in its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from synaptogen_core.analysis.loops.turning import turning_points_of
from synaptogen_core.counts import counted
from synaptogen_core.drawing import svg
from synaptogen_core.drawing.picture import Axis, Band, Dots, Layer, Line, Matrix, Picture, Rule, axis, prefix
from synaptogen_core.measurement import failure_text, sample_starts
from synaptogen_core.schema import Feature, feature
from synaptogen_core.types import F64

if TYPE_CHECKING:
    from synaptogen_core.analysis.fitting_api import Fit
    from synaptogen_core.analysis.validation.validate import Validation


LOOPS = 8  # shown, and as many failed ones at most
ROUNDING = 1e-9  # on the diagonal the band is a point
CLOUD = 300  # simulated devices shown
RARE = (0.005, 0.995)  # share of them outside of which none widens an axis
CRITERIA = {"aic": ("AIC", "triangle"), "bic": ("BIC", "circle"), "hannan_quinn": ("Hannan-Quinn", "square")}
PARTS = ("measured", "lower", "upper", "fitted")
STATES = {"HRS": "r_hrs", "LRS": "r_lrs"}  # whose colours they have


class Figure(NamedTuple):
    """Pictures that belong together.

    Attributes
    ----------
    heading, caption : str
    pictures : sequence of Picture or Matrix
    key : list of (str, str)
        A sample of each line or marker as SVG, and what it is.
    """

    heading: str
    caption: str
    pictures: Sequence[Picture | Matrix]
    key: list[tuple[str, str]]

    @property
    def drawn(self) -> list[str]:
        """The pictures as SVG."""
        return [svg.draw(picture) for picture in self.pictures]


def figures(fit: Fit, validation: Validation | None, loops: xr.Dataset | None) -> list[Figure]:
    """All pictures that the data allow, in the order of the report.

    Parameters
    ----------
    fit : Fit
    validation : Validation or None
    loops : xarray.Dataset or None
        The measurement with its loops.

    Returns
    -------
    list of Figure
        Without those that would be empty.
    """
    found = []
    if validation is not None:
        found += [values(validation), memory(validation), correlations(validation), devices(validation)]
    found += [conduction(fit), criteria(fit)]
    if loops is not None and "sample_count" in loops:
        found += [measured_loops(loops), failed_loops(loops)]
    return [figure for figure in found if figure.pictures]


def key_of(*kinds: tuple[str, str, str]) -> list[tuple[str, str]]:
    """What stands below a picture: of each kind of line or marker a sample, its style and words."""
    return [(svg.sample(kind, style, words), words) for kind, style, words in kinds]


THREE = (
    ("line", "measured", "measured"),
    ("band", "band", "95 % band of the measurement: what sampling alone gives"),
    ("line", "fitted", "fitted device, simulated"),
)


def _plain(one: Feature) -> Callable[[ArrayLike], F64]:
    """What turns a feature's numbers, log10 where its scale is logarithmic, into SI."""
    return (lambda numbers: np.asarray(10.0 ** np.asarray(numbers, np.float64))) if one.scale == "log" else np.asarray


def _handy(one: Feature, values: ArrayLike) -> tuple[float, str]:
    return prefix(one.unit, values) if one.unit == "ohm" else (1.0, one.unit)


def feature_axis(one: Feature, first: ArrayLike, *others: ArrayLike) -> Axis:
    """The axis of a feature, in the unit that makes the first of its values handy.

    Parameters
    ----------
    one : Feature
    first, *others : array_like
        SI.
    """
    factor, unit = _handy(one, first)
    return axis(f"{one.symbol} ({unit})", first, *others, scale=one.scale, factor=factor)


def values(validation: Validation) -> Figure:
    """Distributions over all cycles and devices on normal paper."""
    pictures = []
    for name in validation.marginals["feature"].values:
        one, part = feature(str(name)), validation.marginals.sel(feature=name)
        probability, plain = part["probability"].values, _plain(one)
        measured, low, high, fitted = (plain(part[n].values) for n in PARTS)
        pictures.append(Picture(
            f"Distribution of {one.symbol}, measured and fitted",
            feature_axis(one, measured, low, high, fitted), Axis("share of cycles below", 0.008, 0.992, "normal"),
            (
                Band("band", probability, low, high, one.name, across=True), Line("measured", measured, probability),
                Dots("dot", measured, probability), Line("fitted", fitted, probability, one.name),
            ),
            one.symbol, one.name,
        ))  # fmt: skip
    caption = (
        "Cumulative distributions over all cycles and devices; a normal distribution would be a straight line. "
        "A good fit runs inside the band."
    )
    return Figure("Values", caption, pictures, key_of(*THREE))


def memory(validation: Validation) -> Figure:
    """Autocorrelations from lag 1 on: at 0 all are 1."""
    ds, pictures = validation.autocorrelation.isel(lag=slice(1, None)), []
    for name in ds["feature"].values if ds.sizes["lag"] else ():
        one, part = feature(str(name)), ds.sel(feature=name)
        lag = part["lag"].values
        measured, low, high, fitted = (part[n].values for n in PARTS)
        pictures.append(Picture(
            f"Autocorrelation of {one.symbol}, measured and fitted",
            axis("lag (cycles)", lag, scale="log"),
            axis("autocorrelation (1)", [0.0], measured, low, high, fitted),
            (
                Rule("zero", y=0.0), Band("band", lag, low, high, one.name), Line("measured", lag, measured),
                Dots("dot", lag, measured), Line("fitted", lag, fitted, one.name),
            ),
            one.symbol, one.name,
        ))  # fmt: skip
    caption = "How much of a cycle is still there after so many others, about each device's own mean."
    return Figure("Memory", caption, pictures, key_of(*THREE))


def correlations(validation: Validation) -> Figure:
    """Correlations of features, measured and fitted side by side."""
    ds, pictures = validation.correlations, []
    names = [feature(str(name)).symbol for name in ds["feature"].values]
    for kind in ds["kind"].values if len(names) > 1 else ():
        part = ds.sel(kind=kind)
        if not np.isfinite(part["measured"].values).any():
            continue
        low, high, fitted = (part[n].values for n in ("lower", "upper", "fitted"))
        outside = (fitted < low - ROUNDING) | (fitted > high + ROUNDING)
        for which, marked in (("measured", np.zeros_like(outside)), ("fitted", outside)):
            title = f"Correlations of the features {kind}, {which}"
            pictures.append(Matrix(title, f"{kind}, {which}", names, part[which].values, marked))
    caption = (
        "Correlation coefficients; one cycle later: of the row's feature with the column's one cycle before. Fitted "
        "numbers with a frame and an asterisk lie outside the measurement's 95 % band."
    )
    key = key_of(("band", "plus solid", "positive"), ("band", "minus solid", "negative"))
    return Figure("Correlations", caption, pictures, key)


def devices(validation: Validation) -> Figure:
    """Mean and spread of each device."""
    ds, pictures = validation.devices, []
    for name in ds["feature"].values if ds.sizes["device"] > 1 else ():
        one, part = feature(str(name)), ds.sel(feature=name)
        mean, spread = part["measured_mean"].values, part["measured_deviation"].values
        cloud_mean, cloud_spread = (part[f"fitted_{n}"].values for n in ("mean", "deviation"))
        plain, log = _plain(one), one.scale == "log"
        factor, unit = _handy(one, plain(mean))
        pictures.append(Picture(
            f"Mean and spread over cycles of {one.symbol} for each device, measured and fitted",
            axis(f"mean of {one.symbol} ({unit})", plain(mean), plain(np.nanquantile(cloud_mean, RARE)),
                 scale=one.scale, factor=factor),
            axis(f"spread of {one.symbol} ({'decades' if log else unit})", spread,
                 np.nanquantile(cloud_spread, RARE), floor=0, factor=1.0 if log else factor),
            (
                Dots("cloud", plain(cloud_mean)[:CLOUD], cloud_spread[:CLOUD], one.name, size=2),
                Dots("device", plain(mean)[:CLOUD], spread[:CLOUD], marker="square",
                     size=2.5 if mean.size < CLOUD / 3 else 1.7),
            ),
            one.symbol, one.name,
        ))  # fmt: skip
    shown = min(CLOUD, ds.sizes["simulated_device"])
    caption = "Each mark is a device: its mean and standard deviation over cycles; "
    caption += f"{counted(shown, 'device')} of the fit."
    if ds.sizes["device"] > CLOUD:
        caption += f" The first {CLOUD} of {ds.sizes['device']:,} measured ones."
    key = key_of(("square", "device", "measured device"), ("circle", "cloud", "simulated device of the fit"))
    return Figure("Device to device", caption, pictures, key)


def conduction(fit: Fit) -> Figure:
    """The I-V family."""
    ds, pictures = fit.curves.current, []
    levels, volts = ds["conductance"].values, ds["voltage"].values
    seen = bool(np.isfinite(ds["measured"].values).any())
    for state, name in STATES.items():
        part = ds.isel(level=np.flatnonzero(ds["state"].values == state))
        if not part.sizes["level"]:
            continue
        own = [part[n].values for n in PARTS]
        factor, unit = prefix("A", own[3])
        layers: list[Layer] = [Rule("zero", y=0.0)]
        for measured, low, high, fitted in zip(*own, strict=True):
            layers += [Band("band", volts, low, high, name), *[Line("measured", volts, measured)] * seen,
                       Line("fitted", volts, fitted, name)]  # fmt: skip
        pictures.append(Picture(
            f"Current over voltage in {state}, fitted" + (" and measured" if seen else ""),
            axis("voltage (V)", volts), axis(f"current ({unit})", *own, factor=factor), layers, state, name,
        ))  # fmt: skip
    ends = ", ".join(f"{1e6 * g:.3g}" for g in levels)
    if seen:
        caption = f"Classes of static conductance with means of {ends} µS; a line ends where the state was not seen."
        key = key_of(("line", "measured", "measured mean"), ("band", "band", "interval of the fitted family"),
                   ("line", "fitted", "fitted family"))  # fmt: skip
    else:
        caption = f"Not measured, but assumed; at static conductances of {ends} µS."
        key = key_of(("line", "fitted", "assumed"))
    return Figure("Current and voltage", caption, pictures, key)


def criteria(fit: Fit) -> Figure:
    """What suggested the order of the memory and the number of components; smaller is better."""
    pictures, key = [], []
    for ds, name, label, heading, title in (
        (fit.orders, "order", "order (cycles)", "Order of the memory",
         "Information criteria of the order of the memory"),
        (fit.components, "components", "components", "Components of the mixture",
         "Bayesian information criterion of the number of components"),
    ):  # fmt: skip
        x = ds[name].values
        above = {one: ds[one].values - np.nanmin(ds[one].values) for one in CRITERIA
                 if one in ds and np.isfinite(ds[one].values).sum() > 1}  # fmt: skip
        if not above:
            continue
        layers: list[Layer] = [Rule("chosen", x=ds.attrs["chosen"])]
        for one, values in above.items():
            words, marker = CRITERIA[one]
            layers += [Line("way", x, values, one), Dots("mark", x, values, one, marker, 3)]
            key += key_of((marker, f"mark f-{one}", words))
        across, up = axis(label, x, scale="whole"), axis("above the smallest (1)", *above.values())
        pictures.append(Picture(title, across, up, layers, heading, name))
    caption = "Information criteria, less their smallest value: the smallest suggests."
    return Figure("How complex", caption, pictures, [*dict.fromkeys(key), *key_of(("line", "chosen", "in use"))])


def _loop(ds: xr.Dataset, record: int, heading: str, more: str = "") -> Picture:
    starts = sample_starts(ds)
    part = slice(starts[record], starts[record + 1])
    voltage, current = ds["voltage"].values[part], ds["current"].values[part]
    factor, unit = prefix("A", current)
    set_current, reset_voltage, reset_current = (np.full(1, np.nan) for _ in range(3))
    set_voltage, sign = np.full(1, np.nan), -int(ds.attrs.get("polarity", -1))
    if "set_current" in ds and "u_set" in ds and "u_reset" in ds:
        at = slice(record, record + 1)
        set_voltage, set_current = sign * ds["u_set"].values[at], ds["set_current"].values[at]
        lowest, highest = turning_points_of(-sign * voltage, current)
        if highest < lowest:  # then its RESET ends the vector of the record before
            before = record - 1
            index, cycle = ds["device_index"].values, ds["cycle"].values
            follows = before >= 0 and index[before] == index[record] and cycle[record] - cycle[before] == 1
            at = slice(before, record) if follows else slice(0, 0)
        reset_voltage, reset_current = sign * ds["u_reset"].values[at], ds["reset_current"].values[at]
    return Picture(
        f"Measured loop, {heading}" + f": {more}" * bool(more), axis("voltage (V)", voltage, set_voltage),
        axis(f"current ({unit})", current, factor=factor),
        (
            Rule("zero", y=0.0), Line("loop", voltage, current),
            Dots("mark", set_voltage, set_current, "u_set", "square", 4.5),
            Dots("mark", reset_voltage, reset_current, "u_reset", "triangle", 5),
        ),
        heading,
    )  # fmt: skip


def _heading(ds: xr.Dataset, record: int) -> str:
    label = str(ds["device"].values[ds["device_index"].values[record]])
    label = label if len(label) <= 20 else f"…{label[-19:]}"
    cycle = f"cycle {ds['cycle'].values[record]:,}"
    return cycle if ds.sizes["device"] == 1 else f"{label}, {cycle}"


def measured_loops(ds: xr.Dataset) -> Figure:
    """Loops spread over the measurement, with what was read off them."""
    good = np.flatnonzero(ds["failure"].values == 0) if "failure" in ds else np.arange(ds.sizes["record"])
    chosen = np.unique(good[np.linspace(0, good.size - 1, min(LOOPS, good.size)).round().astype(int)])
    key = key_of(("line", "loop", "measured"))
    if "set_current" in ds:
        key += key_of(("square", "mark f-u_set", "SET threshold"), ("triangle", "mark f-u_reset", "RESET threshold"))
    caption = f"{chosen.size} of {counted(good.size, 'loop')}, spread evenly over the measurement."
    return Figure("Loops", caption, [_loop(ds, int(k), _heading(ds, int(k))) for k in chosen], key)


def failed_loops(ds: xr.Dataset) -> Figure:
    """Loops that failed: for each reason the first ones that can be drawn."""
    failure = ds["failure"].values if "failure" in ds else np.zeros(ds.sizes["record"], int)
    codes, starts = np.unique(failure[failure > 0]), sample_starts(ds)
    known = np.isfinite(ds["current"].values) & np.isfinite(ds["voltage"].values)
    drawable = np.diff(np.concatenate([[0], np.cumsum(known)])[starts]) > 1
    pictures, reasons = [], []
    for code in codes:
        for record in np.flatnonzero((failure == code) & drawable)[: max(1, LOOPS // (2 * codes.size))]:
            pictures.append(_loop(ds, int(record), _heading(ds, int(record)), failure_text(int(code))))
            reasons.append(failure_text(int(code)))
    caption = f"Examples, in this order: {'; '.join(reasons)}. All are counted above."
    return Figure("Failed loops", caption, pictures, key_of(("line", "loop", "measured")))
