import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.analysis.fitting.cycle_table import panel_of
from synaptogen_core.analysis.validation.scores import scores
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
