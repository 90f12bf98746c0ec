"""A fit in words, once: facts, verdict, devices and numbers as rows. Report, command line and page only format them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from synaptogen_core.drawing.picture import number, prefix
from synaptogen_core.schema import DEVICE_STATES, FAILURES, FEATURE_NAMES, feature

if TYPE_CHECKING:
    from synaptogen_core.analysis.fitting.fit import Fit
    from synaptogen_core.analysis.validation.validate import Validation

MARKS = {"good": "✓", "not good": "✗", "not known": "?", "good for some": "⚠"}
WORDS = {True: "good", False: "not good", None: "not known"}
KEY_CURVES = ("η", "Umax")
MEDIAN = ", 50 %"
HEADINGS = {
    "gamma": "Shapes: coefficients of the polynomials",
    "A": "Memory: autoregression of cycles",
    "B": "Memory: factor of the innovations",
    "lower orders": "Memory: models of lower order",
    "weight": "Devices: shares of the components",
    "mean": "Devices: means",
    "spread": "Devices: standard deviations",
    "correlation": "Devices: correlations",
    "quantile": "Devices: quantiles",
    "curve": "Conduction",
}
TIME = (
    "time: retention and read fluctuation beyond white noise are not part of this fit; a packaged retention law was "
    "measured on another device, one of your own comes from fit_retention"
)


class Row(NamedTuple):
    """One line of a summary; `mark` is one of `MARKS`, or empty."""

    label: str
    value: str
    unit: str = ""
    mark: str = ""
    remark: str = ""

    @property
    def text(self) -> str:
        """Value, unit and remark as one text."""
        return " ".join(filter(None, (self.value, self.unit))) + (f" ({self.remark})" if self.remark else "")


class Number(NamedTuple):
    """One estimate; `is_key`: one of those that people look for."""

    group: str
    label: str
    value: float
    lower: float
    upper: float
    unit: str
    error: float
    origin: str
    is_key: bool


class Device(NamedTuple):
    """One measured device; `first_bad` is the cycle from which it is worn out, or -1; `moves` its drifts and jumps."""

    label: str
    state: str
    cycles: int
    failed: int
    first_bad: int
    moves: str

    @property
    def says(self) -> str:
        """All that is to be said of it."""
        worn = f"from cycle {self.first_bad} on" if self.first_bad >= 0 else ""
        return ", ".join(filter(None, (self.state, worn, self.moves)))


def facts(fit: Fit, measured: xr.Dataset | None = None) -> list[Row]:
    """What was measured and what was fitted to it; `measured` as it was given, else what was used of it.

    Parameters
    ----------
    fit : Fit
    measured : xarray.Dataset, optional

    Returns
    -------
    list of Row
    """
    given, orders = fit.features if measured is None else measured, fit.orders
    state, used = fit.devices["state"].values, fit.features.sizes
    cycles, failed = (int(fit.devices[name].sum()) for name in ("cycles", "failed"))
    counts = list(zip(np.bincount(state), DEVICE_STATES, strict=False))[1:]
    count, order = fit.components.attrs["chosen"], orders.attrs
    suggested = f"{order['criterion']} suggests {order['suggested']} of 1 to {int(orders['order'].max())}"
    rows = [
        Row("Source", str(given.attrs.get("source", "")) or "not stated"),
        Row("Data hash", fit.data_hash or "none"),
        Row("Read as", "; ".join(map(str, json.loads(given.attrs.get("notes", "[]"))))),
        Row("Features", ", ".join(feature(name).symbol for name in FEATURE_NAMES if _is_there(fit.features, name))),
        Row("Devices", f"{state.size:,} measured, {used['device']:,} used"),
        Row("Left out", "; ".join(f"{n:,} {words}" for n, (_, words) in counts if n)),
        Row("Cycles", f"{cycles:,} measured, {used['record']:,} used, {failed:,} failed"),
        Row("Model", fit.reason or f"{'published class' if fit.parts is None else 'format 2'}, as asked for"),
    ]
    if fit.parts is None:
        rows.append(Row("Order of the memory", str(order["chosen"]), remark=suggested))
        rows.append(Row("Components", str(count), f"kind{'s' * (count > 1)} of device"))
    else:
        rows.append(Row("Parts", " ".join(fit.parts.attrs["sentences"]) or "none that could be tested"))
    return [row for row in rows if row.value]


def _is_there(ds: xr.Dataset, name: str) -> bool:
    return name in ds and bool(np.isfinite(ds[name].values).any())


def failures(ds: xr.Dataset) -> list[tuple[str, int]]:
    """Why cycles have no features, or lack one of them, and how many for each reason."""
    if "failure" not in ds:
        return []
    whole = ds["failure"].values
    found = [("", whole)]
    for name in FEATURE_NAMES:
        if f"{name}_reason" in ds:
            found.append((f"{feature(name).symbol} is missing: ", np.where(whole > 0, 0, ds[f"{name}_reason"].values)))
    counts = [(of, np.bincount(codes, minlength=len(FAILURES)).tolist()) for of, codes in found]
    return [(of + words, n) for of, each in counts for (_, words), n in list(zip(FAILURES, each, strict=True))[1:] if n]


def verdict(validation: Validation) -> list[Row]:
    """What a fit is good for, and then what was looked at, finding by finding."""
    *findings, last = validation.verdict
    mixed = not last.good and any(finding.good for finding in findings)
    whole = Row(last.about, last.text, mark="good for some" if mixed else WORDS[last.good])
    return [whole, *(Row(f.about, f.text, mark=WORDS[f.good]) for f in findings)]


def compared(numbers: xr.Dataset) -> list[Row]:
    """The lines of `compare_numbers`: measured and simulated, the error with its interval, and what that says."""
    words = dict(zip(("right within the limit", "wrong by more", "not known"), WORDS.values(), strict=True))
    rows = []
    for k in range(numbers.sizes["line"]):
        line = {name: numbers[name].values[k].item() for name in numbers.data_vars}
        scale, unit = (100, "%") if line["unit"] == "%" else (1, line["unit"])
        off, *ends = (_signed(scale * line[name], 3) for name in ("error", "lower", "upper"))
        between = f", {ends[0]} to {ends[1]}" if line["lower"] < line["upper"] else ""
        measured, simulated = _handy(line["quantity"], line["measured"], line["simulated"])
        value = f"{measured} measured, {simulated} simulated: {off}{between} {unit}"
        mark, remark = words[line["word"]], f"{line['word']}; limit {scale * line['limit']:g} {unit}"
        rows.append(Row(line["what"], value, mark=mark, remark=remark))
    return sorted(rows, key=lambda row: ("not good", "not known", "good").index(row.mark))  # what is wrong comes first


def _handy(quantity: str, *values: float) -> list[str]:
    """Numbers with their unit."""
    if quantity == "ohm":
        factor, unit = prefix(quantity, *values)
    else:
        factor, unit = {"share": (100.0, "%")}.get(quantity, (1.0, quantity))
    return [f"{number(factor * value)} {unit}".strip() for value in values]


def devices(report: xr.Dataset) -> list[Device]:
    """What screening says of each device."""
    columns = (report[name].values.tolist() for name in ("device", "state", "cycles", "failed", "first_bad_cycle"))
    return [
        Device(str(label), DEVICE_STATES[state][1], cycles, failed, first, ", ".join(_moves(report, k)))
        for k, (label, state, cycles, failed, first) in enumerate(zip(*columns, strict=True))
    ]


def _moves(report: xr.Dataset, device: int) -> list[str]:
    """Drifts and jumps of a device that chance hardly explains; of a feature the likelier of the two."""
    if "trend_q" not in report:
        return []
    said, most = [], report.attrs["drift_q"]
    names = ("trend", "trend_q", "jump", "jump_q", "jump_at")
    for name, *numbers in zip(report["feature"].values, *(report[n].values[device] for n in names), strict=True):
        trend, trend_q, jump, jump_q, at = numbers
        symbol = feature(str(name)).symbol
        if jump_q < most and jump_q <= trend_q:
            said.append(f"{symbol} jumps by {_signed(jump)} σ at cycle {at}")
        elif trend_q < most:
            said.append(f"{symbol} drifts by {_signed(trend)} σ")
    return said


def _signed(value: float, digits: int = 0) -> str:
    """With its sign; to a tenth, or with so many digits that count."""
    text = number(value, digits) if digits else f"{value:.1f}".replace("-", "\N{MINUS SIGN}")
    return text if text[0] in "\N{MINUS SIGN}–" else f"+{text}"


def numbers(estimates: xr.Dataset) -> list[Number]:
    """The estimates in their order."""
    names = ("group", "label", "value", "lower", "upper", "units", "standard_error", "origin")
    rows = list(zip(*(estimates[name].values.tolist() for name in names), strict=True))
    single = all(row[0] != "quantile" for row in rows)  # of one device the means are the typical values
    found = []
    for group, label, *rest in rows:
        value, lower, upper, unit, error, origin = rest
        typical = group == "mean" if single else group == "quantile" and label.endswith(MEDIAN)
        key = typical or group == "weight" or (group == "curve" and label in KEY_CURVES)
        found.append(Number(group, label, value, lower, upper, "" if unit == "1" else unit, error, origin, key))
    return found


def groups(estimates: Iterable[Number]) -> dict[str, list[Number]]:
    """The numbers under the heading of their group.

    Parameters
    ----------
    estimates : iterable of Number

    Returns
    -------
    dict of str to list of Number
    """
    found: dict[str, list[Number]] = {}
    for each in estimates:
        found.setdefault(HEADINGS.get(each.group, each.group[:1].upper() + each.group[1:]), []).append(each)
    return found
