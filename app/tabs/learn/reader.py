"""A lesson from its Markdown file. Everything is checked when it is read; what is wrong is said in a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from app.settings import link
from app.settings.sections import Section, Settings
from app.tabs.learn import measures, pictures, relations
from app.tabs.learn.pictures import Call as PictureCall

FOLDER = Path(__file__).parent
LARGEST = 100_000  # bytes of a lesson
FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*\n(.*)\Z", re.DOTALL)
HEADING = re.compile(r"^##[ \t]+(.+?)[ \t]*$", re.MULTILINE)
BLOCK = re.compile(r"^```step[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
HOLE = re.compile(r"\{([a-z0-9_]+(?:\([^{}]*\))?)\}")
HEAD_KEYS = ("title", "level", "minutes", "summary", "setup")
STEP_KEYS = ("setup", "picture", "question", "measure", "choices", "number", "try", "reveal", "numbers", "explain")
CHOICE_KEYS = ("say", "holds", "reply")
NUMBER_KEYS = ("low", "high", "within", "step")


class LessonError(ValueError):
    """A lesson that cannot be shown; the message is a sentence for its author."""


@dataclass(frozen=True)
class Choice:
    """An answer to choose, and what it claims."""

    say: str
    holds: relations.Relation
    reply: str


@dataclass(frozen=True)
class NumberAnswer:
    """An answer to type: between `low` and `high`, right if `within` of the measured number; all in its unit."""

    low: float
    high: float
    within: float
    step: float


@dataclass(frozen=True)
class Question:
    """A prediction that is asked for, and the measure that judges it."""

    text: str
    measure: measures.Call
    choices: tuple[Choice, ...]
    number: NumberAnswer | None
    change: Mapping[str, object]  # settings of the experiment that the answer starts


@dataclass(frozen=True)
class Step:
    """One page of a lesson."""

    title: str
    text: str
    setup: Mapping[str, object]
    pictures: tuple[PictureCall, ...]
    reveal: tuple[PictureCall, ...]  # shown instead, once the question is answered
    numbers: tuple[measures.Call, ...]
    question: Question | None
    explain: str

    def wanted(self, answered: bool) -> dict[str, object]:
        """The settings of the page in this step, by their names in a link: every one, so that nothing is left over."""
        change = self.question.change if self.question and answered else {}
        return {**defaults(), **self.setup, **change}


@dataclass(frozen=True)
class Lesson:
    """A whole lesson; `key` is the name of its file."""

    key: str
    title: str
    level: str
    minutes: int
    summary: str
    steps: tuple[Step, ...]


@cache
def sections() -> Mapping[str, tuple[Section, str]]:
    """The settings that a lesson may change: those of the sidebar, and the followed cells; none of them is set."""
    return {n: (s, n) for prefix, s in Settings().sections() if not prefix for n in s.names()}


@cache
def defaults() -> Mapping[str, object]:
    """What each of these settings is in a fresh page."""
    return {name: section.param[name].default for name, (section, _) in sections().items()}


def load(folder: Path = FOLDER) -> tuple[dict[str, Lesson], list[str]]:
    """Lessons of a folder by key, in the order of their file names; a sentence for each that cannot be shown."""
    found, errors = {}, []
    for path in sorted(folder.glob("*.md")):
        if path.name == "README.md":
            continue
        try:
            if path.stat().st_size > LARGEST:
                raise LessonError(f"{path.name}: must be at most {LARGEST // 1000} kB; split the lesson")
            lesson = read(path.read_text(encoding="utf-8"), path.stem)
            found[lesson.key] = lesson
        except (LessonError, OSError, UnicodeDecodeError) as error:
            errors.append(str(error) if isinstance(error, LessonError) else f"{path.name}: cannot be read ({error})")
    return found, errors


def read(text: str, key: str) -> Lesson:
    """A lesson from the text of its file.

    Raises
    ------
    LessonError
        If something in it is unknown, missing, or contradicts itself.
    """
    where = f"{key}.md"
    if not re.fullmatch(r"[a-z0-9_-]+", key):
        raise LessonError(f"{where}: must be named with small letters, digits, - and _ only; rename the file")
    parts = FRONT.match(text.replace("\r\n", "\n"))
    if not parts:
        raise LessonError(f"{where}: must begin with a front matter between two lines of ---; see README.md")
    head = table(parts.group(1), where, HEAD_KEYS, needed=("title", "level", "summary"))
    title, level, summary = (words(head, name, where) for name in ("title", "level", "summary"))
    setup = settings(head.get("setup"), f"{where}, setup")
    minutes = head.get("minutes", 5)
    if not isinstance(minutes, int) or not 1 <= minutes <= 120:
        raise LessonError(f"{where}, minutes: must be a whole number from 1 to 120 (got {minutes!r})")
    pieces = HEADING.split(parts.group(2))
    if pieces[0].strip():
        raise LessonError(
            f"{where}: must have its text below ## headings, one for each step (got text above the first)"
        )
    steps = tuple(
        read_step(heading, body, setup, f"{where}, “{heading}”")
        for heading, body in zip(pieces[1::2], pieces[2::2], strict=True)
    )
    if not steps:
        raise LessonError(f"{where}: must have at least one step; begin it with a line such as ## First look")
    return Lesson(key, title, level, minutes, summary, steps)


def read_step(title: str, body: str, setup: Mapping[str, object], where: str) -> Step:
    blocks = BLOCK.findall(body)
    if len(blocks) > 1:
        raise LessonError(f"{where}: must have at most one step block (got {len(blocks)}); make two steps of it")
    data = table(blocks[0], where, STEP_KEYS) if blocks else {}
    text = BLOCK.sub("", body).strip()
    if not text:
        raise LessonError(f"{where}: must have some text; say what to look at")
    step = Step(
        title=title,
        text=text,
        setup={**setup, **settings(data.get("setup"), f"{where}, setup")},
        pictures=calls(data.get("picture"), pictures.parse, f"{where}, picture", most=2),
        reveal=calls(data.get("reveal"), pictures.parse, f"{where}, reveal", most=2),
        numbers=calls(data.get("numbers"), measures.parse, f"{where}, numbers", most=6),
        question=question(data, where),
        explain=words(data, "explain", where, needed=False),
    )
    for written in (step.text, step.explain, step.question.text if step.question else ""):
        for hole in HOLE.findall(written):
            checked(measures.parse, hole, f"{where}, {{{hole}}}")
    return step


def question(data: Mapping[str, object], where: str) -> Question | None:
    if "question" not in data:
        extra = [name for name in ("measure", "choices", "number", "try", "reveal", "explain") if name in data]
        if extra:
            raise LessonError(f"{where}, {extra[0]}: must stand beside a question; add one, or leave it out")
        return None
    if "measure" not in data or ("choices" in data) == ("number" in data):
        raise LessonError(f"{where}, question: must have a measure, and either choices or number; add what is missing")
    measure = checked(measures.parse, data["measure"], f"{where}, measure")
    choices = read_choices(data["choices"], measure.unit, f"{where}, choices") if "choices" in data else ()
    number = read_number(data["number"], f"{where}, number") if "number" in data else None
    change = settings(data.get("try"), f"{where}, try")
    return Question(words(data, "question", where), measure, choices, number, change)


def read_choices(data: object, unit: str, where: str) -> tuple[Choice, ...]:
    if not isinstance(data, list) or not 2 <= len(data) <= 6:
        raise LessonError(f"{where}: must be a list of 2 to 6 answers")
    found: list[Choice] = []
    for i, entry in enumerate(data, 1):
        here = f"{where}, answer {i}"
        entry = known(entry, here, CHOICE_KEYS, needed=("say", "holds"))
        holds = checked(lambda text: relations.parse(text, unit), entry["holds"], f"{here}, holds")
        for other in found:
            if holds.overlaps(other.holds):
                raise LessonError(f"{here}, holds: must not overlap another answer (“{holds}” and “{other.holds}”)")
        found.append(Choice(words(entry, "say", here), holds, words(entry, "reply", here, needed=False)))
    return tuple(found)


def read_number(data: object, where: str) -> NumberAnswer:
    entry = known(data, where, NUMBER_KEYS, needed=("low", "high", "within"))
    for name in NUMBER_KEYS:
        if not is_number(entry.get(name, 1)):
            raise LessonError(f"{where}, {name}: must be a number (got {entry[name]!r})")
    answer = NumberAnswer(**{name: float(entry.get(name, 1)) for name in NUMBER_KEYS})
    if not answer.low < answer.high or not answer.within > 0 or not answer.step > 0:
        raise LessonError(f"{where}: must have low below high, and within and step above 0")
    return answer


# ------------------------------------------------------------------------------------------------ small things
def table(text: str, where: str, keys: Iterable[str], needed: Iterable[str] = ()) -> Mapping[str, Any]:
    """YAML, read safely: plain values only."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1} of the block" if mark else ""
        raise LessonError(f"{where}: must be YAML ({getattr(error, 'problem', None) or error}{line})") from None
    return known({} if data is None else data, where, keys, needed)


