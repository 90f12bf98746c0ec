"""Undo and redo: states of all settings, one for each time that they came to rest."""

from __future__ import annotations

from typing import Any

from app.settings.sections import Settings

MOST = 100  # states that are kept
State = dict[str, Any]


class History:
    """The states of a page, oldest first; `at` is the one that is shown."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self.states: list[State] = [now(settings)]
        self.first = self.at = 0  # numbers of states: they go on counting when old ones are forgotten

    @property
    def last(self) -> int:
        return self.first + len(self.states) - 1

    @property
    def can_undo(self) -> bool:
        return self.at > self.first

    @property
    def can_redo(self) -> bool:
        return self.at < self.last

    def record(self) -> bool:
        """Keep the present state, if it is another than the one that is shown; what was undone is then gone."""
        state = now(self._settings)
        if state == self.states[self.at - self.first]:
            return False
        del self.states[self.at - self.first + 1 :]
        self.states.append(state)
        if len(self.states) > MOST:
            del self.states[0]
            self.first += 1
        self.at = self.last
        return True

    def amend(self) -> None:
        """The present state takes the place of the one that is shown."""
        self.states[self.at - self.first] = now(self._settings)

    def go(self, number: int) -> bool:
        """Back or forth to a state; False if it is no longer kept, or already shown."""
        if number == self.at or not self.first <= number <= self.last:
            return False
        restore(self._settings, self.states[number - self.first])
        self.at = number
        return True


def now(settings: Settings) -> State:
    """The present state of all settings."""
    values = {p + n: copied(getattr(section, n)) for p, section in settings.sections() for n in section.names()}
    return values | {"own": settings.device.own, "limits": settings.limits}


def restore(settings: Settings, state: State) -> None:
    """Make a state the present one."""
    if state["own"] is not settings.device.own:
        settings.use_device(state["own"], state["limits"])
    for prefix, section in settings.sections():
        section.param.update({n: copied(state[prefix + n]) for n in section.names()})


def copied(value: object) -> object:
    """Lists are kept as they were."""
    return list(value) if isinstance(value, list) else value
