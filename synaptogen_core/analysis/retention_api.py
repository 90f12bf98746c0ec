"""What time does to programmed cells, exactly.

The public face of the room (`sc.retention`):

================  ===============================================================================================
`curve`           law, conductance at birth, times -> quantiles of the conductance
`bit_error_rate`  law, levels, thresholds, times -> probability that a level is read as another one
`Traps`           telegraph traps, which make reads fluctuate beside white noise
`autocovariance`  traps, conductance, lags -> autocovariance of reads, averaged over cells
`spectrum`        traps, conductance, frequencies -> one-sided spectral density
`allan_variance`  traps, conductance, windows -> Allan variance
================  ===============================================================================================

Laws come from `load_retention`, cells that follow one from ``CellArray(..., retention=law, traps=Traps.stanford_a())``.
"""

from __future__ import annotations

from synaptogen_core.analysis.retention.exact import bit_error_rate, curve
from synaptogen_core.analysis.retention.fluctuation import allan_variance, autocovariance, spectrum
from synaptogen_core.device.retention.traps import Traps

__all__ = ["Traps", "allan_variance", "autocovariance", "bit_error_rate", "curve", "spectrum"]
