"""What time does to programmed cells, exactly.

The public face of the room (`sc.retention`):

================  ===============================================================================================
`curve`           law, conductance at birth, times -> quantiles of the conductance
`bit_error_rate`  law, levels, thresholds, times -> probability that a level is read as another one
================  ===============================================================================================

Laws come from `load_retention`, cells that follow one from ``CellArray(..., retention=law)``.
"""

from __future__ import annotations

from synaptogen_core.analysis.retention.exact import bit_error_rate, curve

__all__ = ["bit_error_rate", "curve"]
