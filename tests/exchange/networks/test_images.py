"""Images from files: what is in them, and files that are not what they say."""

from __future__ import annotations

import gzip
import pickle
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import synaptogen_core as sc
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.networks.images import load_idx, load_images

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 4, 3)).astype(np.uint8)
LABELS = np.array([3, 1, 4, 1, 5], np.uint8)


def idx(array: np.ndarray, code: int = 8) -> bytes:
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.mark.parametrize("packed", [False, True])
def test_idx(tmp_path: Path, packed: bool) -> None:
    pack = gzip.compress if packed else bytes
    images, labels = tmp_path / "train-images-idx3-ubyte", tmp_path / "labels.gz"
    images.write_bytes(pack(idx(PIXELS)))
    labels.write_bytes(pack(idx(LABELS)))
    x, y, shape = sc.load_images(images, labels)
    assert x.dtype == np.float32 and np.array_equal(np.rint(x * 255), PIXELS.reshape(5, 12))
    assert y is not None and y.tolist() == LABELS.tolist() and shape == (4, 3)
    floats = tmp_path / "floats"
    floats.write_bytes(pack(idx(np.array([[1.5, -2.0]], np.float32), 13)))
    assert load_idx(floats).tolist() == [[1.5, -2.0]]


def test_npz_and_csv(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x_train=PIXELS, y_train=LABELS)
    table = np.column_stack([LABELS, PIXELS.reshape(5, -1)])
    head = "label;" + ";".join(f"p{k}" for k in range(12))
    np.savetxt(tmp_path / "a.csv", table, "%d", ";", header=head, comments="")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress("\n".join(",".join(map(str, r[1:])) for r in table).encode()))
    one, two = load_images(tmp_path / "a.npz"), load_images(tmp_path / "a.csv")
    assert np.array_equal(one.x, two.x) and np.array_equal(one.y, two.y) and two.shape == (12,)
    plain = load_images(tmp_path / "b.csv.gz", label_column="none", largest=510.0)
    assert plain.y is None and np.allclose(plain.x * 2, one.x)


@pytest.mark.parametrize(("classes", "packed"), [((10,), False), ((20, 100), True)])
def test_cifar(tmp_path: Path, classes: tuple[int, ...], packed: bool) -> None:
    rng = np.random.default_rng(1)
    labels = np.column_stack([rng.integers(0, n, 7) for n in classes])
    pixels = rng.integers(0, 256, (7, 3, 32, 32))
    body = np.column_stack([labels, pixels.reshape(7, -1)]).astype(np.uint8).tobytes()
    file = tmp_path / ("batch.bin" + ".gz" * packed)
    file.write_bytes(gzip.compress(body) if packed else body)
    x, y, shape = sc.load_images(file)
    assert shape == (3, 32, 32) and np.array_equal(np.rint(255 * x), pixels.reshape(7, -1))
    assert y is not None and y.tolist() == labels[:, -1].tolist()
    nets = sc.networks
    layers = [nets.Reshape(shape), nets.Conv2d.of_kernels(rng.normal(size=(2, 3, 5, 5)), stride=(9, 9))]
    assert nets.Network(layers).forward(x).shape == (7, 2, 4, 4)
    cut = tmp_path / "cut.bin"
    for wrong in (body[:-1], b"", body[: len(body) // 7].replace(bytes([labels[0, 0]]), b"\xff", 1)):
        cut.write_bytes(wrong)
        with pytest.raises(FileError, match=r"cut.bin: must be records of CIFAR-10 or CIFAR-100"):
            sc.load_images(cut)


class Evil:
    def __reduce__(self) -> Any:
        return subprocess.check_call, (["touch", "evil"],)


def test_nothing_in_a_file_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("evil.npz", x=np.array([Evil()], object))
    (tmp_path / "evil.pt").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(FileError, match=r"must be an .npz of plain arrays"):
        load_images("evil.npz")
    with pytest.raises(FileError, match=r"must end in .npz or .safetensors \(got .pt\)"):
        sc.load_weights("evil.pt")
    assert not (tmp_path / "evil").exists()


BAD: list[tuple[str, bytes, str]] = [
    ("a", b"GIF89a", "must be IDX"),
    ("a", idx(PIXELS)[:-1], "must hold 60 bytes after its header (got 59)"),
    ("a", idx(PIXELS) + b"\0", "must hold 60 bytes after its header (got more)"),
    ("a", struct.pack(">BBBB3I", 0, 0, 8, 3, 2**31, 2**31, 9), "must hold up to 2,147,483,648 bytes"),
    ("a", idx(PIXELS)[:9], "must hold up to 2,147,483,648 bytes"),
    ("a", struct.pack(">BBBB", 0, 0, 8, 9), "must have 1 to 4 dimensions (got 9)"),
    ("a.gz", gzip.compress(idx(PIXELS), mtime=0)[:-12], "must be readable"),
    ("a", idx(LABELS), "must hold images of numbers (got uint8 of shape (5,)); is it the labels?"),
    ("a.npz", b"PK\3\4 no archive", "must be an .npz of plain arrays"),
    ("a.csv", b"1,2,3\n4,5\n", "must be rows of as many numbers each"),
    ("a.csv", b"0.5,2,3\n", "must have whole numbers as labels"),
    ("a.csv", b"1,nan,3\n", "must hold finite pixels"),
]


@pytest.mark.parametrize(("name", "body", "sentence"), BAD)
def test_files_that_are_not_what_they_say(tmp_path: Path, name: str, body: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(body)
    with pytest.raises(FileError) as error:
        load_images(tmp_path / name)
    assert sentence in str(error.value)


def test_labels_of_other_images(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(idx(PIXELS))
    (tmp_path / "y").write_bytes(idx(LABELS[:4]))
    with pytest.raises(FileError, match="must have a label for each of 5 images"):
        load_images(tmp_path / "x", tmp_path / "y")
    with pytest.raises(FileError, match=r"must exist|no such file"):
        load_images(tmp_path / "nowhere")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.sampled_from(["a", "a.gz", "a.npz", "a.csv"]))
def test_any_bytes_give_images_or_a_sentence(tmp_path: Path, body: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(body)
    try:
        assert load_images(tmp_path / name).x.ndim == 2
    except FileError as error:
        assert "must" in str(error)
