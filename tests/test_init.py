"""The public surface: these names, each where it says, loaded when used."""

from __future__ import annotations

import pytest

import synaptogen_core as sc

NAMES = (
    "Adc Cancelled CellArray DeviceParameters PulseTrain estimate_cost ideal_read load_cells load_dataset load_device "
    "load_measurements load_train repeat save_cells save_dataset save_device save_netlist save_veriloga simulate "
    "statistics crossbar"
).split()


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name(name: str) -> None:
    assert name in sc.__all__
    assert name in dir(sc)
    thing = getattr(sc, name)
    assert thing.__doc__
    if name not in ("statistics", "crossbar"):
        assert thing.__name__ == name
        assert thing.__module__.startswith("synaptogen_core.")


def test_all_names_lead_somewhere() -> None:
    for package in (sc, sc.crossbar):
        for name in package.__all__:
            assert getattr(package, name) is not None
            assert name in dir(package)
    for name in sc.crossbar.__all__:
        thing = getattr(sc.crossbar, name)
        assert thing.__doc__ and thing.__name__ == name and not hasattr(thing, "__path__")


def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(AttributeError) as error:
        _ = sc.Memristor
    assert str(error.value) == "module 'synaptogen_core' has no attribute 'Memristor'"
    with pytest.raises(AttributeError, match=r"module 'synaptogen_core\.crossbar' has no attribute 'Memristor'"):
        _ = sc.crossbar.Memristor


def test_errors_are_what_callers_catch() -> None:
    from synaptogen_core import errors

    assert issubclass(errors.BudgetError, ValueError)
    assert issubclass(errors.FileError, ValueError)
    assert not issubclass(errors.Cancelled, ValueError)
    for error in (errors.BudgetError, errors.FileError, errors.Cancelled):
        assert issubclass(error, errors.SynaptogenError)
    assert issubclass(errors.RangeWarning, UserWarning)
