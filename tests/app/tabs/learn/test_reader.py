"""The format of lessons: every lesson is read, every answer walked; what is wrong is said in a sentence."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.look import theme
from app.settings.sections import Settings
from app.tabs.learn import compute as learn
from app.tabs.learn import measures, pictures, reader, relations
from app.tabs.learn.view import MOST_CHOICES
from app.work import runs

LESSONS = reader.load()[0]
STEPS = [(key, n) for key, lesson in LESSONS.items() for n in range(1, len(lesson.steps) + 1)]
HEAD = "---\ntitle: T\nlevel: L\nsummary: S\n---\n"
GOOD = """
question: Q?
measure: c2c_sd(r_lrs)
choices:
  - {say: a, holds: below 5 kohm, reply: r}
  - {say: b, holds: above 5}
try: {c2c: 2}
"""


def lesson_text(block: str, head: str = HEAD, text: str = "Text.") -> str:
    return f"{head}\n## One\n\n{text}\n\n```step\n{block.strip()}\n```\n"


def test_the_lessons_are_there_and_right() -> None:
    assert reader.load()[1] == []
    assert len(LESSONS) >= 14 and all(lesson.steps for lesson in LESSONS.values())
    assert (
        max(len(s.question.choices) for lesson in LESSONS.values() for s in lesson.steps if s.question) <= MOST_CHOICES
    )


@pytest.mark.parametrize(("key", "number"), STEPS)
def test_every_answer_gets_its_verdict(key: str, number: int, run_of: Callable[..., runs.Run]) -> None:
    """Each step in its own set-up: before the answer, and after each right and wrong one."""
    step = LESSONS[key].steps[number - 1]
    first = compute(run_of(step.wanted(False)), key, number, "")
    assert first.verdict is None
    if step.question is None:
        return
    run = run_of(step.wanted(True))
    measured = measures.measure(step.question.measure, measures.Numbers(run))
    if step.question.number:
        n = step.question.number
        assert n.low < measured.value < n.high
        answers = {f"{measured.value + 0.9 * n.within}": True, f"{measured.value + 1.1 * n.within}": False}
    else:
        answers = {str(i): c.holds.holds(measured.value) for i, c in enumerate(step.question.choices, 1)}
        assert sum(answers.values()) == 1, "exactly one answer is right in the lesson's own set-up"
    for answer, held in answers.items():
        page = compute(run, key, number, answer)
        assert page.verdict is not None
        assert page.verdict.held is held
        assert page.verdict.measured == measured and not measured.problem
        assert page.differs == ()
        assert page.numbers[0][0] == measured
        assert not any(picture.problem for picture in page.pictures) and page.pictures
        assert not re.search(r"\{[a-z]|–", page.text + page.explain), "a number is missing from the text"
        assert step.reveal or frames(page) == frames(first), "the axes stay, so that the eye can compare"
        was, now = ([s for p in found.pictures for s in p.layers] for found in (first, page))
        outlines = [layer for layer in now if layer.look == "before"]
        assert bool(outlines) == bool(step.question.change)
        if step.reveal or not outlines:
            continue
        for outline in outlines:
            assert any(holds(outline, layer) for layer in was), "it shows what stood there before"
            assert not any(layer.look != "before" and holds(outline, layer) for layer in now)


def holds(outline: pictures.Layer, layer: pictures.Layer) -> bool:
    """Whether an outline goes through all points of a layer."""
    return bool(np.isin(layer.x, outline.x).all() and np.isin(layer.y, outline.y).all())


def frames(page: learn.Page) -> list[tuple[str, pictures.Side, pictures.Side]]:
    return [(picture.title, picture.x, picture.y) for picture in page.pictures]


@pytest.fixture(scope="module")
def run_of() -> Callable[..., runs.Run]:
    known: dict[object, runs.Run] = {}

    def make(wanted: dict[str, object]) -> runs.Run:
        request = request_of(wanted)
        if request.simulation not in known:
            known[request.simulation] = runs.run(request, lambda done: None, threading.Event())
        return known[request.simulation]

    return make


def request_of(wanted: dict[str, object], **options: object) -> object:
    settings = Settings({"learn": learn.Options})
    for name, value in wanted.items():
        setattr(next(s for prefix, s in settings.sections() if not prefix and name in s.names()), name, value)
    settings.options["learn"].param.update(options)
    return settings.request()


def compute(run: runs.Run, key: str, number: int, answer: str) -> learn.Page:
    request = request_of({}, lesson=key, step=number, answer=answer)
    page = learn.compute(run, request, request.of_tab("learn"), threading.Event()).page
    assert page is not None
    return page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# No front matter", "must begin with a front matter"),
        (HEAD, "must have at least one step"),
        (HEAD.replace("level: L\n", ""), "must have a level; add it"),
        (HEAD.replace("level", "colour"), "must use the names title, level, minutes, summary, setup (got “colour”)"),
        (HEAD.replace("level: L", "level: [1"), "must be YAML"),
        (HEAD.replace("level: L", "level: 3"), "level: must be text (got 3)"),
        (HEAD.replace("level: L", "level: L\nminutes: soon"), "must be a whole number from 1 to 120"),
        (HEAD.replace("level: L", "level: L\nsetup: {rowz: 3}"), "(got “rowz”)"),
        (HEAD.replace("level: L", "level: L\nsetup: {rows: 4000}"), "must be from 1 to 1,024 (got “4000”)"),
        (HEAD.replace("level: L", "level: L\nsetup: {kind: sinus}"), "kind: must be one of"),
        (HEAD.replace("level: L", "level: L\nsetup: {cells: [1, 2]}"), "cells:"),
        (HEAD.replace("level: L", "level: L\nsetup: {title: !!python/object/apply:os.getcwd []}"), "must be YAML"),
        (HEAD + "stray\n## One\ntext", "must have its text below ## headings"),
        (HEAD + "## One\n", "must have some text"),
        (lesson_text("colour: 3"), "(got “colour”)"),
        (lesson_text("- a\n- b"), "must be lines of “name: value” (got list)"),
        (lesson_text("measure: mean(r_lrs)"), "measure: must stand beside a question"),
        (lesson_text("question: Q?"), "must have a measure, and either choices or number"),
        (lesson_text(GOOD + "number: {low: 0, high: 1, within: 1}"), "either choices or number"),
        (lesson_text(GOOD.replace("c2c_sd(r_lrs)", "c2c_sd(r_xyz)")), "must name one of r_hrs, u_set, r_lrs, u_reset"),
        (lesson_text(GOOD.replace("c2c_sd(r_lrs)", "entropy")), "measure: must be one of c2c_sd(feature)"),
        (lesson_text(GOOD.replace("c2c_sd(r_lrs)", "c2c_sd")), "must be written c2c_sd(feature) (got “c2c_sd”)"),
        (lesson_text(GOOD.replace("below 5 kohm", "below 5 V")), "holds: must be in kΩ (got “V”)"),
        (lesson_text(GOOD.replace("below 5 kohm", "small")), "must be “below 5”, “above 5” or “from 5 to 10”"),
        (lesson_text(GOOD.replace("below 5 kohm", "below 6")), "must not overlap another answer"),
        (lesson_text(GOOD.replace("below 5 kohm", "from 6 to 2")), "must rise"),
        (lesson_text(GOOD.replace("say: a", "sai: a")), "answer 1: must use the names say, holds, reply"),
        (lesson_text("question: Q?\nmeasure: window_ratio\nnumber: {low: 2, high: 1, within: 1}"), "low below high"),
        (lesson_text("question: Q?\nmeasure: window_ratio\nnumber: {low: a, high: 1, within: 1}"), "must be a number"),
        (lesson_text("picture: movie(r_lrs)"), "picture: must be one of cycles(feature)"),
        (lesson_text("picture: scatter(r_lrs)"), "must be written scatter(feature, feature)"),
        (lesson_text("picture: [window, window, window]"), "must be at most 2 (got 3)"),
        (lesson_text("numbers: ['autocorrelation(r_lrs, 0)']"), "a lag of 1, 2, 3"),
        (lesson_text("numbers: ['quantile(r_lrs, 100)']"), "a percentage between 0 and 100"),
        (lesson_text("picture: window", text="Here {entropy}."), "{entropy}: must be one of"),
    ],
)  # fmt: skip
def test_faults_are_said(text: str, said: str) -> None:
    with pytest.raises(reader.LessonError) as error:
        reader.read(text, "mine")
    assert said in str(error.value)
    assert str(error.value).startswith("mine.md")


def test_a_good_one_is_read() -> None:
    lesson = reader.read(
        lesson_text(GOOD, HEAD.replace("level: L", "level: L\nsetup: {d2d: 0, memory: false}")), "mine"
    )
    step = lesson.steps[0]
    assert step.question is not None
    assert [str(choice.holds) for choice in step.question.choices] == ["below 5 kΩ", "above 5 kΩ"]
    before, after = step.wanted(False), step.wanted(True)
    assert (before["c2c"], after["c2c"], before["d2d"], before["memory"]) == (1.0, 2.0, 0.0, False)
    assert set(before) == set(reader.sections()), "every setting is said, so that nothing is left over"


def test_a_broken_file_does_not_take_the_others_along(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(lesson_text(GOOD), encoding="utf-8")
    (tmp_path / "b.md").write_text("nothing", encoding="utf-8")
    (tmp_path / "c.md").write_bytes(b"---\n\xff\xfe")
    (tmp_path / "d.md").write_text("x" * 200_000, encoding="utf-8")
    (tmp_path / "README.md").write_text("for teachers", encoding="utf-8")
    found, errors = reader.load(tmp_path)
    assert list(found) == ["a"]
    assert [error.split(":")[0] for error in errors] == ["b.md", "c.md", "d.md"]


def test_relations_meet_without_overlap() -> None:
    below, middle, above = (relations.parse(t, "%") for t in ("below 1 %", "from 1 to 2 %", "above 2"))
    assert [r.holds(1.0) for r in (below, middle, above)] == [False, True, False]
    assert [r.holds(2.0) for r in (below, middle, above)] == [False, False, True]
    assert not below.overlaps(middle) and not middle.overlaps(above)
    assert relations.parse("above −1.5 V", "V").holds(-1.0)


def test_the_readme_names_every_word_and_its_example_works() -> None:
    readme = (reader.FOLDER / "README.md").read_text(encoding="utf-8")
    for name in (*measures.MEASURES, *pictures.PICTURES):
        usage = (measures if name in measures.MEASURES else pictures).usage(name)
        assert f"`{usage}`" in readme, name
    for key in (*reader.HEAD_KEYS, *reader.STEP_KEYS, *reader.CHOICE_KEYS, *reader.NUMBER_KEYS[:3]):
        assert re.search(rf"`{key}`|\b{key}:", readme), key
    example = re.search(r"````markdown\n(.*?)````", readme, re.DOTALL)
    assert example
    assert len(reader.read(example.group(1), "example").steps) == 2


def test_a_picture_of_a_run_is_drawn_once_for_each_frame_and_cells(small_run: runs.Run) -> None:
    call, alone, twice = pictures.parse("window"), *(measures.Numbers(small_run, (small_run,) * n) for n in (1, 2))
    drawn = pictures.draw(call, alone, ())
    assert pictures.draw(call, alone, ()) is drawn
    assert pictures.draw(call, twice, ()) is not drawn and pictures.draw(call, alone, ((0, 0),)) is not drawn


@pytest.mark.parametrize("feature", ["r_hrs", "u_set", "r_lrs", "u_reset"])
def test_numbers_come_in_the_unit_of_the_axis_beside_them(feature: str, small_run: runs.Run) -> None:
    factor, unit, _ = theme.AXES[feature]
    for name in ("mean", "quantile", "c2c_sd", "sd_of_means", "total_sd"):
        call = measures.parse(f"{name}({feature}, 50)" if name == "quantile" else f"{name}({feature})")
        spread = name not in ("mean", "quantile")
        assert call.unit == ("decades" if spread and feature == "r_hrs" else unit)
        if feature != "r_hrs" or not spread:
            found = measures.measure(call, measures.Numbers(small_run)).value
            values = small_run.values(feature).astype(float) * factor
            rough = float(values.std() if spread else np.mean(values))
            assert 0.1 < abs(found / rough) < 2, "of the size of what the axis shows"
