"""Every number of a fit with its interval, as one long table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from synaptogen_core.analysis.conduction.curves import Curves
from synaptogen_core.analysis.fitting import autoregression
from synaptogen_core.analysis.fitting.cycle_to_cycle import CycleFit
from synaptogen_core.analysis.fitting.device_to_device import PROBABILITIES, DeviceFit
from synaptogen_core.schema import FEATURES
from synaptogen_core.types import F64


@dataclass
class Table:
    """Rows of (group, label, value, standard error, lower, upper, units, origin)."""

    confidence: float
    rows: list[tuple[str, str, float, float, float, float, str, str]] = field(default_factory=list)

    @property
    def half(self) -> float:
        """Half width of the interval of a normal number, in standard errors."""
        return float(stdtrit(1000, (1 + self.confidence) / 2))

    def add(
        self, group: str, labels: Sequence[str], values: ArrayLike, replicates: ArrayLike, units: Sequence[str], n: int
    ) -> None:
        """Add fitted numbers with the intervals that their replicates of `n` units tell.

        Parameters
        ----------
        group : str
        labels, units : sequence of str
            One each a value.
        values : array, shape (k,)
        replicates : array, shape (replicates, k)
        n : int
            Independent units, also where they were simulated: the model that was is known as well as they tell. 0 for
            simulated measurements of a few devices.
        """
        values, drawn = np.asarray(values, dtype=np.float64), np.asarray(replicates, dtype=np.float64)
        error = np.full(values.shape, np.nan)
        if drawn.size and drawn.shape[0] > 1 and n != 1:
            error = drawn.std(axis=0, ddof=1) * np.sqrt(n / (n - 1) if n else 1.0)
        half = error * stdtrit(n - 1 if n > 1 else 1000, (1 + self.confidence) / 2)
        for label, unit, value, e, h in zip(labels, units, values, error, half, strict=True):
            low, high = (max(0.0, value - h), min(1.0, value + h)) if group == "weight" else (value - h, value + h)
            self.rows.append((group, label, float(value), float(e), float(low), float(high), unit, "fitted"))

    def state(self, group: str, label: str, value: float, interval: Iterable[float], units: str, origin: str) -> None:
        """Add one number with its interval, or without one where it was assumed.

        Parameters
        ----------
        group : str
            Kind of number: "mean", "curve", ...
        label : str
            Name of the number.
        value : float
            In `units`.
        interval : two float
            Its ends, in `units`; NaN for none.
        units : str
            As written in the table.
        origin : {"fitted", "measured", "assumed"}
            Where it comes from.
        """
        low, high = interval
        error = (high - low) / 2 / stdtrit(1000, (1 + self.confidence) / 2)
        self.rows.append((group, label, float(value), float(error), float(low), float(high), units, origin))

    def dataset(self) -> xr.Dataset:
        """The table as a Dataset on ``parameter``."""
        names = ("group", "label", "value", "standard_error", "lower", "upper", "units", "origin")
        words = ("kind of number", "name", "estimate", "standard error", "lower end", "upper end", "unit", "origin")
        columns = zip(*self.rows, strict=True)
        data = {
            name: ("parameter", np.array(column), {"long_name": long_name})
            for name, long_name, column in zip(names, words, columns, strict=True)
        }
        return xr.Dataset(data, attrs={"confidence": self.confidence})


def symbols(features: Sequence[int]) -> list[str]:
    """Symbols of features, in the order of a fit."""
    return [FEATURES[i].symbol for i in features]


def scaled_units(features: Sequence[int]) -> list[str]:
    """Units in which mu and sigma of features are given."""
    return [f"log10({FEATURES[i].unit})" if FEATURES[i].scale == "log" else FEATURES[i].unit for i in features]


def add_cycles(table: Table, fit: CycleFit, features: Sequence[int], n: int) -> None:
    """The shapes and the autoregression, of the order in use and of the lower ones.

    Parameters
    ----------
    table : Table
        To add to.
    fit : CycleFit
        Of f features.
    features : sequence of int
        Their f positions in `schema.FEATURES`.
    n : int
        Independent units behind the replicates; 0 if these are simulated measurements.
    """
    names = symbols(features)
    for name, shape in zip(names, fit.shapes, strict=True):
        powers = range(shape.polynomial.size - 1, -1, -1)
        labels = [f"γ {name}, x^{power}" for power in powers]
        table.add("gamma", labels, shape.polynomial, shape.replicates, ["1"] * len(labels), n)
    models = fit.models()
    _add_model(table, "", fit, models, fit.order, names, n)
    for order in range(1, fit.order):
        _add_model(table, f", order {order}", fit, models, order, names, n)


def _add_model(
    table: Table, words: str, fit: CycleFit, models: Mapping[int, tuple[F64, F64, bool]], order: int,
    names: list[str], n: int,
) -> None:  # fmt: skip
    """A and B of one order; the one in use has no `words`."""
    a, noise, _ = models[order]
    a_drawn, noise_drawn = autoregression.solve(fit.replicates, order, len(names))
    labels = [f"A{lag + 1}[{i}, {j}]{words}" for lag in range(order) for i in names for j in names]
    table.add(
        "A" if not words else "lower orders",
        labels,
        a.ravel(),
        a_drawn.reshape(a_drawn.shape[0], -1),
        ["1"] * len(labels),
        n,
    )
    lower = np.tril_indices(len(names))
    labels = [f"B[{names[i]}, {names[j]}]{words}" for i, j in zip(*lower, strict=True)]
    factors = np.linalg.cholesky(noise_drawn)[:, lower[0], lower[1]]
    table.add(
        "B" if not words else "lower orders", labels, np.linalg.cholesky(noise)[lower], factors, ["1"] * len(labels), n
    )


def add_devices(table: Table, fit: DeviceFit, features: Sequence[int]) -> None:
    """The mixture over devices, and the quantiles of its margins.

    Parameters
    ----------
    table : Table
        To add to.
    fit : DeviceFit
        Of f features; of a single device nothing is added, see `add_single_device`.
    features : sequence of int
        Their f positions in `schema.FEATURES`.
    """
    n, count = fit.points.shape[0], fit.weights.size
    names = [f"{kind} {name}" for kind in ("μ", "σ") for name in symbols(features)]
    units = scaled_units(features) * 2
    if count > 1:
        labels = [f"component {k + 1}" for k in range(count)]
        table.add("weight", labels, fit.weights, [r.weights for r in fit.replicates], ["1"] * count, n)
    labels = [f"{name}, component {k + 1}" for k in range(count) for name in names]
    if n > 1:
        table.add("mean", labels, fit.means.ravel(), [r.means.ravel() for r in fit.replicates], units * count, n)

        def spread(one: DeviceFit) -> F64:
            return np.sqrt(np.diagonal(one.covariances, axis1=1, axis2=2)).ravel()

        table.add("spread", labels, spread(fit), [spread(r) for r in fit.replicates], units * count, n)
        pairs = np.tril_indices(len(names), -1)

        def correlation(one: DeviceFit) -> F64:
            sd = np.sqrt(np.diagonal(one.covariances, axis1=1, axis2=2))
            with np.errstate(invalid="ignore", divide="ignore"):
                found = one.covariances / sd[:, :, None] / sd[:, None, :]
            return np.nan_to_num(found[:, pairs[0], pairs[1]]).ravel()

        between = [f"{names[i]} with {names[j]}" for i, j in zip(*pairs, strict=True)]
        joint = [f"{pair}, component {k + 1}" for k in range(count) for pair in between]
        table.add(
            "correlation", joint, correlation(fit), [correlation(r) for r in fit.replicates], ["1"] * len(joint), n
        )
        labels = [f"{name}, {100 * p:g} %" for p in PROBABILITIES for name in names]
        drawn = [r.quantiles().ravel() for r in fit.replicates]
        table.add("quantile", labels, fit.quantiles().ravel(), drawn, units * len(PROBABILITIES), n)


def add_single_device(table: Table, fit: DeviceFit, covariance: F64, features: Sequence[int]) -> None:
    """Mu and sigma of the only device; `covariance`, shape (1, 2 f, 2 f), is what its cycles leave unknown.

    Parameters
    ----------
    table : Table
        To add to.
    fit : DeviceFit
        Of one device and f features.
    covariance : ndarray of float64, shape (1, 2 f, 2 f)
        Of (mu, sigma), in the squares of their units.
    features : sequence of int
        Their f positions in `schema.FEATURES`.
    """
    half = np.sqrt(np.diagonal(covariance[0])) * stdtrit(1000, (1 + table.confidence) / 2)
    units = scaled_units(features) * 2
    names = [f"{kind} {name}" for kind in ("μ", "σ") for name in symbols(features)]
    for name, value, h, unit in zip(names, fit.means[0], half, units, strict=True):
        table.state("mean", name, value, (value - h, value + h), unit, "fitted")


def add_curves(table: Table, curves: Curves) -> None:
    """The conduction.

    Parameters
    ----------
    table : Table
        To add to.
    curves : Curves
        eta, voltages and the two polynomials, with their intervals.
    """
    nothing = (np.nan, np.nan)
    origin, read = ("assumed", "assumed") if np.isnan(curves.eta_interval[0]) else ("fitted", "measured")
    table.state("curve", "η", curves.eta, curves.eta_interval, "1", origin)
    table.state("curve", "Umax", curves.u_max, nothing, "V", read)
    table.state("curve", "U0", curves.u_0, nothing, "V", "assumed")
    table.state("curve", "valid range", curves.valid_range, nothing, "V", read)
    for name in ("hhrs", "llrs"):
        coefficients, intervals = getattr(curves, name), getattr(curves, f"{name}_interval")
        power = coefficients.size - 1
        for k, (value, interval) in enumerate(zip(coefficients[:-1], intervals[:-1], strict=True)):
            table.state("curve", f"{name.upper()}, U^{power - k}", value, interval, f"A/V^{power - k}", origin)
