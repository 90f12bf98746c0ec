"""The Networks tab: what its pictures are given, against the library; nothing is made twice."""

from __future__ import annotations

import gc
import gzip
import io
import struct
import threading
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from app.settings.sections import Choices
from app.tabs.networks import compute as tab
from app.tabs.networks import data
from app.tabs.networks.own import Own, OwnImages
from app.work.cache import LruCache, bytes_of

nets = sc.networks


@pytest.fixture
def given(make_run: Callable[..., Any]) -> Any:
    run = make_run()
    return run, run.request


def choices(**other: Any) -> Choices:
    return tab.Options(**({"hidden": 16} | other)).choices()


def whole(run: Any, request: Any, options: Choices) -> list[Any]:
    """All results of one that grows."""
    found = [tab.compute(run, request, options, threading.Event())]
    while found[-1].more:
        found.append(tab.compute(run, request, options, threading.Event()))
    return found


def test_what_is_shown_is_what_the_library_says(given: Any) -> None:
    run, request = given
    options, never = choices(ohm=20.0), threading.Event()
    first, result = whole(run, request, options)
    assert first.causes == () and first.more and first.accuracy == result.accuracy  # drawn before the causes are known
    network, (x, _), test = nets.digits(16)
    chip = tab.chip_of(run, request, options)
    analog = nets.calibrate(nets.program(network, chip), x)
    assert result.accuracy == nets.evaluate(analog, *test).accuracy.item() < result.float_accuracy
    assert result.causes[-1] == "together" and result.by_cause[-1] == result.accuracy
    assert result.confusion.sum() == 450 and result.cells == 2 * 16 * 74
    assert np.array_equal(result.weights[2], analog.weights("effective")[0].ravel())
    image = test[0][3]
    meant, found = result.answer(image)
    assert np.array_equal(meant, network.forward(image[None])[0]) and np.abs(meant - found).max() > 0
    outcome = tab.compute(run, request, choices(ohm=20.0, map="outcome"), never)
    assert {outcome.outcomes[int(code)] for code in np.unique(outcome.values)} <= {"reached", *outcome.outcomes[2:]}
    assert (outcome.values > 1).sum() == sum((ds.outcome.values > 1).sum() for ds in analog.programming[:1])
    before = run.kept
    again = tab.compute(run, request, choices(ohm=20.0, map="error"), never)
    assert again.by_cause is result.by_cause and again.values.shape == result.values.shape and before is run.kept


def test_moving_a_control_does_not_fill_the_server(make_run: Callable[..., Any]) -> None:
    """Chips count, and are kept as long as there is room: 2,368 cells, twice. A result holds none."""
    run = replace(make_run(), kept=LruCache(8_000_000))
    never, results = threading.Event(), []
    for ohm in range(12):
        results.append(tab.compute(run, run.request, choices(ohm=float(ohm), verify=False), never))
    assert 2 < len(run.kept) < 20, "three entries each"
    chips = [weakref.ref(entry.analog) for entry, _ in run.kept._values.values() if isinstance(entry, tab.Done)]
    assert chips
    run.kept.clear()
    gc.collect()
    assert all(chip() is None for chip in chips), "what is drawn holds no chip"
    assert results[0].answer(np.zeros(64))[1].shape == (10,) and all(bytes_of(found) < 1_000_000 for found in results)


def test_a_curve_grows_point_by_point_and_the_loop_epoch_by_epoch(given: Any, monkeypatch: Any) -> None:
    run, request = given
    monkeypatch.setitem(tab.POINTS, "adc_bits", (2, 8))
    curves = [found.curve for found in whole(run, request, choices(show="curve", over="adc_bits"))]
    assert [len(curve.x) for curve in curves] == [1, 2] and {curve.span for curve in curves} == {(2.0, 8.0)}
    assert curves[-1].mean[1] > curves[-1].mean[0] and np.all(curves[-1].low <= curves[-1].high)
    network, training, test = nets.digits(16)
    chip = tab.chip_of(run, request, choices())
    ds = nets.sweep_chips(
        network, chip, training[0], *test, over="adc_bits", values=[2], seeds=[chip.seed + k for k in range(5)]
    )
    assert curves[-1].mean[0] == ds.accuracy.values.mean()

    monkeypatch.setattr(tab.growing, "EPOCHS", 4)
    results = whole(run, request, choices(show="loop", ohm=20.0))
    assert [len(found.loop.accuracy) for found in results] == [1, 2, 3, 4, 5]
    assert np.isnan(results[0].loop.after) and results[0].accuracy == results[-2].accuracy
    loop = results[-1].loop
    assert loop.after > loop.before == results[0].accuracy and loop.after == results[-1].accuracy
    analog = nets.program(network, tab.chip_of(run, request, choices(ohm=20.0)))
    log = nets.train_in_the_loop(nets.calibrate(analog, training[0]), *training, epochs=4)
    assert np.array_equal(log.accuracy, loop.accuracy) and np.array_equal(log.loss, loop.loss)


