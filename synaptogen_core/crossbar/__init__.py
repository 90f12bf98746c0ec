"""From cells to line currents: lines with resistance, reads, products, programming.

The names below are what it offers; each is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synaptogen_core.array.write_disturb import switching_probability as switching_probability
    from synaptogen_core.array.write_disturb import would_switch as would_switch
    from synaptogen_core.crossbar.circuit.bias import Bias as Bias
    from synaptogen_core.crossbar.circuit.bias import bias as bias
    from synaptogen_core.crossbar.circuit.bias import read_bias as read_bias
    from synaptogen_core.crossbar.circuit.lines import Faults as Faults
    from synaptogen_core.crossbar.circuit.lines import Lines as Lines
    from synaptogen_core.crossbar.programming.outcomes import verify_statistics as verify_statistics
    from synaptogen_core.crossbar.programming.program_and_verify import program_and_verify as program_and_verify
    from synaptogen_core.crossbar.programming.pulse import pulse as pulse
    from synaptogen_core.crossbar.programming.pulse import through_lines as through_lines
    from synaptogen_core.crossbar.programming.verify_reads import verify_through as verify_through
    from synaptogen_core.crossbar.readout.converters import Adc as Adc
    from synaptogen_core.crossbar.readout.converters import Dac as Dac
    from synaptogen_core.crossbar.readout.converters import TransimpedanceAmplifier as TransimpedanceAmplifier
    from synaptogen_core.crossbar.readout.effective_matrix import EffectiveMatrix as EffectiveMatrix
    from synaptogen_core.crossbar.readout.error_budget import error_budget as error_budget
    from synaptogen_core.crossbar.readout.error_budget import nominal_conductances as nominal_conductances
    from synaptogen_core.crossbar.readout.line_noise import LineNoise as LineNoise
    from synaptogen_core.crossbar.readout.matrix_products import DifferentialPairs as DifferentialPairs
    from synaptogen_core.crossbar.readout.matrix_products import matvec as matvec
    from synaptogen_core.crossbar.readout.matrix_products import read_tiles as read_tiles
    from synaptogen_core.crossbar.readout.read import Periphery as Periphery
    from synaptogen_core.crossbar.readout.read import ideal_read as ideal_read
    from synaptogen_core.crossbar.readout.read import read_columns as read_columns
    from synaptogen_core.crossbar.solver.solve import effective_conductance as effective_conductance
    from synaptogen_core.crossbar.solver.solve import solve_lines as solve_lines

_HOMES = {
    "Adc": "crossbar.readout.converters",
    "TransimpedanceAmplifier": "crossbar.readout.converters",
    "Bias": "crossbar.circuit.bias",
    "Dac": "crossbar.readout.converters",
    "EffectiveMatrix": "crossbar.readout.effective_matrix",
    "Faults": "crossbar.circuit.lines",
    "LineNoise": "crossbar.readout.line_noise",
    "Lines": "crossbar.circuit.lines",
    "DifferentialPairs": "crossbar.readout.matrix_products",
    "Periphery": "crossbar.readout.read",
    "bias": "crossbar.circuit.bias",
    "effective_conductance": "crossbar.solver.solve",
    "error_budget": "crossbar.readout.error_budget",
    "ideal_read": "crossbar.readout.read",
    "nominal_conductances": "crossbar.readout.error_budget",
    "matvec": "crossbar.readout.matrix_products",
    "program_and_verify": "crossbar.programming.program_and_verify",
    "pulse": "crossbar.programming.pulse",
    "through_lines": "crossbar.programming.pulse",
    "read_bias": "crossbar.circuit.bias",
    "read_columns": "crossbar.readout.read",
    "read_tiles": "crossbar.readout.matrix_products",
    "verify_through": "crossbar.programming.verify_reads",
    "solve_lines": "crossbar.solver.solve",
    "would_switch": "array.write_disturb",
    "switching_probability": "array.write_disturb",
    "verify_statistics": "crossbar.programming.outcomes",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"synaptogen_core.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'synaptogen_core.crossbar' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
