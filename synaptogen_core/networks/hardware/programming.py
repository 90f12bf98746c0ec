"""From a network and a chip to an analog network: pulses with verify on every tile, through its lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.array.cells import CellArray
from synaptogen_core.crossbar.circuit.lines import Faults, Lines
from synaptogen_core.crossbar.programming.program_and_verify import program_and_verify
from synaptogen_core.crossbar.programming.pulse import through_lines
from synaptogen_core.crossbar.programming.staircase import Reach
from synaptogen_core.crossbar.programming.verify_reads import Reader, verify_through
from synaptogen_core.crossbar.readout.effective_matrix import EffectiveMatrix
from synaptogen_core.crossbar.readout.read import are_ideal
from synaptogen_core.networks.digital.layers import Weighted
from synaptogen_core.networks.digital.network import Network
from synaptogen_core.networks.hardware.analog import (
    AnalogLayer,
    AnalogNetwork,
    full_ranges,
    places_and_lines,
)
from synaptogen_core.networks.hardware.chip import Chip
from synaptogen_core.networks.hardware.inference import ReadOut
from synaptogen_core.networks.hardware.mapping import Layout
from synaptogen_core.networks.hardware.median_curve import reset_voltages
from synaptogen_core.progress import Cancel, Progress, Work, check_callbacks
from synaptogen_core.types import F64

MAX_CELLS = 2**31
BOOST = 5 / 3  # of the measured range: up to here drivers make up for what the lines take
NOTHING = "no cell was programmed"


def program(
    network: Network,
    chip: Chip,
    tolerance: float | None = 0.05,
    *,
    max_pulses: int = 200,
    bandwidth: float = 0.0,
    targets: Sequence[ArrayLike] | None = None,
    inputs: ArrayLike | None = None,
    direct: bool = False,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> AnalogNetwork:
    """Program a network into the cells of a chip.

    All tiles at once, on each of them one cell after the other through the lines of its tile, with a verify read after
    each pulse that goes through the lines, too (`program_and_verify`, `through_lines`, `verify_through`).

    Parameters
    ----------
    network : Network
    chip : Chip
    tolerance : float or None
        Largest relative distance of a cell from its target; None programs without verify: one SET, one RESET pulse with
        the voltage that the median of the device asks for. Not for a device whose RESET is abrupt (a large eta): the
        voltage then hardly tells where between its states a cell stops.
    max_pulses : int
        For each cell.
    bandwidth : float
        Of the verify reads [Hz]; 0 for reads without noise.
    targets : sequence of arrays, shape (rows, columns) each, optional
        Conductances [S], as `compensate_lines` finds them. Default: those that the weights ask for.
    inputs : array, shape (images, ...), optional
        Training images from which the input range of each layer follows. Default: for pixels from 0 to 1, the largest
        inputs that there can be, far above those that there are; `calibrate` finds better ones. Needed where the bias
        lies on a row: that is driven with the largest input.
    direct : bool
        Let every cell see the voltage that is meant for it, whatever the lines: a chip that is written by other means.
        Needed where lines are broken.
    progress : callable, optional
        Called with the share that is done, 0 to 1.
    cancel : callable or threading.Event, optional
        Looked at now and then; if true, the call ends with `Cancelled`.

    Returns
    -------
    AnalogNetwork

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule, a layer fits no tile, or targets lie beyond the device. Nothing is programmed.
    Cancelled
        If `cancel` said so.
    """
    checks.instance("network", network, Network, "give a Network")
    checks.instance("chip", chip, Chip, "give a Chip(...)")
    check_callbacks(progress, cancel)
    if chip.has_broken_lines and not checks.flag("direct", direct):
        raise ValueError(
            "direct: must be True where lines of a tile are broken (got False); cells there are not reached"
        )
    ranges = input_ranges(network, chip, inputs)
    layouts = layouts_of(network, chip, ranges)
    goals = targets_of(network, chip, layouts, ranges, targets)
    work, layers, first_cell, first_line = Work(progress, cancel, "program", NOTHING), [], 0, 0
    total, done = sum(layout.rows * layout.columns for layout in layouts), 0
    for number, (layout, goal) in enumerate(zip(layouts, goals, strict=True)):
        places, lines = places_and_lines(chip, number, layout)
        cells = CellArray(goal.shape, chip.device, seed=chip.seed, first_cell=first_cell)
        begin, size = done / total, cells.size / total

        def report(share: float, begin: float = begin, size: float = size) -> None:
            work.report(begin + share * size)

        reach, verify = (None, None) if direct else writers(chip, number, layout)
        if tolerance is None:
            work.stop_if_asked()
            ds = _without_verify(cells, goal, chip, reach)
        else:
            ds = program_and_verify(
                cells,
                goal,
                tolerance=tolerance,
                max_pulses=max_pulses,
                u_read=chip.read_voltage,
                bandwidth=bandwidth,
                reach=reach,
                verify=verify,
                progress=report,
                cancel=cancel,
            )
        matrix = EffectiveMatrix(cells, lines, tile=chip.tile, u=chip.read_voltage)
        readout = ReadOut(
            layout.outputs, chip.read_voltage, chip.adc_bits, chip.dac_bits, chip.bandwidth, chip.density, chip.seed,
            first_line, full_ranges(chip, layout, places), ranges[number],
        )  # fmt: skip
        layers.append(AnalogLayer(layout, cells, matrix, readout, ds))
        done, first_cell = done + cells.size, first_cell + cells.size
        first_line += (places[-1].band + 1) * layout.columns
    return AnalogNetwork(network, chip, layers)


def input_ranges(network: Network, chip: Chip, inputs: ArrayLike | None) -> list[float]:
    """The largest input of each layer with weights, over images; without images, for pixels from 0 to 1, a bound.

    Parameters
    ----------
    network : Network
    chip : Chip
    inputs : array, shape (images, ...), or None

    Returns
    -------
    list of float

    Raises
    ------
    TypeError, ValueError
        If a bias on a row needs the images and there are none, or they do not fit.
    """
    found = [1.0] * len(network.weighted)
    if inputs is None:
        if chip.mapping.bias == "row" and len(network.weighted) > 1:
            raise ValueError("inputs: must be training images where the bias lies on a row (got None); give some")
        return _bounds(network)

    def multiply(number: int, vectors: F64) -> F64:
        found[number] = float(np.abs(vectors).max()) or 1.0
        return vectors @ network.weighted[number].matrix

    network.forward(inputs, multiply)
    return found


def _bounds(network: Network) -> list[float]:
    """Largest amounts that the inputs of each layer with weights can have, where pixels are from 0 to 1."""
    found, low, high = [], 0.0, 1.0
    for layer in network.layers:
        if isinstance(layer, Weighted):
            found.append(max(-low, high) or 1.0)
        low, high = layer.range_after(low, high)
    return found


def layouts_of(network: Network, chip: Chip, ranges: Sequence[float]) -> list[Layout]:
    """The layout of each layer with weights.

    Parameters
    ----------
    network : Network
    chip : Chip
    ranges : sequence of float
        Largest input of each layer.

    Returns
    -------
    list of Layout

    Raises
    ------
    ValueError
        If a layer fits no tile, or the network is too large.
    """
    found = [
        Layout.of(chip.mapping, layer.matrix, chip.tile, _bias(layer.bias, largest, chip))
        for layer, largest in zip(network.weighted, ranges, strict=True)
    ]
    cells = sum(layout.rows * layout.columns for layout in found)
    if cells > MAX_CELLS:
        raise ValueError(f"network: must need at most {MAX_CELLS:,} cells (got {cells:,}); take a smaller one")
    return found


def targets_of(
    network: Network,
    chip: Chip,
    layouts: Sequence[Layout],
    ranges: Sequence[float],
    given: Sequence[ArrayLike] | None = None,
) -> list[F64]:
    """Target conductances of each layer [S]; shape (rows, columns).

    Parameters
    ----------
    network : Network
    chip : Chip
    layouts : sequence of Layout
    ranges : sequence of float
        Largest input of each layer.
    given : sequence of arrays, optional
        Checked instead of those that the weights ask for.

    Returns
    -------
    list of ndarray of float64

    Raises
    ------
    TypeError, ValueError
        If those given do not fit, or lie beyond the device.
    """
    if given is None:
        found = []
        for layer, layout, largest in zip(network.weighted, layouts, ranges, strict=True):
            bias = _bias(layer.bias, largest, chip)
            found.append(layout.conductances(layer.matrix if bias is None else np.vstack([layer.matrix, bias])))
        return found
    if len(checks.instance("targets", given, Sequence, "give a list of arrays")) != len(layouts):
        raise ValueError(f"targets: must be {len(layouts)} arrays (got {len(given)}); give one for each layer")
    found = [checks.numbers("targets", goal) for goal in given]
    for goal, layout in zip(found, layouts, strict=True):
        checks.shape("targets", goal, (layout.rows, layout.columns))
        chip.check_conductances("targets", goal)
    return found


def _bias(bias: F64, largest: float, chip: Chip) -> F64 | None:
    """A bias in units of a weight: its row is driven with the largest input."""
    return bias / largest if chip.mapping.bias == "row" else None


def writers(chip: Chip, number: int, layout: Layout) -> tuple[Reach | None, Reader | None]:
    """How pulses reach the cells of a layer through its lines, and how verify reads see them.

    Parameters
    ----------
    chip : Chip
    number : int
        Of the layer.
    layout : Layout

    Returns
    -------
    reach, verify : callable, or None
        As `program_and_verify` takes them; None for ideal lines, and where lines are broken.
    """
    lines = _lines_of_cells(chip, places_and_lines(chip, number, layout)[1], layout)
    if chip.has_broken_lines or are_ideal(lines):
        return None, None
    most = BOOST * chip.device.valid_range
    return through_lines(lines, tile=chip.tile, boost=most), verify_through(lines, tile=chip.tile)


def _lines_of_cells(chip: Chip, lines: Sequence[Sequence[Lines]], layout: Layout) -> Lines:
    """Lines as one writes through them: faults of cells, counted in the whole array of the layer."""
    height, width = chip.tile
    open_cells, shorted, short = [], [], chip.lines.faults.short
    for band, row in enumerate(lines):
        for stripe, of_tile in enumerate(row):
            down, across = band * height, stripe * width
            open_cells += [(down + i, across + j) for i, j in of_tile.faults.open_cells]
            shorted += [(down + i, across + j) for i, j in of_tile.faults.shorted_cells]
            short = of_tile.faults.short if of_tile.faults.shorted_cells else short
    faults = Faults(open_cells=tuple(open_cells), shorted_cells=tuple(shorted), short=short)
    faults.check(layout.rows, layout.columns)
    values = {name: getattr(chip.lines, name) for name in chip.lines.__dataclass_fields__}
    return Lines(**values | {"faults": faults})


def _without_verify(cells: CellArray, goal: F64, chip: Chip, reach: Reach | None) -> xr.Dataset:
    """One SET and one RESET, blind; the Dataset is that of programming, with outcomes that nobody looked at."""
    volts = reset_voltages(chip.device, goal, chip.read_voltage)
    for u in (np.full(goal.shape, -chip.device.valid_range), volts):
        cells.apply_voltage(u if reach is None else reach(cells, u))
    ds = program_and_verify(cells, np.full(goal.shape, np.nan), u_read=chip.read_voltage)
    reached = ds["reached"].values
    return ds.assign(
        target=ds["target"].copy(data=goal),
        error=ds["error"].copy(data=reached / goal - 1),
        pulses=ds["pulses"].copy(data=np.full(goal.shape, 2, np.uint32)),
        set_pulses=ds["set_pulses"].copy(data=np.ones(goal.shape, np.uint32)),
        last_voltage=ds["last_voltage"].copy(data=volts),
    ).assign_attrs(title=ds.attrs["title"] + ", without verify")
