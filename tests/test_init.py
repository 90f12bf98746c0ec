"""The public surface: these names, each where it says, loaded when used."""

from __future__ import annotations

import pytest

import synaptogen_core as sc

NAMES = (
    "Adc Cancelled CellArray DeviceParameters PulseTrain estimate ideal_read load_cells load_dataset load_device "
    "load_train repeat save_cells save_dataset save_device simulate statistics"
).split()


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name(name: str) -> None:
    assert name in sc.__all__
    assert name in dir(sc)
    thing = getattr(sc, name)
    assert thing.__doc__
    if name != "statistics":
        assert thing.__name__ == name
        assert thing.__module__.startswith("synaptogen_core.")


def test_all_names_lead_somewhere() -> None:
    for name in sc.__all__:
        assert getattr(sc, name) is not None


def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(AttributeError) as error:
        _ = sc.Memristor
    assert str(error.value) == "module 'synaptogen_core' has no attribute 'Memristor'"


def test_errors_are_what_callers_catch() -> None:
    from synaptogen_core import errors

    assert issubclass(errors.BudgetError, ValueError)
    assert issubclass(errors.FileError, ValueError)
    assert not issubclass(errors.Cancelled, ValueError)
    for error in (errors.BudgetError, errors.FileError, errors.Cancelled):
        assert issubclass(error, errors.SynaptogenError)
    assert issubclass(errors.RangeWarning, UserWarning)
