"""Weights from files: .npz and safetensors, written here byte by byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.errors import FileError

W, B = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32), np.arange(4.0)


def safetensors(path: Path, about: dict[str, Any] | None = None) -> Path:
    header = {
        "__metadata__": {"format": "pt"},
        "0.weight": {"dtype": "F32", "shape": [4, 3], "data_offsets": [0, 48]},
        "0.bias": {"dtype": "F64", "shape": [4], "data_offsets": [48, 80]},
        "half": {"dtype": "BF16", "shape": [2], "data_offsets": [80, 84]},
    } | (about or {})
    head = json.dumps(header).encode()
    body = W.tobytes() + B.tobytes() + np.array([0x3F80, 0xC000], "<u2").tobytes()
    path.write_bytes(len(head).to_bytes(8, "little") + head + body)
    return path


def test_a_network_of_named_arrays(tmp_path: Path) -> None:
    found = sc.load_weights(safetensors(tmp_path / "a.safetensors"))
    assert np.array_equal(found["0.weight"], W) and found["half"].tolist() == [1.0, -2.0]
    np.savez(tmp_path / "a.npz", **{"0.weight": W, "0.bias": B})
    x = np.random.default_rng(1).normal(size=(2, 3))
    for named in (found, sc.load_weights(tmp_path / "a.npz")):
        chosen = {name: array for name, array in named.items() if name != "half"}
        assert sc.networks.Network.from_weights(chosen).forward(x) == pytest.approx(x @ W.T.astype(float) + B)


@pytest.mark.parametrize(
    ("about", "sentence"),
    [
        ({"0.bias": {"dtype": "F64", "shape": [4], "data_offsets": [48, 800]}}, "0.bias: must lie inside the file"),
        ({"0.bias": {"dtype": "F64", "shape": [5], "data_offsets": [48, 80]}}, "0.bias: must have 5 numbers"),
        ({"0.bias": {"dtype": "Q4", "shape": [4], "data_offsets": [48, 80]}}, "must be of a type such as F32"),
        ({"0.bias": {"dtype": "F64", "shape": [4]}}, "data_offsets"),
    ],
)
def test_damaged_headers(tmp_path: Path, about: dict[str, Any], sentence: str) -> None:
    with pytest.raises(FileError) as error:
        sc.load_weights(safetensors(tmp_path / "a.safetensors", about))
    assert sentence in str(error.value)


@pytest.mark.parametrize("body", [b"", b"\xff" * 20, (5).to_bytes(8, "little") + b"[1,2]", b"\x02" + b"\0" * 7 + b"{x"])
def test_other_bytes(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "a.safetensors").write_bytes(body)
    with pytest.raises(FileError):
        sc.load_weights(tmp_path / "a.safetensors")
