"""The float32 door: what the draw and the rule need of a device, rounded once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.device import stationary
from synaptogen_core.device.model.extended import PER_LN2, Extended, extended
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
    more: Extended | None = None  # of a device of format 2

    @property
    def order(self) -> int:
        """Order of the autoregression."""
        return int(self.a.shape[0])

    @property
    def slots(self) -> int:
        """Rows of four numbers in the history of a cell."""
        return self.order + (0 if self.more is None else self.more.slots)


@lru_cache(maxsize=64)
def constants(device: ModelNumbers) -> Constants:
    """The constants of `device`."""
    # sigma of a device of format 2 is a power of 2 of what is drawn
    unit = np.where(np.arange(8) < 4, 1.0, 1.0 if device.extension is None else PER_LN2)
    return Constants(
        gamma=_f32(device.gamma),
        a=_f32(device.a),
        b=_f32(device.b),
        start=_f32(cholesky(stationary.history_covariance(device))),
        limits=_thresholds(device.weights),
        means=_f32(device.means * unit),
        factors=_f32(device.factors * unit[:, None]),
        sigma_floor=_f32(device.sigma_floor),
        hhrs=_f32(device.hhrs),
        llrs=_f32(device.llrs),
        g_llrs=np.float32(device.g_llrs),
        inverse_window=np.float32(1 / (device.g_llrs - device.g_hhrs)),
        eta=np.float32(device.eta),
        u_max=np.float32(device.u_max),
        more=None if device.extension is None else extended(device.extension),
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
