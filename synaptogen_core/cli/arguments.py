"""What stands on the command line, turned into the library's own arguments."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from synaptogen_core.array.trains.kinds import MAKERS
from synaptogen_core.array.trains.pulse_train import PulseTrain
from synaptogen_core.array.trains.random_voltages import DEFAULTS
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.exchange.api import load_device, load_train

KINDS = tuple(str(kind) for kind in MAKERS if kind != "table")
RANGE = 1.5  # V: of the packaged device, which the voltages of PulseTrain are made for
VOLTAGES = ("u_set", "u_reset", "u_min", "u_max", "u_start", "u_stop", "u", "low", "high", "mean", "sd")
SHAPE = re.compile(r"([0-9]+)\s*[x,*]\s*([0-9]+)", re.IGNORECASE)


def shape(text: str) -> tuple[int, int]:
    """Rows and columns out of a text such as 256x256.

    Raises
    ------
    ValueError
        If the text is not rows x columns.
    """
    found = SHAPE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"--shape: must be rows x columns (got {text!r}); write 256x256")
    return int(found[1]), int(found[2])


def size(text: str) -> int:
    """Bytes out of a text such as 256MB or 2GiB.

    Raises
    ------
    ValueError
        If the text is no number of bytes from 1.
    """
    from dask.utils import parse_bytes  # a tenth of a second, for those who give a size

    try:
        found = int(parse_bytes(text)) if any(map(str.isdecimal, text)) else 0  # it takes nothing for 1
    except (ValueError, OverflowError):
        found = 0
    if found < 1:
        raise ValueError(f"--budget: must be a number of bytes (got {text!r}); write 256MB or 2GiB")
    return found


def quantities(texts: Sequence[str]) -> tuple[str, ...]:
    """Names out of texts that may each hold several, with commas between."""
    return tuple(name.strip() for text in texts for name in text.split(",") if name.strip())


def every(text: str) -> str | int:
    """The word cycle, or a number of pulses."""
    return int(text) if text.isdecimal() else text


def named(option: str, texts: Sequence[str]) -> dict[str, str]:
    """Values by name out of texts such as current=I_uA.

    Parameters
    ----------
    option : str
        As on the command line, for the error: --column.
    texts : sequence of str
        One name=value each.

    Returns
    -------
    dict
        Name -> value; of a name given twice the last.

    Raises
    ------
    ValueError
        If a text has no name, or no equals sign.
    """
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise ValueError(f"{option}: must be a name and a value (got {text!r}); write {option} current=...")
        found[name.strip()] = value.strip()
    return found


def train(texts: Sequence[str], repeat: int, device: DeviceParameters) -> PulseTrain:
    """The parts one after the other, all of it `repeat` times.

    Parameters
    ----------
    texts : sequence of str
        At least one: kind:name=value,... or the name of a CSV file.
    repeat : int
        How often the whole is repeated.
    device : DeviceParameters
        Voltages that are not given are those of PulseTrain, in the range of the device instead of 1.5 V.

    Returns
    -------
    PulseTrain
        All parts in one.

    Raises
    ------
    FileError, TypeError, ValueError
        If a part is of no known kind, its settings break a rule, or its file cannot be read.
    """
    parts = [_part(text, device.valid_range / RANGE) for text in texts]
    whole = parts[0]
    for part in parts[1:]:
        whole = whole + part
    return repeat * whole


def _part(text: str, scale: float) -> PulseTrain:
    if Path(text).suffix.lower() == ".csv":
        return load_train(text)
    kind, _, rest = text.partition(":")
    if kind not in KINDS:
        raise ValueError(f"--train: must be one of {', '.join(KINDS)} or a CSV file (got {kind!r}); see --help")
    settings: dict[str, Any] = {"kind": kind}
    for pair in filter(None, (piece.strip() for piece in rest.split(","))):
        name, equals, value = pair.partition("=")
        if not equals or name.strip() == "kind":
            raise ValueError(f"--train: settings must be name=value (got {pair!r}); write {kind}:{name}=...")
        settings[name.strip()] = _value(value.strip())
    return PulseTrain.from_dict((_voltages(settings, scale) if kind != "read_only" else {}) | settings)


def _voltages(settings: dict[str, Any], scale: float) -> dict[str, float]:
    """Those that a train of this kind has where none are given, times `scale`."""
    makers = inspect.signature(getattr(PulseTrain, settings["kind"])).parameters
    usual = {name: setting.default for name, setting in makers.items()}
    usual |= DEFAULTS.get(str(settings.get("distribution", usual.get("distribution"))), {})
    return {name: usual[name] * scale for name in VOLTAGES if isinstance(usual.get(name), float)}


def _value(text: str) -> int | float | bool | str:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def factors(option: str, texts: Sequence[str]) -> float | dict[str, float] | None:
    """One factor for all features, or factors by their names: 2, or r_hrs=2,u_set=1.5.

    Parameters
    ----------
    option : str
        As on the command line, for the error: --c2c.
    texts : sequence of str
        Each may hold several, with commas between.

    Returns
    -------
    float, dict or None
        None if there is no text.

    Raises
    ------
    ValueError
        If a factor is no number, a feature is named twice, or one factor stands beside others.
    """
    pieces = quantities(texts)
    if not pieces:
        return None
    if len(pieces) == 1 and "=" not in pieces[0]:
        return _number(option, pieces[0])
    named: dict[str, float] = {}
    for piece in pieces:
        name, equals, value = piece.partition("=")
        if not equals or name in named:
            raise ValueError(f"{option}: must be one factor, or feature=factor once each (got {piece!r}); see --help")
        named[name] = _number(option, value)
    return named


def _number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{option}: must be a factor (got {text!r}); write a number, 1 changes nothing") from None


def device(given: str | DeviceParameters, **changes: Any) -> DeviceParameters:
    """The device with the variations that were asked for.

    Parameters
    ----------
    given : str or DeviceParameters
        Name of a published set, or of a file; or the device.
    **changes : object
        Arguments of `DeviceParameters.vary`; None leaves as it is.

    Returns
    -------
    DeviceParameters
        The device of that name if nothing changes.

    Raises
    ------
    FileError, TypeError, ValueError
        If there is no such device, or a change breaks a rule.
    """
    wanted = {key: value for key, value in changes.items() if value is not None}
    found = load_device(given) if isinstance(given, str) else given
    return found.vary(**wanted) if wanted else found
