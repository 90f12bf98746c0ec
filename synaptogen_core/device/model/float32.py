"""The float32 door: what the draw and the rule need of a device, rounded once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.device import stationary
from synaptogen_core.device.numbers import ModelNumbers
from synaptogen_core.device.recursion import cholesky
from synaptogen_core.types import F32


@dataclass(frozen=True, eq=False)
class Constants:
    """Read-only float32 copies of a device's parameters; p is the order, K the number of mixture components."""

    gamma: F32  # (4, d + 1), highest power first
    a: F32  # (p, 4, 4), newest lag first
    b: F32  # (4, 4)
    start: F32  # (4p, 4p): lower factor of the stationary history's covariance, newest first
    limits: NDArray[np.uint64]  # (K - 1,): a word below limits[k] and not below limits[k - 1] picks component k
    means: F32  # (K, 8)
    factors: F32  # (K, 8, 8)
    sigma_floor: F32  # (4,)
    hhrs: F32
    llrs: F32
    g_llrs: np.float32  # S
    inverse_window: np.float32  # 1 / (G_LLRS - G_HHRS) [ohm]
    eta: np.float32
    u_max: np.float32  # V

    @property
    def order(self) -> int:
        """Order of the autoregression."""
        return int(self.a.shape[0])


@lru_cache(maxsize=64)
def constants(device: ModelNumbers) -> Constants:
    """The constants of `device`."""
    return Constants(
        gamma=_f32(device.gamma),
        a=_f32(device.a),
        b=_f32(device.b),
        start=_f32(cholesky(stationary.history_covariance(device))),
        limits=_thresholds(device.weights),
        means=_f32(device.means),
        factors=_f32(device.factors),
        sigma_floor=_f32(device.sigma_floor),
        hhrs=_f32(device.hhrs),
        llrs=_f32(device.llrs),
        g_llrs=np.float32(device.g_llrs),
        inverse_window=np.float32(1 / (device.g_llrs - device.g_hhrs)),
        eta=np.float32(device.eta),
        u_max=np.float32(device.u_max),
    )


def _f32(array: NDArray[np.float64]) -> F32:
    with np.errstate(over="ignore"):  # what float32 does not hold is infinite, in cells and in files
        rounded = np.ascontiguousarray(array, dtype=np.float32)
    rounded.flags.writeable = False
    return rounded


def _thresholds(weights: NDArray[np.float64]) -> NDArray[np.uint64]:
    # 64 bits: no word reaches a limit of 2**32, so that a last component of no weight is never picked
    limits = np.rint(np.cumsum(weights)[:-1] * 2.0**32).astype(np.uint64)
    limits.flags.writeable = False
    return limits
