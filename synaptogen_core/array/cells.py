"""CellArray: shape + device + seed -> cells one can pulse and read."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core.array import engines
from synaptogen_core.array.blocks import available_threads, each_block, share
from synaptogen_core.device import checks, conduction, noise, streams, variability
from synaptogen_core.device.arithmetic import F32
from synaptogen_core.device.constants import Constants, constants
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.device.state import State, bytes_per_cell
from synaptogen_core.errors import RangeWarning
from synaptogen_core.schema import FEATURE_NAMES

MAX_CELLS = 2**40
MAX_SEED = 2**63 - 1
MAX_VOLTAGE = float(np.finfo(np.float32).max)
VOLTAGE_BLOCK = 16384
FRESH_BLOCK = 8192
HASH_BLOCK = 1 << 16
READ_BLOCK = 16384  # the arrays of one block lie in the cache
CELLS_WORTH_A_THREAD = 1 << 16  # of a compiled read: 0.3 ms, some times what it costs to wake a thread


class CellArray:
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
    ) -> None:
        if not isinstance(shape, (tuple, list)) or len(shape) != 2:
            raise TypeError(f"shape: must be rows and columns (got {shape!r}); give a pair such as (64, 64)")
        self._shape = (checks.whole("shape", shape[0], 1, MAX_CELLS), checks.whole("shape", shape[1], 1, MAX_CELLS))
        checks.whole("shape", self._shape[0] * self._shape[1], 1, MAX_CELLS)
        if not isinstance(device, DeviceParameters):
            raise TypeError(f"device: must be DeviceParameters (got {type(device).__name__}); use load_device")
        self._device = device if order is None or order == device.order else device.vary(order=order)
        self._seed = checks.whole("seed", seed, 0, MAX_SEED)
        if start not in variability.STARTS:
            raise ValueError(f"start: must be 'stationary' or 'empty' (got {start!r}); choose one of them")
        self._start = start
        self._engine = engines.check_name(engine)
        self._first_cell = checks.whole("first_cell", first_cell, 0, 2**62)
        self._cells: State | None = None
        self._fresh = True
        self._reads = 0
        self._warned = False

    # ---- what it is

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self._shape

    @property
    def rows(self) -> int:
        """Number of rows (word lines)."""
        return self._shape[0]

    @property
    def columns(self) -> int:
        """Number of columns (bit lines)."""
        return self._shape[1]

    @property
    def size(self) -> int:
        """Number of cells."""
        return self._shape[0] * self._shape[1]

    @property
    def device(self) -> DeviceParameters:
        """The device."""
        return self._device

    @property
    def seed(self) -> int:
        """The seed."""
        return self._seed

    @property
    def start(self) -> str:
        """How the history began."""
        return self._start

    @property
    def engine(self) -> str:
        """The engine asked for."""
        return self._engine

    @property
    def first_cell(self) -> int:
        """Number of the first cell."""
        return self._first_cell

    @property
    def fresh(self) -> bool:
        """Whether nothing has been applied yet and no noisy read was made."""
        return self._fresh

    @property
    def reads(self) -> int:
        """Noisy reads made so far."""
        return self._reads

    def __repr__(self) -> str:
        state = "fresh" if self._fresh else "used"
        return f"CellArray({self._shape}, {self._device.name!r}, seed={self._seed}, {state})"

    # ---- what one does with it

    def apply_voltage(self, u: ArrayLike) -> None:
        """Apply one voltage to each cell.

        Parameters
        ----------
        u : float, or array of `shape` (or of `size` numbers, row by row)
            Voltage [V]; positive voltages RESET, negative ones SET.

        Raises
        ------
        ValueError
            If it is not finite or its shape does not fit; the cells are then as before.
        """
        volts = self._voltages(u)
        state, c, engine = self._state, self._constants, engines.engine(self._engine)
        nothing = np.full(1, -1, np.int32)

        def advance(block: slice) -> None:
            pulses = engines.Pulses(
                voltage=(volts[block] if volts.size > 1 else volts)[None, :],
                read=np.zeros(1, np.bool_),
                before=nothing,
                after=nothing,
            )
            engine.advance(state, state, block, self._seed, pulses, {}, c)

        each_block(self.size, share(self.size, VOLTAGE_BLOCK), advance)
        self._fresh = False

    def current(self, u: ArrayLike = noise.READ_VOLTAGE) -> F32:
        """Current I(r, U) without noise [A]; shape (rows, columns).

        `u` [V] as for `apply_voltage`, or one voltage a line: shape (rows, 1) or (1, columns).
        """
        curves = conduction.curves(self._voltages(u, lines=True), self._constants)
        return engines.engine(self._engine).between(self._state.r.reshape(self._shape), *curves)

    def conductance(self, u: ArrayLike = noise.READ_VOLTAGE) -> F32:
        """Static conductance I(r, U)/U [S], dI/dU at U = 0; shape (rows, columns). `u` [V] as for `current`."""
        curves = conduction.conductance_curves(self._voltages(u, lines=True), self._constants)
        return engines.engine(self._engine).between(self._state.r.reshape(self._shape), *curves)

    def read(self, u: ArrayLike = noise.READ_VOLTAGE, bandwidth: float = noise.BANDWIDTH) -> F32:
        """One noisy read [A]; shape (rows, columns). Each read has noise of its own; the states stay as they are.

        Parameters
        ----------
        u : float or array
            Read voltage [V], as for `apply_voltage`.
        bandwidth : float
            Bandwidth of the read [Hz]; 0 for no noise.
        """
        bandwidth = checks.bandwidth(bandwidth)
        volts = self._voltages(u)
        state, c, engine = self._state, self._constants, engines.engine(self._engine)
        i = np.empty(self.size, np.float32)

        def read(block: slice) -> None:
            u_block = volts[block] if volts.size > 1 else volts
            i[block] = engine.read(state, self._seed, self._reads, u_block, bandwidth, block, c)

        if engine.name == "numba" and volts.size == 1:  # streams through memory: a thread costs as much as many cells
            threads = max(1, min(available_threads(), self.size // CELLS_WORTH_A_THREAD))
            each_block(self.size, -(-self.size // threads), read, threads)
        else:
            each_block(self.size, READ_BLOCK, read)
        self._reads += 1
        self._fresh = False
        return i.reshape(self._shape)

    # ---- what one can know of it; every array returned is the caller's own

    def state(self) -> NDArray[np.uint8]:
        """State codes HRS = 0, IRS = 1, LRS = 2; shape (rows, columns)."""
        return self._state.code.reshape(self._shape).copy()

    def mixing(self) -> F32:
        """Mixing variable r of each cell: I(r, U) = (1 - r) LLRS(U) + r HHRS(U); shape (rows, columns)."""
        return self._state.r.reshape(self._shape).copy()

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

    def copy(self) -> CellArray:
        """An independent copy: the same cells from here on."""
        return self.part(0, self.rows)

    def part(self, first_row: int, last_row: int) -> CellArray:
        """The rows `first_row` up to, not including, `last_row` as an array of their own: an independent copy."""
        last = checks.whole("last_row", last_row, 1, self.rows)
        first = checks.whole("first_row", first_row, 0, last - 1)
        twin = object.__new__(CellArray)
        twin.__dict__.update(self.__dict__)
        twin._shape = (last - first, self.columns)
        twin._first_cell = self._first_cell + first * self.columns
        inside = slice(first * self.columns, last * self.columns)
        twin._cells = None if self._cells is None or self._fresh else self._cells.take(inside)
        return twin

    # ---- saving; files are the business of `exchange`

    def to_state(self) -> dict[str, Any]:
        """Everything that the cells remember: plain values, the device's dictionary, and arrays of its own."""
        return {
            "shape": list(self._shape),
            "device": self._device.to_dict(),
            "seed": self._seed,
            "start": self._start,
            "first_cell": self._first_cell,
            "reads": self._reads,
            "fresh": self._fresh,
            "stream_version": streams.STREAM_VERSION,
            "arrays": {name: array.copy() for name, array in self._state.arrays().items()},
        }

    @classmethod
    def from_state(cls, data: Mapping[str, Any], engine: str = "auto") -> CellArray:
        """Cells as `to_state` described them.

        Raises
        ------
        ValueError
            If something is missing, does not fit, or comes from another version of the random streams.
        """
        missing = [k for k in ("shape", "device", "seed", "start", "first_cell", "reads", "arrays") if k not in data]
        if missing:
            raise ValueError(f"cells: must hold a whole state (missing {', '.join(missing)}); save the cells again")
        if data.get("stream_version") != streams.STREAM_VERSION:
            raise ValueError(
                f"cells: must come from random streams of version {streams.STREAM_VERSION} "
                f"(got {data.get('stream_version')}); go on with the release that saved them"
            )
        about = {name: data[name] for name in ("seed", "start", "first_cell")}
        cells = cls(data["shape"], DeviceParameters.from_dict(data["device"]), engine=engine, **about)
        state = State.of(data["arrays"], cells.size, cells.device.order, cells.device.weights.size)
        if np.any(state.cell != np.arange(cells.size, dtype=np.uint64) + np.uint64(cells.first_cell)):
            raise ValueError(f"cells: cell must count from {cells.first_cell} (got others); save the cells again")
        cells._cells = state
        cells._reads = checks.whole("reads", data["reads"], 0, 2**32 - 1)
        cells._fresh = bool(data.get("fresh", False))
        return cells

    def state_hash(self) -> str:
        """Hash of everything that the cells remember: 16 hexadecimal digits, equal if and only if the states are."""
        about = f"{self._shape} {self._device.hash} {self._seed} {self._start} {self._reads}"
        state, digests = self._state, [b""] * -(-self.size // HASH_BLOCK)

        def hash_of_part(block: slice) -> None:
            digests[block.start // HASH_BLOCK] = state.digest(block)

        each_block(self.size, HASH_BLOCK, hash_of_part)
        return hashlib.sha256(about.encode() + b"".join(digests)).hexdigest()[:16]

    # ---- inside

    @property
    def _constants(self) -> Constants:
        return constants(self._device)

    @property
    def _state(self) -> State:
        if self._cells is None:
            state = State.empty(self.size, self._device.order)
            each_block(self.size, FRESH_BLOCK, lambda block: state.put(block, self._fresh_block(block)))
            self._cells = state
        return self._cells

    def _fresh_block(self, block: slice | NDArray[np.integer]) -> State:
        where = np.arange(block.start, block.stop) if isinstance(block, slice) else block
        cell = where.astype(np.uint64) + np.uint64(self._first_cell)
        return engines.engine(self._engine).fresh_cells(cell, self._seed, self._start, self._constants)

    def _block(self, block: slice | NDArray[np.integer]) -> State:
        """An independent copy of some cells' state."""
        return self._fresh_block(block) if self._cells is None else self._cells.take(block)

    def _commit(self, state: State, reads: int) -> None:
        """Take a new state, all at once."""
        self._cells, self._reads, self._fresh = state, reads, False

    def _voltages(self, u: ArrayLike, lines: bool = False) -> F32:
        """Check at the door: float32, flat; one number, or one a cell. With `lines` to go with rows and columns."""
        try:
            volts = np.asarray(u)
            volts = volts if volts.dtype == np.float32 else volts.astype(np.float64)
        except (TypeError, ValueError):
            raise TypeError(f"u: must be a voltage or an array of them (got {type(u).__name__}); give volts") from None
        of_lines = ((self.rows, 1), (1, self.columns)) if lines else ()
        if volts.ndim and volts.shape not in (self._shape, (self.size,), *of_lines):
            raise ValueError(
                f"u: must be one voltage or have shape {self._shape} (got {volts.shape}); give one voltage a cell"
            )
        largest = max(float(volts.max()), -float(volts.min()))
        if not largest <= MAX_VOLTAGE:
            raise ValueError("u: must be finite (got NaN or infinity); correct the voltages")
        self._warn_range(largest, stacklevel=4)
        grid = self._shape if volts.size == self.size else volts.shape or (1, 1)
        return volts.astype(np.float32, copy=False).reshape(grid if lines else -1)

    def _warn_range(self, largest: float, stacklevel: int) -> None:
        """Say once that a voltage lies outside the measured range."""
        limit = self._device.valid_range
        if largest > limit * (1 + 1e-6) and not self._warned:
            self._warned = True
            warnings.warn(
                f"|U| = {largest:g} V lies above {limit:g} V, up to which the device was measured: an extrapolation",
                RangeWarning,
                stacklevel=stacklevel,
            )

    @property
    def nbytes(self) -> int:
        """Memory of the state, whether it is there yet or not [bytes]."""
        return self.size * bytes_per_cell(self._device.order)
