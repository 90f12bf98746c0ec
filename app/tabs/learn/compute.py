"""The lesson that is open: its step, the live numbers and pictures, and what the run says to the learner's answer."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import param

from app.settings.numbers import minus
from app.settings.sections import Choices, Request, Settings, TabOptions, unit_of
from app.tabs.learn import measures, pictures, reader
from app.tabs.learn.measures import Value
from app.work import runs
from app.work.runs import Run
from synaptogen_core.counts import counted

USES = frozenset({"cells"})
AT_ONCE = 0.3  # seconds


@lru_cache(maxsize=1)
def lessons() -> tuple[dict[str, reader.Lesson], list[str]]:
    """The lessons of the server, read once."""
    return reader.load()


class Options(TabOptions):
    lesson = param.Selector(default="", objects=["", *lessons()[0]], doc="The open lesson; empty: the list of lessons.")
    step = param.Integer(1, bounds=(1, 50), doc="The step of the lesson.")
    answer = param.String("", doc="The learner's answer: the number of a choice, or a number; empty: none yet.")

    def active(self) -> tuple[str, ...]:
        return self.names() if self.lesson else ("lesson",)


@dataclass(frozen=True)
class Offer:
    """A lesson in the list."""

    key: str
    title: str
    level: str
    minutes: int
    summary: str
    steps: int
    begin: dict[str, object]  # settings that begin it, by their names in a link


@dataclass(frozen=True)
class Ask:
    """The question of a step."""

    text: str
    choices: tuple[str, ...]
    number: reader.NumberAnswer | None
    unit: str
    change: dict[str, object]  # settings of the page that the answer brings


@dataclass(frozen=True)
class Verdict:
    """What the run says to an answer."""

    held: bool | None  # None: the run gives no number
    said: str  # the answer, in words
    measured: Value
    reply: str
    change: str  # the experiment, in words


@dataclass(frozen=True)
class Page:
    """One step of a lesson as it stands."""

    lesson: Offer
    number: int
    title: str
    text: str
    ask: Ask | None
    answer: str
    verdict: Verdict | None
    explain: str
    differs: tuple[str, ...]  # settings that are not the step's, in words
    wanted: dict[str, object]  # the step's settings, by their names in a link
    begin: dict[str, object]  # the same before the question is answered
    neighbours: tuple[dict[str, object] | None, dict[str, object] | None]  # settings of the step before and after
    numbers: tuple[tuple[Value, Value | None], ...]  # now, and before the experiment
    pictures: tuple[pictures.Picture, ...]
    run: str  # what was simulated, in words


@dataclass(frozen=True)
class Result:
    offers: tuple[Offer, ...]
    errors: tuple[str, ...]
    page: Page | None


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Result:
    """The list of lessons, or a step of one of them with the numbers of the present run."""
    found, errors = lessons()
    offers = tuple(map(offer, found.values()))
    if not options.lesson:
        return Result(offers, tuple(errors), None)
    return Result(offers, tuple(errors), page(found[options.lesson], run, request, options))


def offer(lesson: reader.Lesson) -> Offer:
    return Offer(lesson.key, lesson.title, lesson.level, lesson.minutes, lesson.summary, len(lesson.steps),
                 settings_of(lesson, 1))  # fmt: skip


def settings_of(lesson: reader.Lesson, number: int) -> dict[str, object]:
    """All settings of the page at the begin of a step."""
    return lesson.steps[number - 1].wanted(False) | {
        "learn.lesson": lesson.key, "learn.step": number, "learn.answer": ""
    }  # fmt: skip


def page(lesson: reader.Lesson, run: Run, request: Request, options: Choices) -> Page:
    number = min(options.step, len(lesson.steps))
    step = lesson.steps[number - 1]
    begin, after = (run_of(step, answered) for answered in (False, True))
    frame = {r.key: r for r in (begin, after) if r is not None}
    numbers = measures.Numbers(frame.get(run.key, run), tuple((frame | {run.key: frame.get(run.key, run)}).values()))
    answer = valid(step.question, options.answer)
    wanted = step.wanted(bool(answer))
    shown = step.reveal if answer and step.reveal else step.pictures
    before = measures.Numbers(begin, numbers.frame) if answer and begin is not None else None
    neighbours = (
        settings_of(lesson, number - 1) if number > 1 else None,
        settings_of(lesson, number + 1) if number < len(lesson.steps) else None,
    )
    asked = ask(step, before or numbers)
    return Page(
        lesson=offer(lesson),
        number=number,
        title=step.title,
        text=filled(step.text, before or numbers),
        ask=asked,
        answer=answer,
        verdict=verdict(step, answer, numbers) if answer else None,
        explain=filled(step.explain, numbers) if answer else "",
        differs=differences(run.request, wanted),
        wanted=wanted,
        begin=step.wanted(False),
        neighbours=neighbours,
        numbers=tuple(
            (measures.measure(call, numbers), measures.measure(call, before) if before else None)
            for call in listed(step, bool(answer))
        ),
        pictures=tuple(pictures.compare(call, numbers, request.cells, before) for call in shown),
        run=f"{counted(run.cells.size, 'cell')}, {counted(run.cycles, 'cycle')}",
    )


def run_of(step: reader.Step, answered: bool) -> Run | None:
    """The run of the step's own settings before its experiment, or after it; None where there is no experiment, or it
    would take long.
    """
    if step.question is None or not step.question.change:
        return None
    settings = Settings()
    for name, value in step.wanted(answered).items():
        section = next(s for prefix, s in settings.sections() if name in s.names())
        setattr(section, name, value)
    request = settings.request()
    found = runs.RUNS.get(request.simulation)
    if found is None and runs.estimate(request).seconds <= AT_ONCE:
        found = runs.run(request, lambda done: None, threading.Event())
        runs.RUNS.put(found.key, found, found.size)
    return found


def ask(step: reader.Step, numbers: measures.Numbers) -> Ask | None:
    question = step.question
    if question is None:
        return None
    says = tuple(choice.say for choice in question.choices)
    return Ask(filled(question.text, numbers), says, question.number, question.measure.unit, step.wanted(True))


def valid(question: reader.Question | None, answer: str) -> str:
    """An answer as it comes from a link or the page; empty if it is none."""
    try:
        value = float(answer)
    except ValueError:
        return ""
    if question is None or not math.isfinite(value):
        return ""
    if question.number is None:
        return f"{value:g}" if value in range(1, len(question.choices) + 1) else ""
    return f"{min(max(value, question.number.low), question.number.high):.6g}"


def verdict(step: reader.Step, answer: str, numbers: measures.Numbers) -> Verdict:
    """Whether what the answer claims is so in this run."""
    question = step.question
    if question is None:
        raise ValueError(f"step: must have a question for a verdict (got “{step.title}”); add one to the lesson")
    found = measures.measure(question.measure, numbers)
    change = in_words(question.change)
    if question.number is not None:
        said, claim = float(answer), f"{float(answer):g} {found.unit}".strip()
        held = None if found.problem else abs(said - found.value) <= question.number.within
        return Verdict(held, claim, found, "", change)
    choice = question.choices[int(float(answer)) - 1]
    return Verdict(None if found.problem else choice.holds.holds(found.value), choice.say, found, choice.reply, change)


def listed(step: reader.Step, answered: bool) -> tuple[measures.Call, ...]:
    """Numbers to be shown: those of the step, but none before its question was answered, lest they answer it."""
    if step.question is None:
        return step.numbers
    if not answered:
        return ()
    return (step.question.measure, *(call for call in step.numbers if call != step.question.measure))


def filled(text: str, numbers: measures.Numbers) -> str:
    """Live numbers in the places of a text that ask for them."""
    return reader.HOLE.sub(lambda hole: str(measures.measure(measures.parse(hole.group(1)), numbers)), text)


def differences(request: Request, wanted: dict[str, object]) -> tuple[str, ...]:
    """What in the simulation is not as the step wants it."""
    found = []
    for part in request.simulation:
        for name, value in part.items():
            if name in wanted and value != wanted[name]:
                found.append(f"{label(name)} {shown(name, value)} instead of {shown(name, wanted[name])}")
    return tuple(found)


def in_words(changes: Mapping[str, object]) -> str:
    return ", ".join(f"{label(name)} {shown(name, value)}" for name, value in changes.items())


def label(name: str) -> str:
    section, attribute = reader.sections()[name]
    return str(section.param[attribute].label)


def shown(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    text = minus(f"{value:g}") if isinstance(value, int | float) else getattr(value, "name", str(value))
    section, attribute = reader.sections()[name]
    return f"{text} {unit_of(section.param[attribute])}".strip()
