import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.device.extension import Coordinate, Slow
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.errors import FileError
from tests.device import example_extended
from tests.device.example_extended import ALL, SETTLED


def test_a_file_holds_all_of_it(tmp_path: Any) -> None:
    path = tmp_path / "device.json"
    sc.save_device(ALL, path)
    assert json.loads(path.read_text())["format"] == 2
    assert sc.load_device(path) == ALL
    published = sc.load_device("hennen2024")
    assert published.format == 1 and "format" not in published.to_dict() and "extension" not in published.to_dict()
    with pytest.raises(ValueError, match=r"cannot carry .* fit the published class"):
        sc.save_device(ALL, path, layout="published")


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda d: d.update(format=3), "format"),
        (lambda d: d.update(format=1), "format"),
        (lambda d: d.update(gamma=[[1, 0.1]] * 4), "gamma"),
        (lambda d: d["extension"].update(more=1), "unknown"),
        (lambda d: d["extension"].update(coordinates=3), "coordinates"),
        (lambda d: d["extension"]["coordinates"].pop(), "four"),
        (lambda d: d["extension"]["coordinates"][0].update(sign=-1), "sign"),
        (lambda d: d["extension"]["coordinates"][3].update(offset=1.0), "offset"),
        (lambda d: d["extension"]["coordinates"][0].update(warp={"kind": "polynomial"}), "warp"),
        (lambda d: d["extension"]["coordinates"][0].update(shape=7), "curve"),
        (lambda d: d["extension"]["slow"].update(share=[0.1, 0.2, 1.0, 0]), "share"),
        (lambda d: d["extension"]["slow"].pop("share"), "missing"),
        (lambda d: d["extension"]["break_in"].update(decay=[1, 0, 0, 0]), "decay"),
        (lambda d: d["extension"]["stuck"].update(length=[0.5, 1]), "stuck"),
    ],
)
def test_wrong_files(change: Any, words: str) -> None:
    data = json.loads(json.dumps(ALL.to_dict()))
    change(data)
    with pytest.raises((ValueError, TypeError), match=words):
        DeviceParameters.from_dict(data)


def test_slow_parts_need_a_positive_covariance() -> None:
    with pytest.raises(ValueError, match="positive"):
        Slow(np.full(4, 0.3), np.array([0.99, 0.1, 0.99, 0.1]), np.full((4, 4), 0.9) + 0.1 * np.eye(4))
    with pytest.raises(ValueError, match="scale"):
        Coordinate("cubic")


@pytest.mark.parametrize("part", ["break_in", "stuck"])
def test_parts_can_be_switched_off(part: str) -> None:
    varied = ALL.vary(**{part: False})
    assert varied.extension is not None and getattr(varied.extension, part) is None
    assert varied.slots == ALL.slots - 1 and part.replace("_", "-").split("-")[0] in varied.name
    assert DeviceParameters.from_dict(varied.to_dict()) == varied
    with pytest.raises(ValueError, match="must belong"):
        varied.vary(**{part: False})


@pytest.mark.parametrize(
    "change",
    [{"c2c": 0.0}, {"c2c": {"r_hrs": 2.0}}, {"d2d": 0.0}, {"correlations": False}, {"autocorrelation": False},
     {"shapes": "gaussian"}, {"outlier_share": 0.0}],
    ids=str,
)  # fmt: skip
def test_variations_keep_the_kind(change: dict[str, Any]) -> None:
    varied = ALL.vary(**change)
    assert varied.format == 2 and DeviceParameters.from_dict(varied.to_dict()) == varied
    cells = sc.CellArray((4, 4), varied, seed=1)
    data = sc.simulate(cells, sc.PulseTrain.cycling(4))
    assert np.isfinite(data["r_hrs"]).all() and (data["r_lrs"] > 0).all()
    if "c2c" in change and change["c2c"] == 0.0:
        still = sc.simulate(sc.CellArray((4, 4), SETTLED.vary(c2c=0.0), seed=1), sc.PulseTrain.cycling(4))
        assert np.ptp(np.log10(still["r_hrs"].values), axis=0).max() < 1e-5


def test_cells_are_saved_with_all_that_they_remember(tmp_path: Any) -> None:
    cells = sc.CellArray((5, 7), ALL, seed=3)
    train = sc.PulseTrain.cycling(6)
    sc.apply_train(cells, train)
    sc.save_cells(cells, tmp_path / "cells.nc")
    again = sc.load_cells(tmp_path / "cells.nc")
    for one in (cells, again):
        sc.apply_train(one, train)
    assert np.array_equal(cells.conductance(), again.conductance()) and cells.device == again.device


def test_a_wrong_history_is_refused(tmp_path: Any) -> None:
    cells = sc.CellArray((2, 2), SETTLED, seed=3)
    sc.save_cells(cells, tmp_path / "cells.nc")
    assert sc.load_cells(tmp_path / "cells.nc").nbytes == cells.nbytes
    other = replace(SETTLED, extension=example_extended.ALL.extension)
    assert sc.CellArray((2, 2), other, seed=1).nbytes > cells.nbytes
    with pytest.raises((FileError, TypeError)):
        sc.load_cells(tmp_path / "nothing.nc")
