"""A run as one HTML page: its settings, pictures, numbers, and how to cite it."""

from __future__ import annotations

import json
import os
import re

import numpy as np
import xarray as xr

from synaptogen_core import checks
from synaptogen_core.analysis import statistics_api as statistics
from synaptogen_core.analysis.columns import device_of
from synaptogen_core.array.runs.dataset import settings_of
from synaptogen_core.array.tally import notes
from synaptogen_core.counts import counted
from synaptogen_core.drawing.picture import Axis, Band, Dots, Layer, Line, Picture, Rule, axis, number, prefix
from synaptogen_core.durations import duration
from synaptogen_core.report.pictures import Figure, feature_axis, key_of
from synaptogen_core.report.summary import Row
from synaptogen_core.report.templates import check_html, stamp, template, write
from synaptogen_core.schema import FEATURES, Feature, cell_dims
from synaptogen_core.version import __version__

SAMPLE = 64 * 2**20  # bytes of values that pictures and statistics are made of
PROBABILITIES = (0.01, 0.25, 0.5, 0.75, 0.99)
ENDS = (0.008, 0.992)  # of the axis of shares
POINTS = 120  # of a cumulative curve
CLOUD = 400  # cells drawn
PLANE = ("r_lrs", "u_reset")
FEW = 3  # cycles: fewer say nothing of memory
MODEL = ("line", "fitted", "the model, exactly")


