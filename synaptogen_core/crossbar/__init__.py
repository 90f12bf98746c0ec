"""From cells to line currents: lines with resistance, reads, products, programming.

The names below are what it offers; each is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synaptogen_core.array.thresholds import switches as switches
    from synaptogen_core.array.thresholds import switching_probability as switching_probability
    from synaptogen_core.crossbar.budget import error_budget as error_budget
    from synaptogen_core.crossbar.budget import nominal_conductances as nominal_conductances
    from synaptogen_core.crossbar.converters import Adc as Adc
    from synaptogen_core.crossbar.converters import Amplifier as Amplifier
    from synaptogen_core.crossbar.converters import Dac as Dac
    from synaptogen_core.crossbar.lines import effective_conductance as effective_conductance
    from synaptogen_core.crossbar.lines import solve_lines as solve_lines
    from synaptogen_core.crossbar.noise import LineNoise as LineNoise
    from synaptogen_core.crossbar.products import Pairs as Pairs
    from synaptogen_core.crossbar.products import product as product
    from synaptogen_core.crossbar.programming import pulse as pulse
    from synaptogen_core.crossbar.programming import reach as reach
    from synaptogen_core.crossbar.readout import Periphery as Periphery
    from synaptogen_core.crossbar.readout import ideal_read as ideal_read
    from synaptogen_core.crossbar.readout import read_columns as read_columns
    from synaptogen_core.crossbar.schemes import Bias as Bias
    from synaptogen_core.crossbar.schemes import bias as bias
    from synaptogen_core.crossbar.schemes import read_bias as read_bias
    from synaptogen_core.crossbar.verify import program_and_verify as program_and_verify
    from synaptogen_core.crossbar.verify import verify_statistics as verify_statistics
    from synaptogen_core.crossbar.wiring import Faults as Faults
    from synaptogen_core.crossbar.wiring import Lines as Lines

_HOMES = {
    "Adc": "crossbar.converters",
    "Amplifier": "crossbar.converters",
    "Bias": "crossbar.schemes",
    "Dac": "crossbar.converters",
    "Faults": "crossbar.wiring",
    "LineNoise": "crossbar.noise",
    "Lines": "crossbar.wiring",
    "Pairs": "crossbar.products",
    "Periphery": "crossbar.readout",
    "bias": "crossbar.schemes",
    "effective_conductance": "crossbar.lines",
    "error_budget": "crossbar.budget",
    "ideal_read": "crossbar.readout",
    "nominal_conductances": "crossbar.budget",
    "product": "crossbar.products",
    "program_and_verify": "crossbar.verify",
    "pulse": "crossbar.programming",
    "reach": "crossbar.programming",
    "read_bias": "crossbar.schemes",
    "read_columns": "crossbar.readout",
    "solve_lines": "crossbar.lines",
    "switches": "array.thresholds",
    "switching_probability": "array.thresholds",
    "verify_statistics": "crossbar.verify",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"synaptogen_core.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'synaptogen_core.crossbar' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
