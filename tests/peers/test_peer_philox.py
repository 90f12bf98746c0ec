"""Our Philox against that of the independent package `randomgen`, at random counters and keys."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synaptogen_core.device.model import random_streams

Philox = pytest.importorskip("randomgen", reason="install the peer: pip install randomgen").Philox
LOW = 2**32 - 1


@settings(max_examples=300)
@given(counter=st.integers(1, 2**128 - 4), key=st.integers(0, 2**64 - 1))
def test_the_same_words(counter: int, key: int) -> None:
    theirs = Philox(counter=counter - 1, key=key, number=4, width=32)  # it counts up before it draws
    expected = theirs.random_raw(12).reshape(3, 4).T
    ours = np.array([[(counter + k >> 32 * word) & LOW for k in range(3)] for word in range(4)], np.uint32)
    assert np.array_equal(random_streams.philox(ours, (key & LOW, key >> 32)), expected)


def test_another_key_does_not_give_the_same_words() -> None:
    expected = Philox(counter=6, key=1, number=4, width=32).random_raw(4)
    counter = np.array([[7], [0], [0], [0]], np.uint32)
    assert not np.array_equal(random_streams.philox(counter, (2, 0))[:, 0], expected)
