"""What can go wrong, by name. Bad arguments are plain ``ValueError`` or ``TypeError`` with a sentence."""

from __future__ import annotations


class SynaptogenError(Exception):
    """Base of the errors that are ours alone."""


class Cancelled(SynaptogenError):  # noqa: N818 - it is a wish fulfilled, not an error; callers read `except Cancelled`
    """A run was stopped at the caller's wish; the given cells are as they were, bit for bit."""


class BudgetError(SynaptogenError, ValueError):
    """A run would need more memory than its budget; nothing was run."""


class FileError(SynaptogenError, ValueError):
    """A file is not what it says; nothing was read or written."""


class ConvergenceError(SynaptogenError, ValueError):
    """A circuit has no solution that could be found, or more than one; no number is given."""


class ClusterError(SynaptogenError):
    """A cluster cannot be reached, or could not do its work; what was done before stands in the store."""


class RangeWarning(UserWarning):
    """A voltage lies outside the range in which the device was measured: the answer is extrapolated."""
