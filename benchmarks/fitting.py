"""How often the intervals of a fit hold the truth, and how long a fit takes: simulated measurements of known devices."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import synaptogen_core as sc
from synaptogen_core.analysis import fit_assembly
from synaptogen_core.analysis.device_fit import PROBABILITIES, DeviceFit
from synaptogen_core.array.measurement import measurement
from synaptogen_core.device import stationary

Floats = NDArray[np.float64]

GROUPS = ("A", "B", "gamma", "weight", "quantile")
REPEATS = 40


@dataclass(frozen=True)
class Truth:
    """A device in the gauge of a fit: gamma of mean 0 and variance 1, x of variance 1; components by falling weight."""

    a: Floats
    b: Floats
    gamma: Floats
    population: DeviceFit

    def numbers(self, group: str) -> Floats:
        """The true values, in the order of a fit's table."""
        lower = np.tril_indices(4)
        return {
            "A": self.a.ravel(),
            "B": self.b[lower],
            "gamma": self.gamma.ravel(),
            "weight": self.population.weights,
            "quantile": self.population.quantiles(PROBABILITIES).ravel(),
        }[group]


def truth_of(device: sc.DeviceParameters) -> Truth:
    spread = np.sqrt(np.diag(stationary.covariance(device)))
    rest = fit_assembly.remainder(device, (), device.order)
    middle, sd = stationary.shape_moments(device)
    turn = np.block([[np.eye(4), np.diag(middle)], [np.zeros((4, 4)), np.diag(sd)]])
    order = np.argsort(-device.weights)
    factors = turn @ device.factors[order]
    population = DeviceFit(
        device.weights[order], device.means[order] @ turn.T, factors @ factors.transpose(0, 2, 1),
        np.empty(0), np.empty(0), np.empty((0, 8)),
    )  # fmt: skip
    return Truth(device.a / spread[:, None] * spread, device.b / spread[:, None], rest.gamma, population)


def other_device() -> sc.DeviceParameters:
    """A device with two components, order 2 and cubic shapes."""
    published = sc.load_device("hennen2024").vary(order=2)
    gamma = np.array([[0.03, 0.1, 0.8, -0.1], [0.02, -0.12, 0.9, 0.12], [0.05, 0.15, 0.75, -0.15], [0.02, 0.05, 0.9, -0.05]])
    means, factors = published.means[[0, 2]].copy(), published.factors[[0, 2]] * 0.6
    return sc.DeviceParameters(
        name="two components", gamma=gamma, weights=[0.75, 0.25], means=means, factors=factors,
        var={2: (published.a, published.b)}, order=2, hhrs=published.hhrs, llrs=published.llrs,
        u_0=published.u_0, eta=published.eta, u_max=published.u_max, outliers=(1,),
    )  # fmt: skip


def measured(device: sc.DeviceParameters, devices: int, cycles: int, seed: int):  # noqa: ANN201
    panel = fit_assembly.simulated_devices(device, devices, cycles, seed)
    return panel
