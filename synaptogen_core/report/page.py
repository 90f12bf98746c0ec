"""A fit as one HTML page: what was measured, pictures, the verdict, every number with its interval.

The page holds everything and loads nothing; it has no script, prints, and follows light and dark.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from synaptogen_core.drawing.picture import number
from synaptogen_core.exchange.devices.ours import list_devices, load_device
from synaptogen_core.report import summary
from synaptogen_core.report.pictures import figures
from synaptogen_core.report.templates import check_html, stamp, template, write
from synaptogen_core.schema import feature
from synaptogen_core.version import __version__

if TYPE_CHECKING:
    from synaptogen_core.analysis.fitting_api import Fit
    from synaptogen_core.analysis.validation.validate import Validation

TEMPLATE = "report.html.jinja"
MOST_DEVICES = 200  # rows of the table of devices


def report_html(
    fit: Fit,
    validation: Validation | None = None,
    *,
    loops: xr.Dataset | None = None,
    numbers: xr.Dataset | None = None,
    command: str = "",
) -> str:
    """A fit as one HTML page.

    Parameters
    ----------
    fit : Fit
    validation : Validation, optional
        Without it, the page says that the fit was not judged.
    loops : xarray.Dataset, optional
        The measurement with its loops, for pictures of some of them; with the variables of `extract_features`, these
        show the thresholds found, and failed cycles are counted by their reasons.
    numbers : xarray.Dataset, optional
        What `compare_numbers` says of the device.
    command : str
        The command that made the fit, shown as it is.

    Returns
    -------
    str
        HTML; all texts of the measurement escaped.
    """
    estimates, chosen = fit.estimates, fit.orders.attrs["chosen"]
    return template(TEMPLATE).render(
        name=fit.device.name,
        facts=summary.facts(fit, loops),
        verdict=summary.verdict(validation) if validation else [],
        compared=summary.compared(numbers) if numbers is not None else [],
        uses=numbers.attrs["uses"] if numbers is not None else "",
        marks=summary.MARKS,
        warnings=fit.warnings,
        assumed=(*fit.assumed, summary.TIME),
        figures=figures(fit, validation, loops),
        failures=summary.failures(loops if loops is not None else fit.features),
        devices=summary.devices(fit.devices.isel(device=slice(0, MOST_DEVICES))),
        more_devices=max(0, fit.devices.sizes["device"] - MOST_DEVICES),
        distances=_distances(validation) if validation else [],
        skills=_skills(validation) if validation else [],
        groups=_groups(estimates),
        count=estimates.sizes["parameter"],
        confidence=f"{100 * float(estimates.attrs['confidence']):g} %",
        order=chosen,
        python=python_text(fit, loops),
        command=command,
        version=__version__,
        device_hash=fit.device.hash,
        citation=fit.device.citation,
        made=stamp(),
    )


def save_report(
    fit: Fit,
    validation: Validation | None,
    path: str | os.PathLike[str],
    *,
    loops: xr.Dataset | None = None,
    numbers: xr.Dataset | None = None,
    command: str = "",
) -> None:
    """Write the page of a fit, all or nothing.

    Parameters
    ----------
    fit, validation, loops, numbers, command
        As for `report_html`.
    path : str or path
        File to write or to replace, with the suffix .html.

    Raises
    ------
    FileError
        If the name has another suffix, its folder does not exist, or the file system refuses the write.
    """
    check_html(path)
    write(path, report_html(fit, validation, loops=loops, numbers=numbers, command=command))


def python_text(fit: Fit, loops: xr.Dataset | None = None) -> str:
    """The Python text that fits again, given the file of the measurement.

    Parameters
    ----------
    fit : Fit
    loops : xarray.Dataset, optional
        As for `report_html`; its options of extraction are told.
    """
    again, orders = fit.again, fit.orders
    template = again["template"]
    packaged = template.name in list_devices() and load_device(template.name).hash == template.hash
    named = template.name if packaged else f"{template.name}.json"
    source = str((fit.features if loops is None else loops).attrs.get("source") or "FILE")
    options: dict[str, Any] = {"name": again["name"]}
    published = "method" in again  # a device of format 2 has no such choices
    if published and int(orders.attrs["chosen"]) != int(orders.attrs["suggested"]):
        options["order"] = int(orders.attrs["chosen"])
    if published:
        options |= {"max_order": int(orders["order"].max()), "criterion": str(orders.attrs["criterion"])}
    options |= {key: again[key] for key in ("method", "components", "degree", "leave_out") if again.get(key)}
    options |= {"confidence": float(fit.estimates.attrs["confidence"]), "seed": again["seed"]}
    lines = [
        "import synaptogen_core as sc",
        "from synaptogen_core.report.page import save_report",
        "",
        f"template = sc.load_device({named!r})  # hash {template.hash}",
        f"ds = sc.load_measurements({source!r})  # data hash {fit.data_hash}; with columns= and units= if asked",
    ]
    extraction = None if loops is None else loops.attrs.get("feature_options")
    if extraction:
        settings = ", ".join(f"{key}={_tuples(value)!r}" for key, value in json.loads(extraction).items())
        lines += [
            f"features = sc.fitting.extract_features(ds, sc.fitting.FeatureOptions({settings}))",
            "ds = ds.assign(features.data_vars).assign_attrs(features.attrs)",
        ]
    settings = ", ".join(f"{key}={value!r}" for key, value in options.items())
    lines += [
        f"fit = sc.fitting.fit{'' if published else '_extended'}(ds, template, {settings})",
        "sc.save_device(fit.device, 'device.json')",
        f"save_report(fit, sc.fitting.validate(fit), 'report.html'{', loops=ds' if extraction else ''})",
    ]
    return "\n".join(lines)


def _tuples(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _distances(validation: Validation) -> list[tuple[str, str, str, str, str, str]]:
    """About, feature, distance, expected, sign, words."""
    rows, tolerated = [], validation.distances.attrs["tolerated"]
    for about, ds in (("", validation.distances), ("other devices: ", validation.held_out)):
        for kind in ds["kind"].values if "distance" in ds else ():
            for name in ds["feature"].values:
                distance, expected = (float(ds[n].sel(kind=kind, feature=name)) for n in ("distance", "expected"))
                if np.isfinite(distance):
                    ratio = distance / expected
                    sign, words = (
                        ("✓", "within") if ratio <= 1 else ("≈", "nearly") if ratio <= tolerated else ("✗", "beyond")
                    )
                    rows.append(
                        (f"{about}{kind}", feature(str(name)).symbol, number(distance), number(expected), sign, words)
                    )
    return rows


def _skills(validation: Validation) -> list[tuple[str, str, str, str]]:
    """Feature, share of variance predicted, its interval, and what the fit expects."""
    ds, rows = validation.held_out, []
    for name in ds["feature"].values:
        value, low, high, expected = (
            100 * float(ds[key].sel(feature=name)) for key in ("skill", "skill_lower", "skill_upper", "skill_expected")
        )
        if np.isfinite(value):
            rows.append((feature(str(name)).symbol, number(value), interval(low, high), number(expected)))
    return rows


def interval(low: float, high: float) -> str:
    """Two ends as text; a dash where there is none.

    Parameters
    ----------
    low, high : float

    Returns
    -------
    str
    """
    return f"{number(low)} to {number(high)}" if np.isfinite(low) and np.isfinite(high) else "–"


def _groups(estimates: xr.Dataset) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Rows of the table of estimates, group by group."""
    return [
        (heading, [(n.label, number(n.value, 5), interval(n.lower, n.upper), n.unit, number(n.error, 2), n.origin)
                   for n in found])
        for heading, found in summary.groups(summary.numbers(estimates)).items()
    ]  # fmt: skip
