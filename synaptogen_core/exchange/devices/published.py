"""The layout in which the authors publish their parameters (`default_params.json` of Synaptogen), into ours and back.

Keys come in Greek and in ASCII spellings. `VAR_ppp` is 4 x 4(p + 1): [B | A_p | ... | A_1], the oldest lag first; only
so do all orders of the published set give one stationary covariance. `LDtD` is 8 x 8K: [L_1 | ... | L_K]; `muDtD` is
8 x K.

What is written has the Greek keys, the only ones that the published Python and Julia codes read; any number of
components, orders and degrees suits them. They read VAR_010 unless told another order (Python ``load_params(path, p)``,
Julia ``CellParams(path; p)``), and start with an empty history. Our additions (name, source, order, outliers ...) they
overlook: they clip no sigma, and keep outliers like other cells.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import numpy as np

from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.types import F64

GREEK = {"γ": "gamma", "η": "eta", "μ": "mu", "σ": "sigma"}
NAMES = {
    "gamma": "gamma",
    "wk": "weights",
    "weights": "weights",
    "mudtd": "means",
    "ldtd": "factors",
    "hhrs": "hhrs",
    "llrs": "llrs",
    "u0": "u_0",
    "eta": "eta",
    "umax": "u_max",
    "validrange": "valid_range",
}
REQUIRED = ("gamma", "wk", "muDtD", "LDtD", "HHRS", "LLRS", "U_0", "eta", "Umax")
NOTES = ("name", "source", "licence", "citation", "notes", "outliers", "order")
VAR = re.compile(r"var0*([1-9][0-9]{0,3})")
OUTLIER_WEIGHT = 0.1


def plain_key(key: str) -> str:
    """Return a key without Greek, subscripts, underscores and capitals: U₀, U_0 and u0 become one."""
    text = unicodedata.normalize("NFKC", key).lower()
    return re.sub("[^a-z0-9]", "", "".join(GREEK.get(letter, letter) for letter in text))


def looks_published(data: Mapping[str, Any]) -> bool:
    """Whether a file's keys are those of the published layout."""
    keys = {plain_key(key) for key in data}
    return "ldtd" in keys or "mudtd" in keys or any(VAR.fullmatch(key) for key in keys)


def from_published(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the fields of `DeviceParameters` out of a file in the published layout.

    Parameters
    ----------
    data : mapping
        What stands in the file.
    name : str
        Name of the device, unless the file has one.

    Returns
    -------
    dict
        As `DeviceParameters.from_dict` takes it. Components with less than a tenth of the weight are taken for the
        outlier population, unless the file has a key `outliers` with component numbers from 0.

    Raises
    ------
    ValueError
        If a key is missing, unknown or there twice, or an array has another shape than it should.
    """
    fields, models = _sorted_keys(data)
    weights = _array("wk", fields["weights"])
    if weights.ndim != 1 or not weights.size:
        raise ValueError(f"wk: must be a row of weights (got shape {weights.shape}); give one weight a component")
    count = weights.size
    means = _shaped("muDtD", fields["means"], (8, count))
    factors = _shaped("LDtD", fields["factors"], (8, 8 * count))
    fields |= {
        "name": fields.get("name", name),
        "means": means.T.tolist(),
        "factors": [factors[:, 8 * k : 8 * k + 8].tolist() for k in range(count)],
        "var": {str(p): _lags(p, matrix) for p, matrix in sorted(models.items())},
    }
    total = weights.sum()
    fields.setdefault("outliers", [k for k in range(count) if total > 0 and weights[k] / total < OUTLIER_WEIGHT])
    return fields


def to_published(device: DeviceParameters) -> dict[str, Any]:
    """Return what `from_published` reads: the device in the authors' layout, for their codes.

    Parameters
    ----------
    device : DeviceParameters
        Of one with variations, the numbers that they lead to are written, not the variations.

    Returns
    -------
    dict
        Plain data for JSON. Every order of the device is there; one in force that lies between those is written out,
        as the published codes would cut a larger one at its newest lags.

    Raises
    ------
    ValueError
        If the device is of format 2, which that layout has no place for.
    """
    if device.extension is not None:
        raise ValueError(
            "layout: the published one cannot carry a device of format 2, whose coordinates, slow memory and break-in "
            "it does not know (got one); fit the published class to the same data, save the device in our own layout, "
            "or give cycles of it as NetCDF or CSV"
        )
    models = {**device.var, device.order: (device.a, device.b)}
    notes: dict[str, Any] = {
        "name": device.name, "source": device.source, "licence": device.licence, "citation": device.citation,
        "notes": list(device.notes),
    }  # fmt: skip
    return {
        **{key: text for key, text in notes.items() if text},
        "order": device.order,
        "outliers": list(device.outliers),
        "valid_range": device.valid_range,
        "HHRS": device.hhrs.tolist(),
        "LLRS": device.llrs.tolist(),
        "η": device.eta,
        "U₀": device.u_0,
        "Umax": device.u_max,
        "γ": device.gamma.tolist(),
        "wk": device.weights.tolist(),
        "μDtD": device.means.T.tolist(),
        "LDtD": np.hstack(list(device.factors)).tolist(),
        **{f"VAR_{p:03d}": np.hstack([b, *a[::-1]]).tolist() for p, (a, b) in sorted(models.items())},
    }


def _sorted_keys(data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[int, Any]]:
    """Fields by our names, and the matrices VAR by order."""
    fields: dict[str, Any] = {}
    models: dict[int, Any] = {}
    for key, value in data.items():
        plain = plain_key(key)
        order = VAR.fullmatch(plain)
        if order:
            place: dict[Any, Any] = models
            ours: Any = int(order[1])
        elif plain in NAMES or plain in NOTES:
            place, ours = fields, NAMES.get(plain, plain)
        else:
            raise ValueError(f"{key}: must be a key of the published layout (got an unknown one); remove it")
        if ours in place:
            raise ValueError(f"{key}: must be there once (got a second spelling of it); remove one")
        place[ours] = value
    missing = [key for key in REQUIRED if NAMES[plain_key(key)] not in fields]
    if not models:
        missing.append("VAR_001 (or another order)")
    if missing:
        raise ValueError(f"parameters: must be complete (missing {', '.join(missing)}); complete the file")
    return fields, models


def _lags(order: int, matrix: object) -> dict[str, Any]:
    """[B | A_p | ... | A_1] to A, newest lag first, and B."""
    array = _shaped(f"VAR_{order:03d}", matrix, (4, 4 * (order + 1)))
    blocks = array.reshape(4, order + 1, 4).transpose(1, 0, 2)
    return {"a": blocks[:0:-1].tolist(), "b": blocks[0].tolist()}


def _array(name: str, value: object) -> F64:
    try:
        return np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: must be rows of numbers of one length (got something else); correct it") from None


def _shaped(name: str, value: object, shape: tuple[int, int]) -> F64:
    array = _array(name, value)
    if array.shape != shape:
        raise ValueError(f"{name}: must have shape {shape} (got {array.shape}); one list a row")
    return array
