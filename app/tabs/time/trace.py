"""One cell, read again and again: its traps, the spectrum and the Allan variance, and what is exactly expected."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import gammaincinv

import synaptogen_core as sc
from app.settings.sections import Request
from app.work.runs import Run
from synaptogen_core.array.ageing import flickering
from synaptogen_core.device.model import conduction, read_noise
from synaptogen_core.device.model.float32 import constants

READS = 2048
BINS = 24  # of the spectrum, evenly wide in the logarithm
Traps = sc.retention.Traps


@dataclass(frozen=True)
class Trace:
    """Reads of a cell; conductances in S, times in s, frequencies in Hz."""

    cell: tuple[int, int]
    time: np.ndarray
    conductance: np.ndarray
    quiet: np.ndarray  # the same without white noise
    frequency: np.ndarray
    power: np.ndarray  # S^2/Hz, means over bins
    expected: np.ndarray  # of this cell's own traps and white noise
    expected_range: np.ndarray  # (2, bins): where 95 % of such records lie
    average: np.ndarray  # of all cells
    window: np.ndarray
    allan: np.ndarray  # S^2
    expected_window: np.ndarray
    expected_allan: np.ndarray
    allan_range: np.ndarray
    traps: int
    label: str


def trace(run: Run, request: Request, law: sc.RetentionLaw, rate: float) -> Trace:
    """Read the first followed cell of the run at a rate [1/s], from the end of its train on; it forgets nothing."""
    traps = Traps.stanford_a()
    row, column = request.cells[0]
    step, u = 1 / rate, request.read.u_read
    bandwidth = request.read.bandwidth * 1e6 if request.read.noise else 0.0
    state = run.cells.part(slice(row, row + 1), slice(column, column + 1)).to_state()
    still = law.vary(scale=0).to_dict()
    cell = sc.CellArray.from_state({**state, "retention": still, "traps": traps.to_dict()})
    quiet, noisy = reads(cell, traps, step, u, bandwidth)
    bare = sc.CellArray.from_state({**state, "retention": still})
    g = float(bare.conductance(u)[0, 0])
    current = np.array([g * u], np.float32)
    sd = float(read_noise.noise_sd(current, current / np.float32(u), bandwidth)[0]) / u
    tau, lags = cell.trap_times(0, 0), np.arange(READS) * step
    own, all_ = (
        sc.retention.autocovariance(traps, g, lags, which).values + np.where(lags == 0, sd**2, 0.0)
        for which in (tau, None)
    )
    power = 2 * step / READS * np.abs(np.fft.rfft(noisy - noisy.mean())) ** 2
    f = np.fft.rfftfreq(READS, step)
    edges = np.unique(np.geomspace(1, f.size, BINS).astype(int))
    bins = [slice(a, b) for a, b in pairwise(edges)]
    means = [
        np.array([x[b].mean() for b in bins]) for x in (f, power, _periodogram(own, step), _periodogram(all_, step))
    ]
    counts = np.array([b.stop - b.start for b in bins])
    lengths = [2**k for k in range(int(np.log2(READS)) - 2)]
    dense = np.unique(np.geomspace(1, lengths[-1], 40).astype(int))
    allan = np.array([_expected_allan(own, n) for n in dense])
    return Trace(
        cell=(row, column), time=lags, conductance=noisy, quiet=quiet,
        frequency=means[0], power=means[1], expected=means[2], average=means[3],
        expected_range=means[2] * _spread(2 * counts),
        window=np.array(lengths) * step, allan=np.array([_allan(noisy, n) for n in lengths]),
        expected_window=dense * step, expected_allan=allan, allan_range=allan * _spread(0.8 * (READS // dense - 1)),
        traps=tau.size, label=traps.label,
    )  # fmt: skip


def reads(cell: sc.CellArray, traps: Traps, step: float, u: float, bandwidth: float) -> tuple[np.ndarray, np.ndarray]:
    """Conductances of one cell at many times, without white noise and with it: those of a train of reads, at once."""
    state, c = cell.view(slice(0, 1)), constants(cell.device)
    times = cell.clock.time + (np.arange(READS) * round(step * 1e9))
    address, r = np.repeat(state.cell, READS), np.repeat(state.r, READS)
    found = flickering("auto", cell.seed, address, r, times, traps, cell.device)
    low, difference = (float(x[0, 0]) for x in conduction.conductance_curves(np.array([[u]], np.float32), c))
    quiet = low + found.astype(float) * difference
    normals = read_noise.read_normals(state.cell, cell.seed, cell.reads + np.arange(READS))[:, 0]
    g = quiet.astype(np.float32)
    return quiet, quiet + normals * read_noise.noise_sd(g * np.float32(u), g, bandwidth) / u


def _periodogram(covariance: np.ndarray, step: float) -> np.ndarray:
    """What the periodogram of as many reads is on average, its frequencies above 0."""
    c = covariance * (1 - np.arange(covariance.size) / covariance.size)
    return 2 * step * (2 * np.fft.rfft(c).real - c[0])


def _spread(freedom: np.ndarray) -> np.ndarray:
    """Between which factors 95 % of mean squares lie, of so many degrees of freedom; shape (2, n).

    Of the Allan variance of flicker noise these are some 0.8 of its differences, as many records show.
    """
    return np.array([gammaincinv(freedom / 2, p) * 2 / freedom for p in (0.025, 0.975)])


def _allan(x: np.ndarray, length: int) -> float:
    """Allan variance of means over so many reads."""
    mean = x[: x.size // length * length].reshape(-1, length).mean(axis=1)
    return float(np.mean(np.diff(mean) ** 2) / 2)


def _expected_allan(covariance: np.ndarray, length: int) -> float:
    """The same on average."""
    k = np.arange(1, length)
    within = covariance[0] * length + 2 * np.sum((length - k) * covariance[k])
    shift = np.arange(1 - length, length)
    across = np.sum((length - np.abs(shift)) * covariance[length + shift])
    return float((within - across) / length**2)
