"""What an array is, before anything happens to it: shape, device, seed, and the cells that follow from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synaptogen_core import checks
from synaptogen_core.array.engines import choose
from synaptogen_core.device.model import variability
from synaptogen_core.device.model.float32 import Constants, constants
from synaptogen_core.device.model.state import State, bytes_per_cell
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.device.retention.law import RetentionLaw
from synaptogen_core.device.retention.traps import Traps

MAX_CELLS = 2**40
MAX_SEED = 2**63 - 1
BYTES_OF_AGES = 24  # a cell: birth, number of births, next jump, what a read finds


class Identity:
    """Shape, device, seed, start, engine, first cell, retention law and traps; parameters as those of `CellArray`."""

    def __init__(
        self,
        shape: tuple[int, int],
        device: DeviceParameters,
        seed: int,
        order: int | None,
        start: str,
        engine: str,
        first_cell: int,
        retention: RetentionLaw | None = None,
        traps: Traps | None = None,
    ) -> None:
        self._shape = checks.pair("shape", shape, MAX_CELLS)
        checks.whole("shape", self._shape[0] * self._shape[1], 1, MAX_CELLS)
        checks.instance("device", device, DeviceParameters, "use load_device")
        self._device = device if order is None or order == device.order else device.vary(order=order)
        self._seed = checks.whole("seed", seed, 0, MAX_SEED)
        if not isinstance(start, str) or start not in variability.STARTS:
            raise ValueError(f"start: must be 'stationary' or 'empty' (got {start!r}); choose one of them")
        self._start = start
        self._engine = choose.check_name(engine)
        self._first_cell = checks.whole("first_cell", first_cell, 0, 2**62)
        if retention is not None:
            checks.instance("retention", retention, RetentionLaw, "use load_retention")
        self._retention = retention
        if traps is not None:
            checks.instance("traps", traps, Traps, "use sc.retention.Traps")
            if retention is None:
                raise ValueError(
                    "traps: must come with a retention law, for only then does time pass (got none); give "
                    "retention=load_retention(...), or its .vary(scale=0) for cells that fluctuate and do not forget"
                )
        self._traps = traps

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
    def retention(self) -> RetentionLaw | None:
        """The law of what time does to the cells; None: no time passes."""
        return self._retention

    @property
    def traps(self) -> Traps | None:
        """What makes reads fluctuate beside white noise; None: nothing does."""
        return self._traps

    @property
    def nbytes(self) -> int:
        """Memory of the state, whether it is there yet or not [bytes]."""
        return self.size * (bytes_per_cell(self._device.slots) + (BYTES_OF_AGES if self._retention else 0))

    @property
    def _constants(self) -> Constants:
        return constants(self._device)

    def born(self, block: slice | NDArray[np.integer]) -> State:
        """The state of some cells before anything is applied to them.

        Parameters
        ----------
        block : slice, or ndarray of int, shape (n,)
            Numbers of the cells in this array.

        Returns
        -------
        State
            Of n cells.
        """
        where = np.arange(block.start, block.stop) if isinstance(block, slice) else block
        cell = where.astype(np.uint64) + np.uint64(self._first_cell)
        return choose.engine(self._engine).fresh_cells(cell, self._seed, self._start, self._constants)