def test_the_chip_is_made_of_the_page_s_cells(make_run: Callable[..., Any]) -> None:
    run = make_run()
    rows, columns = run.cells.shape
    request = replace(run.request, cells=((0, 1), (rows - 1, columns - 1)))
    result = tab.compute(run, request, choices(), threading.Event())
    places = [divmod(n, 32) for n in (1, rows * columns - 1) if n < 64 * 32]
    assert list(result.marks) == places and result.first == 0
    chip = nets.program(nets.digits(16)[0], tab.chip_of(run, request, choices())).layers[0].cells
    assert np.array_equal(chip.outlier().ravel()[: min(run.cells.size, 2048)], run.cells.outlier().ravel()[:2048])
    other = tab.compute(run, request, choices(seed=3), threading.Event())
    assert other.marks == () and other.first < 0


def test_own_weights(given: Any) -> None:
    network, _, test = nets.digits(16)
    named = {f"coefs_{k}": layer.matrix for k, layer in enumerate(network.weighted)}
    named |= {f"intercepts_{k}": layer.bias for k, layer in enumerate(network.weighted)}

    def own(**arrays: Any) -> Own:
        content = io.BytesIO()
        np.savez(content, **arrays)
        return Own("mine.npz", content.getvalue())

    options = tab.Options(hidden=99, own=own(**named))
    assert "hidden" not in options.active() and "own" not in options.in_link()
    result = tab.compute(*given, options.choices(), threading.Event())
    assert result.own == "mine.npz"
    assert result.float_accuracy == (network.predict(test[0]) == test[1]).mean()
    for wrong, sentence in (
        (own(coefs_0=np.ones((63, 10))), "x: must have 63 numbers an image"),
        (own(coefs_0=np.ones((64, 3))), "weights: must give 10 classes"),
        (own(coefs_0=np.full((64, 10), np.nan)), "coefs_0: must be finite"),
        (Own("mine.pt", b"pickle"), "mine.pt: must end in .npz or .safetensors"),
        (Own("mine.npz", b"no zip"), "mine.npz: must"),
    ):
        with pytest.raises(ValueError, match=sentence):
            data.network_of(wrong, None, 32)


def packed(**arrays: Any) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def test_own_images(given: Any) -> None:
    """Stripes, in three classes with names of their own: as one file, and as two IDX files; the network is theirs."""
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 3, 400)
    x = rng.uniform(0, 0.2, (400, 5, 6))
    x[np.arange(400), labels] = 1.0
    names = np.array(["<b>top</b>", "middle", "low"])[labels]
    images = OwnImages((Own("stripes.npz", packed(x=x, y=names)),))
    options = tab.Options(images=images, hidden=5, ohm=0.0)
    assert "images" not in options.in_link()
    result = tab.compute(*given, options.choices(), threading.Event())
    assert result.own_images == "stripes.npz" and result.classes == tuple(np.unique(names))
    assert result.images.shape == (100, 5, 6) and result.trained_on == 300 and result.confusion.shape == (3, 3)
    assert result.float_accuracy > 0.95 < result.accuracy + 0.05 and result.answer(x[0].ravel())[1].shape == (3,)
    assert data.data_of(images) is data.data_of(images), "read once, for as long as the page has it"
    two = OwnImages((Own("Labels.gz", gzip.compress(idx(labels))), Own("images", idx(np.rint(255 * x)))))
    again = data.data_of(two)
    assert again.classes == ("0", "1", "2") and again.shape == (5, 6)
    assert np.allclose(again.test[0], result.images.reshape(100, 30), atol=1 / 255)
    colour = data.data_of(OwnImages((Own("c.npz", packed(x=rng.uniform(size=(120, 3, 4, 4)), y=np.arange(120) % 2)),)))
    assert colour.colours == 3 and colour.pictures().shape == (30, 4, 4)


@pytest.mark.parametrize(("files", "sentence"), [
    ({"a.npz": packed(x=np.ones((200, 4)))}, "a.npz: must have labels"),
    ({"a.npz": packed(x=np.ones((200, 4)), y=np.arange(200))}, r"a.npz: must have 2 to 20 classes \(got 200\)"),
    ({"a.npz": packed(x=np.ones((20, 4)), y=np.arange(20) % 2)}, "a.npz: must have 100 images or more"),
    ({"a.npz": packed(x=np.ones((200, 4)), y=np.arange(199) % 2)}, "a.npz: must have a label for each of 200 images"),
    ({"a.npz": b"no zip"}, "a.npz: must be an .npz"),
    ({"a": idx(np.ones((200, 4))), "b": idx(np.arange(200) % 2)}, "images: of two files one must have “label” in"),
    ({"a": b"x", "b": b"x", "labels": b"x"}, r"images: must be one file, or two, images and labels \(got 3\)"),
    ({"a": b"\x80\x04"}, "a: must not be a pickle"),
])  # fmt: skip
def test_images_that_are_none(files: dict[str, bytes], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        data.data_of(OwnImages(tuple(Own(*file) for file in files.items())))


def test_controls_that_mean_nothing_are_hidden() -> None:
    options = tab.Options()
    assert "over" not in options.active() and "full_range" in options.active()
    options.adc, options.verify, options.show = 0, False, "curve"
    assert {"over"} <= set(options.active()) and not {"tolerance", "full_range"} & set(options.active())


def test_a_cancelled_run_says_so(given: Any) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(sc.Cancelled):
        tab.compute(*given, choices(seed=99), stop)
