"""DeviceParameters: one frozen, checked record of everything that makes a device this device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from synaptogen_core import checks
from synaptogen_core.counts import counted
from synaptogen_core.device import text_rules, variations
from synaptogen_core.device.numbers import ModelNumbers
from synaptogen_core.drawing import cards
from synaptogen_core.schema import FEATURE_NAMES

SHOWN = 61  # voltages of a notebook's picture


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class DeviceParameters(ModelNumbers):
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
        Voltage of a full RESET [V], at most 1.6, or as far as the basis curves do not meet.
    outliers : tuple of int
        The components that are the outlier (defective) population.
    valid_range : float
        Largest absolute voltage at which the device was measured [V].
    extension : Extension, optional
        Format 2: coordinates, slow memory, break-in and stuck runs (`device.extension`); gamma is then left out, and
        the last four rows of `means` and `factors` are of ln sigma.
    source, licence, citation : str
    notes : tuple of str
        Sentences that travel with the device: what was assumed when it was fitted, what it is not good for.

    Raises
    ------
    ValueError, TypeError
        If any content breaks its rule; the sentence says which.
    """

    name: str
    source: str = ""
    licence: str = ""
    citation: str = ""
    notes: tuple[str, ...] = ()
    base: DeviceParameters | None = field(default=None, repr=False)
    variations: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        self._become("variations", tuple(_frozen(change) for change in self.variations))
        self._become("notes", text_rules.sentences("notes", self.notes))
        longest = text_rules.MAX_NAME if self.base is None else None
        text_rules.text("name", self.name, longest, empty=False)
        for name in ("source", "licence", "citation"):
            text_rules.text(name, getattr(self, name), text_rules.MAX_TEXT)
        text_rules.changes(self.variations)

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other) and isinstance(other, DeviceParameters) and self.name == other.name

    __hash__ = ModelNumbers.__hash__

    def __reduce__(self) -> tuple[Any, ...]:
        # what is frozen does not pickle as it is; and a pickle goes through the same door as a file
        return DeviceParameters.from_dict, (self.to_dict(),)

    def __repr__(self) -> str:
        return f"DeviceParameters({self.name!r}, order={self.order}, components={len(self.weights)}, hash={self.hash})"

    def _repr_html_(self) -> str:
        volts = np.linspace(-self.valid_range, self.valid_range, SHOWN)
        rows = [
            (
                "Kinds of device",
                f"{counted(len(self.weights), 'component')}, {100 * self.outlier_share:.3g} % outliers",
            ),
            ("Memory", counted(self.order, "cycle")),
            ("Measured", f"up to {self.valid_range:g} V"),
            ("Hash", self.hash),
            ("Source", self.source or self.citation),
        ]
        curves = (np.asarray(np.polyval(curve, volts), np.float64) for curve in (self.hhrs, self.llrs))
        return cards.device(self.name, rows, None if self.extension else self.population_law, volts, *curves)

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
        break_in: bool | None = None,
        stuck: bool | None = None,
        **others: object,
    ) -> DeviceParameters:
        """A changed copy, for teaching and design; the change is recorded in its name, hash and `variations`.

        They are carried out in this order: order, shapes, outlier_share, c2c, d2d, correlations, autocorrelation, eta,
        u_max, break_in, stuck.

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
        break_in, stuck : bool, optional
            False: without first cycles that differ, or without stuck runs; of a device of format 2 that has them.

        Returns
        -------
        DeviceParameters
            The original stays as it is.

        Raises
        ------
        TypeError, ValueError
            If a value breaks its rule.
        """
        text_rules.no_others(others)
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
            "break_in": checks.switch("break_in", break_in),
            "stuck": checks.switch("stuck", stuck),
        }
        change = {k: v for k, v in wishes.items() if v is not None}
        if not change:
            return self
        record = (*self.variations, variations.plain(change))
        text_rules.changes(record)  # before any law is computed
        varied, labels = variations.apply(self, change)
        return replace(varied, name=", ".join([self.name, *labels]), base=self.base or self, variations=record)

    def to_dict(self) -> dict[str, Any]:
        """The numbers before any variation, and the variations, as plain data for JSON."""
        root = self.base or self
        return {
            **({} if root.format == 1 else {"format": root.format}),
            "name": root.name,
            "features": list(FEATURE_NAMES),
            **root.plain(),
            "source": root.source,
            "licence": root.licence,
            "citation": root.citation,
            "notes": list(root.notes),
            "variations": [_thawed(change) for change in self.variations],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> DeviceParameters:
        """The device of which `to_dict` gave `data`; variations are carried out again.

        Parameters
        ----------
        data : mapping
            From `to_dict`, also after JSON.

        Returns
        -------
        DeviceParameters
            Equal to the one described, hash and all.

        Raises
        ------
        ValueError
            If something is missing, superfluous or breaks its rule.
        """
        plain = text_rules.dictionary(data)
        changes = plain.pop("variations")
        device = cls(**plain)
        for change in changes:
            device = device.vary(**change)
        return device


def _frozen(change: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType({k: _frozen(v) if isinstance(v, Mapping) else v for k, v in change.items()})


def _thawed(change: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _thawed(v) if isinstance(v, Mapping) else v for k, v in change.items()}
