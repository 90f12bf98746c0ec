"""Chance with an address: the published known answers, and that an address is all that counts."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synaptogen_core.device.model import random_streams

# "kat_vectors" of the Random123 distribution (Salmon et al. 2011): philox4x32, 10 rounds
KNOWN_ANSWERS = (
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
)
PURPOSES = (
    random_streams.DEVICE,
    random_streams.START,
    random_streams.CYCLE,
    random_streams.READ,
    random_streams.PULSE,
)
U64 = st.integers(0, 2**64 - 1)
U32 = st.integers(0, 2**32 - 1)


def hexadecimal(text: str) -> list[int]:
    return [int(word, 16) for word in text.split()]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_published_known_answers(counter: str, key: str, answer: str) -> None:
    given_counter = np.array(hexadecimal(counter), np.uint32)[:, None]
    low, high = hexadecimal(key)
    assert random_streams.philox(given_counter, (low, high))[:, 0].tolist() == hexadecimal(answer)


def test_nine_rounds_would_not_give_the_known_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random_streams, "ROUNDS", 9)
    assert random_streams.philox(np.zeros((4, 1), np.uint32), (0, 0))[:, 0].tolist() != hexadecimal(KNOWN_ANSWERS[0][2])


@given(seed=U64, cell=U64, count=U32, purpose=st.sampled_from(PURPOSES), sub=st.integers(0, 2**16 - 1))
def test_the_address_is_laid_out_as_documented(seed: int, cell: int, count: int, purpose: int, sub: int) -> None:
    low = 2**32 - 1
    counter = np.array([cell & low, cell >> 32, count, (purpose << 16) | sub], np.uint32)[:, None]
    expected = random_streams.philox(counter, (seed & low, seed >> 32))
    assert np.array_equal(random_streams.words(seed, purpose, np.array([cell], np.uint64), count, sub), expected)


@given(seed=U64, first=st.integers(0, 2**64 - 200), split=st.integers(1, 99), count=st.integers(0, 2**32 - 101))
def test_a_number_depends_on_its_address_alone(seed: int, first: int, split: int, count: int) -> None:
    cell = np.arange(100, dtype=np.uint64) + np.uint64(first)
    each = np.arange(100, dtype=np.uint64) + np.uint64(count)
    whole = random_streams.normals(seed, random_streams.CYCLE, cell, each)
    parts = [
        random_streams.normals(seed, random_streams.CYCLE, cell[some], each[some])
        for some in (slice(split), slice(split, 100))
    ]
    assert np.concatenate(parts, axis=1).tobytes() == whole.tobytes()
    backwards = random_streams.normals(seed, random_streams.CYCLE, cell[::-1], each[::-1])
    assert backwards[:, ::-1].tobytes() == whole.tobytes()


@given(seed=U64, cell=U64, count=U32, sub=st.integers(0, 2**16 - 1))
def test_other_addresses_give_other_words(seed: int, cell: int, count: int, sub: int) -> None:
    def words(seed: int, purpose: int, cell: int, count: int, sub: int) -> tuple[int, ...]:
        return tuple(random_streams.words(seed, purpose, np.array([cell], np.uint64), count, sub)[:, 0].tolist())

    base = (seed, random_streams.CYCLE, cell, count, sub)
    others = [
        (seed ^ 1, *base[1:]),
        (seed ^ (1 << 63), *base[1:]),
        (seed, random_streams.READ, cell, count, sub),
        (seed, random_streams.CYCLE, cell ^ 1, count, sub),
        (seed, random_streams.CYCLE, cell ^ (1 << 32), count, sub),
        (seed, random_streams.CYCLE, cell, count ^ 1, sub),
        (seed, random_streams.CYCLE, cell, count, sub ^ 1),
    ]
    assert words(*base) not in {words(*other) for other in others}


def test_unit_interval_is_open_below_and_closed_above() -> None:
    word = np.array([0, 1, 2, 2**31, 2**32 - 1], np.uint32)
    assert random_streams.unit_interval(word).tolist() == [2.0**-32, 2.0**-32, 1.5 * 2.0**-31, 0.5, 1.0]


def test_the_extreme_normals_are_finite_and_as_large_as_documented() -> None:
    angles = np.array([0, 1 << 30, 2 << 30, 3 << 30], np.uint32)
    words = np.stack([np.zeros(4, np.uint32), angles, np.full(4, 2**32 - 1, np.uint32), angles])
    normals = random_streams.normals_of(words)
    assert np.abs(normals[:2]).max() == pytest.approx(np.sqrt(2 * 32 * np.log(2)), rel=1e-6)
    assert np.abs(normals).max() < 6.7
    assert np.all(normals[2:] == 0)


def test_the_bits_of_the_streams_stay_what_they_are() -> None:
    """A change here changes every saved result: it needs a new STREAM_VERSION."""
    cell = np.arange(4096, dtype=np.uint64) * np.uint64(2**40 + 1)
    digest = hashlib.sha256()
    for purpose in PURPOSES:
        digest.update(random_streams.normals(2**63 + 11, purpose, cell, 3, 2).tobytes())
        digest.update(random_streams.uniforms(2**63 + 11, purpose, cell, 3, 2).tobytes())
    assert (random_streams.STREAM_VERSION, digest.hexdigest()[:16]) == (2, "877eb5f08f0004aa")
