"""What an answer claims about a number: `below 5 %`, `above 150 Ω`, `from 1 % to 10 %`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

UNITS = {"ohm": "Ω", "kohm": "kΩ", "x": "×", "percent": "%"}  # easier to type
NUMBER = r"([-+−]?\d+(?:\.\d+)?)\s*([^\s\d]*)"
FORMS = {
    "below": re.compile(rf"below\s+{NUMBER}"),
    "above": re.compile(rf"above\s+{NUMBER}"),
    "between": re.compile(rf"from\s+{NUMBER}\s+to\s+{NUMBER}"),
}


@dataclass(frozen=True)
class Relation:
    """From `low` up to, but not including, `high`, in the unit of the measure."""

    low: float
    high: float
    unit: str

    def holds(self, value: float) -> bool:
        return self.low <= value < self.high

    def overlaps(self, other: Relation) -> bool:
        return max(self.low, other.low) < min(self.high, other.high)

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if math.isinf(self.low):
            return f"below {self.high:g}{unit}"
        if math.isinf(self.high):
            return f"above {self.low:g}{unit}"
        return f"from {self.low:g}{unit} to {self.high:g}{unit}"


def parse(text: str, unit: str) -> Relation:
    """A relation from its text; the unit may be left out, but not be another one.

    Raises
    ------
    ValueError
        A sentence.
    """
    for form, pattern in FORMS.items():
        found = pattern.fullmatch(str(text).strip())
        if found:
            words = found.groups()
            for word in words[1::2]:
                if word and UNITS.get(word, word) != unit:
                    raise ValueError(f"must be in {unit or 'no unit'} (got “{word}”); write the measure's own unit")
            numbers = [float(word.replace("−", "-")) for word in words[::2]]
            low, high = {
                "below": (-math.inf, numbers[0]), "above": (numbers[0], math.inf), "between": (numbers[0], numbers[-1])
            }[form]  # fmt: skip
            if not low < high:
                raise ValueError(f"must rise (got “{text}”); write the smaller number first")
            return Relation(low, high, unit)
    raise ValueError(f"must be “below 5”, “above 5” or “from 5 to 10” (got “{text}”)")
