"""Simulated measurements of a device, summarised as the real one was; and refits of such, or of resampled devices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from synaptogen_core.analysis.fitting.assembly import repeated_measurement
from synaptogen_core.analysis.fitting.cycle_table import Panel
from synaptogen_core.analysis.resampling import bootstrap_weights, group_of
from synaptogen_core.analysis.staged.cycles import Summary, in_coordinates, some_devices, spread_of, summarise
from synaptogen_core.analysis.staged.device import Learnt
from synaptogen_core.analysis.staged.memory import Memory
from synaptogen_core.array.cells import CellArray
from synaptogen_core.device.extension import Coordinate
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.types import F64

SIMULATED = 400_000  # cycles of a simulation, about
MOST_REPEATS = 60
REPLICATES = 40
MANY_DEVICES = 64  # from which devices are resampled; fewer are simulated again
Memories = Callable[[F64, Memory | None, int], Memory]  # products over lags, where to start, feature -> its memory


@dataclass(frozen=True)
class Settled:
    """What is simulated: as many devices and cycles as were measured, without the first ones, or a part of them.

    Parameters
    ----------
    like : Panel
        The measurement.
    coordinates : sequence of f Coordinate
    knots : ndarray
    lags : int
    """

    like: Panel
    coordinates: Sequence[Coordinate]
    knots: F64
    lags: int

    @classmethod
    def of(cls, panel: Panel, coordinates: Sequence[Coordinate], knots: F64, lags: int) -> Settled:
        """Of a measurement, or of some of its devices, where a part tells enough.

        Parameters
        ----------
        panel : Panel
            The measurement.
        coordinates, knots, lags
            As of `Settled`.
        """
        return cls(some_devices(panel, SIMULATED), coordinates, knots, lags)

    @property
    def repeats(self) -> int:
        """Of the measurement, in one simulation."""
        return int(np.clip(SIMULATED // max(int(self.like.starts[-1]), 1), 1, MOST_REPEATS))

    def drawn(self, device: DeviceParameters, seed: int, repeats: int = 1) -> tuple[Summary, F64]:
        """A simulation as the measurement was summarised, and what its devices are.

        Parameters
        ----------
        device : DeviceParameters
        seed : int
        repeats : int
            As many times as large as the measurement.

        Returns
        -------
        Summary
        ndarray, shape (devices, 2 f)
            Each device's own mu and lambda.
        """
        made = repeated_measurement(device, self.like, repeats, seed)
        own = CellArray((made.devices, 1), device, seed=seed).device_vectors()
        chosen = list(self.like.features)
        true = np.concatenate([own["mu"][chosen, :, 0], np.log(own["sigma"][chosen, :, 0])]).T.astype(np.float64)
        return summarise(in_coordinates(made, self.coordinates), self.knots, self.lags), true


def bias(drawn: Summary, true: F64) -> tuple[F64, F64]:
    """By how much means over devices, and covariances, come out other than they are: of the same devices, so surely.

    Parameters
    ----------
    drawn : Summary
    true : ndarray, shape (devices, 2 f)

    Returns
    -------
    ndarray, shape (2 f,)
    ndarray, shape (2 f, 2 f)
    """
    return (drawn.both - true).mean(axis=0), spread_of(drawn.both) - spread_of(true)


def refits(
    fitted: Learnt, lags: F64, seen: Summary, settled: Settled, device: DeviceParameters, memory: Memories, *,
    spread_known: bool, seed: int,
) -> tuple[Learnt, ...]:  # fmt: skip
    """What the fit gives, to first order, of other measurements: of resampled devices, or of simulated ones.

    Parameters
    ----------
    fitted : Learnt
    lags : ndarray, shape (lags + 1, f, f)
        Products that would give its memory at once.
    seen : Summary
        Of the measurement.
    settled : Settled
    device : DeviceParameters
        Without break-in.
    memory : callable
    spread_known : bool
        False: that between devices is assumed.
    seed : int
    """
    devices, units = len(seen.mean), len(seen.products.sums)
    simulated = max(int(settled.like.starts[-1]) * settled.repeats, 1)
    more = np.sqrt(1 + fitted.count / simulated)  # the simulation that mended the memory is a sample, too
    if devices >= MANY_DEVICES:
        weights = bootstrap_weights(units, REPLICATES, seed)
        own = weights[:, group_of(devices, units)]
        own = own / own.sum(axis=1, keepdims=True)
        centres = own @ seen.both
        spreads = np.array([(seen.both - c).T * w @ (seen.both - c) for c, w in zip(centres, own, strict=True)])
        memories = [
            tuple(memory(lags[:, i, i] + more * (p - seen.lags)[:, i, i], near, i)
                  for i, near in enumerate(fitted.memories)) for p in (seen.products.mean(w) for w in weights)
        ]  # fmt: skip
        middle = seen.centre, seen.covariance
    else:  # what memory may be, data and prior say together
        again = [settled.drawn(device, seed + 1 + n)[0] for n in range(REPLICATES)]
        centres, spreads = np.array([s.centre for s in again]), np.array([s.covariance for s in again])
        memories, middle = [fitted.memories] * len(again), (centres.mean(axis=0), spreads.mean(axis=0))
    return tuple(
        replace(
            fitted, centre=fitted.centre + centre - middle[0],
            covariance=fitted.covariance + (spread - middle[1] if spread_known else 0.0), memories=remembered,
        ) for centre, spread, remembered in zip(centres, spreads, memories, strict=True)
    )  # fmt: skip
