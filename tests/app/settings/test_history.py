"""Undo and redo of settings."""

from __future__ import annotations

from app.settings.history import MOST, History
from app.settings.sections import Settings
from app.tabs.registry import TABS


def test_back_and_forth_through_the_states() -> None:
    settings = Settings({tab.key: tab.options for tab in TABS})
    history = History(settings)
    assert not history.record() and not history.can_undo and not history.can_redo
    settings.array.rows, settings.device.c2c = 32, 1.5
    assert history.record() and not history.record()
    settings.selection.cells = [(1, 2), (3, 4)]
    settings.options["c2c"].lag = 7
    history.record()
    assert history.go(1) and (settings.selection.cells, settings.options["c2c"].lag) == ([(0, 0)], 1)
    assert (settings.array.rows, history.can_redo) == (32, True) and not history.record()
    assert history.go(0) and (settings.array.rows, settings.device.c2c) == (64, 1.0) and not history.can_undo
    assert history.go(2) and settings.selection.cells == [(1, 2), (3, 4)] and settings.array.rows == 32
    assert not history.go(3) and not history.go(2) and not history.go(-1)


def test_a_change_after_undo_forgets_what_was_undone_and_old_states_go() -> None:
    settings = Settings()
    history = History(settings)
    for seed in range(2, MOST + 10):
        settings.array.seed = seed
        history.record()
    assert len(history.states) == MOST and history.last == MOST + 8 and not history.go(3)
    history.go(history.last - 2)
    settings.array.seed = 0
    assert history.record() and not history.can_redo and history.last == MOST + 7


def test_a_device_of_ones_own_comes_back_with_its_bounds() -> None:
    from app.settings.limits import limits_of
    from synaptogen_core import load_device

    settings = Settings()
    history = History(settings)
    device = load_device("hennen2024").vary(outlier_share=0)
    settings.use_device(device, limits_of(device))
    history.record()
    assert "outlier_share" in settings.device.hidden
    history.go(0)
    assert settings.device.own is None and not settings.device.hidden
    history.go(1)
    assert settings.device.own is device and "outlier_share" in settings.device.hidden
