import numpy as np
import pytest

import synaptogen_core as sc
from benchmarks.extended import known_device
from synaptogen_core.analysis.fitting.cycle_table import panel_of
from synaptogen_core.analysis.validation.held_out import GRID, inverse_shape
from synaptogen_core.analysis.validation.scores import scores
from synaptogen_core.device.shapes import Curve
from synaptogen_core.errors import RangeWarning
from tests.device.example_extended import SETTLED

PUBLISHED = sc.load_device("hennen2024")


@pytest.mark.parametrize("device", [PUBLISHED, SETTLED], ids=["published", "extended"])
def test_a_device_without_memory_scores_worse(device: sc.DeviceParameters) -> None:
    with pytest.warns(RangeWarning):
        data = sc.simulate(sc.CellArray((100, 1), device, seed=6), sc.PulseTrain.cycling(120, -6.0, 6.0))
    panel = panel_of(sc.fitting.from_simulation(data))
    gain = scores(device, panel).less(scores(device.vary(autocorrelation=False), panel))
    assert gain.units.size == 100 and gain.mean > 3 * gain.error
    few = scores(device, panel.part(0, 2))
    assert few.units.size == 8 and np.isfinite(few.error), "of few devices, stretches of their cycles"
    with pytest.raises(ValueError, match="fits"):
        sc.fitting.compare([], data)


def test_a_value_beyond_a_flat_tail_weighs_no_more_than_the_farthest() -> None:
    """One such had the square of ninety standard deviations, and made up a tenth of the variance of a measurement."""
    flat = Curve("spline", {"knots": [-3.6, -3.2, 0.0, 3.6], "values": [-3.3, -3.28, 0.0, 3.6]})
    device = known_device(r_hrs=flat)
    assert flat.table.inverse(np.array([-5.0]))[0] < 3 * GRID[0]
    found = inverse_shape(device, 0, np.array([-5.0, 0.5, np.nan]))
    assert found[0] == GRID[0] and found[1] == flat.table.inverse(np.array(0.5)) and np.isnan(found[2])
