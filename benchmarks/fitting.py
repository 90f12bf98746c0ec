"""How often the intervals of a fit hold the truth, and how long a fit takes, on measurements of known devices."""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.stats import binomtest

import synaptogen_core as sc
from synaptogen_core.analysis.fitting import assembly
from synaptogen_core.analysis.fitting.device_to_device import PROBABILITIES, DeviceFit
from synaptogen_core.device import stationary
from synaptogen_core.errors import RangeWarning
from synaptogen_core.types import F64

OF_CYCLES = ("A", "B", "gamma")
GROUPS = (*OF_CYCLES, "weight", "quantile")
REPEATS = 40
RIGHT_ORDER = 3  # of the device of which right fits are judged: a device of 200 cycles tells that of one of order 3
RIGHT_SIZES = ((1, 200), (1, 1000), (2, 400), (24, 200))


@dataclass(frozen=True)
class Truth:
    """A device in the gauge of a fit: gamma of mean 0 and variance 1, x of variance 1; components by falling weight."""

    a: F64
    b: F64
    gamma: F64
    population: DeviceFit

    def numbers(self, group: str) -> F64:
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
    rest = assembly.remainder(device, (), device.order)
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
    gamma = np.array(
        [[0.03, 0.1, 0.8, -0.1], [0.02, -0.12, 0.9, 0.12], [0.05, 0.15, 0.75, -0.15], [0.02, 0.05, 0.9, -0.05]]
    )
    means, factors = published.means[[0, 2]].copy(), published.factors[[0, 2]] * 0.6
    return sc.DeviceParameters(
        name="two components", gamma=gamma, weights=[0.75, 0.25], means=means, factors=factors,
        var={2: (published.a, published.b)}, order=2, hhrs=published.hhrs, llrs=published.llrs,
        u_0=published.u_0, eta=published.eta, u_max=published.u_max, outliers=(1,),
    )  # fmt: skip


