"""CSV: the table of features."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from synaptogen_core.errors import FileError
from synaptogen_core.exchange.api import dataset_bytes, save_features_csv
from synaptogen_core.exchange.datasets import feature_csv

HEADING = ["cycle", "row", "column", "r_hrs_ohm", "u_set_V", "r_lrs_ohm", "u_reset_V"]


def read_table(content: str) -> tuple[list[str], np.ndarray]:
    heading, *lines = csv.reader(io.StringIO(content))
    return heading, np.array(lines, float)


@pytest.mark.parametrize("rows_at_once", [1, 50, 1 << 16])
def test_the_table_holds_every_number(
    rows_at_once: int, run: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feature_csv, "ROWS_AT_ONCE", rows_at_once)
    save_features_csv(run, tmp_path / "run.csv")
    heading, table = read_table((tmp_path / "run.csv").read_text(encoding="utf-8"))
    assert heading == HEADING
    cycle, row, column = table[:, :3].astype(int).T
    assert len(table) == run["r_hrs"].size == len(set(zip(cycle, row, column, strict=True)))
    for name, values in zip(("r_hrs", "u_set", "r_lrs", "u_reset"), table[:, 3:].T, strict=True):
        np.testing.assert_array_equal(values.astype(np.float32), run[name].values[cycle, row, column])


def test_the_table_of_chosen_cells(chosen: xr.Dataset) -> None:
    heading, table = read_table(dataset_bytes(chosen, "csv").decode())
    assert heading == HEADING
    np.testing.assert_array_equal(np.unique(table[:, 1:3], axis=0), [[0, 1], [1, 3], [3, 0]])
    first = table[table[:, 0] == 0]
    np.testing.assert_array_equal(first[:, 5].astype(np.float32), chosen["r_lrs"].values[0])


def test_the_table_of_a_part_keeps_its_addresses(run: xr.Dataset) -> None:
    part = run.isel(cycle=[4, 5], row=[2], column=[3, 1])
    _, table = read_table(dataset_bytes(part, "csv").decode())
    np.testing.assert_array_equal(table[:, :3], [[4, 2, 3], [4, 2, 1], [5, 2, 3], [5, 2, 1]])


def test_a_table_needs_features_and_its_suffix(run: xr.Dataset, tmp_path: Path) -> None:
    with pytest.raises(ValueError) as caught:
        save_features_csv(run[["state", "u_set"]], tmp_path / "a.csv")
    assert str(caught.value) == "ds: must hold all features (missing r_hrs, r_lrs, u_reset); record them with simulate"
    with pytest.raises(FileError) as caught:
        save_features_csv(run, tmp_path / "a.txt")
    assert str(caught.value) == f"{tmp_path / 'a.txt'}: must end in .csv (got .txt); rename it"
    assert list(tmp_path.iterdir()) == []
