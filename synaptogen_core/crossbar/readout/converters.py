"""Between numbers and lines: digital-to-analog converter, transimpedance amplifier, analog-to-digital converter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core import checks
from synaptogen_core.types import F64

MAX_BITS = 24


@dataclass(frozen=True)
class Uniform:
    """2**bits equally spaced levels from `low` to `high`; what lies between goes to the nearest, the rest to the ends.

    Among an even number of levels from -a to a there is no zero. Where zero must be a level (two's complement), let
    `high` be ``a * (1 - 2**(1 - bits))``.
    """

    bits: int
    low: float
    high: float

    quantity: ClassVar[str] = "current"
    unit: ClassVar[str] = "A"
    units: ClassVar[str] = "amperes"

    def __post_init__(self) -> None:
        checks.whole("bits", self.bits, 1, MAX_BITS)
        low, high = checks.number("low", self.low), checks.number("high", self.high)
        if not high > low:
            raise ValueError(f"high: must lie above low, {low:g} {self.unit} (got {high:g}); swap or widen them")

    @property
    def step(self) -> float:
        """Distance of two neighbouring levels, in their unit."""
        return (self.high - self.low) / float(2**self.bits - 1)

    def _codes(self, given: ArrayLike, offset: float) -> NDArray[np.int32]:
        values = _numbers(self.quantity, given, self.units)
        top = 2**self.bits - 1
        return np.clip(np.floor((values + offset - self.low) / self.step + 0.5), 0, top).astype(np.int32)

    def _level(self, code: NDArray[np.int32]) -> F64:
        return np.asarray(self.low + self.step * code, np.float64)


@dataclass(frozen=True)
class Adc(Uniform):
    """A uniform, mid-tread analog-to-digital converter, clamped at both ends.

    Parameters
    ----------
    bits : int
        Resolution, 1 to 24; there are 2**bits codes.
    low, high : float
        Inputs of the first and of the last code: currents [A], or voltages [V] behind an `TransimpedanceAmplifier`.
    offset : float
        Added to the input before it is converted, in the same unit.

    Raises
    ------
    TypeError, ValueError
        If a value breaks its rule.

    Examples
    --------
    >>> Adc(bits=2, low=0.0, high=3e-6).code([-1e-6, 1.4e-6, 9e-6]).tolist()
    [0, 1, 3]
    """

    offset: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.number("offset", self.offset)

    def code(self, current: ArrayLike) -> NDArray[np.int32]:
        """Codes 0 to 2**bits - 1 of inputs; same shape.

        Parameters
        ----------
        current : array of float
            In the unit of `low` and `high`: [A], or [V] behind an amplifier.

        Returns
        -------
        ndarray of int32
            The shape of `current`.

        Raises
        ------
        TypeError, ValueError
            If they are not numbers, or not finite.
        """
        return self._codes(current, self.offset)

    def convert(self, current: ArrayLike) -> F64:
        """Inputs as the converter reports them: the levels of their codes; same shape.

        Parameters
        ----------
        current : array of float
            In the unit of `low` and `high`: [A], or [V] behind an amplifier.

        Returns
        -------
        ndarray of float64
            The shape and unit of `current`.

        Raises
        ------
        TypeError, ValueError
            If they are not numbers, or not finite.
        """
        return self._level(self.code(current))


@dataclass(frozen=True)
class Dac(Uniform):
    """A uniform digital-to-analog converter: wanted voltages become the nearest of its levels.

    Parameters
    ----------
    bits : int
        Resolution, 1 to 24; there are 2**bits levels.
    low, high : float
        First and last level [V].

    Raises
    ------
    TypeError, ValueError
        If a value breaks its rule.

    Examples
    --------
    >>> Dac(bits=2, low=0.0, high=0.3).convert([-0.1, 0.12, 0.9]).round(9).tolist()
    [0.0, 0.1, 0.3]
    """

    quantity: ClassVar[str] = "volts"
    unit: ClassVar[str] = "V"
    units: ClassVar[str] = "volts"

    def convert(self, volts: ArrayLike) -> F64:
        """Voltages that the converter gives for wanted ones [V]; same shape.

        Parameters
        ----------
        volts : array of float
            [V].

        Returns
        -------
        ndarray of float64
            The shape of `volts` [V].

        Raises
        ------
        TypeError, ValueError
            If they are not numbers, or not finite.
        """
        return self._level(self._codes(volts, 0.0))


@dataclass(frozen=True)
class TransimpedanceAmplifier:
    """A transimpedance amplifier: the current of a line becomes a voltage, up to what its supply allows.

    A current out of the array gives a positive voltage. The line is held at 0 V; what resistance the input has is part
    of `Lines.sense`, and its noise of `LineNoise`.

    Parameters
    ----------
    gain : float
        Transimpedance [V/A], above 0.
    limit : float
        The output stays within -limit to limit [V]; infinity for no limit.

    Raises
    ------
    TypeError, ValueError
        If a value breaks its rule.

    Examples
    --------
    >>> TransimpedanceAmplifier(gain=1e4, limit=1.0).convert([2e-5, -3e-4]).tolist()
    [0.2, -1.0]
    """

    gain: float
    limit: float = math.inf

    def __post_init__(self) -> None:
        if checks.number("gain", self.gain) <= 0:
            raise ValueError(f"gain: must be above 0 V/A (got {self.gain:g}); give volts of output per ampere")
        if self.limit != math.inf and checks.number("limit", self.limit) <= 0:
            raise ValueError(f"limit: must be above 0 V (got {self.limit:g}); give the largest output")

    def convert(self, current: ArrayLike) -> F64:
        """Output voltages [V] of input currents [A]; same shape.

        Parameters
        ----------
        current : array of float
            [A].

        Returns
        -------
        ndarray of float64
            The shape of `current` [V].

        Raises
        ------
        TypeError, ValueError
            If they are not numbers, or not finite.
        """
        return np.asarray(np.clip(self.gain * _numbers("current", current, "amperes"), -self.limit, self.limit))


def _numbers(name: str, given: ArrayLike, units: str) -> F64:
    values = np.asarray(checks.numeric(name, given, "numbers", f"give {units}"), dtype=np.float64)
    if not np.isfinite(values).all():
        plural = name if name.endswith("s") else f"{name}s"
        raise ValueError(f"{name}: must be finite (got NaN or infinity); correct the {plural}")
    return values
