"""Array time: whole nanoseconds, so that one second and nine are ten to the bit; and what temperature makes of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synaptogen_core import checks
from synaptogen_core.device.retention.jumps import NEVER, Ns
from synaptogen_core.device.retention.law import RetentionLaw, acceleration
from synaptogen_core.durations import duration

SECOND = 1_000_000_000  # ns
Span = tuple[float | None, int]


@dataclass(frozen=True)
class Clock:
    """Since an array began: spans of one temperature each.

    Attributes
    ----------
    spans : tuple of (float or None, int)
        Temperature [K] (None: that of the law) and duration [ns]; neighbours differ in temperature.
    """

    spans: tuple[Span, ...] = ()

    @property
    def time(self) -> int:
        """Now [ns]."""
        return sum(ns for _, ns in self.spans)

    def later(self, ns: int, temperature: float | None = None) -> Clock:
        """The clock after some time.

        Parameters
        ----------
        ns : int
            From 0 [ns].
        temperature : float, optional
            [K].

        Returns
        -------
        Clock

        Raises
        ------
        ValueError
            If it would have run for more than 146 years.
        """
        if self.time + ns >= NEVER:
            raise ValueError(f"time: must stay below 146 years (got {duration((self.time + ns) / SECOND)}); wait less")
        if not ns:
            return self
        if self.spans and self.spans[-1][0] == temperature:
            return Clock((*self.spans[:-1], (temperature, self.spans[-1][1] + ns)))
        return Clock((*self.spans, (temperature, ns)))

    def ages(self, born: Ns, law: RetentionLaw) -> Ns:
        """Ages as the cells feel them: longer where it was hotter.

        Parameters
        ----------
        born : ndarray of int64, shape (n,)
            Times of birth [ns].
        law : RetentionLaw

        Returns
        -------
        ndarray of int64, shape (n,)
            [ns at the temperature of the law]; at most `NEVER`.
        """
        if all(temperature is None for temperature, _ in self.spans):
            return self.time - born
        factors = np.array([1.0 if t is None else acceleration(law, t) for t, _ in self.spans])
        lengths = np.array([ns for _, ns in self.spans], np.int64)
        starts = np.cumsum(lengths) - lengths
        spent = np.minimum(np.rint(lengths * factors), NEVER / len(factors)).astype(np.int64)
        before = np.cumsum(spent) - spent
        span = np.searchsorted(starts, born, side="right") - 1
        into = np.minimum(np.rint((born - starts[span]) * factors[span]), NEVER).astype(np.int64)
        return np.asarray(int(spent.sum()) - (before[span] + np.minimum(into, spent[span])))

    @classmethod
    def of(cls, spans: object) -> Clock:
        """A clock that was saved, checked.

        Parameters
        ----------
        spans : sequence of (float or None, int)

        Returns
        -------
        Clock

        Raises
        ------
        TypeError, ValueError
            If they are no such spans.
        """
        clock = cls()
        for span in checks.instance("clock", spans, list | tuple, "save the cells again"):  # type: ignore[arg-type]
            if not isinstance(span, list | tuple) or len(span) != 2:
                raise ValueError("clock: must be pairs of temperature and duration (got others); save the cells again")
            temperature = None if span[0] is None else checks.number("clock", span[0])
            clock = clock.later(checks.whole("clock", span[1], 0, NEVER), temperature)
        return clock


def nanoseconds(name: str, seconds: object) -> int:
    """A duration from 0 s on as whole nanoseconds.

    Parameters
    ----------
    name : str
        Of the argument.
    seconds : float
        [s].

    Returns
    -------
    int
        [ns].

    Raises
    ------
    TypeError, ValueError
        If it is negative, longer than 146 years, or shorter than a nanosecond and not 0.
    """
    found = checks.number(name, seconds)
    if found < 0 or found * SECOND >= NEVER:
        raise ValueError(f"{name}: must be from 0 s to 146 years (got {found:g} s); give seconds")
    whole = round(found * SECOND)
    if found and not whole:
        raise ValueError(f"{name}: must be at least 1 ns, or 0 (got {found:g} s); the clock counts nanoseconds")
    return whole
