"""What a user may choose: parameters with bounds, units and help; and the frozen Request that they make."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import param
from param.parameterized import Event

from app.settings.choices import Choices
from app.settings.reach import RANGE, at_reach, moved
from app.settings.segments import stretched_table, stretched_text

if TYPE_CHECKING:
    from synaptogen_core.device.parameters import DeviceParameters

MAX_CELLS = 4  # as many selected cells as there are line styles that can be told apart


PLAIN = (str, int, float, tuple, type(None))  # what a link can hold


class Section(param.Parameterized):
    """Parameters of one kind. Subclasses: one line a parameter, `doc` is the help that the page shows."""

    UNITS: ClassVar[dict[str, str]] = {}  # of the parameters that have one
    TEXTS: ClassVar[dict[str, Callable[[str, float], str]]] = {}  # with voltages in them, and what stretches these

    def names(self) -> tuple[str, ...]:
        """Names of all the parameters, in the order in which they are written down."""
        return tuple(name for name in self.param if name != "name")

    def active(self) -> tuple[str, ...]:
        """Names of the parameters that matter now."""
        return self.names()

    def watched(self) -> tuple[str, ...]:
        """Names of the parameters whose change makes another request."""
        return self.names()

    def in_link(self) -> tuple[str, ...]:
        """Names of the parameters that a link holds."""
        return self.active()

    def choices(self) -> Choices:
        """The values that matter now, frozen."""
        return Choices({name: getattr(self, name) for name in self.active()})


class ArraySettings(Section):
    rows = param.Integer(64, bounds=(1, 1024), doc="Word lines of the array.")
    columns = param.Integer(64, bounds=(1, 1024), doc="Bit lines of the array.")
    seed = param.Integer(1, bounds=(0, 2**31 - 1), doc="Same seed, same cells, same cycles: to the last bit.")


TRAIN_KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "cycling": ("Full SET/RESET cycles", ("cycles", "u_set", "u_reset")),
    "iv_sweep": ("Triangular I-V sweep", ("cycles", "u_min", "u_max_sweep", "points")),
    "staircase": ("RESET staircase after SET", ("cycles", "u_set", "u_start", "u_stop", "steps")),
    "identical": ("Identical pulses after SET", ("cycles", "u_set", "u_pulse", "pulses")),
    "random": ("Random voltages", ("pulses", "distribution", "low", "high", "mean", "sd", "per_cell", "train_seed")),
    "read_only": ("Read only", ("pulses",)),
    "table": ("Table of voltages", ("table",)),
    "lab": ("Segments (Pulse lab)", ("cycles", "segments")),
}
LAWS = {"uniform": ("low", "high"), "normal": ("mean", "sd")}


class TrainSettings(Section):
    kind = param.Selector(default="cycling", objects={title: kind for kind, (title, _) in TRAIN_KINDS.items()},
                          doc="Which voltages the cells see.")  # fmt: skip
    cycles = param.Integer(100, bounds=(1, 10_000), doc="How often the pattern is repeated; a cycle ends with a RESET.")
    u_set = param.Number(-1.5, bounds=(-1.5, -0.1), step=0.01, label="SET pulse", doc="Amplitude of the SET pulse.")
    u_reset = param.Number(1.5, bounds=(0.1, 1.5), step=0.01, label="RESET pulse", doc="Amplitude of the RESET pulse.")
    u_min = param.Number(-1.5, bounds=(-1.5, -0.1), step=0.01, label="Lower end", doc="Negative (SET) end.")
    u_max_sweep = param.Number(1.5, bounds=(0.1, 1.5), step=0.01, label="Upper end", doc="Positive (RESET) end.")
    points = param.Integer(200, bounds=(8, 2000), label="Points", doc="Voltages in each sweep.")
    u_start = param.Number(0.6, bounds=(0.1, 1.5), step=0.01, label="First step", doc="First RESET pulse.")
    u_stop = param.Number(1.5, bounds=(0.1, 1.5), step=0.01, label="Last step", doc="Last RESET pulse.")
    steps = param.Integer(10, bounds=(2, 100), doc="RESET pulses in each staircase.")
    u_pulse = param.Number(0.9, bounds=(-1.5, 1.5), step=0.01, label="Pulse", doc="Amplitude of the repeated pulse.")
    pulses = param.Integer(20, bounds=(1, 1000), doc="How many pulses.")
    distribution = param.Selector(default="uniform", objects={"Uniform": "uniform", "Normal": "normal"},
                                  doc="Law of the random voltages.")  # fmt: skip
    low = param.Number(-1.5, bounds=(-1.5, 1.5), step=0.01, label="Lowest", doc="Lowest random voltage.")
    high = param.Number(1.5, bounds=(-1.5, 1.5), step=0.01, label="Highest", doc="Highest random voltage.")
    mean = param.Number(0.0, bounds=(-1.5, 1.5), step=0.01, doc="Mean of the random voltages.")
    sd = param.Number(0.3, bounds=(0.01, 0.3), step=0.01, label="Standard deviation", doc="Spread of the voltages.")
    per_cell = param.Boolean(True, label="One voltage a cell", doc="Off: every cell sees the same random voltage.")
    train_seed = param.Integer(0, bounds=(0, 2**31 - 1), label="Seed of the train", doc="Chooses the random voltages.")
    table = param.String("-1.5, 0.8, 1.0, 1.5", label="Voltages",
                         doc="Volts, with commas or line breaks between; applied when you leave the box.")  # fmt: skip
    segments = param.String("pulse -1.5, ramp 0.6 1.5 10", doc="What the tab Pulse lab edits, as text.")
    UNITS: ClassVar[dict[str, str]] = {
        "u_set": "V", "u_reset": "V", "u_min": "V", "u_max_sweep": "V", "u_start": "V", "u_stop": "V", "u_pulse": "V",
        "low": "V", "high": "V", "mean": "V", "sd": "V",
    }  # fmt: skip
    TEXTS: ClassVar[dict[str, Callable[[str, float], str]]] = {"table": stretched_table, "segments": stretched_text}

    def active(self) -> tuple[str, ...]:
        names = TRAIN_KINDS[self.kind][1]
        if "distribution" in names:
            hidden = {n for key, law in LAWS.items() if key != self.distribution for n in law}
            names = tuple(n for n in names if n not in hidden)
        return ("kind", *names)


class DeviceSettings(Section):
    device = param.Selector(default="hennen2024", objects=["hennen2024"], label="Parameter set",
                            doc="Published 1T1R device: 512 devices × 6,000 cycles (Hennen et al. 2024).")  # fmt: skip
    c2c = param.Number(1.0, bounds=(0.0, 3.0), step=0.05, label="C2C spread ×", doc="Scales cycle-to-cycle spread.")
    d2d = param.Number(1.0, bounds=(0.0, 1.8), step=0.05, label="D2D spread ×",
                       doc="Scales device-to-device spread, as far as hardly any cell is clipped.")  # fmt: skip
    outlier_share = param.Number(4.2, bounds=(0.0, 50.0), step=0.1, doc="Share of defective cells; 4.2 % as published.")
    order = param.Integer(10, bounds=(1, 10), label="VAR order", doc="How many past cycles the next one remembers.")
    memory = param.Boolean(True, doc="Off: each cycle is drawn independently, from the same distributions.")
    correlations = param.Boolean(True, doc="Off: the four features of a cycle are independent.")
    shapes = param.Selector(default="true", objects={"As measured": "true", "Gaussian": "gaussian"},
                            doc="Gaussian: same mean and spread, no tails.")  # fmt: skip
    eta = param.Number(3.0567, bounds=(1.0, 6.0), step=0.01, label="η", doc="Exponent of the RESET transition curve.")
    u_max = param.Number(1.46, bounds=(1.0, 1.6), step=0.01, label="U_max", doc="Voltage of a full RESET.")
    own = param.Parameter(None, doc="The user's own device in the place of a packaged set; no setting of a link.")

    OF_DEVICE = ("outlier_share", "order", "eta", "u_max")  # what is the device's own, unless it is changed
    hidden: tuple[str, ...] = ()  # what the own device does not have
    UNITS: ClassVar[dict[str, str]] = {"outlier_share": "%", "u_max": "V"}

    def names(self) -> tuple[str, ...]:
        return tuple(name for name in super().names() if name != "own")

    def watched(self) -> tuple[str, ...]:
        return (*self.names(), "own")

    def active(self) -> tuple[str, ...]:
        return tuple(n for n in self.names() if self.own is None or (n != "device" and n not in self.hidden))

    def in_link(self) -> tuple[str, ...]:
        return tuple(n for n in self.active() if self.own is None or n not in self.OF_DEVICE)

    def choices(self) -> Choices:
        chosen = dict(super().choices())
        return Choices(chosen if self.own is None else chosen | {"device": self.own})


class ReadSettings(Section):
    u_read = param.Number(0.2, bounds=(0.01, 0.6), step=0.01, label="Read voltage", doc="Applied when reading.")
    noise = param.Boolean(True, label="Read noise", doc="Thermal and shot noise of the read current.")
    bandwidth = param.Number(100.0, bounds=(0.01, 1000.0), step=1.0, doc="Noise bandwidth of the read amplifier.")
    dac = param.Boolean(False, label="DAC", doc="Input voltages in steps, from 0 V on.")
    dac_bits = param.Integer(8, bounds=(1, 16), label="DAC bits", doc="Resolution of the converter.")
    dac_high = param.Number(0.6, bounds=(0.01, 1.5), step=0.01, label="DAC to", doc="Upper end; the lower one is 0 V.")
    adc = param.Boolean(False, label="ADC", doc="Digitise the line currents.")
    adc_bits = param.Integer(8, bounds=(1, 16), label="ADC bits", doc="Resolution of the converter.")
    adc_low = param.Number(0.0, bounds=(-10_000.0, 10_000.0), step=10.0, label="ADC from", doc="Lower end.")
    adc_high = param.Number(3000.0, bounds=(-10_000.0, 10_000.0), step=10.0, label="ADC to", doc="Upper end.")
    adc_offset = param.Number(0.0, bounds=(-1000.0, 1000.0), step=1.0, label="ADC offset", doc="Added before it.")
    UNITS: ClassVar[dict[str, str]] = {
        "u_read": "V", "bandwidth": "MHz", "dac_high": "V", "adc_low": "µA", "adc_high": "µA", "adc_offset": "µA",
    }  # fmt: skip

    def active(self) -> tuple[str, ...]:
        hidden = (() if self.noise else ("bandwidth",)) + (() if self.dac else ("dac_bits", "dac_high"))
        hidden += () if self.adc else ("adc_bits", "adc_low", "adc_high", "adc_offset")
        return tuple(n for n in self.names() if n not in hidden)


class LineSettings(Section):
    word_ohm = param.Number(1.0, bounds=(0.0, 50.0), step=0.1, label="Word line",
                            doc="Resistance of a row's segment, from cell to cell.")  # fmt: skip
    bit_ohm = param.Number(1.0, bounds=(0.0, 50.0), step=0.1, label="Bit line",
                           doc="Resistance of a column's segment, from cell to cell.")  # fmt: skip
    source_ohm = param.Number(0.0, bounds=(0.0, 1000.0), step=1.0, label="Driver",
                              doc="Between a row's terminal and its first cell.")  # fmt: skip
    sense_ohm = param.Number(0.0, bounds=(0.0, 1000.0), step=1.0, label="Sense",
                             doc="Between a column's last cell and its terminal.")  # fmt: skip
    ends = param.Selector(default="one", objects={"One end": "one", "Both ends": "both"}, label="Connected at",
                          doc="Rows on the left, columns at the bottom; or both lines at both ends.")  # fmt: skip
    selector = param.Selector(default="transistor", objects={"Transistor (1T1R)": "transistor", "None": "none"},
                              doc="Transistors let only the chosen row conduct when cells are written.")  # fmt: skip
    UNITS: ClassVar[dict[str, str]] = {"word_ohm": "Ω", "bit_ohm": "Ω", "source_ohm": "Ω", "sense_ohm": "Ω"}


class Selection(Section):
    """Chosen cells, the same on every tab: (row, column) pairs, the newest last."""

    cells = param.List(default=[(0, 0)], item_type=tuple, bounds=(1, MAX_CELLS), doc="Cells followed on every tab.")

    group = param.String("", label="Selected cells", doc="Boxes and lassos of the Explorer, marked on every tab.")

    def choices(self) -> Choices:
        return Choices({"cells": tuple(self.cells)})


class TabOptions(Section):
    """What a tab lets the user choose about its own pictures; subclass it in app/tabs/<tab>/compute.py."""

    # What is looked at: a pinned run A is shown with the present choices of these, and keeps all others. None: all.
    LOOKS: ClassVar[frozenset[str] | None] = None

    def fit_array(self, rows: int, columns: int) -> None:
        """Bring soft bounds and values into an array of this size; called when it or these options change."""


@dataclass(frozen=True)
class Request:
    """One state of all settings: a plain value, equal and hashable by content."""

    array: Choices
    train: Choices
    device: Choices
    read: Choices
    lines: Choices
    cells: tuple[tuple[int, int], ...]
    options: tuple[tuple[str, Choices], ...]
    group: str = ""  # the rule of the selected cells

    @property
    def simulation(self) -> tuple[Choices, Choices, Choices]:
        """What a simulation depends on."""
        return (self.array, self.train, self.device)

    def of_tab(self, tab: str) -> Choices:
        """The options of one tab."""
        return dict(self.options)[tab]

    def holds_files(self, tab: str) -> bool:
        """Whether a file of the user's own is among the options of a tab: what is made of it ends with the page."""
        return any(not isinstance(value, PLAIN) for value in self.of_tab(tab).values())


