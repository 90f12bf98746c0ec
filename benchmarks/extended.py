"""Fits of format 2 on measurements of known devices: do intervals hold the truth, which class is chosen, what is drawn.

The devices have what real ones show: a skew that follows the level (a warp), a floor and a long upper tail of R_LRS,
slow memory, a break-in.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import xarray as xr
from scipy.stats import norm

import synaptogen_core as sc
from benchmarks import fitting as old
from synaptogen_core.device.extension import BreakIn, Coordinate, Extension, Slow
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.device.shapes import Curve, warp_of
from synaptogen_core.errors import RangeWarning
from synaptogen_core.schema import FEATURES
from synaptogen_core.types import F64

PUBLISHED = sc.load_device("hennen2024")
STRONG = 1000.0  # V: every cell switches in every cycle
REPEATS = 40
SIZES = ((24, 150), (254, 300))
GROUPS = ("mu", "ln sigma", "w", "tau", "offset")


def known_device(break_in: bool = False, **changes: Curve) -> DeviceParameters:
    """A device as filamentary cells with a transistor are, within the limits of what was published of them.

    Parameters
    ----------
    break_in : bool
    **changes : Curve
        Shapes of features, by name.
    """
    shapes = {
        "r_hrs": Curve("g-and-h", {"centre": 0.0, "scale": 0.98, "g": 0.15, "h": 0.02}),
        "u_set": Curve("g-and-h", {"centre": 0.0, "scale": 0.98, "g": -0.1, "h": 0.02}),
        "r_lrs": Curve("polynomial", {"coefficients": [1.0, 0.0]}),
        "u_reset": Curve("polynomial", {"coefficients": [1.0, 0.0]}),
    } | changes
    warp = warp_of({"kind": "spline", "knots": [3.9, 4.6, 5.1, 5.8], "values": [4.2, 4.6, 5.05, 5.3]})
    coordinates = [
        Coordinate("log10", -1 if f.name == "u_set" else 1, 3700.0 if f.name == "r_lrs" else 0.0, shapes[f.name],
                   warp if f.name == "r_hrs" else None) for f in FEATURES
    ]  # fmt: skip
    mean = np.array([4.85, -0.17, 3.05, -0.12, *np.log([0.25, 0.03, 0.14, 0.03])])
    factor = np.diag([0.2, 0.02, 0.12, 0.025, 0.2, 0.2, 0.25, 0.2])
    factor[4, 0], factor[6, 2] = 0.05, 0.05
    slow = Slow(np.array([0.3, 0.2, 0.25, 0.2]), np.exp(-1 / np.array([70.0, 50, 60, 40])), 0.9 * np.eye(4) + 0.1)
    part = BreakIn(np.exp(-1 / np.array([15.0, 5, 4, 5])), np.array([0.5, 0, 0.5, 0]), np.diag([0.15, 0, 0.15, 0]))
    a = 0.05 * np.eye(4)
    noise = 0.85 * np.eye(4) + 0.15
    return DeviceParameters(
        name="known", extension=Extension(tuple(coordinates), slow, part if break_in else None), weights=[1.0],
        means=[mean], factors=[factor], var={1: (a[None], np.linalg.cholesky(noise - a @ noise @ a.T))}, order=1,
        hhrs=PUBLISHED.hhrs, llrs=PUBLISHED.llrs, u_0=PUBLISHED.u_0, eta=PUBLISHED.eta, u_max=PUBLISHED.u_max,
    )  # fmt: skip


def real_device() -> DeviceParameters:
    """The known device with the window of real lots: 1.5 % of its bits are wrong; and a break-in."""
    known = known_device(break_in=True, r_lrs=Curve("g-and-h", {"centre": 0.0, "scale": 0.95, "g": 0.1, "h": 0.03}))
    coordinates = list(known.extension.coordinates)
    warp = warp_of({"kind": "spline", "knots": [3.6, 4.3, 5.0, 5.7], "values": [3.72, 4.28, 4.98, 5.3]})
    coordinates[0] = replace(coordinates[0], warp=warp)
    means, factors = known.means.copy(), known.factors.copy()
    means[0, [0, 4, 6]] = 4.8, *np.log([0.36, 0.16])
    factors[0, 0, 0], factors[0, 2, 2] = 0.27, 0.15
    return replace(known, means=means, factors=factors, extension=replace(known.extension, coordinates=coordinates))


def measured(device: DeviceParameters, devices: int, cycles: int, seed: int) -> xr.Dataset:
    """Features of a simulation in which every cell switches in every cycle."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RangeWarning)
        train = sc.PulseTrain.cycling(cycles, -STRONG, STRONG)
        return sc.fitting.from_simulation(sc.simulate(sc.CellArray((devices, 1), device, seed=seed), train))


