"""A device of format 2 with every part, for tests."""

from typing import Any

import numpy as np

import synaptogen_core as sc
from synaptogen_core.device.extension import BreakIn, Coordinate, Extension, Slow, Stuck
from synaptogen_core.device.shapes import Curve, warp_of

SKEWED = Curve("g-and-h", {"centre": 0.0, "scale": 1.0, "g": 0.2, "h": 0.05})
SPLINE = Curve("spline", {"knots": [-3, -1, 0, 1, 3], "values": [-2.5, -1, 0, 1, 3.3]})
WARP = warp_of({"kind": "spline", "knots": [3.0, 4.2, 5.0, 6.5], "values": [3.3, 4.2, 4.95, 6.7]})
SLOW = Slow(np.array([0.4, 0.2, 0.3, 0.2]), np.array([0.98, 0.97, 0.98, 0.9]), np.full((4, 4), 0.1) + 0.9 * np.eye(4))
BREAK_IN = BreakIn(np.array([0.93, 0.5, 0.8, 0.8]), np.array([0.3, 0, 0.2, 0]), np.diag([0.1, 0, 0.05, 0]))
STUCK = Stuck(np.array([0.02, 0.01]), np.array([10.0, 5.0]))
COORDINATES = (
    Coordinate("log10", 1, 0.0, SPLINE, WARP),
    Coordinate("log10", -1, 0.0, SKEWED),
    Coordinate("log10", 1, 2500.0, SKEWED),
    Coordinate("linear", 1, 0.0, SKEWED),
)


def device(**parts: Any) -> sc.DeviceParameters:
    """With the parts that are named: slow, break_in, stuck."""
    published = sc.load_device("hennen2024")
    mean = np.array([4.88, -0.17, 3.3, 0.74, *np.log([0.15, 0.04, 0.06, 0.05])])
    factor = np.diag([0.1, 0.02, 0.02, 0.03, 0.2, 0.2, 0.2, 0.2])
    factor[4, 0], factor[6, 2] = -0.05, 0.1
    b = 0.95 * np.eye(4)
    b[1, 0] = 0.1
    return sc.DeviceParameters(
        name="extended", extension=Extension(COORDINATES, **parts), weights=[0.7, 0.3], means=[mean, mean + 0.05],
        factors=[factor, 1.5 * factor], var={1: (np.full((1, 4, 4), 0.05) + 0.1 * np.eye(4), b)}, order=1,
        hhrs=published.hhrs, llrs=published.llrs, u_0=published.u_0, eta=published.eta, u_max=published.u_max,
        outliers=(1,),
    )  # fmt: skip


ALL = device(slow=SLOW, break_in=BREAK_IN, stuck=STUCK)
SETTLED = device(slow=SLOW)
