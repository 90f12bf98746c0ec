"""What a caller may say of a file besides its columns and units, and what is asked where two readings are possible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from synaptogen_core.errors import FileError

OPTIONS = {  # what each may be; nothing: found by itself, or asked
    "separator": ("tab", "semicolon", "comma", "blanks"),
    "decimal": ("point", "comma"),
    "sign": ("measured", "turned", "magnitude"),
    "repeats": ("devices", "pieces"),
    "halves": ("joined", "apart"),
    "one_way": ("read", "left out"),
    "files": ("cycles", "devices"),
    "pairs": ("cycles", "devices"),
}
TITLES = ("sheet",)  # any text
NUMBERS = {"read_voltage": 100.0}  # above 0 and at most this
WORDS = {
    "separator": "what separates the cells",
    "decimal": "the decimal mark",
    "header_line": "number of the line with the names",
    "first_line": "number of the first line of the table",
    "sign": "the current's sign: as measured, to be turned, or a magnitude whose sign is the voltage's",
    "repeats": "a cycle number that comes back: devices without a column, or pieces of one loop",
    "halves": "records of one sign: joined with their neighbours, or apart",
    "one_way": "sweeps of which one way was recorded: read as they are, or their records left out",
    "files": "each file, or its name in a table, or each sheet: cycles of one device, or devices",
    "pairs": "pairs of columns beside each other, voltage and current or R_HRS and R_LRS: cycles, or devices",
    "sheet": "the only sheet of a workbook to read",
    "read_voltage": "at which resistances were read that the file gives as currents [V]",
}


@dataclass(frozen=True)
class Reading:
    """How a file is to be read, as far as it was told; `WORDS` says what each field means."""

    separator: str = ""
    decimal: str = ""
    header_line: int = 0
    first_line: int = 0
    sign: str = ""
    repeats: str = ""
    halves: str = ""
    one_way: str = ""
    files: str = ""
    pairs: str = ""
    sheet: str = ""
    read_voltage: float = 0.0


AS_IT_IS = Reading()


@dataclass(frozen=True)
class Choice:
    """A question with its possible answers.

    Parameters
    ----------
    key : str
        The field of `Reading` that answers it.
    question : str
        A sentence.
    options : tuple of str
        Possible values of the field; none: any number.
    guess : str
        The likeliest of them.
    """

    key: str
    question: str
    options: tuple[str, ...]
    guess: str

    @property
    def sentence(self) -> str:
        """The question, and how to answer it in Python."""
        if not self.options:
            return f"{self.key}: {self.question} say reading={{{self.key!r}: ...}}"
        return f"{self.key}: {self.question} say reading={{{self.key!r}: {self.guess!r}}}" + "".join(
            f" or {other!r}" for other in self.options if other != self.guess
        )


def reading_of(said: Mapping[str, object] | None) -> Reading:
    """What a caller said, checked.

    Parameters
    ----------
    said : mapping of str to str or number, optional
        Field of `Reading` -> value; numbers may be text.

    Returns
    -------
    Reading

    Raises
    ------
    FileError
        If there is no such field, or it cannot have such a value.
    """
    known = {field.name for field in fields(Reading)}
    told: dict[str, Any] = {}
    for key, value in (said or {}).items():
        if key not in known:
            raise FileError(f"reading: must name some of {', '.join(sorted(known))} (got {key!r}); use one of these")
        if key in OPTIONS:
            if value and value not in OPTIONS[key]:
                raise FileError(f"reading: {key} must be one of {', '.join(OPTIONS[key])} (got {value!r}); choose one")
            told[key] = value
            continue
        if key in TITLES:
            told[key] = str(value)
            continue
        if key in NUMBERS:
            told[key] = _number(key, value)
            continue
        try:
            told[key] = number = int(str(value))
        except ValueError:
            raise FileError(f"reading: {key} must be a whole number (got {value!r}); {WORDS[key]}") from None
        if not 0 <= number < 1e9:
            raise FileError(f"reading: {key} must be from 0 to 1e9 (got {value!r}); {WORDS[key]}")
    return Reading(**told)


def _number(key: str, value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = float("nan")
    if not 0 < number <= NUMBERS[key]:
        raise FileError(f"reading: {key} must be above 0 and at most {NUMBERS[key]:g} (got {value!r}); {WORDS[key]}")
    return number
