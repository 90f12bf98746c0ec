"""Retention laws: the packaged ones, and files."""

from __future__ import annotations

import os
from pathlib import Path

from synaptogen_core import checks
from synaptogen_core.device.retention.law import RetentionLaw
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.devices import packaged
from synaptogen_core.exchange.files import text
from synaptogen_core.exchange.files.atomic import replacing

SETS = "retention_sets"
WHAT = "a retention law as JSON"
MAX_BYTES = 2**20


def list_retention() -> tuple[str, ...]:
    """Names of the packaged retention laws, for `load_retention`."""
    return packaged.names(SETS)


def load_retention(name_or_path: str | os.PathLike[str]) -> RetentionLaw:
    """Load a retention law: what time does to cells that were programmed.

    None of them was measured on the device of the Synaptogen fit; `RetentionLaw.label` is the sentence that says so.

    Parameters
    ----------
    name_or_path : str or path
        "stanford-b", "stanford-c", or a JSON file that `save_retention` wrote.

    Returns
    -------
    RetentionLaw

    Raises
    ------
    FileError
        If there is no such law or file, or it breaks a rule; the sentence says which.
    """
    return law_from_text(packaged.content(name_or_path, SETS, "retention law", WHAT, MAX_BYTES), str(name_or_path))


def law_from_text(content: str, name: str) -> RetentionLaw:
    """The law that a JSON text describes.

    Parameters
    ----------
    content : str
    name : str
        Where it comes from, for error sentences.

    Returns
    -------
    RetentionLaw

    Raises
    ------
    FileError
        If it is too long, not JSON, or breaks a rule.
    """
    if len(content) > MAX_BYTES:
        raise FileError(f"{name}: must be at most {MAX_BYTES:,} bytes of {WHAT} (got {len(content):,}); shorten it")
    try:
        return RetentionLaw.from_dict(text.strict_json(content, name))
    except (ValueError, TypeError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{name}: must hold {WHAT}; {error}") from error


def save_retention(law: RetentionLaw, path: str | os.PathLike[str]) -> None:
    """Write a retention law to a JSON file that `load_retention` reads; all digits, all or nothing.

    Parameters
    ----------
    law : RetentionLaw
    path : str or path
        File to write or to replace, with the suffix .json.

    Raises
    ------
    FileError
        If the name has another suffix, its folder does not exist, or the file system refuses the write.
    """
    checks.instance("law", law, RetentionLaw, "use load_retention")
    if text.as_path(path).suffix.lower() != ".json":
        raise FileError(f"{path}: must end in .json (got {Path(path).suffix or 'no suffix'}); rename it")
    content = text.readable_json(law.to_dict()) + "\n"
    with replacing(path) as temporary:
        temporary.write_text(content, encoding="utf-8")
