"""Normals of lines: the compiled twin gives the bits of the specification, wherever lines and reads begin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synaptogen_core.array.engines import line_normals
from synaptogen_core.device.model import random_streams, read_noise

pytest.importorskip("numba", reason="without numba NumPy computes them")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**40), st.integers(1, 300), st.integers(0, 2**63 - 1), st.integers(0, 2**33))
def test_the_same_bits(first: int, lines: int, seed: int, read: int) -> None:
    line, number = np.arange(first, first + lines), read + np.array([0, 1, 7, 2**32])
    wanted = read_noise.read_normals(line.astype(np.uint64), seed, number, purpose=random_streams.LINE)
    found = line_normals._compiled_twin()(first, lines, seed, number.astype(np.int64))
    assert found.dtype == np.float32 and np.array_equal(found, wanted)
    assert np.array_equal(line_normals.line_normals(line, seed, number), wanted)


def test_lines_with_gaps() -> None:
    line, number = np.arange(0, 4000, 2), np.arange(3)
    wanted = read_noise.read_normals(line.astype(np.uint64), 5, number, purpose=random_streams.LINE)
    assert np.array_equal(line_normals.line_normals(line, 5, number), wanted)
