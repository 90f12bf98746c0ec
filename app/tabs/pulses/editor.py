"""The segments of the train as lines that can be changed, moved, doubled and taken away, as one part of the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import param
from panel.custom import JSComponent

from app.settings import segments as parts
from app.settings.numbers import minus, read_number
from app.settings.segments import KINDS, PRESETS, Segment

LONGEST = 60_000  # letters of a CSV file or a table that a browser may send
Apply = Callable[[tuple[Segment, ...], int], None]
Train = tuple[tuple[Segment, ...], int]  # segments, and how often all of them are applied


class SegmentEditor(JSComponent):
    """What is shown is what is used: a number that is refused stays in its box, marked, with the reason below."""

    kinds = param.List(doc="(key, title, [(label, unit)]) each.")
    presets = param.List(doc="(key, title) each.")
    lines = param.List(doc="kind, values, times and help of each segment.")
    found = param.List(doc="What each did, in words; empty until it is known.")
    repeats = param.Integer(1, doc="How often all of it is applied.")
    error = param.List(default=[-1, "", ""], doc="Line (-1: all of it), field and sentence of what was refused.")
    answers = param.Integer(0, doc="Counts what was read.")

    _esm = "editor.js"

    def __init__(self, apply: Apply, read: Callable[[str], Train], **options: object):
        """`apply` makes segments and their number of repeats the train; `read` makes them of a CSV text."""
        self._apply, self._read = apply, read
        self._segments: tuple[Segment, ...] = ()
        self._factor = 1.0
        super().__init__(
            kinds=[[key, kind.title, [[f.label, f.unit] for f in kind.fields]] for key, kind in KINDS.items()],
            presets=[[key, title] for key, (title, _, _) in PRESETS.items()],
            **{"sizing_mode": "stretch_width", "margin": 0} | options,
        )

    def show(self, segments: Sequence[Segment], repeats: int, factor: float = 1.0) -> None:
        """The train that is in use; voltages that the editor proposes are the published device's times `factor`."""
        self._segments, self._factor = tuple(segments), factor
        self.param.update(
            lines=[line_of(segment) for segment in segments], repeats=repeats, error=[-1, "", ""],
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------------ from the page
    def _handle_msg(self, data: object) -> None:
        """A message of the browser: anything may come."""
        if not isinstance(data, dict):
            return
        line, field = data.get("line", -1), data.get("field", "")
        if not isinstance(line, int) or isinstance(line, bool) or not -1 <= line < len(self._segments):
            return
        try:
            self._apply(*self._answer(line, data))
        except (KeyError, TypeError, IndexError):
            return  # no page sends it
        except ValueError as error:
            self.error = [line, str(field)[:20], str(error)]
        self.answers += 1

    def _answer(self, line: int, data: dict[str, Any]) -> tuple[tuple[Segment, ...], int]:
        """Segments and repeats after what was asked for; raises ValueError with a sentence."""
        now, act, repeats = self._segments, data["act"], max(1, self.repeats)
        if act == "preset":
            _, text, times = PRESETS[data["kind"]]
            return parts.stretched(parts.from_text(text), self._factor), times
        if act == "repeats":
            return now, int(number("Repeats", data["text"], 1, 10_000, whole=True))
        if act == "csv":
            return self._read(data["text"][:LONGEST])
        if act == "add":
            made = (*now, *parts.stretched([parts.new(data["kind"])], self._factor))
        elif act == "move":
            to = min(max(int(data["to"]), 0), len(now) - 1)
            made = parts.moved(now, line, to)
        elif act == "double":
            made = now[: line + 1] + now[line:]
        elif act == "delete":
            made = now[:line] + now[line + 1 :] if line >= 0 else now
        else:
            made = (*now[:line], self._changed(now[line], act, data, f"Segment {line + 1}"), *now[line + 1 :])
        if not 1 <= len(made) <= parts.MOST:
            raise ValueError(f"Segments: must be 1 to {parts.MOST} (got {len(made)}); change or remove one instead")
        return made, repeats

    def _changed(self, segment: Segment, act: str, data: dict[str, Any], here: str) -> Segment:
        if act == "kind":
            return parts.changed(segment, data["kind"], self._factor)
        if act == "times":
            return replace(segment, times=int(number(f"{here}, times", data["text"], 1, parts.MOST_TIMES, whole=True)))
        if act == "table":
            text = data["text"][:LONGEST].replace(",", " ").replace(";", " ")
            return replace(parts.from_text(f"table {text}")[0], times=segment.times)
        field = KINDS[segment.kind].fields[data["field"]]
        values = [*segment.values]
        values[data["field"]] = number(
            f"{here}, {field.label}", data["text"], field.low, field.high, whole=field.whole, unit=field.unit
        )
        return parts.checked(replace(segment, values=tuple(values)), here)


def number(name: str, text: object, low: float, high: float, *, whole: bool = False, unit: str = "") -> float:
    """The number that was typed, or a sentence."""
    try:
        return read_number(str(text), low, high, whole=whole, unit=unit)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def line_of(segment: Segment) -> dict[str, object]:
    """What the page shows of a segment."""
    return {"kind": segment.kind, "values": words(segment), "times": segment.times, "help": KINDS[segment.kind].help}


def words(segment: Segment) -> list[str]:
    """The numbers of a segment as they stand in its boxes; of a table, all in one."""
    texts = [minus(f"{value:.12g}") for value in segment.values]
    if segment.kind != "table":
        return texts
    return [" ".join(f"{text}|" if i in segment.ends else text for i, text in enumerate(texts)).replace("−", "-")]
