"""The pictures of a fit's report: what was measured, with its band, and the fitted device beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from synaptogen_core.analysis.loops.turning import turning_points_of
from synaptogen_core.drawing import svg
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
CRITERIA = (("aic", "AIC", "triangle"), ("bic", "BIC", "circle"), ("hannan_quinn", "Hannan-Quinn", "square"))
STATE_STYLES = {"HRS": "f-r_hrs", "LRS": "f-r_lrs"}


class Figure(NamedTuple):
    """Pictures that belong together.

    Attributes
    ----------
    heading, caption : str
    pictures : list of str
        SVG.
    key : list of (str, str)
        A sample of each line or marker as SVG, and what it is.
    """

    heading: str
    caption: str
    pictures: list[str]
    key: list[tuple[str, str]]


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


def _handy(one: Feature, *data: ArrayLike) -> tuple[Callable[[ArrayLike], F64], str]:
    """What turns a feature's numbers (log10, where its scale is logarithmic) into handy ones, and their unit."""

    def plain(numbers: ArrayLike) -> F64:
        array = np.asarray(numbers, dtype=np.float64)
        return np.asarray(10.0**array) if one.scale == "log" else array

    factor, unit = svg.prefix(one.unit, *(plain(d) for d in data)) if one.unit == "ohm" else (1.0, one.unit)
    return lambda numbers: factor * plain(numbers), unit


def values(validation: Validation) -> Figure:
    """Distributions over all cycles and devices on normal paper."""
    pictures = []
    for name in validation.marginals["feature"].values:
        one, part = feature(str(name)), validation.marginals.sel(feature=name)
        probability = part["probability"].values
        handy, unit = _handy(one, part["measured"].values)
        measured, low, high, fitted = (handy(part[n].values) for n in ("measured", "lower", "upper", "fitted"))
        scale = "log" if one.scale == "log" else "linear"
        picture = svg.Picture(
            f"Distribution of {one.symbol}, measured and fitted",
            svg.axis(f"{one.symbol} ({unit})", measured, low, high, fitted, scale=scale),
            svg.Axis("share of cycles below", 0.008, 0.992, "normal"),
            one.symbol,
        )
        picture.band(probability, low, high, f"band f-{name}", across=True)
        picture.line(measured, probability, "measured")
        picture.points(measured, probability, "dot")
        picture.line(fitted, probability, f"fitted f-{name}")
        pictures.append(str(picture))
    caption = (
        "Cumulative distributions over all cycles and devices; a normal distribution would be a straight line. "
        "A good fit runs inside the band."
    )
    return Figure("Values", caption, pictures, key_of(*THREE))


def memory(validation: Validation) -> Figure:
    """Autocorrelations."""
    ds, pictures = validation.autocorrelation.isel(lag=slice(1, None)), []
    for name in ds["feature"].values:
        one, part = feature(str(name)), ds.sel(feature=name)
        lag = part["lag"].values
        four = [part[n].values for n in ("measured", "lower", "upper", "fitted")]
        picture = svg.Picture(
            f"Autocorrelation of {one.symbol}, measured and fitted",
            svg.axis("lag (cycles)", [0], lag, scale="whole", floor=0),
            svg.axis("autocorrelation (1)", [0.0], *four),
            one.symbol,
        )
        picture.rule("zero", y=0.0)
        picture.band(lag, four[1], four[2], f"band f-{name}")
        picture.line(lag, four[0], "measured")
        picture.points(lag, four[0], "dot")
        picture.line(lag, four[3], f"fitted f-{name}")
        pictures.append(str(picture))
    caption = "How much of a cycle is still there after so many others, about each device's own mean."
    return Figure("Memory", caption, pictures if ds.sizes["lag"] > 1 else [], key_of(*THREE))


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
            pictures.append(svg.matrix(title, f"{kind}, {which}", names, part[which].values, marked))
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
        handy, unit = _handy(one, mean)
        log = one.scale == "log"
        size = 1.0 if log else float(handy(1.0))
        picture = svg.Picture(
            f"Mean and spread over cycles of {one.symbol} for each device, measured and fitted",
            svg.axis(f"mean of {one.symbol} ({unit})", handy(mean), handy(np.nanquantile(cloud_mean, RARE)),
                     scale="log" if log else "linear"),
            svg.axis(f"spread of {one.symbol} ({'decades' if log else unit})", size * spread,
                     size * np.nanquantile(cloud_spread, RARE), floor=0),
            one.symbol,
        )  # fmt: skip
        picture.points(handy(cloud_mean)[:CLOUD], size * cloud_spread[:CLOUD], f"cloud f-{name}", "circle", 2)
        picture.points(
            handy(mean)[:CLOUD], size * spread[:CLOUD], "device", "square", 2.5 if mean.size < CLOUD / 3 else 1.7
        )
        pictures.append(str(picture))
    shown = min(CLOUD, ds.sizes["simulated_device"])
    caption = f"Each mark is a device: its mean and standard deviation over cycles; {shown} devices of the fit."
    if ds.sizes["device"] > CLOUD:
        caption += f" The first {CLOUD} of {ds.sizes['device']:,} measured ones."
    key = key_of(("square", "device", "measured device"), ("circle", "cloud", "simulated device of the fit"))
    return Figure("Device to device", caption, pictures, key)


