"""Errors of the library in the page's words: labels and the units of the boxes."""

from __future__ import annotations

import pytest

from app.settings.sections import DeviceSettings, ReadSettings, Settings, TrainSettings
from app.settings.words import in_labels, label_of, translated
from app.tabs.crossbar.compute import adc_of
from app.tabs.fit.file_view import in_words
from app.tabs.registry import TABS
from app.work import trains


def said_of_train(**changes: object) -> str:
    settings = Settings()
    settings.train.param.update(**changes)
    with pytest.raises(ValueError) as error:
        trains.make_train(settings.request().train)
    return str(error.value)


def test_contradicting_voltages_are_said_in_labels() -> None:
    assert said_of_train(kind="random", low=0.5, high=-0.25) == (
        "Highest: must be above Lowest (got Lowest 0.5 V, Highest −0.25 V); swap or widen"
    )
    assert said_of_train(kind="staircase", u_start=1.4, u_stop=0.5).startswith(
        "Last step: must be above First step (got 0.5 V, not above 1.4 V)"
    )


def test_amperes_are_said_as_the_box_counts_them() -> None:
    settings = Settings()
    settings.read.param.update(adc=True, adc_low=3000.0, adc_high=0.0)
    with pytest.raises(ValueError) as error:
        adc_of(settings.request().read)
    assert str(error.value) == "ADC to: must lie above ADC from, 3,000 µA (got 0 µA); swap or widen them"


def test_what_is_not_of_the_section_stays_as_it_is() -> None:
    for sentence in ("voltages: must be numbers (got “u_set”); write volts", "no colon", "netlist: at most 5 (got 6)"):
        assert translated(sentence, {"u_set": "u_set"}, TrainSettings) == sentence
    error = ValueError("weights: must be a matrix (got 3)")
    with pytest.raises(ValueError) as caught, in_labels(ReadSettings):
        raise error
    assert caught.value is error


def test_quoted_text_and_ordinary_words_are_left_alone() -> None:
    names = {name: name for name in ("u_stop", "points", "steps")}
    said = translated("u_stop: must differ from points and steps (got “u_stop 2 V”); widen", names, TrainSettings)
    assert said == "Last step: must differ from points and steps (got “u_stop 2 V”); widen"


def test_a_bare_number_of_another_quantity_keeps_its_unit() -> None:
    names = {"outlier_share": "outlier_share"}
    assert (
        translated("outlier_share: must be 1 (got 2 V)", names, DeviceSettings) == "Outlier share: must be 1 (got 2 V)"
    )


def test_names_in_links_have_labels() -> None:
    settings = Settings({tab.key: tab.options for tab in TABS})
    assert [label_of(settings, key) for key in ("u_set", "loops.first_cycle", "programming.u_stop", "nothing")] == [
        "SET pulse", "From cycle", "Last RESET", "nothing",
    ]  # fmt: skip


def test_questions_about_columns_name_features_as_the_page_does() -> None:
    asked = "voltage, current: which columns hold them, or which hold r_hrs, u_set? 'my r_hrs', \"it's u_set\""
    assert in_words(asked) == (
        "voltage, current: which columns hold them, or which hold R_HRS, U_SET? 'my r_hrs', \"it's u_set\""
    )
