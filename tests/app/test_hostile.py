"""Random links and files at every door: always sentences, never an error of the program, and no long wait.

The whole counts (100,000 links, 10,000 files) take some minutes: SYNAPTOGEN_LINKS=100000 SYNAPTOGEN_FILES=10000.
"""

from __future__ import annotations

import io
import os
import random
import struct
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

import numpy as np
import pytest

from app.settings import link
from app.settings.sections import MAX_CELLS, Settings
from app.tabs.crossbar.inputs import own_voltages
from app.tabs.fit import compute, pictures
from app.tabs.fit.file_view import said
from app.tabs.fit.files import ours
from app.tabs.networks import data as network_data
from app.tabs.networks.own import Own, OwnImages
from app.tabs.pulses.files import segments_from_csv
from app.tabs.registry import TABS
from app.tabs.time.measured import measured
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


def packed(**arrays: np.ndarray) -> bytes:
    """Arrays as an .npz holds them."""
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


def idx(array: np.ndarray) -> bytes:
    """Bytes as MNIST's files hold them."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def network(name: str, data: bytes) -> None:
    network_data.of_weights(Own(name, data), network_data.example())


def moved(name: str, data: bytes) -> None:
    found = measured(name, data)
    if not found.good:
        raise ValueError(found.said)


X, Y = np.arange(6400, dtype=np.uint8).reshape(100, 8, 8), np.arange(100, dtype=np.uint8) % 2
WEIGHTS = {"a.weight": np.ones((4, 64)), "a.bias": np.ones(4), "b.weight": np.ones((10, 4)), "b.bias": np.ones(10)}
TABLE = "device,time [s],resistance [ohm]\n" + "".join(f"{d},{t},{9000 + t + d}\n" for d in (1, 2) for t in (0, 1, 9))
# What a tab does with a file, and files that it takes.
DOORS: dict[str, tuple[Callable[[str, bytes], object], list[tuple[str, bytes]]]] = {
    "images": (
        lambda name, data: network_data.of_files(OwnImages((Own(name, data),))),
        [
            ("a.npz", packed(x=X, y=Y)),
            ("a.csv", "\n".join(f"{i % 2},{i},2,3,4" for i in range(100)).encode()),
            ("a.npz", packed(images=X / 255, labels=Y)),
        ],
    ),
    "labels": (
        lambda name, data: network_data.of_files(OwnImages((Own("a-idx3-ubyte", idx(X)), Own("labels" + name, data)))),
        [("-idx1-ubyte", idx(Y))],
    ),
    "weights": (network, [("a.npz", packed(**WEIGHTS))]),
    "table": (moved, [("a.csv", TABLE.encode())]),
    "pulses": (
        lambda name, data: segments_from_csv(data.decode("utf-8", "replace")),
        [("a.csv", b"voltage_V,cycle_end\n-1.5,0\n1.5,1\n-0.9,0\n")],
    ),
    "voltages": (
        lambda name, data: own_voltages(data.decode("utf-8", "replace").strip(), 64, 1.5), [("a.csv", b"0.1, 0.2; 0")]
    ),
}  # fmt: skip


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("door", DOORS)
def test_every_other_door_takes_or_refuses_random_files(door: str) -> None:
    chance, (take, samples) = random.Random(4), DOORS[door]
    taken = 0
    for name, data in samples:
        take(name, data)
    for i in range(FILES // 5):
        name, data = random_file(chance, samples)
        try:
            take(name, data)
            taken += 1
        except (ValueError, TypeError) as error:
            assert ": " in str(error) and len(str(error)) < 1000, f"{door} {i}: not a sentence: {error!r}"
        except Exception as error:
            raise AssertionError(f"{door} {i}: {name!r} {data[:2000]!r}") from error
    assert 0 < taken < FILES // 5, "both ways were gone"


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
    assert found == "mine.json: must hold complete characters (got half of one, as \\ud83d alone); correct it"
    assert "half" not in read("mine.json", b'{"name": "\\ud83d\\ude00"}')
