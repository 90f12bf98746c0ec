"""The one reader of numbers that people type, and the one way in which bounds are said.

What is read: a decimal point or a decimal comma (0.8, 0,8), any minus (−0.9), an exponent (1e-3), thousands in groups
of three (1 000, 1,234.5, 1.234,5, 1'000), and the unit of the box, also with another prefix (0.8 V, 800 mV).
What could mean two numbers is refused: 1,000 where decimals are possible (one thousand, or one?), 1.000 where only
whole numbers are. There 1,000 can only be a thousand.
"""

from __future__ import annotations

import math
import re

MOST = 60  # characters that are looked at
SHOWN = 24  # characters of a refused text that are shown
MINUS = str.maketrans(dict.fromkeys("−–‐‑‒﹣－", "-"))
SPACE = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f'’", " "))
TEXT = re.compile(r"([+-]?) ?(\d[\d., ]*|[.,]\d+)(?:[eE]([+-]?\d{1,3}))? ?(\D*)", re.ASCII)
GROUPS = re.compile(r"([1-9]\d{0,2}([ .,])\d{3}(?:\2\d{3})*)(?:(?!\2)([.,])(\d*))?", re.ASCII)
PLAIN = re.compile(r"(\d*)(?:[.,](\d*))?", re.ASCII)
PREFIXES = {"p": -12, "n": -9, "µ": -6, "μ": -6, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9}
BASES = ("Hz", "V", "A", "S", "Ω")


def read_number(
    text: str,
    low: float | None = None,
    high: float | None = None,
    *,
    whole: bool = False,
    unit: str = "",
) -> float | int:
    """The number that a text means, from `low` to `high`; an int if only a `whole` one will do.

    Raises
    ------
    ValueError
        ``must be ... (got “...”)``, and what to do where the text could mean two numbers.
    """
    got = f"(got “{text.strip()[:SHOWN]}”)" if text.strip() else "(got nothing)"
    wanted = "a whole number" if whole else "a number"
    found = TEXT.fullmatch(" ".join(text.translate(MINUS).translate(SPACE).split())) if len(text) <= MOST else None
    if found is None:
        raise ValueError(f"must be {wanted} {got}")
    sign, digits, exponent, suffix = found.groups()
    shift = prefix_shift(suffix.strip(), unit)
    if shift is None:
        raise ValueError(f"must be {wanted}{f' in {unit}' if unit else ' without a unit'} {got}")
    plain = in_digits(digits.strip(), whole)
    if plain is None:
        raise ValueError(f"must be {wanted} {got}")
    if len(plain) == 2:
        thousand, small = plain
        raise ValueError(f"must be clear: {thousand} or {small}? {got}; leave out the thousands separator")
    value = float(f"{sign}{plain[0]}e{int(exponent or 0) + shift}")
    if whole and math.isfinite(value) and not value.is_integer():
        raise ValueError(f"must be {wanted} {got}")
    if (low is not None and value < low) or (high is not None and value > high):
        raise ValueError(f"must be {range_text(low, high, unit)} {got}")
    if not math.isfinite(value):
        raise ValueError(f"must be {wanted} {got}")
    return int(value) if whole else value + 0.0  # no negative zero


def in_digits(digits: str, whole: bool) -> tuple[str, ...] | None:
    """Digits with at most one decimal point; two readings where both are possible; None where there is none."""
    grouped = GROUPS.fullmatch(digits)
    if grouped:
        body, separator, point, decimals = grouped.groups()
        thousands = re.sub(r"\D", "", body) + (f".{decimals}" if decimals else "")
        if point or separator == " " or body.count(separator) > 1 or (whole and separator == ","):
            return (thousands,)
        small = f"{float(body.replace(',', '.')):g}"
        if whole or separator == ",":
            return thousands, small
    plain = PLAIN.fullmatch(digits)
    return (f"{plain.group(1) or 0}.{plain.group(2) or 0}",) if plain else None


def prefix_shift(given: str, unit: str) -> int | None:
    """The power of ten from a unit that was written to that of the box; None if it is another quantity."""
    given = given.replace("Ω", "Ω").replace("ohms", "Ω").replace("ohm", "Ω").replace("Ohm", "Ω")
    if given in ("", unit):
        return 0
    for base in BASES:
        if given.endswith(base) and unit.endswith(base):
            own, other = (PREFIXES.get(name.removesuffix(base)) for name in (unit, given))
            return None if own is None or other is None else other - own
    return None


def number_text(value: float) -> str:
    """A number as it stands in a sentence: ``−1.5``, ``1,024``."""
    return minus(f"{value:,}" if isinstance(value, int) else f"{value:,.12g}")


def minus(text: str) -> str:
    """The text of a number with a minus for its hyphen."""
    return text.replace("-", "−")


def range_text(low: float | None, high: float | None, unit: str = "") -> str:
    """What a number may be: ``from −1.5 to −0.1 V``, ``0 or more``."""
    ends = [number_text(end) for end in (low, high) if end is not None]
    unit = f" {unit}" if unit else ""
    if len(ends) == 2:
        return f"from {ends[0]} to {ends[1]}{unit}"
    return f"{ends[0]}{unit} or {'more' if high is None else 'less'}" if ends else "a number"
