"""Files that the Fit tab sends: the device in two layouts, the report, the features, the estimates."""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import synaptogen_core as sc
from app.tabs.fit import compute
from app.work.downloads import Order
from synaptogen_core.exchange.files import text

if TYPE_CHECKING:
    import xarray as xr

FORMATS = {
    "json": ("Device (Synaptogen Lab JSON)", "application/json"),
    "published.json": ("Device (original Synaptogen JSON)", "application/json"),
    "html": ("Report", "text/html"),
    "features.csv": ("Features", "text/csv"),
    "estimates.csv": ("Estimates", "text/csv"),
}


NEEDS = {
    "html": ("judge", "a validated fit"),
    "features.csv": ("extract", "a measurement"),
    "estimates.csv": ("fit", "a fit"),
}


def order(kind: str, value: Callable[[str], Any], name: str) -> Order | str:
    """The file of a kind, or why there is none."""
    device = compute.device_of(value, name)
    stage, needs = NEEDS.get(kind, ("", "a fit, or a device's file"))
    if (value(stage) if stage else device) is None:
        alone = " The file that was read holds a device only." if device and not value("extract") else ""
        return f"{FORMATS[kind][0]}: needs {needs}, which is not here yet.{alone}"
    stem = device.name if device else compute.stem(value("read").name)
    plain = re.sub(r"[^A-Za-z0-9.()-]+", "-", stem).strip("-.") or "device"

    def write(progress: object, cancel: object) -> io.BytesIO:
        return io.BytesIO(contents[kind]().encode())

    found = value("fit")
    contents: dict[str, Callable[[], str]] = {
        "html": lambda: report(dataclasses.replace(found, device=device), value),
        "features.csv": lambda: features(value("extract")),
        "estimates.csv": lambda: estimates(found),
    }
    if device is not None:
        contents |= {"json": partial(ours, device), "published.json": partial(published, device)}
    return Order(f"{plain}.{kind}" if kind != "html" else f"{plain}-report.html", write)


def ours(device: sc.DeviceParameters) -> str:
    return text.readable_json(device.to_dict()) + "\n"


def published(device: sc.DeviceParameters) -> str:
    """As the authors of the model write their parameters."""
    from synaptogen_core.exchange.devices.published import to_published

    return text.readable_json(to_published(device)) + "\n"


def report(found: sc.fitting.Fit, value: Callable[[str], Any]) -> str:
    """The report on one page, with some of the loops and the points on them."""
    from synaptogen_core.report.page import report_html

    loops, extracted = value("read").data, value("extract")
    if "sample_count" in loops:
        loops = loops.assign({name: extracted[name] for name in extracted.data_vars}).assign_attrs(extracted.attrs)
    return report_html(found, value("judge"), loops=loops, numbers=value("numbers"))


def features(ds: xr.Dataset) -> str:
    """One line a cycle: device, cycle, features, why it has none."""
    from synaptogen_core.exchange.datasets.feature_csv import write_measured

    stream = io.StringIO()
    write_measured(ds, stream)
    return stream.getvalue()


def estimates(found: sc.fitting.Fit) -> str:
    """One line a number, as `synaptogen fit` writes them."""
    from synaptogen_core.exchange.datasets.estimates import write_estimates

    stream = io.StringIO()
    write_estimates(found.estimates, stream)
    return stream.getvalue()
