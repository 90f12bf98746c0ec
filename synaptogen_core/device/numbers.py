"""ModelNumbers: the numbers of one device, checked, and what follows from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import erf, sqrt
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.device import curve_rules, rules
from synaptogen_core.device.extension import Extension
from synaptogen_core.device.frozen import read_only
from synaptogen_core.device.rules import VarModel
from synaptogen_core.types import F64

SIGMA_FLOOR = 0.01  # of the population mean of sigma
STRAIGHT = ((1.0, 0.0),) * 4  # shapes of a device of format 2 stand in its coordinates


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelNumbers:
    """The numbers of the model; `DeviceParameters` says what each is, and adds where they come from.

    Raises
    ------
    ValueError, TypeError
        If one breaks its rule; the sentence says which.
    """

    gamma: F64 = field(default_factory=lambda: np.array(STRAIGHT))
    weights: F64
    means: F64
    factors: F64
    var: Mapping[int, VarModel]
    order: int
    hhrs: F64
    llrs: F64
    u_0: float
    eta: float
    u_max: float
    outliers: tuple[int, ...] = ()
    valid_range: float = 1.5
    extension: Extension | None = None

    def __post_init__(self) -> None:
        for name in ("gamma", "weights", "means", "factors", "hhrs", "llrs"):
            self._become(name, checks.numbers(name, getattr(self, name)))
        for name in ("u_0", "eta", "u_max", "valid_range"):
            self._become(name, checks.number(name, getattr(self, name)))
        self._become("var", MappingProxyType(rules.var_models(self.var)))
        self._become("outliers", rules.components("outliers", self.outliers))
        rules.shapes(self.gamma)
        self._become("extension", None if self.extension is None else Extension.of(self.extension))
        if self.extension is not None and not np.array_equal(self.gamma, STRAIGHT):
            raise ValueError(
                "gamma: must be left out of a device with an extension (got both); put shapes in its coordinates"
            )
        rules.shares(self.weights)
        total = self.weights.sum()
        if abs(total - 1) > 1e-12:  # normalised once only: a second division could change the last bit, and so the hash
            self._become("weights", checks.numbers("weights", self.weights / total))
        rules.mixture(self.means, self.factors, self.weights.size)
        if self.extension is None:
            rules.spread(self.means, self.population_mean)
        rules.order(self.order, max(self.var))
        curve_rules.polynomial("hhrs", self.hhrs)
        curve_rules.polynomial("llrs", self.llrs)
        curve_rules.voltages(
            self.u_0, self.eta, self.u_max, self.valid_range, curve_rules.most_u_max(self.hhrs, self.llrs)
        )
        curve_rules.window(self.g_hhrs, self.g_llrs)
        rules.belong(self.outliers, self.weights.size)
        rules.stable(self.a)

    def _become(self, name: str, value: Any) -> None:
        """Write a field, which only the door may do."""
        object.__setattr__(self, name, value)

    @cached_property
    def _model(self) -> VarModel:
        source = min(p for p in self.var if p >= self.order)
        a, b = self.var[source]
        return a[: self.order], b

    @property
    def a(self) -> F64:
        """Autoregression matrices of the order in force, newest lag first; shape (order, 4, 4)."""
        return self._model[0]

    @property
    def b(self) -> F64:
        """Noise factor of the order in force; shape (4, 4), lower triangular."""
        return self._model[1]

    @property
    def format(self) -> int:
        """1: the published class; 2: with coordinates of its own."""
        return 1 if self.extension is None else 2

    @property
    def slots(self) -> int:
        """Rows of four numbers in the history of a cell: the order, and what format 2 adds."""
        return self.order + (0 if self.extension is None else self.extension.slots)

    @property
    def g_hhrs(self) -> float:
        """Conductance of the high basis curve at `u_0` [S]; negative for the published set: not a state."""
        return float(np.polyval(self.hhrs, self.u_0) / self.u_0)

    @property
    def g_llrs(self) -> float:
        """Conductance of the low basis curve at `u_0` [S]."""
        return float(np.polyval(self.llrs, self.u_0) / self.u_0)

    @cached_property
    def population_mean(self) -> F64:
        """Mean of (mu, sigma) over devices; shape (8,)."""
        mean: F64 = read_only((self.weights[:, None] * self.means).sum(axis=0))
        return mean

    @property
    def population_law(self) -> F64:
        """Mean and standard deviation of (mu, sigma) over devices; shape (2, 8)."""
        within = (self.factors**2).sum(axis=2)
        distance = self.means - self.population_mean
        variance = (self.weights[:, None] * (within + distance**2)).sum(axis=0)
        return np.stack([self.population_mean, np.sqrt(variance)])

    @property
    def sigma_floor(self) -> F64:
        """Smallest C2C scale of a cell: 1 % of the population mean; lower draws are clipped to it. Shape (4,).

        Zero for a device of format 2: exp(lambda) needs none.
        """
        if self.extension is not None:
            return read_only(np.zeros(4))  # type: ignore[no-any-return]
        return read_only(SIGMA_FLOOR * self.population_mean[4:])  # type: ignore[no-any-return]

    @property
    def outlier_share(self) -> float:
        """Share of cells in the outlier population."""
        return float(sum(self.weights[k] for k in self.outliers))

    def clipped_share(self) -> float:
        """Share of cells with a sigma drawn below the floor: the sum of the features' exact shares, an upper bound."""
        if self.extension is not None:
            return 0.0
        spread = np.sqrt((self.factors[:, 4:] ** 2).sum(axis=2))
        distance = self.means[:, 4:] - self.sigma_floor
        share = 0.0
        for k, weight in enumerate(self.weights):
            for d, s in zip(distance[k].tolist(), spread[k].tolist(), strict=True):  # x / tiny is infinity
                below = 0.5 * (1 - erf(d / s / sqrt(2))) if s > 0 else float(d < 0)
                share += float(weight) * below
        return min(1.0, share)

    def plain(self) -> dict[str, Any]:
        """The numbers as plain data for JSON."""
        first = {"gamma": _listed(self.gamma)} if self.extension is None else {"extension": self.extension.plain()}
        return {
            **first,
            "weights": _listed(self.weights),
            "means": _listed(self.means),
            "factors": _listed(self.factors),
            "var": {str(p): {"a": _listed(a), "b": _listed(b)} for p, (a, b) in sorted(self.var.items())},
            "hhrs": _listed(self.hhrs),
            "llrs": _listed(self.llrs),
            "u_0": self.u_0,
            "eta": self.eta,
            "u_max": self.u_max,
            "outliers": list(self.outliers),
            "valid_range": self.valid_range,
            "order": self.order,
        }

    @cached_property
    def hash(self) -> str:
        """Hash of the numbers: 16 hexadecimal digits; names and sources take no part."""
        text = json.dumps(self.plain(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.hash == other.hash

    def __hash__(self) -> int:
        return hash(self.hash)


def _listed(array: ArrayLike) -> Any:
    return np.asarray(array).tolist()
