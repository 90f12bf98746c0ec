"""What can go wrong, by name. Bad arguments are plain ``ValueError`` or ``TypeError`` with a sentence."""

from __future__ import annotations

import reprlib
from typing import Any

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80
_LONGEST = 200  # letters


def shown(value: object) -> str:
    """A value as a sentence shows it: short, whatever it is."""
    if isinstance(value, int) and abs(value) >= 10**40:
        return f"{'-' if value < 0 else ''}an integer of {value.bit_length()} bits"
    text = _SHORT.repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def reason_of(error: Exception) -> str:
    """The sentence of an error if it is one of ours; what a library says of its inside tells a user nothing."""
    text = str(error)
    return text if ": must " in text and "(got " in text else "the numbers do not allow a fit"


class SynaptogenError(Exception):
    """Base of the errors that are ours alone."""


class Cancelled(SynaptogenError):  # noqa: N818 - it is a wish fulfilled, not an error; callers read `except Cancelled`
    """A run was stopped by the caller; the given cells are as they were, bit for bit."""


class BudgetError(SynaptogenError, ValueError):
    """A run would need more memory than its budget; nothing was run."""


class FileError(SynaptogenError, ValueError):
    """A file is not what it says; nothing was read or written."""


class ColumnsUnclear(FileError):  # noqa: N818 - a question, not a fault: the caller asks its user and comes again
    """What the columns of a measurement hold cannot be told safely; `layout` says what was understood, and asks."""

    def __init__(self, sentence: str, layout: Any) -> None:  # a TableLayout, of a floor above
        super().__init__(sentence)
        self.layout = layout


class NeedsExtended(SynaptogenError, ValueError):  # noqa: N818 - a fact about a measurement, for which there is another way
    """The published class cannot be fitted: few cycles, drift, steps. `fitting.fit_extended` can hold them."""


class CurvesUnknown(SynaptogenError, ValueError):  # noqa: N818 - a fact about loops, for which there is another way
    """No loop shows what I-V curves are fitted to; those of another device can be scaled (`fitting.curves_for`)."""


class ConvergenceError(SynaptogenError, ValueError):
    """A circuit has no solution that could be found, or more than one; no number is given."""


class ClusterError(SynaptogenError):
    """A cluster cannot be reached, or could not do its work; what was done before stands in the store."""


class RangeWarning(UserWarning):
    """A voltage lies outside the range in which the device was measured: the answer is extrapolated."""
