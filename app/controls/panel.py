"""Many settings as one part of the page: a component for each of them would cost the page's opening some 30 ms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import param
from panel.custom import JSComponent
from param.parameterized import Event

from app.look.controls import SLIDER_STEPS, bounds_of, help_text, range_text
from app.settings import numbers
from app.settings.sections import Section, unit_of

LONGEST = 20_000  # letters of a text that a browser may send
WATCHED = ("value", "bounds", "softbounds", "objects")


@dataclass(frozen=True)
class Group:
    """Some parameters of a section. Without a title they are always there; with one they fold."""

    section: Section
    names: tuple[str, ...] = ()  # all of the section's, if none are named
    title: str = ""
    open: bool = True
    picture: bool = False  # the waveform above them


class Panel(JSComponent):
    """Controls of parameters, linked both ways. What is shown is what is used: a text that cannot be read stays in its
    box, marked, under it the reason, and the old value stays in use; whatever else sets the value takes the mark away.

    A key is the section's number and the parameter's name: ``0.rows``.
    """

    groups = param.List(doc="What there is: made once.")
    state = param.Dict(default={}, doc="Of each key what changes: value, bounds, help, mark, whether it is shown.")
    wave = param.Dict(default={"pulse": [], "volts": []}, doc="First pulses of the train: numbers and volts.")
    layout = param.Selector(default="side", objects=["side", "bar"])
    foot = param.Boolean(False, doc="Whether there is a button that resets all settings.")
    answers = param.Integer(0, doc="Counts what was read.")

    _bundle = "panel.js"

    def __init__(
        self,
        groups: Sequence[Group],
        *,
        boxes: Sequence[str] = (),
        words: Mapping[str, str] | None = None,
        reset: Callable[[], None] | None = None,
        **options: object,
    ):
        """`boxes` have no slider; `words` names other kinds: "words" (one line of text) or "lines" (several)."""
        self._reset, self._boxes, self._words = reset, frozenset(boxes), dict(words or {})
        self._sections: list[Section] = []
        self._marks: dict[str, tuple[str, str]] = {}  # key -> text that was refused, and why
        self._keys: dict[str, tuple[Section, str]] = {}
        self._quiet = False
        self._hidden: frozenset[str] = frozenset()
        specs: list[dict[str, Any]] = []
        for index, group in enumerate(groups):
            made = self._group(index, group)
            if specs and specs[-1]["title"] == made["title"]:
                specs[-1]["specs"] += made["specs"]  # a group of two sections
            else:
                specs.append(made)
        super().__init__(
            **{"groups": specs, "foot": reset is not None, "sizing_mode": "stretch_width", "margin": 0} | options
        )
        self._refresh()
        for section in self._sections:
            names = [name for each, name in self._keys.values() if each is section]
            more = [name for name in section.param if name not in ("name", *names)]
            for what in WATCHED:
                section.param.watch(self._changed, names, what=what) if self._has(section, names, what) else None
            section.param.watch(self._refresh, more) if more else None

    def hide(self, *names: str) -> None:
        """Hide these, which matter on other tabs only, and no others."""
        if self._hidden != frozenset(names):
            self._hidden = frozenset(names)
            self._refresh()

    @staticmethod
    def _has(section: Section, names: Sequence[str], what: str) -> bool:
        return what == "value" or all(hasattr(section.param[name], what) for name in names)

    # ------------------------------------------------------------------------------------------------ made once
    def _group(self, index: int, group: Group) -> dict[str, object]:
        if group.section not in self._sections:
            self._sections.append(group.section)
        number = self._sections.index(group.section)
        names = group.names or group.section.names()
        specs = [self._spec(f"{number}.{name}", group.section, name) for name in names]
        return {"title": group.title, "key": str(index), "open": group.open, "picture": group.picture, "specs": specs}

    def _spec(self, key: str, section: Section, name: str) -> dict[str, object]:
        self._keys[key] = section, name
        parameter = section.param[name]
        spec = {"key": key, "label": parameter.label, "unit": unit_of(parameter), "kind": self._kind(parameter, name)}
        if spec["kind"] == "choice":
            spec["options"] = choices(parameter)
        if spec["kind"] == "number":
            low, high = parameter.bounds
            spec["step"] = parameter.step or (1 if isinstance(parameter, param.Integer) else 0.1)
            spec["slider"] = name not in self._boxes and (high - low) / (parameter.step or 1) <= SLIDER_STEPS
        return spec

    def _kind(self, parameter: param.Parameter, name: str) -> str:
        if name in self._words:
            return self._words[name]
        if isinstance(parameter, param.Boolean):
            return "switch"
        if isinstance(parameter, param.Selector):
            return "choice"
        return "number" if isinstance(parameter, param.Number) else "lines"

    # ------------------------------------------------------------------------------------------------ to the page
    def _changed(self, *events: Event) -> None:
        for event in events:  # whatever sets a value takes its mark away
            for key, (section, name) in self._keys.items():
                if section is event.obj and name == event.name:
                    self._marks.pop(key, None)
        self._refresh()

    def _refresh(self, *events: Event) -> None:
        if not self._quiet:
            self.state = {key: self._of(key, section, name) for key, (section, name) in self._keys.items()}

    def _of(self, key: str, section: Section, name: str) -> dict[str, object]:
        parameter, value = section.param[name], getattr(section, name)
        draft, error = self._marks.get(key, ("", ""))
        now = {
            "value": value, "shown": name in section.active() and name not in self._hidden,
            "changed": value != parameter.default,
            "help": help_text(parameter, name), "draft": draft, "error": error,
        }  # fmt: skip
        if isinstance(parameter, param.Number):
            now["start"], now["end"] = bounds_of(parameter)
        elif isinstance(parameter, param.Selector) and name not in self._words:
            now["options"], now["value"] = choices(parameter), str(value)
        return now

    # ------------------------------------------------------------------------------------------------ from the page
    def _handle_msg(self, data: object) -> None:
        """A message of the browser: anything may come."""
        if not isinstance(data, dict):
            return
        key = data.get("key")
        if key is None and data.get("reset") is True and self._reset is not None:
            self._marks.clear()
            self._reset()
            self._refresh()
        elif isinstance(key, str) and key in self._keys:
            section, name = self._keys[key]
            self._marks.pop(key, None)
            self._quiet = True
            try:
                self._take(key, section, name, data)
            finally:
                self._quiet = False
                self._refresh()
                self.answers += 1

    def _take(self, key: str, section: Section, name: str, data: dict[str, Any]) -> None:
        parameter = section.param[name]
        if data.get("reset") is True:
            setattr(section, name, parameter.default)
        elif isinstance(parameter, param.Number) and not isinstance(parameter, param.Boolean):
            self._number(key, section, name, data)
        elif "value" in data:
            value = data["value"]
            right = isinstance(value, bool if isinstance(parameter, param.Boolean) else str)
            try:
                if not right or (isinstance(value, str) and len(value) > LONGEST):
                    raise ValueError
                if isinstance(parameter, param.Selector) and name not in self._words:  # choices may be numbers, too
                    value = {str(choice): choice for choice in parameter.objects}.get(value, value)
                setattr(section, name, value)
            except ValueError:
                self._refuse(key, section, name, "", f"must be {range_text(parameter, name)}")

    def _number(self, key: str, section: Section, name: str, data: dict[str, Any]) -> None:
        parameter = section.param[name]
        unit = unit_of(parameter)
        low, high = bounds_of(parameter)
        whole = isinstance(parameter, param.Integer)
        text, value = data.get("text"), data.get("value")
        try:
            if isinstance(text, str):
                value = numbers.read_number(text, low, high, whole=whole, unit=unit)
            if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
                return  # given up, or no number at all
            # a slider can be a moment behind bounds that have just changed
            value = min(max(value, low), high)
            setattr(section, name, round(value) if whole else value)
        except ValueError as error:
            self._refuse(key, section, name, text or "", str(error))

    def _refuse(self, key: str, section: Section, name: str, text: str, rule: str) -> None:
        """Mark a box."""
        parameter, value = section.param[name], getattr(section, name)
        unit = unit_of(parameter)
        kept = numbers.number_text(value) if isinstance(value, int | float) else str(value)
        stays = f"; {kept} {unit}".rstrip() + " stays in use"
        self._marks[key] = text[: numbers.MOST], f"{parameter.label}: {rule}{stays}."


def choices(parameter: param.Selector) -> list[list[str]]:
    """Value and label of each choice."""
    named = parameter.names or {str(value): value for value in parameter.objects}
    return [[str(value), str(label)] for label, value in named.items()]
