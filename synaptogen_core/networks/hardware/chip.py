"""A chip: what cells, tiles, lines and converters a network is put on."""

from __future__ import annotations

from collections.abc import Mapping as Mapped
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.array.identity import MAX_SEED
from synaptogen_core.crossbar.circuit.lines import PLACES, Faults, Lines
from synaptogen_core.crossbar.readout.converters import MAX_BITS
from synaptogen_core.crossbar.readout.matrix_products import Tile
from synaptogen_core.crossbar.readout.read import IDEAL
from synaptogen_core.device.model.read_noise import BANDWIDTH
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.networks.hardware.mapping import Mapping
from synaptogen_core.schema import R_HRS, R_LRS

PlaceOfTile = tuple[int, int, int]  # layer, band from the top, stripe from the left
ABOVE_LRS, BELOW_HRS = 1.25, 0.5  # of the conductance of the device's mean state: farther away hardly a cell gets


@dataclass(frozen=True, eq=False)
class Chip:
    """What a network is put on; a seed is one chip, another seed another one.

    Parameters
    ----------
    device : DeviceParameters
    mapping : Mapping
        How weights become conductances.
    tile : tuple of two int
        Rows and columns of a tile: an array with lines and converters of its own. Layers lie on as many as they need,
        partial sums are added digitally.
    lines : Lines
        Of every tile. Default: ideal ones.
    adc_bits, dac_bits : int, optional
        Resolution of the converters; None: ideal. Their ranges come from `calibrate`; before, an ADC reaches to the
        largest current that its tile could give.
    read_voltage : float, optional
        Voltage of the largest input [V], above 0 and at most the `valid_range` of the device. Default: that of its
        resistances, 0.2 V for the packaged one. A read changes no cell; how likely a pulse of this voltage would
        switch one, `crossbar.switching_probability` says.
    bandwidth : float
        Noise bandwidth of a read [Hz]; 0 for reads without noise.
    density : float
        Noise of an amplifier, referred to its input [A/sqrt(Hz)].
    seed : int
        Of the cells and of the noise, 0 to 2**63 - 1.
    faults : mapping of (layer, band, stripe) to Faults, optional
        What is broken on which tile, all counted from 0.

    Raises
    ------
    TypeError, ValueError
        If a value breaks its rule, or the device does not reach the conductances of the mapping.
    """

    device: DeviceParameters
    mapping: Mapping = field(default_factory=Mapping)
    tile: Tile = (128, 128)
    lines: Lines = IDEAL
    adc_bits: int | None = None
    dac_bits: int | None = None
    read_voltage: float = None  # type: ignore[assignment]  # __post_init__ puts the device's in its place
    bandwidth: float = BANDWIDTH
    density: float = 0.0
    seed: int = 0
    faults: Mapped[PlaceOfTile, Faults] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checks.instance("device", self.device, DeviceParameters, "use load_device")
        checks.instance("mapping", self.mapping, Mapping, "give Mapping(...)")
        checks.instance("lines", self.lines, Lines, "give Lines(...)")
        object.__setattr__(self, "tile", checks.pair("tile", self.tile, 2**20))
        for name in ("adc_bits", "dac_bits"):
            if getattr(self, name) is not None:
                checks.whole(name, getattr(self, name), 1, MAX_BITS)
        if self.read_voltage is None:
            object.__setattr__(self, "read_voltage", self.device.u_0)
        if not 0 < checks.number("read_voltage", self.read_voltage) <= self.device.valid_range:
            raise ValueError(
                f"read_voltage: must be above 0 and at most {self.device.valid_range:g} V "
                f"(got {self.read_voltage:g}); its resistances were read at {self.device.u_0:g} V"
            )
        checks.bandwidth(self.bandwidth)
        if checks.number("density", self.density) < 0:
            raise ValueError(f"density: must be 0 A/sqrt(Hz) or more (got {self.density:g}); 0 is without")
        checks.whole("seed", self.seed, 0, MAX_SEED)
        self._check_range()
        faults = {}
        given = checks.instance("faults", self.faults, Mapped, "give {(layer, band, stripe): Faults(...)}")
        for place, found in given.items():
            where = tuple(checks.whole("faults", number, 0, 2**20) for number in np.ravel(place).tolist())
            if len(where) != 3:
                raise ValueError(f"faults: must be given for (layer, band, stripe) (got {place!r}); give three numbers")
            faults[where] = checks.instance("faults", found, Faults, "give Faults(...)")
        object.__setattr__(self, "faults", MappingProxyType(faults))

    def __reduce__(self) -> tuple[Any, ...]:
        """A chip goes to other processes, and a read-only mapping cannot."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return type(self), tuple((values | {"faults": dict(self.faults)}).values())

    def _check_range(self) -> None:
        """Targets that hardly any cell of the device reaches are refused before anything is programmed."""
        self.check_conductances("low", self.mapping.low)
        self.check_conductances("high", self.mapping.high)

    def check_conductances(self, name: str, conductances: ArrayLike) -> None:
        """Refuse conductances that lie beyond the states of the device.

        Parameters
        ----------
        name : str
            Of the argument.
        conductances : float or array
            [S].

        Raises
        ------
        ValueError
            If one is out of reach.
        """
        mean = self.device.population_mean
        highest, lowest = ABOVE_LRS / mean[R_LRS], BELOW_HRS / 10 ** mean[R_HRS]
        least, most = float(np.min(conductances)), float(np.max(conductances))
        if least < lowest or most > highest:
            raise ValueError(
                f"{name}: must be from {lowest:.3g} to {highest:.3g} S for {self.device.name} "
                f"(got {least if least < lowest else most:.3g}); choose conductances between its two states"
            )

    def lines_of(self, layer: int, bands: int, stripes: int) -> list[list[Lines]]:
        """Lines of each tile of a layer, with its faults.

        Parameters
        ----------
        layer, bands, stripes : int
            Number of the layer, and how many tiles lie below and beside each other.

        Returns
        -------
        list of list of Lines

        Raises
        ------
        ValueError
            If there are faults on a tile that the layer does not have.
        """
        for place in self.faults:
            if place[0] == layer and not (place[1] < bands and place[2] < stripes):
                raise ValueError(f"faults: layer {layer} has {bands} x {stripes} tiles (got {place[1:]}); count from 0")
        return [[self._with_faults((layer, band, stripe)) for stripe in range(stripes)] for band in range(bands)]

    def _with_faults(self, place: PlaceOfTile) -> Lines:
        if place not in self.faults:
            return self.lines
        values = {name: getattr(self.lines, name) for name in self.lines.__dataclass_fields__}
        return Lines(**values | {"faults": self.faults[place]})

    @property
    def has_broken_lines(self) -> bool:
        """Whether a line of some tile is cut, grounded or bridged."""
        names = [name for name in PLACES if not name.endswith("cells")]
        every = [*self.faults.values(), self.lines.faults]
        return any(getattr(found, name) for found in every for name in names)
