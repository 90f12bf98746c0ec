"""The dictionary: every word that others rely on."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from synaptogen_core import schema


def test_features_in_their_order() -> None:
    assert schema.FEATURE_NAMES == ("r_hrs", "u_set", "r_lrs", "u_reset")
    assert [schema.FEATURE_NAMES.index(f.name) for f in schema.FEATURES] == [
        schema.R_HRS,
        schema.U_SET,
        schema.R_LRS,
        schema.U_RESET,
    ]
    assert [f.unit for f in schema.FEATURES] == ["ohm", "V", "ohm", "V"]
    assert [f.scale for f in schema.FEATURES] == ["log", "linear", "linear", "linear"]


def test_a_feature_by_name() -> None:
    assert schema.feature("r_lrs") is schema.FEATURES[schema.R_LRS]
    with pytest.raises(ValueError) as error:
        schema.feature("r_mrs")
    assert str(error.value) == (
        "feature: must be one of r_hrs, u_set, r_lrs, u_reset (got 'r_mrs'); use one of these names"
    )


def test_states() -> None:
    assert [schema.STATE_NAMES[code] for code in (schema.HRS, schema.IRS, schema.LRS)] == ["HRS", "IRS", "LRS"]
    assert schema.VARIABLES["state"]["flag_values"] == [schema.HRS, schema.IRS, schema.LRS]
    assert len(schema.VARIABLES["state"]["flag_meanings"].split()) == 3


def test_every_variable_has_a_name_and_units() -> None:
    for name, attrs in schema.VARIABLES.items():
        assert attrs["long_name"], name
        assert attrs["units"] in ("1", "V", "A", "S", "ohm", "s", "ns"), name
    recorded = set(schema.RECORDABLE) - {"features"}
    assert recorded <= schema.VARIABLES.keys()
    assert set(schema.FEATURE_NAMES) <= schema.VARIABLES.keys()


def test_dimensions_over_cells() -> None:
    whole = xr.Dataset({"state": (("pulse", "row", "column"), np.zeros((1, 2, 3)))})
    chosen = xr.Dataset({"state": (("pulse", "cell"), np.zeros((1, 2)))})
    for ds, dims in ((whole, ("row", "column")), (chosen, ("cell",))):
        assert schema.cell_dims(ds) == dims
        assert schema.cell_dims(ds["state"]) == dims
