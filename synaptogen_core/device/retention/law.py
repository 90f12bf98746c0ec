"""Retention laws: how a cell's conductance wanders after it was programmed. Records only; `jumps` carries them out.

With u = ln(1 + age/t0), jumps come as a Poisson process of rate kappa in u; each has the mean m/kappa and, around it, a
Laplace distribution, so that the variance grows as s^2 u. They add up in Y, which is the conductance G above a corner
Gc and Gc (1 + ln(G/Gc)) below it: G stays positive without a clamp. kappa, s and m belong to the conductance at birth.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.device.frozen import Frozen, freeze
from synaptogen_core.device.retention.arithmetic import exp
from synaptogen_core.durations import duration
from synaptogen_core.errors import shown
from synaptogen_core.types import F64

GAUSSIAN_RATE = 50.0  # jumps an e-fold that stand for infinitely many: their excess kurtosis is .12/u
MAX_RATE = 1000.0
MAX_NODES = 1000
MAX_TEXT = 10_000
BOLTZMANN_EV = 8.617333262e-5  # eV/K
TABLES = ("conductance", "spread", "rate", "mean", "reversible", "flicker")
OPTIONAL = ("mean", "reversible", "flicker")  # 0 where nothing is given
NUMBERS = ("t0", "corner", "time_range", "activation_energy", "temperature")
TEXTS = ("name", "source", "licence", "citation")


@dataclass(frozen=True, eq=False)
class RetentionLaw(Frozen):
    """Jumps in logarithmic time since programming. Frozen; two laws are equal when their numbers and names are.

    Parameters
    ----------
    name : str
    conductance : array of float, shape (k,)
        Nodes of the tables: conductance at birth [S], rising. Between them all is linear, beyond them held.
    spread : array of float, shape (k,)
        s: the variance of Y grows by s^2 in each e-fold of time [S per root of an e-fold].
    rate : array of float, shape (k,)
        kappa: jumps in each e-fold of time.
    mean : array of float, shape (k,), optional
        m: drift of Y in each e-fold [S]; default: none.
    t0 : float
        Where logarithmic time begins [s]: of a table, some half of its first delay.
    corner : float
        Gc: the conductance below which logarithms jump [S].
    reversible : array of float, shape (k,), optional
        Standard deviation of what a read finds beside the jumps and the next one no more [S]: part of the exact
        curves if wished, never of the cells (telegraph traps and read noise are theirs).
    time_range : tuple of two float
        Between which ages the law was measured [s].
    temperature : float
        At which [K].
    activation_energy : float, optional
        Ea [eV] of all time constants; without it, no other temperature can be asked for.
    source, licence, citation : str
        Where the numbers come from.
    variations : tuple of mappings
        What `vary` has changed.
    flicker : array of float, shape (k,), optional
        By how much the reversible part grows with the time between two reads, as flicker noise does: their difference
        has the variance 2 reversible^2 + flicker^2 ln(1 + time/t0) [S per root of an e-fold].

    Raises
    ------
    TypeError, ValueError
        If a number breaks its rule; jumps of a mean m/kappa need a spread s^2 above m^2/kappa.
    """

    name: str
    conductance: F64
    spread: F64
    rate: F64
    t0: float
    corner: float
    mean: F64 = field(default_factory=lambda: np.zeros(0))
    reversible: F64 = field(default_factory=lambda: np.zeros(0))
    time_range: tuple[float, float] = (0.0, math.inf)
    temperature: float = 300.0
    activation_energy: float | None = None
    source: str = ""
    licence: str = ""
    citation: str = ""
    variations: tuple[Mapping[str, Any], ...] = ()
    flicker: F64 = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        for name in TEXTS:
            value = checks.instance(name, getattr(self, name), str, "give a text")
            if len(value) > MAX_TEXT or (name == "name" and not 0 < len(value) <= 200):
                raise ValueError(f"{name}: must be a text of at most {MAX_TEXT} letters (got {len(value)}); shorten it")
        nodes = row("conductance", self.conductance)
        if not 0 < nodes.size <= MAX_NODES or nodes[0] <= 0 or np.any(np.diff(nodes) <= 0):
            raise ValueError("conductance: must rise from above 0 S on (got others); sort the nodes, drop repeats")
        for name in TABLES[1:]:
            given = row(name, getattr(self, name))
            given = np.zeros(nodes.size) if not given.size and name in OPTIONAL else given
            checks.shape(name, given, nodes.shape)
            if name != "mean" and given.min() < 0:
                raise ValueError(f"{name}: must not be negative (got {given.min():g}); correct it")
            object.__setattr__(self, name, given)
        object.__setattr__(self, "conductance", nodes)
        if not (self.rate.min() > 0 and self.rate.max() <= MAX_RATE):
            raise ValueError(f"rate: must be above 0 and at most {MAX_RATE:g} jumps an e-fold (got others); correct it")
        still = (self.spread == 0) & (self.mean == 0)
        if np.any((self.mean**2 >= self.rate * self.spread**2) & ~still):
            raise ValueError(
                "mean: must be small beside the spread, m^2 < kappa s^2 (got a larger one); jumps that all go one way "
                "have no Laplace part: raise the rate"
            )
        for name in ("t0", "corner", "temperature"):
            object.__setattr__(self, name, above_zero(name, getattr(self, name)))
        if self.activation_energy is not None:
            object.__setattr__(self, "activation_energy", above_zero("activation_energy", self.activation_energy))
        first, last = self._times()
        if not 0 <= first <= last or not last:
            raise ValueError(f"time_range: must be two rising times [s] (got {first:g} and {last:g}); correct them")
        object.__setattr__(self, "time_range", (first, last))
        changes = self.variations
        if not isinstance(changes, (tuple, list)) or not all(isinstance(change, Mapping) for change in changes):
            raise TypeError(f"variations: must be mappings (got {shown(changes)}); give what to_dict returned")
        object.__setattr__(self, "variations", tuple(changes))
        freeze(self)

    def _times(self) -> tuple[float, float]:
        given = self.time_range
        if not isinstance(given, (tuple, list)) or len(given) != 2:
            raise TypeError(f"time_range: must be two times [s] (got {shown(given)}); give both")
        return tuple(
            math.inf if isinstance(t, float) and t == math.inf else checks.number("time_range", t) for t in given
        )  # type: ignore[return-value]  # two

    # ---- what it says of itself

    @cached_property
    def hash(self) -> str:
        """Hash of all numbers, 16 hexadecimal digits; names and sources take no part."""
        numbers = {name: value for name, value in self._plain().items() if name in (*TABLES, *NUMBERS)}
        if not self.flicker.any():
            del numbers["flicker"]  # so that laws without it keep the hash that they had before there was any
        return hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()[:16]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RetentionLaw) and (self.name, self.hash) == (other.name, other.hash)

    def __hash__(self) -> int:
        return hash((self.name, self.hash))

    def __repr__(self) -> str:
        return f"RetentionLaw({self.name!r}, {self.conductance.size} nodes, hash={self.hash})"

    @property
    def measured(self) -> str:
        """The range that the numbers were measured in, as text."""
        first, last = self.time_range
        times = f"{duration(first)} to {duration(last)}" if math.isfinite(last) else "times not stated"
        low, high = self.conductance[0] * 1e6, self.conductance[-1] * 1e6
        return f"{times}, {low:.3g} to {high:.3g} µS, {self.temperature:.0f} K"

    @property
    def label(self) -> str:
        """The sentence that has to stand wherever results of the law are shown."""
        origin = ", ".join(part for part in (self.licence, self.measured) if part)
        return (
            f"Retention is not part of the Synaptogen fit; law {self.name} was measured on another device ({origin}). "
            "Beyond its range it is extrapolated."
        )

    # ---- other laws

    def vary(
        self,
        *,
        jumps: str | None = None,
        scale: float | None = None,
        rate: float | None = None,
        t0: float | None = None,
        activation_energy: float | None = None,
    ) -> RetentionLaw:
        """A changed copy, recorded in its name, hash and `variations`.

        Parameters
        ----------
        jumps : {"laplace", "gaussian"}, optional
            "gaussian": many small jumps instead of few large ones, with the same mean and variance at each time; 50 an
            e-fold stand for infinitely many.
        scale : float, optional
            Factor on all displacements; 0: cells that keep what they hold, and a clock that runs.
        rate : float, optional
            Factor on the rate of the jumps; mean and variance stay.
        t0 : float, optional
            New beginning of logarithmic time [s].
        activation_energy : float, optional
            Ea [eV], so that waiting at other temperatures can be asked for.

        Returns
        -------
        RetentionLaw

        Raises
        ------
        TypeError, ValueError
            If a value breaks its rule.
        """
        new: dict[str, Any] = {}
        words = []
        if jumps is not None and (not isinstance(jumps, str) or jumps not in ("laplace", "gaussian")):
            raise ValueError(f"jumps: must be 'laplace' or 'gaussian' (got {jumps!r}); choose one of them")
        if jumps == "gaussian":
            new["rate"] = np.full(self.rate.shape, GAUSSIAN_RATE)
            words.append("jumps=gaussian")
        if rate is not None:
            new["rate"] = new.get("rate", self.rate) * above_zero("rate", rate)
            words.append(f"rate x {rate:g}")
        if scale is not None:
            factor = checks.number("scale", scale)
            if factor < 0:
                raise ValueError(f"scale: must not be negative (got {factor:g}); 0 keeps every cell as it is")
            new |= {name: getattr(self, name) * factor for name in ("spread", *OPTIONAL)}
            words.append(f"scale={factor:g}")
        for name, value in (("t0", t0), ("activation_energy", activation_energy)):
            if value is not None:
                new[name] = above_zero(name, value)
                words.append(f"{name}={value:g}")
        if not new:
            return self
        wishes = {"jumps": jumps, "scale": scale, "rate": rate, "t0": t0, "activation_energy": activation_energy}
        change = {name: value for name, value in wishes.items() if value is not None}
        return replace(self, name=", ".join([self.name, *words]), variations=(*self.variations, change), **new)

    def _plain(self) -> dict[str, Any]:
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        plain = {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in found.items()}
        last = self.time_range[1]
        plain["time_range"] = [self.time_range[0], last if math.isfinite(last) else None]
        plain["variations"] = [dict(change) for change in self.variations]
        return plain

    def to_dict(self) -> dict[str, Any]:
        """All numbers and texts as plain data for JSON."""
        return self._plain()

    @classmethod
    def from_dict(cls, data: object) -> RetentionLaw:
        """The law of which `to_dict` gave `data`, all checks made again.

        Parameters
        ----------
        data : mapping

        Returns
        -------
        RetentionLaw

        Raises
        ------
        TypeError, ValueError
            If something is missing, superfluous or breaks its rule.
        """
        if not isinstance(data, Mapping):
            raise TypeError(f"retention: must be a mapping (got {type(data).__name__}); give what to_dict returned")
        known = {f.name for f in fields(cls)}
        odd = (
            sorted(set(map(str, data)) ^ known)
            if not {"name", "conductance", "spread", "rate"} <= set(data)
            else (sorted(set(map(str, data)) - known))
        )
        if odd:
            raise ValueError(f"retention: must have the entries of a law (got wrong: {', '.join(odd)}); see to_dict")
        plain = dict(data)
        if "time_range" in plain:
            given = plain["time_range"]
            open_ended = isinstance(given, (tuple, list)) and len(given) == 2 and given[1] is None
            plain["time_range"] = (given[0], math.inf) if open_ended else given
        return cls(**plain)


def acceleration(law: RetentionLaw, temperature: float) -> float:
    """How much faster time passes for the cells than at the law's own temperature: exp(Ea/kB (1/Tref - 1/T)).

    Parameters
    ----------
    law : RetentionLaw
    temperature : float
        T [K].

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the law has no activation energy.
    """
    kelvin = above_zero("temperature", temperature)
    if law.activation_energy is None:
        raise ValueError(
            f"temperature: must be left out for a law without an activation energy (got {kelvin:g} K); "
            "give one that was measured: law.vary(activation_energy=...)"
        )
    exponent = law.activation_energy / BOLTZMANN_EV * (1 / law.temperature - 1 / kelvin)
    return float(exp(np.array(exponent)))


def row(name: str, value: ArrayLike) -> F64:
    """A row of finite numbers, checked.

    Parameters
    ----------
    name : str
        Of the argument.
    value : array of float, shape (k,)

    Returns
    -------
    ndarray of float64, shape (k,)

    Raises
    ------
    TypeError, ValueError
        If it is none.
    """
    found: F64 = np.array(checks.numeric(name, value, "a row of numbers", "give one a node"), dtype=np.float64)
    if found.ndim != 1 or not np.isfinite(found).all():
        raise ValueError(f"{name}: must be a row of finite numbers (got shape {found.shape}); give one a node")
    return found


def above_zero(name: str, value: object) -> float:
    """A number above zero, checked.

    Parameters
    ----------
    name : str
        Of the argument.
    value : float

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If it is none.
    """
    found = checks.number(name, value)
    if found <= 0:
        raise ValueError(f"{name}: must be above zero (got {found:g}); correct it")
    return found