# What a tab's result depends on: the tab, the simulation, the tab's options, and what else it uses.
ResultKey = tuple[str, tuple[Choices, Choices, Choices], Choices, tuple[Hashable, ...]]


@dataclass(frozen=True)
class Limits:
    """Bounds and values of the settings that follow a device; `limits_of` in app/settings/limits.py finds them."""

    bounds: dict[str, tuple[float, float]]
    values: dict[str, float]
    reach: float  # V: how far pulses go
    hidden: tuple[str, ...] = field(default=())


class Settings:
    """Everything that a page lets its user choose, in sections, and the options of each tab."""

    def __init__(self, options: Mapping[str, type[TabOptions]] | None = None):
        self.array, self.train, self.device = ArraySettings(), TrainSettings(), DeviceSettings()
        self.read, self.lines, self.selection = ReadSettings(), LineSettings(), Selection()
        self.options = {tab: kind() for tab, kind in (options or {}).items()}
        self.main = (self.array, self.train, self.device, self.read)
        self.reach = RANGE  # V: how far pulses go
        self.limits: Limits | None = None  # of the user's own device
        for section in (self.array, *(section for section in self.options.values() if section.names())):
            section.param.watch(self._fit_array, list(section.names()))
        self._fit_array()

    def _fit_array(self, *events: Event) -> None:
        for section in self.options.values():
            section.fit_array(self.array.rows, self.array.columns)

    def sections(self) -> list[tuple[str, Section]]:
        """Every section with the prefix of its names in a link; the main ones need none, their names differ."""
        main = [("", section) for section in (*self.main, self.lines, self.selection)]
        return main + [(f"{tab}.", section) for tab, section in self.options.items()]

    def request(self) -> Request:
        """The present state as a value. Cells outside the array are left out; one always remains."""
        rows, columns = self.array.rows, self.array.columns
        cells = tuple(c for c in self.selection.cells if c[0] < rows and c[1] < columns) or ((0, 0),)
        return Request(
            self.array.choices(), self.train.choices(), self.device.choices(), self.read.choices(),
            self.lines.choices(), cells,
            tuple((tab, section.choices()) for tab, section in self.options.items()), self.selection.group,
        )  # fmt: skip

    def watch(self, callback: Callable[..., object]) -> None:
        """Call `callback(*events)` whenever a setting changes."""
        for _, section in self.sections():
            section.param.watch(callback, list(section.watched()))

    def use_device(self, device: DeviceParameters | None, limits: Limits | None = None) -> None:
        """The user's own device, or (None) the packaged set again. Bounds and values of the controls follow it."""
        old, self.reach, self.limits = self.reach, limits.reach if limits else RANGE, limits
        self.device.hidden = limits.hidden if limits else ()
        for _, section in self.sections():
            follow = self._of_device(limits) if section is self.device else self._of_range(section, old)
            for name, (bounds, _, _) in follow.items():
                if bounds:
                    section.param[name].bounds = bounds
            values = {name: value for name, (_, _, value) in follow.items()}
            section.param.update(**values, **({"own": device} if section is self.device else {}))
            for name, (_, default, _) in follow.items():  # last: where nothing was set, a default is the value
                section.param[name].default = default

    def _of_range(self, section: Section, old: float) -> dict[str, tuple[tuple[float, float] | None, Any, Any]]:
        """Bounds, default and value of a section's voltages at the present reach; `old` was the one before."""
        found: dict[str, tuple[tuple[float, float] | None, Any, Any]] = {}
        for name in section.names():
            own, now, before = type(section).param[name], getattr(section, name), section.param[name].default
            if name in section.TEXTS:
                text = section.TEXTS[name](own.default, self.reach / RANGE)
                found[name] = None, text, text if now == before else now
            elif unit_of(own) == "V":
                bounds, default = at_reach(own, self.reach)
                found[name] = bounds, default, moved(now, (old, before), (self.reach, default), bounds)
        return found

    def _of_device(self, limits: Limits | None) -> dict[str, tuple[tuple[float, float], float, float]]:
        """Bounds, default and value of the device's own numbers; a spread that was widened stays as wide as it may."""
        found = {}
        for name in ("d2d", *self.device.OF_DEVICE):
            own = type(self.device).param[name]
            low, high = limits.bounds[name] if limits else own.bounds
            default = min(limits.values.get(name, own.default) if limits else own.default, high)
            value = min(self.device.d2d, high) if name == "d2d" else default
            found[name] = (low, high if high > low else low + 1), default, value  # with one place only it is hidden
        return found

    def select(self, row: int, column: int, add: bool = False) -> None:
        """Follow a cell on every tab: instead of the others, or (add) besides them; a second time: no longer."""
        cell, cells = (int(row), int(column)), list(self.selection.cells)
        if not add:
            self.selection.cells = [cell]
        elif cell in cells:
            self.selection.cells = [c for c in cells if c != cell] or [cell]
        else:
            self.selection.cells = [*cells, cell][-MAX_CELLS:]

    def reset(self) -> None:
        """Every setting back to its default."""
        for _, section in self.sections():
            section.param.update({name: section.param[name].default for name in section.names()})


def unit_of(parameter: param.Parameter) -> str:
    """The unit of a section's parameter; empty where it has none."""
    units: dict[str, str] = parameter.owner.UNITS
    return units.get(parameter.name, "")
