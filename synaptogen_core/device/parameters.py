"""DeviceParameters: one frozen, checked record of everything that makes a device this device."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.device.frozen import read_only
from synaptogen_core.schema import FEATURE_NAMES
from synaptogen_core.types import F64

VarModel = tuple[F64, F64]
SIGMA_FLOOR = 0.01  # of the population mean of sigma


@dataclass(frozen=True, eq=False)
class DeviceParameters:
    """Parameters of the Synaptogen model (Hennen et al. 2024, doi 10.1109/TED.2024.3427616); SI units.

    Parameters
    ----------
    name : str
    gamma : array, shape (4, d + 1)
        Shape polynomials z_i = gamma_i(x_i), highest power first; features in the order of `schema.FEATURES`.
    weights : array, shape (K,)
        Shares of the mixture's components; normalised to sum 1.
    means : array, shape (K, 8)
        Component means of (mu_1..4, sigma_1..4); the first feature in log10 ohm, then V, ohm, V.
    factors : array, shape (K, 8, 8)
        Lower Cholesky factors of the component covariances.
    var : mapping of int to pair of arrays
        For each order p: a, shape (p, 4, 4), newest lag first, and b, shape (4, 4), lower triangular.
    order : int
        The order in force. One between those in `var` takes the next larger model and keeps its newest lags.
    hhrs, llrs : array, shape (n,)
        Current polynomials [A] of the voltage [V], highest power first, the last coefficient 0.
    u_0 : float
        Voltage at which resistance is defined [V].
    eta : float
        Curvature of the RESET transition.
    u_max : float
        Voltage of a full RESET [V], at most 1.6.
    outliers : tuple of int
        The components that are the outlier (defective) population.
    valid_range : float
        Largest absolute voltage at which the device was measured [V].
    source, licence, citation : str
    notes : tuple of str
        Sentences that travel with the device: what was assumed when it was fitted, what it is not good for.

    Raises
    ------
    ValueError, TypeError
        If any content breaks its rule; the sentence says which.
    """

    name: str
    gamma: F64
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
    source: str = ""
    licence: str = ""
    citation: str = ""
    notes: tuple[str, ...] = ()
    base: DeviceParameters | None = field(default=None, repr=False)
    variations: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        from synaptogen_core.device import rules

        for name in ("gamma", "weights", "means", "factors", "hhrs", "llrs"):
            object.__setattr__(self, name, checks.numbers(name, getattr(self, name)))
        for name in ("u_0", "eta", "u_max", "valid_range"):
            object.__setattr__(self, name, checks.number(name, getattr(self, name)))
        object.__setattr__(self, "var", MappingProxyType(rules.var_models(self.var)))
        object.__setattr__(self, "variations", tuple(_frozen(change) for change in self.variations))
        object.__setattr__(self, "outliers", rules.components("outliers", self.outliers))
        object.__setattr__(self, "notes", rules.sentences("notes", self.notes))
        rules.parameters(self)
        total = self.weights.sum()
        if abs(total - 1) > 1e-12:  # normalised once only: a second division could change the last bit, and so the hash
            object.__setattr__(self, "weights", checks.numbers("weights", self.weights / total))
            self.__dict__.pop("population_mean", None)  # the checks made it with the weights as they were given

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DeviceParameters) and self.hash == other.hash and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.hash)

    def __reduce__(self) -> tuple[Any, ...]:
        # what is frozen does not pickle as it is; and a pickle goes through the same door as a file
        return DeviceParameters.from_dict, (self.to_dict(),)

    def __repr__(self) -> str:
        return f"DeviceParameters({self.name!r}, order={self.order}, components={len(self.weights)}, hash={self.hash})"

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
        return read_only((self.weights[:, None] * self.means).sum(axis=0))  # type: ignore[no-any-return]

    @property
    def sigma_floor(self) -> F64:
        """Smallest C2C scale of a cell: 1 % of the population mean; lower draws are clipped to it. Shape (4,)."""
        return read_only(SIGMA_FLOOR * self.population_mean[4:])  # type: ignore[no-any-return]

    @property
    def outlier_share(self) -> float:
        """Share of cells in the outlier population."""
        return float(sum(self.weights[k] for k in self.outliers))

    def clipped_share(self) -> float:
        """Share of cells with a sigma drawn below the floor: the sum of the features' exact shares, an upper bound."""
        from math import erf, sqrt

        spread = np.sqrt((self.factors[:, 4:] ** 2).sum(axis=2))
        distance = self.means[:, 4:] - self.sigma_floor
        share = 0.0
        for k, weight in enumerate(self.weights):
            for d, s in zip(distance[k], spread[k], strict=True):
                below = 0.5 * (1 - erf(d / s / sqrt(2))) if s > 0 else float(d < 0)
                share += float(weight) * below
        return min(1.0, share)

    @cached_property
    def hash(self) -> str:
        """Hash of the numbers: 16 hexadecimal digits; names and sources take no part."""
        numbers = _numbers(self)
        numbers["order"] = self.order
        text = json.dumps(numbers, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def vary(
        self,
        *,
        c2c: float | Mapping[str, float] | None = None,
        d2d: float | Mapping[str, float] | None = None,
        outlier_share: float | None = None,
        order: int | None = None,
        correlations: bool | None = None,
        autocorrelation: bool | None = None,
        shapes: str | None = None,
        eta: float | None = None,
        u_max: float | None = None,
        **others: object,
    ) -> DeviceParameters:
        """A changed copy, for teaching and design; the change is recorded in its name, hash and `variations`.

        They are carried out in this order: order, shapes, outlier_share, c2c, d2d, correlations, autocorrelation, eta,
        u_max.

        Parameters
        ----------
        c2c : float or mapping of feature name to float, optional
            Factor on the cycle-to-cycle spread sigma.
        d2d : float or mapping of feature name to float, optional
            Factor on the device-to-device distance of (mu, sigma) from the population mean; 0: identical devices.
        outlier_share : float, optional
            New share of the outlier population, 0 to 1.
        order : int, optional
            Order of the autoregression.
        correlations : bool, optional
            False: the four features independent of each other, each keeping its distribution and its autocorrelation
            (exactly up to lag `order`). The mixture becomes the product of one mixture a feature; a cell is then an
            outlier if any of its features comes from an outlier component.
        autocorrelation : bool, optional
            False: cycles independent, with the same stationary covariance.
        shapes : {"true", "gaussian"}, optional
            "gaussian": straight shape polynomials with the same mean and standard deviation.
        eta, u_max : float, optional
            New values of the RESET transition's curvature and of the full RESET voltage [V].

        Raises
        ------
        TypeError, ValueError
            If a value breaks its rule.
        """
        from synaptogen_core.device import rules, variations

        rules.no_others(others)
        wishes = {
            "order": order,
            "shapes": None if shapes == "true" else shapes,
            "outlier_share": outlier_share,
            "c2c": c2c,
            "d2d": d2d,
            "correlations": checks.switch("correlations", correlations),
            "autocorrelation": checks.switch("autocorrelation", autocorrelation),
            "eta": eta,
            "u_max": u_max,
        }
        return variations.apply(self, {k: v for k, v in wishes.items() if v is not None})

    def to_dict(self) -> dict[str, Any]:
        """The numbers before any variation, and the variations, as plain data for JSON."""
        root = self.base or self
        return {
            "name": root.name,
            "features": list(FEATURE_NAMES),
            **_numbers(root),
            "order": root.order,
            "source": root.source,
            "licence": root.licence,
            "citation": root.citation,
            "notes": list(root.notes),
            "variations": [_thawed(change) for change in self.variations],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> DeviceParameters:
        """The device of which `to_dict` gave `data`; variations are carried out again.

        Raises
        ------
        ValueError
            If something is missing, superfluous or breaks its rule.
        """
        from synaptogen_core.device import rules

        plain = rules.dictionary(data)
        changes = plain.pop("variations")
        device = cls(**plain)
        for change in changes:
            device = device.vary(**change)
        return device


def _frozen(change: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType({k: _frozen(v) if isinstance(v, Mapping) else v for k, v in change.items()})


def _thawed(change: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _thawed(v) if isinstance(v, Mapping) else v for k, v in change.items()}


def _numbers(device: DeviceParameters) -> dict[str, Any]:
    def plain(array: ArrayLike) -> Any:
        return np.asarray(array).tolist()

    return {
        "gamma": plain(device.gamma),
        "weights": plain(device.weights),
        "means": plain(device.means),
        "factors": plain(device.factors),
        "var": {str(p): {"a": plain(a), "b": plain(b)} for p, (a, b) in sorted(device.var.items())},
        "hhrs": plain(device.hhrs),
        "llrs": plain(device.llrs),
        "u_0": device.u_0,
        "eta": device.eta,
        "u_max": device.u_max,
        "outliers": list(device.outliers),
        "valid_range": device.valid_range,
    }
