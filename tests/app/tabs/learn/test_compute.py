"""What the Learn tab computes: numbers of the run, answers from a link, small arrays."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.settings.sections import Settings
from app.tabs.learn import compute, measures, pictures, view
from app.work import runs


def page_of(run: runs.Run, **options: object) -> compute.Page | None:
    settings = Settings({"learn": compute.Options})
    settings.options["learn"].param.update(options)
    request = settings.request()
    return compute.compute(run, request, request.of_tab("learn"), threading.Event()).page


def test_the_list(small_run: runs.Run) -> None:
    assert page_of(small_run) is None
    request = Settings({"learn": compute.Options}).request()
    offers = compute.compute(small_run, request, request.of_tab("learn"), threading.Event()).offers
    lessons = {path.stem for path in Path(compute.__file__).parent.glob("*.md")} - {"README"}
    assert {offer.key for offer in offers} == lessons and len(offers) == len(lessons)
    for offer in offers:
        assert offer.begin["learn.lesson"] == offer.key and offer.begin["learn.step"] == 1


def test_a_question_has_live_numbers_too(small_run: runs.Run) -> None:
    page = page_of(small_run, lesson="networks-3-learning-around", step=1)
    assert page is not None and page.ask is not None
    meant = measures.measure(measures.parse("float_accuracy"), measures.Numbers(small_run))
    assert page.ask.text == f"In float the network reads {meant}. And on this chip?" and "%" in str(meant)


def test_answers_from_a_link_are_checked(small_run: runs.Run) -> None:
    for wrong in ("0", "7", "nan", "inf", "<b>", "1.5"):
        page = page_of(small_run, lesson="1-cycle-to-cycle", step=1, answer=wrong)
        assert page is not None and page.answer == "" and page.verdict is None
    page = page_of(small_run, lesson="1-cycle-to-cycle", step=50, answer="2")
    assert page is not None and page.number == 4, "a step beyond the last is the last"
    typed = page_of(small_run, lesson="1-cycle-to-cycle", step=3, answer="1e9")
    assert typed is not None and typed.answer == "1", "a number is kept inside its bounds"


def test_what_the_learner_changed_is_said(small_run: runs.Run) -> None:
    page = page_of(small_run, lesson="1-cycle-to-cycle", step=1, answer="2")
    assert page is not None and page.verdict is not None
    assert "Rows 8 instead of 32" in page.differs and "Cycles 20 instead of 100" in page.differs
    assert "D2D spread × 1 instead of 0" in page.differs
    assert page.verdict.measured.value == measures.measure(
        measures.parse("c2c_percent(r_lrs)"), measures.Numbers(small_run)
    ).value, "the verdict is of the learner's own run"  # fmt: skip


@pytest.mark.parametrize("changes", [{"rows": 1, "columns": 1, "cycles": 1}, {"rows": 1, "columns": 2, "cycles": 2}])
def test_small_arrays_say_what_is_missing(changes: dict[str, int], make_run: Callable[..., runs.Run]) -> None:
    numbers = measures.Numbers(make_run(**changes))
    words = {"feature": "r_lrs", "lag": "1", "percent": "50", "value": "4.5"}
    of_the_run = {name: entry for name, entry in measures.MEASURES.items() if words.keys() >= set(entry.arguments)}
    assert len(of_the_run) >= 10, "the others are of a chip or a law, whatever the run"
    for name, entry in of_the_run.items():
        call = measures.parse(f"{name}({', '.join(words[kind] for kind in entry.arguments)})")
        found = measures.measure(call, numbers)
        assert math.isfinite(found.value) != bool(found.problem), name
        assert not found.problem.startswith("ds")
    for name, (count, _) in pictures.PICTURES.items():
        call = pictures.parse(f"{name}({', '.join(['r_hrs', 'u_set'][:count])})")
        picture = pictures.draw(call, numbers, ((0, 0),))
        assert bool(picture.layers) != bool(picture.problem), name
        for side in (picture.x, picture.y):
            assert side.low < side.high
            assert side.scale == "linear" or side.low > 0


def test_pictures_show_the_run(small_run: runs.Run) -> None:
    numbers = measures.Numbers(small_run)
    lines = pictures.draw(pictures.parse("cycles(u_set)"), numbers, ((1, 2), (3, 4))).layers
    assert np.array_equal(lines[1].y, small_run.of_cells([(3, 4)], "u_set")[:, 0])
    bars = pictures.draw(pictures.parse("histogram(r_hrs)"), numbers, ((0, 0),)).layers[0]
    assert 99 < bars.y.sum() <= 100.0001
    for feature, far in (("u_set", np.min), ("u_reset", np.max)):
        tail = pictures.draw(pictures.parse(f"tail({feature})"), numbers, ((0, 0),)).layers[0]
        assert tail.x[0] == far(small_run.values(feature))
        assert tail.y[-1] == 100


def test_numbers_say_what_they_are_of_and_times_are_read_as_people_do(small_run: runs.Run) -> None:
    numbers = measures.Numbers(small_run)
    law, own = (
        measures.measure(measures.parse(text), numbers) for text in ("forgetting_growth(1, 315576000)", "c2c_sd(r_lrs)")
    )
    assert law.name == "spread after 10 years over that after 1 s"
    for found, where in ((law, "By the law of technology C"), (own, "Measured in your run of 9 cells")):
        said = view.verdict_text(compute.Verdict(True, "so", found, "", ""), "9 cells")
        assert said.splitlines()[1].startswith(where)
