"""Polynomials through zero along the branches of loops, by sums that add up over branches, and read at one voltage."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from synaptogen_core.analysis.loops.sweeps import Loops
from synaptogen_core.types import F64, Bools

RIDGE = 1e-12  # of the largest sum of squares: branches with too few voltages give a number, not an exception
TINY = 1e-100  # a sum of squares below it has lost its digits


class Sums(NamedTuple):
    """What least squares needs of some samples: one row each loop; voltages in units of the range of the fit."""

    powers: F64  # (loops, 2 * degree - 1): sums of V^2 ... V^(2 degree)
    products: F64  # (loops, degree): sums of I V ... I V^degree
    samples: F64  # (loops,)

    def taken(self, index: np.ndarray, valid: Bools) -> Sums:
        """The sums of other loops; nothing where there is none.

        Parameters
        ----------
        index : ndarray of int, shape (n,)
            Loop of each row.
        valid : ndarray of bool, shape (n,)
            Where there is one; the others get zeros.

        Returns
        -------
        Sums
            Of n rows.
        """
        powers, products, samples = (part[index] for part in self)
        column = valid[:, None]
        return Sums(np.where(column, powers, 0.0), np.where(column, products, 0.0), np.where(valid, samples, 0.0))

    def plus(self, other: Sums) -> Sums:
        """The sums of both."""
        return Sums(*(a + b for a, b in zip(self, other, strict=True)))


def sums(loops: Loops, branch: Bools, degree: int, scale: float | F64) -> Sums:
    """Sums over the samples of a branch; `scale` [V] is the unit of the voltage.

    Parameters
    ----------
    loops : Loops
        N loops of S samples.
    branch : ndarray of bool, shape (N, S)
        The samples to take.
    degree : int
        Of the polynomial.
    scale : float, or ndarray of float64, shape (N, 1)
        Unit of the voltage [V].

    Returns
    -------
    Sums
        One row a loop; currents in A.
    """
    v, i = np.where(branch, loops.voltage / scale, 0.0), np.where(branch, loops.current, 0.0)
    powers, products = np.empty((len(v), 2 * degree - 1)), np.empty((len(v), degree))
    power = v.copy()
    for k in range(1, 2 * degree + 1):
        if k <= degree:
            products[:, k - 1] = np.einsum("ls,ls->l", power, i)
        if k > 1:
            powers[:, k - 2] = power.sum(axis=1)
        if k < 2 * degree:
            power *= v
    return Sums(powers, products, branch.sum(axis=1).astype(np.float64))


def _equations(found: Sums) -> tuple[F64, F64, Bools]:
    """Normal matrices (loops, degree, degree) over their sizes (loops, 1), and where there are samples enough."""
    degree = found.products.shape[1]
    order = np.add.outer(np.arange(degree), np.arange(degree))
    matrix = found.powers[:, order]
    size = np.abs(matrix).max(axis=(1, 2))
    good = (found.samples >= degree) & (size > TINY) & np.isfinite(size) & np.isfinite(found.products).all(axis=1)
    size, identity = np.where(good, size, 1.0)[:, None], np.eye(degree)
    return np.where(good[:, None, None], matrix / size[..., None], identity) + RIDGE * identity, size, good


def coefficients(found: Sums) -> F64:
    """Coefficients of V, V^2, ... (loops, degree); NaN where there are fewer samples than that."""
    matrix, size, good = _equations(found)
    solved = np.linalg.solve(matrix, np.where(good[:, None], found.products / size, 0.0)[..., None])[..., 0]
    return np.where(good[:, None], solved, np.nan)


def resistances(negative: Sums, positive: Sums, u_0: float, scale: float) -> F64:
    """Static resistance U0 / I(U0) of a state [ohm], shape (loops,); NaN without a fit, or where it is not positive.

    One polynomial through both branches of the state, read at +U0 as the model defines it; at -U0 where only the
    negative branch has enough samples, for a fit must not be read where it saw nothing.

    Parameters
    ----------
    negative, positive : Sums
        Of the two branches of the state, of one degree.
    u_0 : float
        Voltage at which resistances are told [V].
    scale : float
        Unit of the voltage in the sums [V].

    Returns
    -------
    ndarray of float64, shape (loops,)
        [ohm].

    References
    ----------
    Source: R = U0 / I(U0), the static resistance of Hennen et al. 2024; docs/model.md.
    """
    u, powers = _read_at(positive, u_0, scale)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        resistance = u / (coefficients(negative.plus(positive)) * powers).sum(axis=1)
    return np.where((resistance > 0) & np.isfinite(resistance), resistance, np.nan)


def leverage(negative: Sums, positive: Sums, u_0: float, scale: float) -> F64:
    """Standard error of the current at which `resistances` reads, in units of that of a sample, shape (loops,).

    Small where many samples surround the read voltage, large where they all lie beyond it.

    Parameters
    ----------
    negative, positive : Sums
        As for `resistances`.
    u_0, scale : float
        [V].
    """
    both = negative.plus(positive)
    matrix, size, good = _equations(both)
    _, powers = _read_at(positive, u_0, scale)
    share = (powers * np.linalg.solve(matrix, powers[..., None])[..., 0]).sum(axis=1) / size[:, 0]
    return np.where(good, np.sqrt(np.maximum(share, 0.0)), np.inf)


def _read_at(positive: Sums, u_0: float, scale: float) -> tuple[F64, F64]:
    """Where each loop is read [V], and the powers of it; at the negative one where nothing was seen at the other."""
    degree = positive.products.shape[1]
    u = np.where(positive.samples >= degree, u_0, -u_0)
    return u, (u[:, None] / scale) ** np.arange(1, degree + 1)


def curve_values(loops: Loops, branch: Bools, degree: int, beyond: bool = False) -> F64:
    """The polynomial through one branch at all voltages of each loop [A], shape (loops, samples); 0 without a fit.

    Parameters
    ----------
    loops : Loops
        N loops of S samples.
    branch : ndarray of bool, shape (N, S)
        The samples of the fit.
    degree : int
        Of the polynomial, through zero.
    beyond : bool
        Go on with the polynomial beyond the largest |V| of the fit; else with its value there.

    Returns
    -------
    ndarray of float64, shape (N, S)
        [A].
    """
    scale = np.maximum(np.abs(np.where(branch, loops.voltage, 0.0)).max(axis=1, keepdims=True), 1e-30)
    fitted = np.nan_to_num(coefficients(sums(loops, branch, degree, scale)))
    v = loops.voltage / scale if beyond else np.clip(loops.voltage / scale, -1.0, 1.0)
    value = np.zeros(v.shape)
    for k in range(degree - 1, -1, -1):
        value = (value + fitted[:, k, None]) * v
    return value
