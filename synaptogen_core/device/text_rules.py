"""The rules of a device's texts, and of a device that is written down as plain data.

Each raises a TypeError or ValueError with its sentence where what it is given breaks the rule.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from synaptogen_core.device import rules
from synaptogen_core.errors import shown
from synaptogen_core.schema import FEATURE_NAMES

MAX_VARIATIONS = 8  # each may ask for a law of the start of its own
MAX_NAME = 300  # characters, before variations add to it
MAX_TEXT = 10_000  # characters of a source, a licence, a citation or a note
MAX_NOTES = 200
DEFAULT_ORDER = 10
REQUIRED = ("name", "gamma", "weights", "means", "factors", "var", "hhrs", "llrs", "u_0", "eta", "u_max")
OPTIONAL = (
    "format",
    "extension",
    "features",
    "order",
    "outliers",
    "valid_range",
    "source",
    "licence",
    "citation",
    "notes",
    "variations",
)
VARIATIONS = ("order", "shapes", "outlier_share", "c2c", "d2d", "correlations", "autocorrelation", "eta", "u_max",
              "break_in", "stuck")  # fmt: skip


def text(name: str, value: object, longest: int | None, *, empty: bool = True) -> None:
    """A text of at most so many characters (None: any).

    Parameters
    ----------
    name : str
        Of the field, for the error.
    value : object
    longest : int or None
        Characters.
    empty : bool
        Whether it may be empty.

    Raises
    ------
    ValueError
        If it is no text, empty where it may not be, or too long.
    """
    if not isinstance(value, str) or not (value or empty):
        raise ValueError(f"{name}: must be a text (got {shown(value)}); write it as one")
    if longest is not None:
        short(name, value, longest)


def short(name: str, text: str, longest: int) -> None:
    """Length rule of a text.

    Parameters
    ----------
    name : str
        Of the field, for the error.
    text : str
    longest : int
        Characters.

    Raises
    ------
    ValueError
        If it is longer.
    """
    if len(text) > longest:
        raise ValueError(f"{name}: must have at most {longest:,} characters (got {len(text):,}); shorten it")


def sentences(name: str, value: object) -> tuple[str, ...]:
    """Texts, each a sentence.

    Parameters
    ----------
    name : str
        Of the field, for the error.
    value : object

    Returns
    -------
    tuple of str

    Raises
    ------
    TypeError, ValueError
        If it is no list of texts, or there are too many or too long ones.
    """
    if not isinstance(value, (tuple, list)) or not all(isinstance(note, str) for note in value):
        raise TypeError(f"{name}: must be a list of texts (got {shown(value)}); give one text a sentence")
    if len(value) > MAX_NOTES:
        raise ValueError(f"{name}: must be at most {MAX_NOTES} texts (got {len(value):,}); keep those that matter")
    for note in value:
        short(name, note, MAX_TEXT)
    return tuple(value)


def changes(value: tuple[Mapping[str, Any], ...] | list[Any]) -> None:
    """Number rule of variations.

    Raises
    ------
    ValueError
        If there are too many.
    """
    if len(value) > MAX_VARIATIONS:
        raise ValueError(
            f"variations: must be at most {MAX_VARIATIONS} (got {len(value):,}); vary the device once, by all there is "
            "to change"
        )


def no_others(names: Mapping[str, object]) -> None:
    """Refuse variations that there are not, and say which may be meant.

    Raises
    ------
    TypeError
        If there is any name in `names`.
    """
    for name in names:
        near = difflib.get_close_matches(name.lower(), VARIATIONS, 1)
        raise TypeError(
            f"vary: must be given some of {', '.join(VARIATIONS)} (got {name!r}); "
            + (f"is {near[0]!r} meant?" if near else "choose one of these")
        )


def dictionary(data: object) -> dict[str, Any]:
    """Fields for DeviceParameters out of plain data.

    Raises
    ------
    TypeError, ValueError
        If parameters are missing or unknown, or the format is another one.
    """
    if not isinstance(data, Mapping):
        raise TypeError(f"device: must be a dictionary of parameters (got {type(data).__name__}); see to_dict()")
    extended = data.get("extension") is not None
    form = data.get("format", 2 if extended else 1)
    if form != (2 if extended else 1) or isinstance(form, bool):
        raise ValueError(
            f"format: must be 1, or 2 with an extension (got {shown(form)}); a newer version may know this file"
        )
    missing = [k for k in REQUIRED if k not in data and not (extended and k == "gamma")]
    if missing:
        raise ValueError(f"device: must have all parameters (missing {', '.join(missing)}); complete the set")
    unknown = [str(k)[:40] for k in data if k not in REQUIRED + OPTIONAL][:8]
    if unknown:
        raise ValueError(f"device: must have known parameters only (got {', '.join(unknown)}); remove them")
    plain = {k: v for k, v in data.items() if k != "format"}
    features = plain.pop("features", list(FEATURE_NAMES))
    if features != list(FEATURE_NAMES):
        raise ValueError(
            f"features: must be {', '.join(FEATURE_NAMES)} in this order (got {shown(features)}); reorder the set"
        )
    plain["var"] = rules.var_models(plain["var"])
    plain.setdefault("order", min(DEFAULT_ORDER, max(plain["var"])))
    varied = plain.setdefault("variations", [])
    if not isinstance(varied, list) or not all(isinstance(change, Mapping) for change in varied):
        raise TypeError(f"variations: must be a list of dictionaries (got {shown(varied)}); see to_dict()")
    changes(varied)
    unknown = [str(k) for change in varied for k in change if k not in VARIATIONS]
    if unknown:
        raise ValueError(f"variations: must be some of {', '.join(VARIATIONS)} (got {shown(unknown[0])}); remove it")
    return plain
