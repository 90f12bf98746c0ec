"""Dataset -> estimates, each with its uncertainty; and what the model says exactly, to stand beside.

The public face of the room:

=====================  =========================================================================================
`quantiles`            of each feature, with Woodruff's interval over cells
`histogram`            counts and density, linear or logarithmic bins
`cumulative`           share of values below
`probability_plot`     normal scores
`population_curve`     the model's density of a feature, or of the devices' medians, means or spreads
`population_quantiles` the model's quantiles
`population_moments`   the model's means and covariances, within and between devices
`device_ellipses`      outlines of the mixture's components
`spread`               cycle to cycle and device to device told apart
`autocorrelation`      over lags, with the model's exact curve and as this number of cycles shows it
`cross_correlation`    the same between features
`correlations`         matrices: within devices, between devices, of all values
`memory_window`        bit error rate against the read threshold, best threshold, window ratio
`staircase_levels`     levels per step of a staircase
=====================  =========================================================================================

Every result is an `xarray.Dataset` with units and long names. Intervals are ``<name>_interval`` on ``bound`` (lower,
upper); the attribute ``interval`` says of what kind and probability. Cells are the independent units, cycles of one
cell are not. `r_hrs` is taken in log10 where the scale matters (spreads, correlations, densities), the other features
as they are, unless ``scale=`` says otherwise; positions on an axis are always in the variable's own unit.
"""

from __future__ import annotations

from synaptogen_core.analysis.population.curves import population_curve, population_quantiles
from synaptogen_core.analysis.population.ellipses import device_ellipses
from synaptogen_core.analysis.population.moments import PopulationMoments, population_moments
from synaptogen_core.analysis.statistics.autocorrelation import autocorrelation, cross_correlation
from synaptogen_core.analysis.statistics.correlations import correlations
from synaptogen_core.analysis.statistics.distributions import cumulative, histogram, probability_plot, quantiles
from synaptogen_core.analysis.statistics.memory_window import memory_window
from synaptogen_core.analysis.statistics.spread import spread
from synaptogen_core.analysis.statistics.staircase_levels import staircase_levels

__all__ = [
    "PopulationMoments",
    "autocorrelation",
    "correlations",
    "cross_correlation",
    "cumulative",
    "device_ellipses",
    "histogram",
    "memory_window",
    "population_curve",
    "population_moments",
    "population_quantiles",
    "probability_plot",
    "quantiles",
    "spread",
    "staircase_levels",
]
