"""Text files on the way in, and JSON that is readable on the way out."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from synaptogen_core.errors import FileError, shown

MAX_BYTES = 100 * 2**20
LONGEST = 1000  # letters of a name that is shown whole
HALF_LETTER = re.compile(r"\\u[dD][89a-fA-F]")  # as JSON writes one of the two parts of some letters


def read(path: str | os.PathLike[str], what: str, max_bytes: int = MAX_BYTES) -> str:
    """Return the text of a UTF-8 file that should hold `what`.

    Parameters
    ----------
    path : str or path
        The file.
    what : str
        What it should hold, in words for the errors.
    max_bytes : int
        Largest size of the file [bytes].

    Returns
    -------
    str
        Without a byte order mark.

    Raises
    ------
    FileError
        If there is no such file, it is too large, or not text.
    """
    file = existing(path, what)
    size = file.stat().st_size
    if size > max_bytes:
        raise FileError(f"{path}: must be at most {max_bytes:,} bytes of {what} (got {size:,}); is it the right file?")
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"{path}: must be UTF-8 text (got byte {error.start} that is not); give {what}") from None
    except OSError as error:
        raise FileError(f"{path}: must be readable (got {error.strerror}); check the file") from error


def as_path(path: object) -> Path:
    """Return the name of a file or folder, if it is one.

    Raises
    ------
    TypeError
        If it is neither text nor a path.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path: must be a text or a path (got {type(path).__name__}); give the name of a file")
    return Path(path)


def there(path: str | os.PathLike[str]) -> Path:
    """Return the path of a file or folder that is there.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    Path
        As given, not resolved.

    Raises
    ------
    FileError
        If it is not.
    TypeError
        If it is neither text nor a path.
    """
    file = as_path(path)
    if not is_there(file):
        name = str(path) if len(str(path)) <= LONGEST else shown(str(path))
        raise FileError(f"{name}: must exist (got no such file); check the name")
    return file


def is_there(path: str | os.PathLike[str]) -> bool:
    """Whether there is a file or folder of this name; where the system refuses to say so, there is none for us."""
    try:
        return bool(str(path)) and Path(path).exists()
    except OSError:  # too long a name, or a folder that is closed
        return False


def existing(path: str | os.PathLike[str], what: str) -> Path:
    """Return the path of a file that is there.

    Parameters
    ----------
    path : str or path
        The file.
    what : str
        What to give in its place, in words for the error.

    Returns
    -------
    Path
        As given, not resolved.

    Raises
    ------
    FileError
        If it is not, or is a folder.
    TypeError
        If it is neither text nor a path.
    """
    file = there(path)
    if file.is_dir():
        raise FileError(f"{path}: must be a file (got a folder); give {what}")
    return file


def strict_json(text: str, name: str) -> Any:
    """Return the value of a JSON text without NaN, infinity or repeated keys.

    Parameters
    ----------
    text : str
        All of it.
    name : str
        Of its file, for the errors.

    Returns
    -------
    object
        Of dict, list, str, int, float, bool and None.

    Raises
    ------
    FileError
        With `name`, and where the text breaks off.
    """

    def no_constant(constant: str) -> NoReturn:
        raise FileError(f"{name}: must hold finite numbers (got {constant}); correct them")

    def finite(digits: str) -> float:
        number = float(digits)
        if not math.isfinite(number):
            raise FileError(f"{name}: must hold finite numbers (got {digits[:40]}); correct them")
        return number

    def whole(digits: str) -> int:
        finite(digits)
        return int(digits)

    def no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise FileError(f"{name}: must name everything once (got {key!r} twice); remove one")
            found[key] = value
        return found

    try:
        value = json.loads(
            text, parse_constant=no_constant, parse_float=finite, parse_int=whole, object_pairs_hook=no_repeats
        )
        if HALF_LETTER.search(text):
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except UnicodeEncodeError:
        raise FileError(
            f"{name}: must hold complete characters (got half of one, as \\ud83d alone); correct it"
        ) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise FileError(f"{name}: must be JSON (got a fault in {where}); is it cut off?") from None
    except RecursionError:
        raise FileError(f"{name}: must not be nested so deep (got too many brackets); is it the right file?") from None


def readable_json(value: Any, indent: int = 0) -> str:
    """Return JSON with one line for each row of numbers, and all digits of each.

    Parameters
    ----------
    value : object
        Of dict, list, tuple, str, int, float, bool and None.
    indent : int
        Blanks before the lines of the value.

    Returns
    -------
    str
        Without a newline at its end.

    Raises
    ------
    ValueError
        If a number is not finite.
    """
    pad = " " * (indent + 1)
    if isinstance(value, dict):
        items = [f"{pad}{json.dumps(k)}: {readable_json(v, indent + 1)}" for k, v in value.items()]
        opening, closing = "{}"
    elif isinstance(value, Sequence) and any(isinstance(v, (dict, list, tuple)) for v in value):
        items = [pad + readable_json(v, indent + 1) for v in value]
        opening, closing = "[]"
    else:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    return opening + "\n" + ",\n".join(items) + "\n" + " " * indent + closing if items else opening + closing