def known(data: object, where: str, keys: Iterable[str], needed: Iterable[str] = ()) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise LessonError(f"{where}: must be lines of “name: value” (got {type(data).__name__})")
    for name in data:
        if name not in keys:
            raise LessonError(f"{where}: must use the names {', '.join(keys)} (got “{name}”); correct or remove it")
    for name in needed:
        if name not in data:
            raise LessonError(f"{where}: must have a {name}; add it")
    return data


def words(data: Mapping[str, object], name: str, where: str, needed: bool = True) -> str:
    value = data.get(name, "")
    if not isinstance(value, str) or (needed and not value.strip()):
        raise LessonError(f"{where}, {name}: must be text (got {value!r}); put it in quotes")
    return value.strip()


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def checked(parse: Callable[[Any], Any], value: Any, where: str) -> Any:
    try:
        return parse(value)
    except ValueError as error:
        raise LessonError(f"{where}: {error}") from None


def calls(data: object, parse: Callable[[str], Any], where: str, most: int) -> tuple[Any, ...]:
    """One word of a vocabulary, or a list of them."""
    given = [] if data is None else data if isinstance(data, list) else [data]
    if len(given) > most:
        raise LessonError(f"{where}: must be at most {most} (got {len(given)}); leave some out")
    return tuple(checked(parse, text, where) for text in given)


def settings(data: object, where: str) -> dict[str, object]:
    """Settings by their names in a link, with values that the page accepts."""
    if data is None:
        return {}
    places = sections()
    found = {}
    for name, value in known(data, where, sorted(places)).items():
        section, attribute = places[name]
        try:
            if isinstance(value, list):
                value = [tuple(cell) for cell in value]
            found[name] = link.read(section.param[attribute], link.write(value))
        except (link.LinkError, TypeError, ValueError) as error:
            raise LessonError(f"{where}, {name}: {error}") from None
    return found
