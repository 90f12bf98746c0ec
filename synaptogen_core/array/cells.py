"""CellArray: shape + device + seed -> cells one can pulse and read."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core import checks
from synaptogen_core.array import saving
from synaptogen_core.array.ageing import Switches
from synaptogen_core.array.chosen import Chosen
from synaptogen_core.array.engines import choose
from synaptogen_core.array.engines.interface import Engine, Pulses
from synaptogen_core.array.helper_threads import to_the_end
from synaptogen_core.array.threads import available_threads, each_block, of_block, share
from synaptogen_core.device.model import conduction, read_noise
from synaptogen_core.device.model.state import State
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.device.retention.law import RetentionLaw
from synaptogen_core.device.retention.traps import Traps
from synaptogen_core.drawing import cards
from synaptogen_core.errors import RangeWarning
from synaptogen_core.schema import FEATURE_NAMES
from synaptogen_core.types import F32

VOLTAGE_BLOCK = 16384
READ_BLOCK = 16384  # the arrays of one block lie in the cache
CELLS_WORTH_A_THREAD = 1 << 16  # of a compiled read: 0.3 ms, some times what it costs to wake a thread
SHOWN = 1 << 16  # cells that a notebook's picture of them counts: the first ones
FEW = 1 << 10  # cells that are copied as fast as another thread is woken


class CellArray(Chosen):
    """An array of ReRAM cells with a device's statistics.

    A cell's numbers depend on the seed and on its own number (row by row) alone, not on the shape of the array, on
    other cells, or on the order of computing. Cells come into being when they are first needed.

    Parameters
    ----------
    shape : tuple of two int
        Rows (word lines) and columns (bit lines).
    device : DeviceParameters
    seed : int
        0 to 2**63 - 1.
    order : int, optional
        Order of the autoregression; default: the device's own.
    start : {"stationary", "empty"}
        Whether the cycles before the first are drawn from the stationary law, or are zero as in the published codes.
    engine : {"auto", "numpy", "numba"}
        The same bits from each; "auto" is the fastest there is.
    first_cell : int
        Number of the first cell, for a part of a larger array.
    retention : RetentionLaw, optional
        What time does to the cells (see `load_retention`); default: nothing is known of it, and no time passes.
    traps : Traps, optional
        What makes reads fluctuate beside their white noise (see `sc.retention.Traps`); needs a law. Default: nothing.

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.

    Examples
    --------
    >>> import synaptogen_core as sc
    >>> cells = sc.CellArray((2, 2), sc.load_device("hennen2024"), seed=7)
    >>> cells.apply_voltage(-1.5)
    >>> cells.state().tolist()
    [[2, 2], [2, 2]]
    """

    def __init__(
        self,
        shape: tuple[int, int],
        device: DeviceParameters,
        *,
        seed: int,
        order: int | None = None,
        start: str = "stationary",
        engine: str = "auto",
        first_cell: int = 0,
        retention: RetentionLaw | None = None,
        traps: Traps | None = None,
    ) -> None:
        super().__init__(shape, device, seed, order, start, engine, first_cell, retention, traps)

    def __repr__(self) -> str:
        state = "fresh" if self.fresh else "used"
        return f"CellArray({self._shape}, {self._device.name!r}, seed={self._seed}, {state})"

    def _repr_html_(self) -> str:
        rows, columns = min(self.rows, max(1, SHOWN // self.columns)), min(self.columns, SHOWN)
        shown = self.part(slice(0, rows), slice(0, columns))
        made = [("Device", self._device.name), ("Seed", str(self._seed)), ("Memory", f"{self.nbytes / 1e6:,.3g} MB")]
        law = [("Retention", self._retention.label)] if self._retention else []
        return cards.cells(self._shape, self.fresh, made + law, shown.state(), shown.conductance().astype(np.float64))

    # ---- what one does with it

    def apply_voltage(self, u: ArrayLike) -> None:
        """Apply one voltage to each cell.

        Parameters
        ----------
        u : float, or array of `shape` (or of `size` numbers, row by row)
            Voltage [V]; positive voltages RESET, negative ones SET.

        Raises
        ------
        ValueError, TypeError
            If it is no finite number or its shape does not fit; the cells are then as before. Ctrl-C finds them as
            before, too, or lets the pulse come to its end.
        """
        volts, engine, state = self.check_voltages(u), choose.engine(self._engine), self._state
        if self._working and state is self._own and not self._lent:
            self._pulse(volts, engine, state)
        elif self._working or self._lent or self.size <= FEW or engine.may_fail:
            self._pulse(volts, engine, state.successor())
        else:  # to write all that the cells remember to another place takes up to a hundred times as long
            to_the_end(lambda: self._pulse(volts, engine, state))

    def _pulse(self, volts: F32, engine: Engine, target: State) -> None:
        """Apply checked voltages: in place if `target` is where the state is."""
        state, c, pulse = self._state, self._constants, Pulses.unrecorded(volts[None, :])
        ages, before = self.ages, None if self.ages is None else Switches.of(state)

        def advance(block: slice) -> None:
            engine.advance(state, target, block, self._seed, pulse.of_block(block), {}, c)

        each_block(self.size, share(self.size, VOLTAGE_BLOCK), advance)
        if ages is not None and before is not None:
            ages = ages.switched(before.switched(target), target.r)
        self.take_over(target, self.reads, ages)

    def current(self, u: ArrayLike | None = None) -> F32:
        """Current I(r, U) without noise [A]; shape (rows, columns).

        Parameters
        ----------
        u : float or array, optional
            [V], as for `apply_voltage`, or one voltage a line: shape (rows, 1) or (1, columns). Default: the device's
            `u_0`, at which its resistances are defined.

        Returns
        -------
        ndarray of float32, shape (rows, columns)
            [A].

        Raises
        ------
        TypeError, ValueError
            If the voltages are no finite numbers, or their shape does not fit.

        References
        ----------
        Source: I(r, U) of Hennen et al. 2024; docs/model.md.
        """
        curves = conduction.curves(
            self.check_voltages(self._device.u_0 if u is None else u, lines=True), self._constants
        )
        return choose.engine(self._engine).between(self._found().reshape(self._shape), *curves)

    def conductance(self, u: ArrayLike | None = None) -> F32:
        """Static conductance I(r, U)/U [S], dI/dU at U = 0; shape (rows, columns).

        Parameters
        ----------
        u : float or array, optional
            [V], as for `current`.

        Returns
        -------
        ndarray of float32, shape (rows, columns)
            [S].

        Raises
        ------
        TypeError, ValueError
            If the voltages are no finite numbers, or their shape does not fit.
        """
        curves = conduction.conductance_curves(
            self.check_voltages(self._device.u_0 if u is None else u, lines=True), self._constants
        )
        return choose.engine(self._engine).between(self._found().reshape(self._shape), *curves)

    def read(self, u: ArrayLike | None = None, bandwidth: float = read_noise.BANDWIDTH) -> F32:
        """One noisy read [A]; shape (rows, columns). Each read has noise of its own; the states stay as they are.

        Parameters
        ----------
        u : float or array, optional
            Read voltage [V], as for `apply_voltage`. Default: the device's `u_0`.
        bandwidth : float
            Bandwidth of the read [Hz]; 0 for no noise.

        Returns
        -------
        ndarray of float32, shape (rows, columns)
            [A].

        Raises
        ------
        TypeError, ValueError
            If an argument breaks its rule, or the array has no noise left.

        References
        ----------
        Source: Johnson and shot noise, as in Hennen et al. 2024; docs/model.md.
        """
        bandwidth = checks.bandwidth(bandwidth)
        volts, number = self.check_voltages(self._device.u_0 if u is None else u), self.count_reads(1)
        state, c, engine = self._state, self._constants, choose.engine(self._engine)
        found = self._found()
        seen = state if found is state.r else replace(state, r=found)
        i = np.empty(self.size, np.float32)

        def read(block: slice) -> None:
            i[block] = engine.read(seen, self._seed, number, of_block(volts, block), bandwidth, block, c)

        if engine.name == "numba" and volts.size == 1:  # streams through memory: a thread costs as much as many cells
            threads = max(1, min(available_threads(), self.size // CELLS_WORTH_A_THREAD))
            each_block(self.size, -(-self.size // threads), read, threads)
        else:
            each_block(self.size, READ_BLOCK, read)
        self.take_over(state, number + 1)
        return i.reshape(self._shape)

    # ---- what one can know of it; every array returned is the caller's own

    def state(self) -> NDArray[np.uint8]:
        """State codes HRS = 0, IRS = 1, LRS = 2; shape (rows, columns)."""
        return self._state.code.reshape(self._shape).copy()

    def mixing(self) -> F32:
        """Mixing variable r that a read finds: I(r, U) = (1 - r) LLRS(U) + r HHRS(U); shape (rows, columns)."""
        return self._found().reshape(self._shape).copy()

    def cycle_count(self) -> NDArray[np.uint32]:
        """Switching cycles drawn so far; shape (rows, columns)."""
        return self._state.count.reshape(self._shape).copy()

    def features(self) -> dict[str, F32]:
        """The features in force by name: r_hrs [ohm], u_set [V], r_lrs [ohm], u_reset [V]; each (rows, columns)."""
        return {f: row.reshape(self._shape).copy() for f, row in zip(FEATURE_NAMES, self._state.features, strict=True)}

    def device_vectors(self) -> dict[str, F32]:
        """The cells' own mu and sigma (log10 ohm, V, ohm, V), sigma clipped to its floor; each (4, rows, columns)."""
        return {name: getattr(self._state, name).reshape(4, *self._shape).copy() for name in ("mu", "sigma")}

    def component(self) -> NDArray[np.uint8]:
        """Mixture component of each cell; shape (rows, columns)."""
        return self._state.component.reshape(self._shape).copy()

    def outlier(self) -> NDArray[np.bool_]:
        """Whether each cell belongs to the outlier population; shape (rows, columns)."""
        return np.isin(self.component(), self._device.outliers)

    def clipped_share(self) -> float:
        """Share of the cells whose sigma was clipped to its floor."""
        floor = self._constants.sigma_floor[:, None]
        clipped = (self._state.sigma <= floor) & (floor > 0)  # no C2C spread at all is a wanted variation
        return float(clipped.any(axis=0).mean())

    # ---- checks that others make use of

    def count_reads(self, more: int) -> int:
        """The number of the next noisy read; ValueError where `more` of them would begin to repeat their noise.

        Parameters
        ----------
        more : int
            Reads that are to come.

        Returns
        -------
        int
            Reads so far.

        Raises
        ------
        ValueError
            If there are more than 2**48 of them.
        """
        if self.reads + more > read_noise.MAX_READS:
            raise ValueError(
                f"reads: an array has noise for 2**48 of them (got {self.reads} so far, and {more} more); "
                "make an array with another seed"
            )
        return self.reads

    def check_voltages(self, u: ArrayLike, lines: bool = False) -> F32:
        """Check at the door: float32 [V], flat; one number, or one a cell. Warns of voltages that are extrapolations.

        With `lines` one voltage a line will do, too, and the shape goes with rows and columns.

        Parameters
        ----------
        u : float or array, shape (rows, columns)
            [V].
        lines : bool
            Shapes (rows, 1) and (1, columns) will do, too.

        Returns
        -------
        ndarray of float32
            Shape (1,) or (cells,) [V]; with `lines`, of two dimensions.

        Raises
        ------
        TypeError, ValueError
            If they are no finite numbers, or their shape does not fit.
        """
        volts, largest = checks.voltages(u, self._shape, lines)
        self.warn_range(largest, stacklevel=4)
        grid = self._shape if volts.size == self.size else volts.shape or (1, 1)
        return volts.reshape(grid if lines else -1)

    def warn_range(self, largest: float, stacklevel: int = 2) -> None:
        """Say once that a voltage ``|U|`` [V] lies outside the measured range.

        Parameters
        ----------
        largest : float
            [V].
        stacklevel : int
            As for ``warnings.warn``.
        """
        limit = self._device.valid_range
        if largest > limit * (1 + 1e-6) and not self._warned:
            warnings.warn(
                f"|U| = {largest:g} V lies above {limit:g} V, up to which the device was measured: an extrapolation",
                RangeWarning,
                stacklevel=stacklevel,
            )
            self._warned = True

    # ---- saving; files are the business of `exchange`

    def to_state(self) -> dict[str, Any]:
        """Everything that the cells remember: plain values, the device's dictionary, and arrays of its own."""
        return saving.described(self, self._state)

    @classmethod
    def from_state(cls, data: Mapping[str, Any], engine: str = "auto") -> CellArray:
        """Cells as `to_state` described them.

        Parameters
        ----------
        data : mapping
            From `to_state`.
        engine : {"auto", "numpy", "numba"}
            What computes from here on.

        Returns
        -------
        CellArray
            On arrays of its own.

        Raises
        ------
        TypeError, ValueError
            If something is missing, does not fit, or comes from another version of the random streams.
        """
        about = saving.about(data)
        cells = cls(data["shape"], DeviceParameters.from_dict(data["device"]), engine=engine, **about)
        cells._memory = saving.memory(data, cells)
        return cells

    def state_hash(self) -> str:
        """Hash of everything that the cells remember: 16 hexadecimal digits, equal if and only if the states are."""
        return saving.digest(self, self._state)


def check_cells(cells: object) -> CellArray:
    """Return `cells`, if they are a CellArray.

    Raises
    ------
    TypeError
        If not.
    """
    if not isinstance(cells, CellArray):
        raise TypeError(f"cells: must be a CellArray (got {type(cells).__name__}); make one with CellArray(...)")
    return cells
