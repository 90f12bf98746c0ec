"""The control of a number: a box, with a slider or without. Its text is read here, by the page's one reader."""

from __future__ import annotations

from typing import Any, ClassVar

import param
from panel.custom import JSComponent
from param.parameterized import Event

from app.settings.numbers import MOST, number_text, read_number


class NumberBox(JSComponent):
    """What is shown is what is used. A text that cannot be read stays in the box, marked, under it the reason; the
    old value stays in use, and whatever else sets the value takes the mark away. Enter and leaving the box commit,
    Escape brings the value back.
    """

    label = param.String("", doc="Name of the number, with its unit in brackets.")
    unit = param.String("", doc="Unit of the number, for the reader and for sentences.")
    help = param.String("", doc="One line in a tip.")
    value = param.Number(None, allow_None=True, doc="The number in use; None: none yet.")
    start = param.Number(None, allow_None=True)
    end = param.Number(None, allow_None=True)
    step = param.Number(1.0)
    whole = param.Boolean(False, doc="Only whole numbers.")
    draft = param.String("", doc="A text that was refused.")
    error = param.String("", doc="Why: a sentence.")
    answers = param.Integer(0, doc="Counts what was read, so that the page shows the value in its own spelling.")

    _bundle = "number_box.js"
    _constants: ClassVar[dict[str, object]] = {"slider": False}

    def __init__(self, **options: object):
        super().__init__(**options)
        self.param.watch(self._changed, "value")

    def _changed(self, event: Event) -> None:
        if self.error:
            self.accept()

    def _process_property_change(self, msg: dict[str, Any]) -> dict[str, Any]:
        msg = super()._process_property_change(msg)
        if self.whole and msg.get("value") is not None:
            msg["value"] = round(msg["value"])  # a browser knows one kind of number
        return msg

    def _handle_msg(self, data: object) -> None:
        text = data.get("text") if isinstance(data, dict) else None
        if isinstance(text, str):
            self.type(text)
        else:
            self.accept()

    def type(self, text: str) -> None:
        """Take what somebody has typed, or refuse it."""
        try:
            value = read_number(text, self.start, self.end, whole=self.whole, unit=self.unit)
        except ValueError as error:
            self.refuse(text, str(error))
            return
        self.value = value
        self.accept()

    def refuse(self, text: str, rule: str) -> None:
        """Mark the box."""
        kept = "" if self.value is None else f"; {self.said(self.value)} stays in use"
        self.param.update(draft=text[:MOST], error=f"{self.name_of()}: {rule}{kept}.", answers=self.answers + 1)

    def accept(self) -> None:
        """Show the value, without a mark."""
        self.param.update(draft="", error="", answers=self.answers + 1)

    def name_of(self) -> str:
        """The label without its unit."""
        return self.label.removesuffix(f" ({self.unit})")

    def said(self, value: float) -> str:
        """A value with the unit of the box."""
        text = number_text(int(value) if self.whole else value)
        return f"{text} {self.unit}" if self.unit else text


class NumberSlider(NumberBox):
    """The same with a slider, where a hand can find every step."""

    _constants: ClassVar[dict[str, object]] = {"slider": True}
