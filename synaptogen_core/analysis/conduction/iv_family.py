"""The I-V family I(U) = alpha(U) + beta(U) G, by least squares; G = I(U0)/U0 is the static conductance at U0.

Both are polynomials through zero, and alpha(U0) = 0, beta(U0) = U0, so that each member of the family has the
conductance that names it. The constraints are built in: with phi_k(U) = U^k - U0^(k-1) U,

    alpha(U) = sum_k a_k phi_k(U),    beta(U) = U + sum_k b_k phi_k(U),    k = 2 ... degree.

The error of a current is taken as `RELATIVE` of it and a floor of the instrument, so that the microamperes of the high
resistance count beside the hundreds of the low one. All that least squares needs of a branch are its sums of powers:
robust weights and resampling work on these sums and never go back to the samples.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from synaptogen_core.analysis.conduction import powers
from synaptogen_core.analysis.conduction.known_state import LOW, Branches
from synaptogen_core.types import F64, Ints

RELATIVE = 0.03  # error of a current, as a share of it; only its ratio to the floor matters
LEAST_FLOOR = 1e-4  # of the largest current: noiseless data too have a floor
QUIET = 0.2  # of the largest voltage: where the noise of the instrument is looked at
GUESSES = 0.3, 0.1, 0.03  # relative errors of what is assumed where a state was not seen, weakest first
LEAST_SLOPE = 0.2  # of beta(U)/U: where it is smaller, all members have nearly one current
OUTLYING = 9.0  # a branch that deviates more than so many times the median (mean square) counts less
ROUNDS = 4


@dataclass(frozen=True)
class Sums:
    """Weighted sums over the samples of each branch, v = U / `scale`; B branches, degree K.

    Attributes
    ----------
    powers : ndarray, shape (B, 2K - 1)
        Sums of w v^2 ... w v^(2K).
    products : ndarray, shape (B, K)
        Sums of w I v ... w I v^K.
    conductance : ndarray, shape (B,)
        In S.
    unit : float
        A conductance that makes the two halves of the unknowns alike [S].
    scale, u_0 : float
        In V.
    """

    powers: F64
    products: F64
    conductance: F64
    unit: float
    scale: float
    u_0: float

    def terms(self, degree: int) -> F64:
        """What each branch adds to the normal equations: shape (B, 3 (2K - 1) + 2K), linear in the weights."""
        h, p = self.powers[:, : 2 * degree - 1], self.products[:, :degree]
        g = (self.conductance / self.unit)[:, None]
        return np.hstack([h, g * h, g * g * h, p, g * p])


@dataclass(frozen=True)
class Family:
    """I(U) = alpha(U) + beta(U) G; coefficients highest power first, the last 0."""

    alpha: F64
    beta: F64

    def current(self, voltage: F64, conductance: F64 | float) -> F64:
        """Current [A] at voltages [V] of the members with these conductances [S].

        Parameters
        ----------
        voltage : ndarray of float64 [V]
        conductance : ndarray of float64, or float [S]
            Of a shape that broadcasts with `voltage`.

        Returns
        -------
        ndarray of float64 [A]
        """
        return np.asarray(np.polyval(self.alpha, voltage) + np.polyval(self.beta, voltage) * conductance)

    def member(self, conductance: float) -> F64:
        """Polynomial of one member, as `DeviceParameters.hhrs` and `llrs` are."""
        return np.asarray(self.alpha + self.beta * conductance)

    def bends_at(self, conductance: float, low: float, high: float) -> float | None:
        """The voltage nearest 0 between `low` and `high` [V] where the current of a member does not rise, or None.

        Parameters
        ----------
        conductance : float [S]
        low, high : float [V]

        Returns
        -------
        float or None [V]
        """
        slope = np.polyder(self.member(conductance))
        return _nearest(np.polyval(slope, _grid(low, high)) <= 0, low, high)

    def meets_at(self, low: float, high: float) -> float | None:
        """The voltage nearest 0, but not 0, where all members have nearly one current, or None.

        Parameters
        ----------
        low, high : float [V]

        Returns
        -------
        float or None [V]
        """
        return _nearest(np.polyval(self.beta[:-1], _grid(low, high)) < LEAST_SLOPE, low, high)


def floor_of(branches: Branches) -> float:
    """Noise of the instrument [A], from second differences of the high-resistance currents near 0 V."""
    quiet = (np.abs(branches.voltage) < QUIET * np.max(np.abs(branches.voltage))) & (
        branches.spread(branches.kind) != LOW
    )
    inside = quiet[2:] & quiet[1:-1] & quiet[:-2]
    second = np.diff(branches.current, 2)[inside]
    noise = 1.4826 * float(np.median(np.abs(second))) / np.sqrt(6.0) if second.size >= 3 else 0.0
    return max(noise, LEAST_FLOOR * float(np.max(np.abs(branches.current))))


def sums_of(branches: Branches, size: F64, floor: float, degree: int, like: tuple[float, float, float]) -> Sums:
    """Sums of the samples, whose currents have about the sizes `size` [A]; `like` is the unit, the scale and U0.

    Parameters
    ----------
    branches : Branches
        B of them, with S samples.
    size : ndarray of float64, shape (S,) [A]
    floor : float
        Error of a current of 0 [A].
    degree : int
    like : tuple of three float [S, V, V]

    Returns
    -------
    Sums
    """
    v = branches.voltage / like[1]
    start = branches.start[:-1]
    weight = 1.0 / (floor**2 + (RELATIVE * size) ** 2)
    power = weight * v
    powers, products = [], []
    for k in range(2 * degree - 1):
        if k < degree:
            products.append(np.add.reduceat(power * branches.current, start))
        power = power * v
        powers.append(np.add.reduceat(power, start))
    return Sums(np.stack(powers, axis=1), np.stack(products, axis=1), branches.conductance, *like)


def solve(totals: F64, degree: int, sums: Sums, most: float | None = None) -> tuple[F64, F64]:
    """Coefficients of alpha and beta from totals of `Sums.terms`, shape (n, terms); each (n, degree + 1).

    Parameters
    ----------
    totals : ndarray of float64, shape (n, terms)
        One family a row.
    degree : int
    sums : Sums
        From which the totals come: its units count.
    most : float, optional
        Given: odd powers only, as `powers` says, with this bound [S].

    Returns
    -------
    alpha, beta : ndarray of float64, shape (n, degree + 1)
        Highest power first, the last 0 [A/V^k, 1/V^(k - 1)].
    """
    unit, scale = sums.unit, sums.scale
    size = 2 * degree - 1
    hankel = np.add.outer(np.arange(degree), np.arange(degree))
    h = [totals[:, j * size : (j + 1) * size][:, hankel] for j in range(3)]
    p = [totals[:, 3 * size + j * degree : 3 * size + (j + 1) * degree] for j in range(2)]
    if most is not None:
        found = powers.solve_odd(h[0], p[0] - unit * scale * h[1][:, 0], scale, sums.u_0, most)
        return _through_zero(found), _through_zero(np.tile(np.eye(1, degree), (len(totals), 1)))
    phi = np.zeros((degree - 1, degree))  # rows: phi_k in powers of v
    phi[:, 1:] = np.eye(degree - 1)
    phi[:, 0] = -((sums.u_0 / scale) ** np.arange(1, degree))
    normal = np.block([[phi @ h[0] @ phi.T, phi @ h[1] @ phi.T], [phi @ h[1] @ phi.T, phi @ h[2] @ phi.T]])
    right = np.concatenate([(p[j] - unit * scale * h[j + 1][:, 0]) @ phi.T for j in range(2)], axis=1)
    root = np.sqrt(np.diagonal(normal, axis1=1, axis2=2))
    found = np.linalg.solve(normal / (root[:, :, None] * root[:, None, :]), (right / root)[:, :, None])[:, :, 0] / root
    alpha, beta = found[:, : degree - 1] @ phi, found[:, degree - 1 :] @ phi / unit
    alpha /= scale ** np.arange(1, degree + 1)
    beta /= scale ** np.arange(1, degree + 1)
    beta[:, 0] += 1.0
    return _through_zero(alpha), _through_zero(beta)


def _through_zero(powers: F64) -> F64:
    """Coefficients of U^1, U^2, ... as polynomials, highest power first and 0 last; one a row."""
    return np.asarray(np.pad(powers, ((0, 0), (1, 0)))[:, ::-1])


@dataclass(frozen=True)
class Fitted:
    """A family and what it came from.

    Attributes
    ----------
    family : Family
    degree : int
    floor : float
        Of the errors of the currents [A].
    sums : Sums
    weight : ndarray, shape (B,)
        Of each branch: 1, less for outlying ones.
    assumed : ndarray, shape (terms,)
        What assumptions add to the totals; zeros for none.
    deviation : ndarray, shape (B,)
        Relative deviation of each branch from the family (root mean square; the floor of the currents taken in).
    most : float or None
        A family of odd powers, with this bound [S]; None: of all powers.
    """

    family: Family
    degree: int
    floor: float
    sums: Sums
    weight: F64
    assumed: F64
    deviation: F64
    most: float | None = None

    def members(self, groups: Ints, weights: F64) -> tuple[F64, F64]:
        """Coefficients of alpha and beta, each (n, degree + 1), with the groups weighted as in `weights`, (n, groups).

        The assumptions count the same in each.

        Parameters
        ----------
        groups : ndarray of int, shape (B,)
            Of each branch, from 0.
        weights : ndarray of float64, shape (n, groups)

        Returns
        -------
        alpha, beta : ndarray of float64, shape (n, degree + 1)
            As of `solve`.
        """
        terms = self.sums.terms(self.degree) * self.weight[:, None]
        by_group = np.zeros((weights.shape[1], terms.shape[1]))
        np.add.at(by_group, groups, terms)
        return solve(weights @ by_group + self.assumed, self.degree, self.sums, self.most)


def fit_family(branches: Branches, degree: int, u_0: float, most: float | None = None) -> Fitted:
    """The family of the samples; errors are first taken from the measured currents, then from the fitted ones.

    Parameters
    ----------
    branches : Branches
    degree : int
    u_0 : float [V]
    most : float, optional
        Given: odd powers only, as `powers` says, with this bound [S].

    Returns
    -------
    Fitted
        Without assumptions.

    References
    ----------
    Source: the identifiable form of the two polynomials of Hennen et al. 2024; docs/model.md.
    """
    floor = floor_of(branches)
    like = float(np.max(np.abs(branches.conductance))), float(np.max(np.abs(branches.voltage))), u_0
    size = np.abs(branches.current)
    weight = np.ones(branches.kind.size)
    for _ in range(ROUNDS):
        sums = sums_of(branches, size, floor, degree, like)
        terms = sums.terms(degree)
        family = of_totals(weight @ terms, degree, sums, most)
        size = np.abs(family.current(branches.voltage, branches.spread(branches.conductance)))
        weight, deviation = _trusted(branches, family, size, floor)
    return Fitted(family, degree, floor, sums, weight, np.zeros(terms.shape[1]), deviation, most)


def assisted(branches: Branches, fitted: Fitted, reach: float, guess: float) -> Fitted:
    """The same family with the assumptions of `unseen`.

    Parameters
    ----------
    branches : Branches
        Those of `fitted`.
    fitted : Fitted
        Without assumptions.
    reach : float [V]
    guess : float

    Returns
    -------
    Fitted
    """
    added = unseen(branches, fitted, reach, guess)
    family = of_totals(fitted.weight @ fitted.sums.terms(fitted.degree) + added, fitted.degree, fitted.sums)
    size = np.abs(family.current(branches.voltage, branches.spread(branches.conductance)))
    _, deviation = _trusted(branches, family, size, fitted.floor)
    return replace(fitted, family=family, assumed=added, deviation=deviation)


def of_totals(totals: F64, degree: int, sums: Sums, most: float | None = None) -> Family:
    """The family of totals of shape (terms,).

    Parameters
    ----------
    totals : ndarray of float64, shape (terms,)
    degree : int
    sums : Sums
        From which the totals come: its units count.
    most : float, optional
        As of `solve`.

    Returns
    -------
    Family
    """
    alpha, beta = solve(totals[None], degree, sums, most)
    return Family(alpha[0], beta[0])


def unseen(branches: Branches, fitted: Fitted, reach: float, guess: float) -> F64:
    """What assumptions add to the totals where a state was not seen up to `reach` [V], shape (terms,).

    The low resistance goes on as an ohmic one; the high one, on the SET side, as the mirror image of its other side.
    Their relative error is `guess`, however many loops there are: they count like one sample of each branch at every
    voltage, with that error.

    Parameters
    ----------
    branches : Branches
        Those of `fitted`.
    fitted : Fitted
    reach : float [V]
    guess : float

    Returns
    -------
    ndarray of float64, shape (terms,)
    """
    sums, family, degree = fitted.sums, fitted.family, fitted.degree
    grid = np.linspace(-reach, reach, 61)
    (low_least, low_most), (high_least, _) = branches.seen(True), branches.seen(False)
    g_low = float(np.median(branches.conductance[branches.kind == LOW]))
    g_high = float(np.median(branches.conductance[branches.kind != LOW]))
    ohmic = grid[(grid < low_least) | (grid > low_most)]
    mirrored = grid[grid < high_least]
    volts = np.concatenate([ohmic, mirrored])
    if not volts.size:
        return np.zeros_like(fitted.assumed)
    amps = np.concatenate([g_low * ohmic, -family.current(-mirrored, g_high)])
    parts = [np.arange(ohmic.size), ohmic.size + np.arange(mirrored.size)]
    kept = [part for part in parts if part.size]
    members = np.array([g for g, part in zip((g_low, g_high), parts, strict=True) if part.size])
    start = np.append([part[0] for part in kept], volts.size).astype(np.intp)
    none = np.zeros(len(kept), np.intp)
    assumed = Branches(volts, amps, start, none, members, none)
    like = sums.unit, sums.scale, sums.u_0
    terms = sums_of(assumed, np.abs(amps) * guess / RELATIVE, fitted.floor, degree, like).terms(degree)
    return np.asarray(branches.kind.size * terms.sum(axis=0))


def _trusted(branches: Branches, family: Family, size: F64, floor: float) -> tuple[F64, F64]:
    """Weights of the branches, and their relative deviations: one far beyond most of its kind counts less."""
    error = branches.current - family.current(branches.voltage, branches.spread(branches.conductance))
    squares = error**2 / (floor**2 + (RELATIVE * size) ** 2)
    mean = np.add.reduceat(squares, branches.start[:-1]) / np.diff(branches.start)
    weight = np.ones(mean.size)
    for kind in np.unique(branches.kind):
        own = branches.kind == kind
        bound = OUTLYING * float(np.median(mean[own]))
        weight[own] = np.minimum(1.0, bound / np.maximum(mean[own], np.finfo(np.float64).tiny))
    return weight, RELATIVE * np.sqrt(mean)


def _grid(low: float, high: float) -> F64:
    return np.linspace(low, high, 401)


def _nearest(bad: np.ndarray, low: float, high: float) -> float | None:
    at = _grid(low, high)[bad]
    return float(at[np.abs(at).argmin()]) if at.size else None
