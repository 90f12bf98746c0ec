"""Random links and files: always sentences, never an error of the program, and no long wait.

The whole counts (100,000 links, 10,000 files) take some minutes: SYNAPTOGEN_LINKS=100000 SYNAPTOGEN_FILES=10000.
"""

from __future__ import annotations

import os
import random
import threading
import time
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

from app.settings import link
from app.settings.sections import MAX_CELLS, Settings
from app.tabs.fit import compute, pictures
from app.tabs.fit.file_view import said
from app.tabs.fit.files import ours
from app.tabs.registry import TABS
from app.work import trains
from synaptogen_core.analysis.loops.screening import screen_devices
from tests.hostile import SPELLINGS, files, links, random_file, random_link

LINKS = int(os.environ.get("SYNAPTOGEN_LINKS", "1000"))
FILES = int(os.environ.get("SYNAPTOGEN_FILES", "250"))
LONGEST = 5.0  # seconds for one link or file, on a busy machine


def fresh() -> Settings:
    return Settings({tab.key: tab.options for tab in TABS})


AGAIN = fresh()  # the page that opens the links which others write


def opened(settings: Settings, query: str, *, whole: bool = True) -> list[str]:
    """What a page does with a link: read it, set it; and (whole) draw the train and write the link again."""
    arguments = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        arguments[unquote_to_bytes(name).decode("latin1")] = [unquote_to_bytes(value)]
    dropped = link.apply_query(settings, link.of_request(arguments))
    request = settings.request()
    hash(request)
    if not whole:
        return dropped
    try:
        trains.make_train(request.train)
    except ValueError as error:
        assert ": " in str(error)  # a sentence for the status line
    assert link.apply_query(AGAIN, link.to_query(settings, "overview")) == []
    return dropped


@pytest.mark.timeout(3600)
def test_random_links_make_sentences() -> None:
    chance, slowest = random.Random(1), 0.0
    names = [prefix + name for prefix, section in fresh().sections() for name in section.names()]
    keys = [*names, "v", "tab", "theme", "own"]
    settings = fresh()
    for i in range(LINKS):
        if i % 20 == 0:
            settings = fresh()
        query = random_link(chance, keys)
        began = time.perf_counter()
        try:
            dropped = opened(settings, query, whole=i % 10 == 0)
        except Exception as error:
            raise AssertionError(f"link {i}: {query!r}") from error
        slowest = max(slowest, time.perf_counter() - began)
        assert len(dropped) <= link.MOST_NOTES + 1 and all(len(text) < 400 for text in dropped), query
        assert 1 <= len(settings.selection.cells) <= MAX_CELLS
    assert slowest < LONGEST


@pytest.mark.parametrize("number", ["9" * 4300, "9" * 4301, "1_0", "٣", "²", "0x1", "", "-", "١٢"])
def test_a_whole_number_is_read_as_people_write_it(number: str) -> None:
    settings = fresh()
    dropped = link.apply_query(settings, link.of_request({"seed": [number.encode()]}))
    assert len(dropped) == 1 and dropped[0].startswith("Seed: must be a whole number (got ")
    assert settings.array.seed == 1


def test_every_spelling_in_every_place_of_a_link() -> None:
    settings = fresh()
    for text in SPELLINGS:
        for query in links(text):
            dropped = opened(settings, query, whole=False)
            assert len(dropped) <= 1 or query.startswith("v="), query


def test_many_unknown_keys_make_few_notes() -> None:
    notes = link.apply_query(fresh(), "&".join(f"k{i}=1" for i in range(5000)))
    assert len(notes) == link.MOST_NOTES + 1 and notes[-1] == "And 4,988 more."


def read(name: str, data: bytes) -> Any:
    """What the Fit tab does first with a file; the sentence if it is refused."""
    source, options = compute.Source(name, data), fresh().options["fit"].choices()
    try:
        reading = compute.read(source, {}, options, lambda done: None, threading.Event())
    except (ValueError, TypeError) as error:
        assert ": " in str(error), f"not a sentence: {error!r}"
        return str(error)
    shown = pictures.of_stage("read", {"read": reading})
    assert said(shown)
    if reading.data is not None:
        screened = screen_devices(reading.data)
        pictures.of_stage("screen", {"read": reading, "extract": reading.data, "screen": screened})
    if reading.device is not None:
        compute.limits_of(reading.device)
    return shown


@pytest.mark.timeout(3600)
def test_random_files_are_read_or_refused() -> None:
    chance, slowest = random.Random(2), (0.0, "")
    samples = [file for text in SPELLINGS[::6] for file in files(text)]
    device = compute.sc.load_device("hennen2024")
    samples += 20 * [("mine.json", ours(device).encode())]
    for i in range(FILES):
        name, data = random_file(chance, samples)
        began = time.perf_counter()
        try:
            read(name, data)
        except Exception as error:
            raise AssertionError(f"file {i}: {name!r} {data[:2000]!r}") from error
        slowest = max(slowest, (time.perf_counter() - began, name))
    assert slowest[0] < LONGEST, slowest


def test_letters_in_halves_are_refused() -> None:
    found = read("mine.json", b'{"name": "\\ud83d"}')
    assert found == "mine.json: must hold whole letters (got half of one, as \\ud83d alone); correct it"
    assert "half" not in read("mine.json", b'{"name": "\\ud83d\\ude00"}')
