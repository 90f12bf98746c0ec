import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.errors import RangeWarning
from tests.device.example_extended import SETTLED

PUBLISHED = sc.load_device("hennen2024")


@pytest.mark.parametrize("truth", ["published", "extended"])
def test_the_right_class_scores_better(truth: str) -> None:
    device = PUBLISHED.vary(order=1) if truth == "published" else SETTLED
    with pytest.warns(RangeWarning):
        data = sc.simulate(sc.CellArray((24, 1), device, seed=6), sc.PulseTrain.cycling(100, -6.0, 6.0))
    one = sc.fitting.fit(data, PUBLISHED, name="one", order=1, components=1, intervals=False)
    two = sc.fitting.fit_extended(data, PUBLISHED, name="two", intervals=False)
    found = sc.fitting.compare([one, two], one.features)
    assert list(found["format"].values) == [1, 2] and float(found["gain"][0]) == 0
    gain, error = float(found["gain"][1]), float(found["error"][1])
    assert gain > error if truth == "extended" else gain < 2 * error
    assert np.isfinite(found["score"]).all()
    with pytest.raises(ValueError, match="fits"):
        sc.fitting.compare([one], one.features)