def true_centre(device: DeviceParameters, fitted: DeviceParameters, seed: int = 1) -> F64:
    """Means over devices of mean and ln sd of the true device, in the coordinates of a fit; shape (8,)."""
    cells = sc.CellArray((4000, 1), device, seed=seed).device_vectors()
    x = norm.ppf((np.arange(801) + 0.5) / 801)
    found = []
    for i in range(4):
        own, other = (d.extension.coordinates[i] for d in (device, fitted))
        v = cells["mu"][i] + cells["sigma"][i] * own.shape.table.at(x)
        v = other.inverse(own.feature(v))
        v = np.where(np.isfinite(v), v, np.nan)
        found.append((np.nanmean(v), np.nanmean(np.log(np.nanstd(v, axis=1)))))
    return np.array(found).T.ravel()


def held(device: DeviceParameters, devices: int, cycles: int, seed: int) -> dict[str, list[bool]]:
    """Whether each interval of a fit holds the truth."""
    fit = sc.fitting.fit_extended(measured(device, devices, cycles, seed), PUBLISHED, name="again", seed=seed)
    extension, slow = device.extension, device.extension.slow
    truth = dict(zip([f"{group} {f.symbol}" for group in ("mu", "ln sigma") for f in FEATURES],
                     true_centre(device, fit.device), strict=True))  # fmt: skip
    for i, feature in enumerate(FEATURES):
        truth |= {f"w {feature.symbol}": slow.share[i], f"tau {feature.symbol}": slow.tau[i]}
        truth[f"offset {feature.symbol}"] = extension.coordinates[i].offset
    found: dict[str, list[bool]] = {group: [] for group in GROUPS}
    table = zip(*(fit.estimates[name].values.tolist() for name in ("label", "lower", "upper")), strict=True)
    for label, lower, upper in table:
        group = label.rpartition(" ")[0]
        if group in GROUPS and np.isfinite(lower):
            found[group].append(lower <= truth[label] <= upper)
    return found


def coverage_rows(repeats: int, sizes: tuple[tuple[int, int], ...] = SIZES) -> Iterator[tuple[str, ...]]:
    """Rows of a table: size, group, share of intervals of 95 % that hold the truth, its standard error, counts."""
    device = known_device()
    for devices, cycles in sizes:
        each = [held(device, devices, cycles, 1000 + seed) for seed in range(repeats)]
        for group in GROUPS:
            shares = [np.mean(one[group]) for one in each if one[group]]
            inside, total = (int(sum(f(one[group]) for one in each)) for f in (sum, len))
            if total:
                error = np.std(shares, ddof=1) / np.sqrt(len(shares)) if len(shares) > 1 else np.nan
                yield f"{devices} x {cycles}", group, f"{100 * inside / total:.1f} ± {100 * error:.1f} %", \
                    f"{inside} of {total}"  # fmt: skip


def chosen_rows(repeats: int) -> Iterator[tuple[str, ...]]:
    """Rows of a table: truth, size, how many of so many fits chose format 2."""
    published = PUBLISHED.vary(order=old.RIGHT_ORDER)
    for devices, cycles in ((1, 200), (1, 1000), (24, 200), (64, 300)):
        data = (old.measured(published, devices, cycles, 7000 + k) for k in range(repeats))
        yield "published class", f"{devices} x {cycles}", _chosen(data, repeats)
    for devices, cycles in ((1, 300), (24, 150), (254, 300)):
        data = (two_features(real_device(), devices, cycles, 7000 + k) for k in range(repeats))
        yield "format 2", f"{devices} x {cycles}", _chosen(data, repeats)


def _chosen(data: Iterator[xr.Dataset], repeats: int) -> str:
    formats = []
    for one in data:
        try:
            formats.append(sc.fitting.choose(one, PUBLISHED, name="a", intervals=False).fit.device.format)
        except ValueError:  # of one device, whose window is closed: it does not switch
            repeats -= 1
    return f"format 2 in {formats.count(2)} of {repeats}"


