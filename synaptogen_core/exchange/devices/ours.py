"""Device parameters: the packaged sets, files in our layout, files in the published layout."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synaptogen_core import checks
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.errors import FileError, shown
from synaptogen_core.exchange.devices import packaged, published
from synaptogen_core.exchange.files import text
from synaptogen_core.exchange.files.atomic import replacing

SETS = "sets"
WHAT = "device parameters as JSON"
MAX_BYTES = 4 * 2**20  # the largest device that is allowed takes about 1 MB with all digits


def list_devices() -> tuple[str, ...]:
    """Names of the packaged parameter sets, for `load_device`."""
    return packaged.names(SETS)


def load_device(name_or_path: str | os.PathLike[str]) -> DeviceParameters:
    """Load the parameters of a device.

    Parameters
    ----------
    name_or_path : str or path
        Name of a packaged set (see `list_devices`), or a JSON file: one that `save_device` wrote, or one in the layout
        that the authors of the model publish, with Greek keys or ASCII ones.

    Returns
    -------
    DeviceParameters

    Raises
    ------
    FileError
        If there is no such set or file, or it breaks a rule; the sentence says which.
    """
    return device_from_text(packaged.content(name_or_path, SETS, "set", WHAT, MAX_BYTES), str(name_or_path))


def device_from_text(content: str, name: str) -> DeviceParameters:
    """Return the device that a JSON text describes, in our layout or in the published one.

    Parameters
    ----------
    content : str
        The text, such as an uploaded file's.
    name : str
        Where it comes from, for error sentences and as the name of a device that has none.

    Returns
    -------
    DeviceParameters

    Raises
    ------
    FileError
        If it is too long, not JSON, or breaks a rule.
    """
    if len(content) > MAX_BYTES:
        raise FileError(f"{name}: must be at most {MAX_BYTES:,} bytes of {WHAT} (got {len(content):,}); shorten it")
    return device_from_data(text.strict_json(content, name), name)


def device_from_data(data: object, name: str) -> DeviceParameters:
    """The same of what a JSON text held.

    Parameters
    ----------
    data : object
    name : str
        Where it comes from.

    Returns
    -------
    DeviceParameters

    Raises
    ------
    FileError
        If it breaks a rule.
    """
    if not isinstance(data, dict):
        raise FileError(f"{name}: must be a JSON object (got {type(data).__name__}); give {WHAT}")
    try:
        if published.looks_published(data):
            data = published.from_published(data, Path(name).stem)
        _check_kinds(data)
        return DeviceParameters.from_dict(data)
    except (ValueError, TypeError) as error:
        raise FileError(f"{name}: must hold the parameters of a device; {error}") from error


def _check_kinds(data: Mapping[str, Any]) -> None:
    """Refuse values that are not even of the kind that the checks of `DeviceParameters` expect."""
    for key in ("name", "source", "licence", "citation"):
        if not isinstance(data.get(key, ""), str):
            raise ValueError(f"{key}: must be text (got {shown(data[key])}); put it in quotes")
    models = data.get("var", {})
    if not isinstance(models, dict) or not all(re.fullmatch("[1-9][0-9]{0,3}", order) for order in models):
        raise ValueError('var: must map orders to matrices (got other keys); write {"1": {"a": ..., "b": ...}}')
    for order, model in models.items():
        if not isinstance(model, dict) or set(model) != {"a", "b"}:
            raise ValueError(f"var: order {order} must have a and b (got something else); give both, and nothing more")
    outliers = data.get("outliers", [])
    if not isinstance(outliers, list) or not all(type(k) is int for k in outliers):
        raise ValueError(f"outliers: must be a list of component numbers (got {shown(outliers)}); write [2]")
    known = set(inspect.signature(DeviceParameters.vary).parameters)
    changes = data.get("variations", [])
    if not isinstance(changes, list) or not all(
        isinstance(change, dict) and set(change) <= known for change in changes
    ):
        raise ValueError("variations: must be a list of settings of vary (got something else); remove or mend it")


def save_device(device: DeviceParameters, path: str | os.PathLike[str], layout: str = "ours") -> None:
    """Write a device to a JSON file that `load_device` reads; all digits, all or nothing.

    Parameters
    ----------
    device : DeviceParameters
    path : str or path
        File to write or to replace, with the suffix .json.
    layout : {"ours", "published"}
        "ours": with its variations. "published": as the authors' Python and Julia codes read it; of a device with
        variations, the numbers that they lead to.

    Raises
    ------
    FileError
        If the name has another suffix, its folder does not exist, or the file system refuses the write.
    ValueError
        If there is no such layout, or the published one is asked for of a device of format 2.
    """
    checks.instance("device", device, DeviceParameters, "use load_device")
    if layout not in ("ours", "published"):
        raise ValueError(f"layout: must be ours or published (got {layout!r}); choose one of them")
    if text.as_path(path).suffix.lower() != ".json":
        raise FileError(f"{path}: must end in .json (got {Path(path).suffix or 'no suffix'}); rename it")
    data = device.to_dict() if layout == "ours" else published.to_published(device)
    content = text.readable_json(data) + "\n"
    with replacing(path) as temporary:
        temporary.write_text(content, encoding="utf-8")
