"""Between numbers and lines: the analog-to-digital converter of the read-out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core.device import checks

MAX_BITS = 24


@dataclass(frozen=True)
class Adc:
    """A uniform, mid-tread analog-to-digital converter, clamped at both ends.

    Parameters
    ----------
    bits : int
        Resolution, 1 to 24; there are 2**bits codes.
    low, high : float
        Currents of the first and of the last code [A].

    Raises
    ------
    TypeError, ValueError
        If a value breaks its rule.

    Examples
    --------
    >>> Adc(bits=2, low=0.0, high=3e-6).code([-1e-6, 1.4e-6, 9e-6]).tolist()
    [0, 1, 3]
    """

    bits: int
    low: float
    high: float

    def __post_init__(self) -> None:
        checks.whole("bits", self.bits, 1, MAX_BITS)
        low, high = checks.number("low", self.low), checks.number("high", self.high)
        if not high > low:
            raise ValueError(f"high: must lie above low, {low:g} A (got {high:g}); exchange or widen them")

    @property
    def step(self) -> float:
        """Current between two neighbouring codes [A]."""
        return (self.high - self.low) / float(2**self.bits - 1)

    def code(self, current: ArrayLike) -> NDArray[np.int32]:
        """Codes 0 to 2**bits - 1 of currents [A]; same shape.

        Raises
        ------
        TypeError, ValueError
            If they are not numbers, or not finite.
        """
        try:
            i = np.asarray(current, dtype=np.float64)
        except (TypeError, ValueError):
            raise TypeError(f"current: must be numbers (got {type(current).__name__}); give amperes") from None
        if not np.isfinite(i).all():
            raise ValueError("current: must be finite (got NaN or infinity); correct the currents")
        top = 2**self.bits - 1
        return np.clip(np.floor((i - self.low) / self.step + 0.5), 0, top).astype(np.int32)

    def convert(self, current: ArrayLike) -> NDArray[np.float64]:
        """Currents [A] as the converter reports them: those of the codes; same shape."""
        return np.asarray(self.low + self.step * self.code(current), np.float64)
