"""Many vectors on ideal lines at once: currents and their noise as matrix products, exact for true I-V curves.

I(r, U) is linear in r, so the current of a bit line is ``sum_i LLRS(U_i) + sum_i (HHRS - LLRS)(U_i) r_ij``: one product
for a whole batch. The variances of thermal and shot noise are linear in r, too, as long as no cell conducts against its
voltage: a second product.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from synaptogen_core.array.blas import as_fits
from synaptogen_core.array.cells import CellArray
from synaptogen_core.crossbar.readout.line_noise import LineNoise
from synaptogen_core.crossbar.solver.cells import LinearCells
from synaptogen_core.device.model import read_noise
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.types import F64

FEW = 8  # vectors that are summed cell by cell, with the bits of `ideal_read`


@dataclass(frozen=True, eq=False)
class LineCurves:
    """The basis curves at the voltages of word lines: all that a batch of vectors needs of a device.

    Parameters
    ----------
    device : DeviceParameters
    volts : ndarray of float64, shape (vectors, rows)
        [V].
    """

    device: DeviceParameters
    volts: F64

    @cached_property
    def low(self) -> F64:
        """LLRS(U)/U, dLLRS/dU at U = 0 [S]; shape (vectors, rows)."""
        return _horner(self.device.llrs[:-1], self.volts)

    @cached_property
    def difference(self) -> F64:
        """(HHRS(U) - LLRS(U))/U [S]; shape (vectors, rows)."""
        return _horner(self.device.hhrs[:-1], self.volts) - self.low

    def currents(self, mixing: F64, rows: slice = slice(None)) -> F64:
        """Currents of bit lines [A]; shape (vectors, columns).

        Parameters
        ----------
        mixing : ndarray of float64, shape (rows chosen, columns)
            r of the cells.
        rows : slice
            The word lines on which these cells lie.

        Returns
        -------
        ndarray of float64, shape (vectors, columns)

        References
        ----------
        I(r, U) = (1 - r) LLRS(U) + r HHRS(U): Hennen et al. 2024; docs/model.md, "Conduction".
        """
        volts = self.volts[:, rows]
        found = (volts * self.difference[:, rows]) @ mixing
        found += np.einsum("vi,vi->v", volts, self.low[:, rows])[:, None]
        return np.asarray(found)

    def variances(self, mixing: F64, bandwidth: float, rows: slice = slice(None)) -> F64:
        """Variances of the noise of bit lines [A^2], without that of an amplifier; shape (vectors, columns).

        Parameters
        ----------
        mixing : ndarray of float64, shape (rows chosen, columns)
            r of the cells.
        bandwidth : float
            [Hz].
        rows : slice
            The word lines on which these cells lie.

        Returns
        -------
        ndarray of float64, shape (vectors, columns)
            A product, or, where some cell might conduct against its voltage, a sum of amounts, vector by vector.

        References
        ----------
        Thermal and shot noise: Hennen et al. 2024; docs/model.md, "Reading".
        """
        low, difference = self.low[:, rows], self.difference[:, rows]
        johnson, shot = (float(factor) for factor in read_noise.noise_factors(bandwidth))
        factor = johnson + shot * np.abs(self.volts[:, rows])  # |I| = |U| G
        if min(float((low + r * difference).min()) for r in (mixing.min(), mixing.max())) < 0:
            each = zip(low, difference, factor, strict=True)
            return np.stack([f @ np.abs(a[:, None] + b[:, None] * mixing) for a, b, f in each])
        found = (factor * difference) @ mixing
        found += np.einsum("vi,vi->v", factor, low)[:, None]
        return np.asarray(found)


def _horner(coefficients: F64, u: F64) -> F64:
    """A polynomial, highest power first, in place."""
    found = np.full(u.shape, coefficients[0])
    for coefficient in coefficients[1:]:
        found *= u
        found += coefficient
    return found


def read_batch(cells: CellArray | LinearCells, volts: F64, noise: LineNoise | None) -> tuple[F64, F64 | None]:
    """Currents of the bit lines of an array with ideal lines, and the standard deviations of their noise.

    Parameters
    ----------
    cells : CellArray or LinearCells
        Stay as they are.
    volts : ndarray of float64, shape (vectors, rows)
        Of the word lines [V].
    noise : LineNoise, optional

    Returns
    -------
    currents : ndarray of float64, shape (vectors, columns)
        [A].
    sd : ndarray of float64, shape (vectors, columns), or None
        [A]; None without `noise`.
    """
    variance: F64 | None = None
    with as_fits(volts.size * cells.shape[1]):
        if isinstance(cells, LinearCells):
            currents = np.asarray(volts @ cells.siemens)
            if noise is not None:
                johnson, shot = (float(factor) for factor in read_noise.noise_factors(noise.bandwidth))
                variance = johnson * cells.siemens.sum(axis=0) + shot * (np.abs(volts) @ cells.siemens)
        else:
            cells.warn_range(float(np.abs(volts).max()), stacklevel=5)
            curves, mixing = LineCurves(cells.device, volts), cells.mixing().astype(np.float64)
            currents = curves.currents(mixing)
            variance = None if noise is None else curves.variances(mixing, noise.bandwidth)
    if variance is None or noise is None:
        return currents, None
    return currents, np.sqrt(variance + noise.density**2 * noise.bandwidth)
