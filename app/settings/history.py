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
        self.states: list[State] = [self._now()]
        self.first = self.at = 0  # numbers of states: they go on counting when old ones are forgotten

    def _now(self) -> State:
        values = {
            p + n: copied(getattr(section, n)) for p, section in self._settings.sections() for n in section.names()
        }
        return values | {"own": self._settings.device.own, "limits": self._settings.limits}

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
        now = self._now()
        if now == self.states[self.at - self.first]:
            return False
        del self.states[self.at - self.first + 1 :]
        self.states.append(now)
        if len(self.states) > MOST:
            del self.states[0]
            self.first += 1
        self.at = self.last
        return True

    def go(self, number: int) -> bool:
        """Back or forth to a state; False if it is no longer kept, or already shown."""
        if number == self.at or not self.first <= number <= self.last:
            return False
        state = self.states[number - self.first]
        if state["own"] is not self._settings.device.own:
            self._settings.use_device(state["own"], state["limits"])
        for prefix, section in self._settings.sections():
            section.param.update({n: copied(state[prefix + n]) for n in section.names()})
        self.at = number
        return True


def copied(value: Any) -> Any:
    """Lists are kept as they were."""
    return list(value) if isinstance(value, list) else value