def measured(device: sc.DeviceParameters, devices: int, cycles: int, seed: int) -> xr.Dataset:
    """Features of a simulation in which every cell switches in every cycle."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RangeWarning)
        train = sc.PulseTrain.cycling(cycles, -6.0, 6.0)
        return sc.fitting.from_simulation(sc.simulate(sc.CellArray((devices, 1), device, seed=seed), train))


def held(device: sc.DeviceParameters, devices: int, cycles: int, seed: int) -> dict[str, tuple[int, int]]:
    """How many intervals of one fit hold the truth, of how many, in each group of numbers.

    Fewer than 100 devices do not tell the components of a mixture: then cycle to cycle alone is looked at.
    """
    truth = truth_of(device)
    count = truth.population.weights.size if devices >= 100 else 1
    found = sc.fitting.fit(
        measured(device, devices, cycles, seed), device, name="again", order=device.order, components=count, seed=seed,
        degree=device.gamma.shape[1] - 1,
    ).estimates  # fmt: skip
    group = found["group"].values
    lower, upper, value = (found[name].values for name in ("lower", "upper", "value"))
    result = {}
    for name in GROUPS if devices >= 100 else OF_CYCLES:
        wanted = truth.numbers(name)
        if name == "weight":  # labels: components by the weights that were found; the truth's by the nearest means
            wanted = wanted[labels(value[group == "mean"].reshape(count, 8), truth.population)]
        chosen = group == name
        result[name] = int(np.sum((lower[chosen] <= wanted) & (wanted <= upper[chosen]))), int(chosen.sum())
    return result


def labels(means: F64, truth: DeviceFit) -> NDArray[np.intp]:
    """For each found component the true one: the assignment with the smallest distance of means in units of spread."""
    spread = np.sqrt(np.diagonal(truth.covariances, axis1=1, axis2=2)).mean(axis=0)
    away = (((means[:, None] - truth.means) / spread) ** 2).sum(axis=2)
    return linear_sum_assignment(away)[1]


def coverage_rows(full: bool) -> Iterator[tuple[str, ...]]:
    """Rows of a table: device, size, group, share of intervals of 95 % that hold the truth, its standard error."""
    published, other = sc.load_device("hennen2024"), other_device()
    large = ((published, 24, 200), (published, 1024, 2000), (other, 256, 400))
    for device, devices, cycles in large if full else ((other, 128, 200),):
        found = [held(device, devices, cycles, 1000 + seed) for seed in range(REPEATS if full else 1)]
        for group in found[0]:
            inside, total = np.array([one[group] for one in found]).T
            told = f"{100 * inside.sum() / total.sum():.1f} %"
            if len(found) > 1:  # intervals of one fit depend on each other, fits do not
                told += f" ± {100 * np.std(inside / total, ddof=1) / np.sqrt(len(found)):.1f}"
            yield device.name, f"{devices} x {cycles}", group, told, f"{inside.sum()} of {total.sum()}"


def false_alarms(devices: int, cycles: int, seeds: range) -> dict[str, tuple[int, int]]:
    """How often each line of the verdict condemns a right fit, of how many times that it could tell.

    Data are drawn from the published device, and fitted with its order and as many components as devices allow.
    """
    device = sc.load_device("hennen2024").vary(order=RIGHT_ORDER)
    found: dict[str, tuple[int, int]] = {}
    for seed in seeds:
        data = measured(device, devices, cycles, 5000 + seed)
        fit = sc.fitting.fit(data, device, name="again", order=RIGHT_ORDER, intervals=False, seed=seed)
        fit = replace(fit, devices=sc.fitting.screen_devices(data))  # intervals are not looked at; drift is
        for finding in sc.fitting.validate(fit, seed=seed).verdict:
            alarms, told = found.get(finding.about, (0, 0))
            found[finding.about] = alarms + (finding.good is False), told + (finding.good is not None)
    return found


def false_alarm_rows(repeats: int, sizes: tuple[tuple[int, int], ...] = RIGHT_SIZES) -> Iterator[tuple[str, ...]]:
    """Rows of a table: line of the verdict, size, alarms, share of `repeats` right fits, its interval of 95 %."""
    for devices, cycles in sizes:
        for about, (alarms, told) in false_alarms(devices, cycles, range(repeats)).items():
            low, high = binomtest(alarms, repeats).proportion_ci()
            share = f"{100 * alarms / repeats:.0f} % ({100 * low:.0f} to {100 * high:.0f})"
            yield f"{devices} x {cycles}", about, share, f"{alarms} of {repeats}", f"told in {told}"


def round_trip_row(devices: int = 512, cycles: int = 6000) -> tuple[str, ...]:
    """Seconds of a fit of the published set's own cycles, and how far A lies from the truth."""
    device = sc.load_device("hennen2024")
    data = measured(device, devices, cycles, 7)
    first = measured(device, 16, 100, 1)  # what is loaded when first used
    sc.fitting.fit(first, device, name="first", order=1, components=1, intervals=False)
    begin = time.perf_counter()
    fit = sc.fitting.fit(data, device, name="again", order=10, components=3)
    seconds = time.perf_counter() - begin
    found = fit.estimates.isel(parameter=fit.estimates["group"].values == "A")
    away = np.abs(found["value"].values - truth_of(device).a.ravel())
    errors = np.abs(away / found["standard_error"].values)
    return f"{devices} x {cycles}", f"{seconds:.1f} s", f"{away.max():.2e}", f"{errors.max():.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fitting", description=__doc__)
    parser.add_argument("what", choices=("time", "intervals", "false-alarms"), nargs="*")
    chosen = parser.parse_args().what or ["time", "intervals", "false-alarms"]
    if "time" in chosen:
        print(*round_trip_row(), flush=True)
    for row in coverage_rows(True) if "intervals" in chosen else ():
        print(*row, flush=True)
    for row in false_alarm_rows(REPEATS) if "false-alarms" in chosen else ():
        print(*row, sep=" | ", flush=True)


if __name__ == "__main__":
    main()