def save_run_report(ds: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write the page of a run, all or nothing.

    Parameters
    ----------
    ds : xarray.Dataset
        From `simulate`, or read back from a file.
    path : str or path
        File to write or to replace, with the suffix .html.

    Raises
    ------
    FileError
        If the name has another suffix, its folder does not exist, or the file system refuses the write.
    ValueError
        If `ds` is not of `simulate`.
    """
    check_html(path)
    write(path, run_html(ds))


def run_html(ds: xr.Dataset) -> str:
    """The page of a run; it holds everything and loads nothing.

    Parameters
    ----------
    ds : xarray.Dataset
        From `simulate`, or read back from a file, also lazily: of a large one the first cells are read.

    Returns
    -------
    str
        HTML, all texts escaped.

    Raises
    ------
    ValueError
        If `ds` is not of `simulate`.
    """
    checks.instance("ds", ds, xr.Dataset, "give a Dataset of simulate, or one read back from a file")
    settings = settings_of(ds)
    part, words = sample_of(ds)
    part = part.load()
    rows, columns = settings["shape"]
    return template("run.html.jinja").render(
        title=f"{rows:,} × {columns:,} cells, {counted(ds.sizes.get('cycle', 0), 'cycle')}",
        device=ds.attrs["device"],
        device_hash=ds.attrs["device_hash"],
        seed=settings["seed"],
        streams=settings["stream_version"],
        settings=facts(ds),
        notes=notes(ds),
        heads=["median" if p == 0.5 else f"{100 * p:g} %" for p in PROBABILITIES],
        numbers=_numbers(part),
        sample="" if words == "all cells" else words,
        figures=[figure for figure in _figures(part) if figure.pictures],
        references=[line for line in re.split(r"[\n;]", str(ds.attrs.get("references", ""))) if line.strip()],
        python=str(ds.attrs["python"]).rstrip("\n"),
        json=json.dumps(settings, indent=1),
        made_with=ds.attrs.get("synaptogen_version", ""),
        made=stamp(),
        version=__version__,
    )


def facts(ds: xr.Dataset) -> list[Row]:
    """What was simulated, and how.

    Parameters
    ----------
    ds : xarray.Dataset
        From `simulate`.

    Returns
    -------
    list of Row
        Without those that would be empty.
    """
    made = settings_of(ds)
    rows, columns = made["shape"]
    noise = f"{made['bandwidth']:g} Hz" if made["bandwidth"] else "none"
    passed = float(ds["time"].values.max(initial=0.0)) if "time" in ds.coords else 0.0
    found = [
        Row("array", f"{rows} x {columns} cells, seed {made['seed']}, {made['start']}, history {made['history']}"),
        Row("device", f"{ds.attrs['device']}, hash {ds.attrs['device_hash']}"),
        Row("recorded", f"{', '.join(made['record'])}; every {made['every']}"),
        Row("time", f"{duration(passed)} until the last record" if passed else ""),
        Row("read", f"at {made['read_voltage']:g} V, noise bandwidth {noise}"),
        Row("cells at start", str(made.get("state_hash", ""))),
        Row("made", f"{ds.attrs.get('created', '')} by synaptogen lab {ds.attrs.get('synaptogen_version', '')}, "
                    f"streams {made['stream_version']}"),
    ]  # fmt: skip
    return [row for row in found if row.value]


def sample_of(ds: xr.Dataset) -> tuple[xr.Dataset, str]:
    """Whole cells, as many as SAMPLE holds: cells are independent, so the first ones are as good as any.

    Parameters
    ----------
    ds : xarray.Dataset

    Returns
    -------
    tuple of xarray.Dataset and str
        The part, and what it is of the whole.
    """
    axis = cell_dims(ds)[0]
    length = ds.sizes[axis]
    fitting = max(1, min(length, int(SAMPLE * length / max(1, ds.nbytes))))
    words = "all cells" if fitting == length else f"the first {fitting:,} of {length:,} {axis}s"
    return ds.isel({axis: slice(0, fitting)}), words


def _numbers(ds: xr.Dataset) -> list[tuple[str, list[str]]]:
    names = [f.name for f in FEATURES if f.name in ds] + [n for n in ("conductance", "current") if n in ds]
    if not names:
        return []
    found, table = statistics.quantiles(ds, names, PROBABILITIES), []
    for name in names:
        symbol = next((f.symbol for f in FEATURES if f.name == name), name)
        values = found[name].values
        factor, unit = prefix(str(ds[name].attrs.get("units", "1")), values)
        table.append((f"{symbol} ({unit})", [number(factor * value, 4) for value in values.tolist()]))
    return table


def _figures(ds: xr.Dataset) -> list[Figure]:
    shown = [f for f in FEATURES if f.name in ds]
    figures = [_values(ds, shown)]
    if ds.sizes.get("cycle", 0) >= FEW:
        figures.append(_memory(ds, shown))
    if all(name in ds for name in PLANE):
        figures.append(_cells(ds))
    if {"r_hrs", "r_lrs"} <= set(ds):
        figures.append(_window(ds))
    return figures


def _values(ds: xr.Dataset, shown: list[Feature]) -> Figure:
    device, pictures = device_of(ds), []
    for one in shown:
        found = statistics.cumulative(ds, one.name)
        share = found["cumulative_probability"].values
        inside = np.flatnonzero((share > ENDS[0]) & (share < ENDS[1]))
        if not inside.size:
            continue
        inside = inside[np.linspace(0, inside.size - 1, min(POINTS, inside.size)).round().astype(int)]
        at = found["value"].values[inside]
        layers: list[Layer] = [Dots("cloud", at, share[inside], one.name)]
        if device is not None:
            curve = statistics.population_curve(device, one.name)
            law = curve["cumulative_probability"].values
            kept = (law > ENDS[0]) & (law < ENDS[1])
            layers.append(Line("fitted", curve["value"].values[kept], law[kept], one.name))
        up = Axis("share below", *ENDS, "normal")
        pictures.append(Picture(f"Distribution of {one.symbol}", feature_axis(one, at), up, layers, one.symbol))
    caption = "Cumulative distributions over all cells and cycles; a normal distribution would be a straight line."
    return Figure("Values", caption, pictures, key_of(("circle", "cloud", "simulated"), MODEL))


def _memory(ds: xr.Dataset, shown: list[Feature]) -> Figure:
    pictures, most = [], ds.sizes["cycle"] - 2
    for one in shown:
        found = statistics.autocorrelation(ds, one.name).isel(feature=0, lag=slice(1, max(2, most)))
        lag, value = found["lag"].values, found["autocorrelation"].values
        low, high = found["autocorrelation_interval"].values.T
        layers: list[Layer] = [
            Rule("zero", y=0.0), Band("band", lag, low, high, one.name), Dots("cloud", lag, value, one.name),
        ]  # fmt: skip
        if "expected" in found:
            layers.append(Line("fitted", lag, found["expected"].values, one.name))
        across, up = axis("lag (cycles)", lag, scale="whole"), axis("autocorrelation", value, low, high, 0.0)
        pictures.append(Picture(f"Autocorrelation of {one.symbol}", across, up, layers, one.symbol))
    key = key_of(("circle", "cloud", "simulated"), ("band", "band", "its interval"),
                 ("line", "fitted", "the model, as so many cycles show it"))  # fmt: skip
    return Figure("Memory", "How much of a cycle is still there after so many others.", pictures, key)


def _cells(ds: xr.Dataset) -> Figure:
    points = []
    for name in PLANE:
        one = next(f for f in FEATURES if f.name == name)
        medians = np.nanmedian(ds[name].values.reshape(ds.sizes["cycle"], -1), axis=0)[:CLOUD].astype(np.float64)
        points.append((medians, feature_axis(one, medians)))
    (x, across), (y, up) = points
    picture = Picture("Cells in the plane of two features", across, up, [Dots("cloud", x, y, "r_hrs")], "Medians")
    caption = f"Each mark is a cell: its medians over cycles; {counted(x.size, 'cell')}."
    return Figure("Device to device", caption, [picture], key_of(("circle", "cloud f-r_hrs", "cell")))


def _window(ds: xr.Dataset) -> Figure:
    found = statistics.memory_window(ds)
    rate, at = found["bit_error_rate"].values, found["threshold"].values
    factor, unit = prefix("ohm", at)
    low, high = found["bit_error_rate_interval"].values.T
    seen = rate > 0
    if not seen.any():
        return Figure("Memory window", "", [], [])
    percent, least = 100 * rate, 100 * float(rate[seen].min())
    low, high = (np.maximum(100 * end, least / 10) for end in (low, high))
    best = float(found["best_threshold"])
    picture = Picture(
        "Bit error rate against the read threshold",
        axis(f"read threshold ({unit})", at, scale="log", factor=factor),
        axis("bit error rate (%)", [least, 50.0], scale="log"),
        [Band("band", at, low, high, "r_hrs"), Line("measured", at, np.where(seen, percent, np.nan)),
         Rule("chosen", x=best)],
        "Read errors",
    )  # fmt: skip
    errors = 100 * float(found["best_bit_error_rate"])
    said = f"{number(errors, 2)} % of the bits are read wrongly" if errors else "no bit is read wrongly"
    words = f"At the best threshold, {number(factor * best)} {unit}, {said}."
    key = key_of(("line", "measured", "share of bits read wrongly"), ("line", "chosen", "best threshold"))
    return Figure("Memory window", words, [picture], key)
