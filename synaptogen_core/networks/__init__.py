"""Networks on arrays: a network's weights as cells of a chip, run through its lines, judged, trained in the loop.

The names below are what it offers; each is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synaptogen_core.networks.digital.convolution import Conv2d as Conv2d
    from synaptogen_core.networks.digital.convolution import Pool2d as Pool2d
    from synaptogen_core.networks.digital.layers import Dense as Dense
    from synaptogen_core.networks.digital.layers import Relu as Relu
    from synaptogen_core.networks.digital.layers import Reshape as Reshape
    from synaptogen_core.networks.digital.layers import Softmax as Softmax
    from synaptogen_core.networks.digital.network import Network as Network
    from synaptogen_core.networks.digital.spiking import EachStep as EachStep
    from synaptogen_core.networks.digital.spiking import Latency as Latency
    from synaptogen_core.networks.digital.spiking import LeakyIntegrateAndFire as LeakyIntegrateAndFire
    from synaptogen_core.networks.digital.spiking import LeakyIntegrator as LeakyIntegrator
    from synaptogen_core.networks.digital.spiking import spiking_layers as spiking_layers
    from synaptogen_core.networks.example import digits as digits
    from synaptogen_core.networks.hardware.analog import AnalogNetwork as AnalogNetwork
    from synaptogen_core.networks.hardware.calibration import calibrate as calibrate
    from synaptogen_core.networks.hardware.chip import Chip as Chip
    from synaptogen_core.networks.hardware.compensation import compensate_lines as compensate_lines
    from synaptogen_core.networks.hardware.mapping import Mapping as Mapping
    from synaptogen_core.networks.hardware.programming import program as program
    from synaptogen_core.networks.learning.in_the_loop import train_in_the_loop as train_in_the_loop
    from synaptogen_core.networks.learning.training import draw_weights as draw_weights
    from synaptogen_core.networks.learning.training import train as train
    from synaptogen_core.networks.scoring.budget import accuracy_budget as accuracy_budget
    from synaptogen_core.networks.scoring.evaluation import evaluate as evaluate
    from synaptogen_core.networks.scoring.over_time import accuracy_over_time as accuracy_over_time
    from synaptogen_core.networks.scoring.sweep import sweep_chips as sweep_chips

_HOMES = {
    "AnalogNetwork": "hardware.analog",
    "Chip": "hardware.chip",
    "Conv2d": "digital.convolution",
    "Dense": "digital.layers",
    "EachStep": "digital.spiking",
    "Latency": "digital.spiking",
    "LeakyIntegrateAndFire": "digital.spiking",
    "LeakyIntegrator": "digital.spiking",
    "Mapping": "hardware.mapping",
    "Network": "digital.network",
    "Pool2d": "digital.convolution",
    "Relu": "digital.layers",
    "Reshape": "digital.layers",
    "Softmax": "digital.layers",
    "accuracy_budget": "scoring.budget",
    "accuracy_over_time": "scoring.over_time",
    "calibrate": "hardware.calibration",
    "compensate_lines": "hardware.compensation",
    "digits": "example",
    "draw_weights": "learning.training",
    "evaluate": "scoring.evaluation",
    "program": "hardware.programming",
    "spiking_layers": "digital.spiking",
    "sweep_chips": "scoring.sweep",
    "train": "learning.training",
    "train_in_the_loop": "learning.in_the_loop",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"synaptogen_core.networks.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'synaptogen_core.networks' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
