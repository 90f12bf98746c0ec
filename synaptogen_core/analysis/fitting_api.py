"""Learn a device from measurements, and judge what was learnt.

The public face of the room (`sc.fitting`):

==================  =============================================================================================
`extract_features`  I-V loops -> the four features of each cycle, or why there are none; `FeatureOptions` say how
`screen_devices`     which devices switch, wear out, drift
`usable_records`    the cycles worth learning from
`fit`               features -> `Fit`: DeviceParameters, every number with its interval, what was assumed
`fit_extended`      the same for a device of format 2, which holds what real devices show
`choose`            both, and the one that suits better
`fit_curves`        loops -> `Curves`: the I-V family and the RESET transition
`scaled_curves`     those of another device, where there are no loops; `curves_for` takes these where loops show none
`compare`           fits side by side, by their log score on later cycles
`compare_numbers`   device and measurement in quantiles, bit errors, averages, spreads, each with interval and limit
`validate`             `Fit` -> `Validation`: simulated beside measured, held-out cycles and devices, a verdict in words
`fit_pulse_width`   single pulses -> how a threshold depends on their width
`fit_retention`     reads at times since programming -> `RetentionFit`; `validate_retention`: how good it is
==================  =============================================================================================

Measurements are Datasets in the layout of `array.measurement`; `load_measurements` reads them from files,
`from_simulation` makes one of a simulated Dataset.
"""

from __future__ import annotations

from synaptogen_core.analysis.conduction.curves import Curves
from synaptogen_core.analysis.conduction.fit_curves import fit_curves
from synaptogen_core.analysis.conduction.scaled_curves import curves_for, scaled_curves
from synaptogen_core.analysis.fitting.fit import Fit, fit
from synaptogen_core.analysis.loops.extraction import FeatureOptions, extract_features
from synaptogen_core.analysis.loops.screening import screen_devices, usable_records
from synaptogen_core.analysis.retention.fit import RetentionFit, fit_retention
from synaptogen_core.analysis.retention.pulse_width import PulseWidth, fit_pulse_width
from synaptogen_core.analysis.retention.validate import RetentionValidation, validate_retention
from synaptogen_core.analysis.staged.fit_extended import fit_extended
from synaptogen_core.analysis.validation.choose import choose
from synaptogen_core.analysis.validation.lines import LIMITS, compare_numbers, limits_said
from synaptogen_core.analysis.validation.scores import compare
from synaptogen_core.analysis.validation.validate import Validation, validate
from synaptogen_core.analysis.validation.verdict import Finding
from synaptogen_core.measurement import from_simulation

__all__ = [
    "LIMITS",
    "Curves",
    "FeatureOptions",
    "Finding",
    "Fit",
    "PulseWidth",
    "RetentionFit",
    "RetentionValidation",
    "Validation",
    "choose",
    "compare",
    "compare_numbers",
    "curves_for",
    "extract_features",
    "fit",
    "fit_curves",
    "fit_extended",
    "fit_pulse_width",
    "fit_retention",
    "from_simulation",
    "limits_said",
    "scaled_curves",
    "screen_devices",
    "usable_records",
    "validate",
    "validate_retention",
]
