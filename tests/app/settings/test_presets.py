"""Presets: each is allowed by the settings, and leaves nothing of the one before."""

from __future__ import annotations

import pytest

import synaptogen_core as sc
from app.settings import presets
from app.settings.limits import limits_of
from app.settings.sections import Settings
from app.work.trains import make_train


def apply(settings: Settings, key: str) -> None:
    for name, value in presets.changes(settings, key).items():
        section = settings.train if name in settings.train.names() else settings.device
        setattr(section, name, value)


@pytest.mark.parametrize("key", presets.PRESETS)
def test_a_preset_is_the_same_whatever_was_before(key: str) -> None:
    fresh, used = Settings(), Settings()
    used.array.rows = fresh.array.rows = 8
    apply(fresh, key)
    for other in presets.PRESETS:
        apply(used, other)
    apply(used, key)
    assert used.request() == fresh.request()
    assert len(make_train(used.train.choices())) > 1


def test_a_device_of_ones_own_keeps_its_numbers() -> None:
    settings = Settings()
    own = sc.load_device("hennen2024").vary(d2d=1.2)
    settings.use_device(own, limits_of(own))
    for key in presets.PRESETS:
        apply(settings, key)
        assert settings.device.own is own
        low, high = settings.device.param["d2d"].bounds
        assert low <= settings.device.d2d <= high