def conduction(fit: Fit) -> Figure:
    """The I-V family."""
    ds, pictures = fit.curves.current, []
    levels, volts = ds["conductance"].values, ds["voltage"].values
    seen = bool(np.isfinite(ds["measured"].values).any())
    for state in ("HRS", "LRS"):
        part = ds.isel(level=np.flatnonzero(ds["state"].values == state))
        if not part.sizes["level"]:
            continue
        own = [part[n].values for n in ("measured", "lower", "upper", "fitted")]
        factor, unit = svg.prefix("A", own[3])
        known = [factor * one for one in own]
        picture = svg.Picture(
            f"Current over voltage in {state}, fitted" + (" and measured" if seen else ""),
            svg.axis("voltage (V)", volts),
            svg.axis(f"current ({unit})", *known),
            state,
        )
        picture.rule("zero", y=0.0)
        for measured, low, high, fitted in zip(*known, strict=True):
            picture.band(volts, low, high, f"band {STATE_STYLES[state]}")
            picture.line(volts, measured, "measured")
            picture.line(volts, fitted, f"fitted {STATE_STYLES[state]}")
        pictures.append(str(picture))
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
    order = fit.orders["order"].values
    if order.size > 1:
        above = {name: fit.orders[name].values - fit.orders[name].values.min() for name, _, _ in CRITERIA}
        picture = svg.Picture(
            "Information criteria of the order of the memory",
            svg.axis("order (cycles)", order, scale="whole"),
            svg.axis("above the smallest (1)", *above.values()),
            "Order of the memory",
        )
        picture.rule("chosen", x=fit.orders.attrs["chosen"])
        for number, (name, words, marker) in enumerate(CRITERIA):
            picture.line(order, above[name], f"way c{number}")
            picture.points(order, above[name], f"mark c{number}", marker, 3)
            key += key_of((marker, f"mark c{number}", words))
        pictures.append(str(picture))
    count = fit.components["components"].values
    if count.size > 1 and np.isfinite(fit.components["bic"].values).sum() > 1:
        bic = fit.components["bic"].values - np.nanmin(fit.components["bic"].values)
        picture = svg.Picture(
            "Bayesian information criterion of the number of components",
            svg.axis("components", count, scale="whole"),
            svg.axis("above the smallest (1)", bic),
            "Components of the mixture",
        )
        picture.rule("chosen", x=fit.components.attrs["chosen"])
        picture.line(count, bic, "way c1")
        picture.points(count, bic, "mark c1", "circle", 3)
        key = key or key_of(("circle", "mark c1", "BIC"))
        pictures.append(str(picture))
    key += key_of(("line", "chosen", "in use"))
    return Figure(
        "How complex", "Information criteria, less their smallest value: the smallest suggests.", pictures, key
    )


def _loop(ds: xr.Dataset, record: int, heading: str, more: str = "") -> str:
    starts = sample_starts(ds)
    part = slice(starts[record], starts[record + 1])
    voltage, current = ds["voltage"].values[part], ds["current"].values[part]
    factor, unit = svg.prefix("A", current)
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
    picture = svg.Picture(
        f"Measured loop, {heading}" + f": {more}" * bool(more), svg.axis("voltage (V)", voltage, set_voltage),
        svg.axis(f"current ({unit})", factor * current), heading,
    )  # fmt: skip
    picture.rule("zero", y=0.0)
    picture.line(voltage, factor * current, "loop")
    picture.points(set_voltage, factor * set_current, "mark f-u_set", "square", 4.5)
    picture.points(reset_voltage, factor * reset_current, "mark f-u_reset", "triangle", 5)
    return str(picture)


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
    caption = f"{chosen.size} of {good.size:,} loops, spread evenly over the measurement."
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