def two_features(device: DeviceParameters, devices: int, cycles: int, seed: int) -> xr.Dataset:
    """As most public sets are: resistances alone."""
    return measured(device, devices, cycles, seed).drop_vars(["u_set", "u_reset"])


LEFT_OUT = {"all": (), "no warp": ("warp",), "no offset": ("offset",), "no slow part": ("slow",)}


def set_rows(sizes: tuple[tuple[int, int, int], ...] = ((254, 300, 2), (24, 150, 4), (1, 300, 4))) -> Iterator[str]:
    """What is said of fits of sets like real ones: lines of the verdict, numbers that are wrong, bit error rate."""
    for devices, cycles, repeats in sizes:
        for seed in range(repeats):
            data = two_features(real_device(), devices, cycles, 300 + seed)
            controls = LEFT_OUT if devices >= 254 else {"all": (), "no slow part": ("slow",)}
            for name, left_out in controls.items():
                fit = sc.fitting.fit_extended(data, PUBLISHED, name="a", leave_out=left_out, intervals=False, seed=seed)
                yield f"{devices} x {cycles}, seed {seed}, {name} | {_said(fit)}"
            try:
                fit = sc.fitting.fit(data, PUBLISHED, name="a", intervals=False, seed=seed)
            except sc.errors.NeedsExtended as few:
                yield f"{devices} x {cycles}, seed {seed}, published class | {few}"
                continue
            yield f"{devices} x {cycles}, seed {seed}, published class | {_said(fit)}"


def _said(fit: sc.fitting.Fit) -> str:
    validation = sc.fitting.validate(fit)
    lines = validation.verdict[:-1]
    bad = [line.about for line in lines if line.good is False]
    numbers = sc.fitting.compare_numbers(fit, refitted=validation.refitted).to_dataframe()
    wrong = numbers[numbers["word"] == "wrong by more"]["what"].tolist()
    errors = numbers[numbers["what"] == "rate at the best threshold"]
    ratio = f"{100 * errors['error'].iloc[0]:+.0f} %" if len(errors) else "too few errors"
    good = sum(line.good is True for line in lines)
    return f"{good} lines good, bad: {', '.join(bad) or 'none'} | bit errors {ratio} | wrong: {', '.join(wrong) or '-'}"


def draw_rows(times: int = 40) -> Iterator[tuple[str, ...]]:
    """Rows of a table: device, ms of the processor in which 2^18 cells switch and draw, and this beside order 10."""
    full = known_device()
    devices = {
        "published, order 10": PUBLISHED,
        "format 2": full,
        "format 2, break-in": known_device(break_in=True),
        "format 2, no slow part": replace(full, extension=replace(full.extension, slow=None)),
    }
    cells = {name: sc.CellArray((512, 512), device, seed=1) for name, device in devices.items()}
    took: dict[str, list[float]] = {name: [] for name in cells}
    warnings.simplefilter("ignore", RangeWarning)  # 2.5 V: so that each cell switches
    for turn in range(times + 2):
        for name, array in cells.items():
            began = time.process_time()
            array.apply_voltage(-2.5)
            array.apply_voltage(2.5)
            if turn > 1:  # the first ones compile, and touch new memory
                took[name].append(time.process_time() - began)
    if not all((array.cycle_count() == times + 2).all() for array in cells.values()):
        raise RuntimeError("some cells did not switch, and drew nothing")
    base = np.median(took["published, order 10"])
    for name, each in took.items():
        yield name, f"{1e3 * np.median(each):.2f} ms", f"{np.median(each) / base:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extended", description=__doc__)
    parser.add_argument("what", choices=("intervals", "classes", "sets", "draw"), nargs="*")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    arguments = parser.parse_args()
    chosen = arguments.what or ["intervals", "classes", "sets", "draw"]
    for row in coverage_rows(arguments.repeats) if "intervals" in chosen else ():
        print(*row, sep=" | ", flush=True)
    for row in chosen_rows(arguments.repeats) if "classes" in chosen else ():
        print(*row, sep=" | ", flush=True)
    for line in set_rows() if "sets" in chosen else ():
        print(line, flush=True)
    for row in draw_rows() if "draw" in chosen else ():
        print(*row, sep=" | ", flush=True)


if __name__ == "__main__":
    main()
