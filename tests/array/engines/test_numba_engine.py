"""The compiled engine against the specification: every array of every state and record, to the last bit."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synaptogen_core as sc
from synaptogen_core.array.engines import choose, numba_engine
from synaptogen_core.array.engines.compiled import caching
from synaptogen_core.array.engines.compiled.lanes import LANES
from synaptogen_core.array.engines.interface import Engine, Pulses, Records
from synaptogen_core.array.engines.numba_engine import NumbaEngine
from synaptogen_core.array.engines.numpy_engine import NumpyEngine
from synaptogen_core.device.model import variability
from synaptogen_core.device.model.float32 import Constants, constants
from synaptogen_core.device.model.state import FIXED, State
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.schema import U_RESET, U_SET

ROOT = Path(__file__).resolve().parents[3]
PUBLISHED = sc.load_device("hennen2024")
SPECIFICATION, TWIN = NumpyEngine(), NumbaEngine()
GOLDEN = "956abd3aa2c5e8b58aa1bfe50a69b34278a213deb9593ac02e3ff4eb314fce82"
SEEDS = st.integers(0, 2**63 - 1)
SIZES = st.sampled_from((1, 2, LANES - 1, LANES, LANES + 1, 63, 64, 129, 300))


def any_device(
    rng: np.random.Generator, order: int, components: int, degrees: tuple[int, int, int]
) -> DeviceParameters:
    """A device with no likeness to a real one: random matrices, mixtures and polynomials."""
    a = rng.normal(size=(order, 4, 4))
    a *= 0.9 / (np.abs(a).sum(axis=(0, 2)).max())  # stable: every row sums to less than 1
    b = np.tril(rng.normal(size=(4, 4)))
    b[range(4), range(4)] = rng.uniform(0.1, 1, 4)
    gamma = rng.normal(size=(4, degrees[0])) * 0.5 ** np.arange(degrees[0])[::-1]
    means = np.tile([4.5, -0.6, 5e3, 0.6, 0.2, 0.05, 300.0, 0.1], (components, 1))
    means *= rng.uniform(0.7, 1.3, means.shape)
    factors = np.tril(rng.normal(size=(components, 8, 8))) * 0.1 * means[:, :, None]
    factors[:, range(8), range(8)] = np.abs(factors[:, range(8), range(8)])
    llrs, hhrs = np.zeros(degrees[1]), np.zeros(degrees[2])
    llrs[-3:-1], hhrs[-3:-1] = rng.normal(size=2) * 1e-5, rng.normal(size=2) * 1e-5
    llrs[-2] = 3e-4
    return DeviceParameters(
        name="any",
        gamma=gamma,
        weights=rng.dirichlet(np.ones(components)),
        means=means,
        factors=factors,
        var={order: (a, b)},
        order=order,
        hhrs=hhrs,
        llrs=llrs,
        u_0=0.2,
        eta=float(rng.uniform(0.5, 6)),
        u_max=float(rng.uniform(1, 1.6)),
    )


def scramble(state: State, rng: np.random.Generator) -> None:
    """Bring the cells into states that no train would lead to: diverged counts, mixed codes, thresholds of any sign."""
    n = state.size
    counts = np.array([0, 3, 4, 9, 1000, 2**32 - 2, 2**32 - 1], np.uint32)
    state.count[:] = rng.choice(rng.permutation(counts)[: rng.integers(1, 8)], n)
    state.code[:] = rng.integers(0, 3, n)
    state.r[:] = rng.normal(0.5, 0.3, n)
    state.threshold[:] = rng.normal(0.5, 0.5, n)
    state.slope[:] = rng.normal(0, 1e-4, n)
    state.floor[:] = rng.normal(0, 1e-5, n)
    state.features[U_SET] = rng.normal(-0.3, 0.5, n)
    state.features[U_RESET] = rng.normal(0.3, 0.5, n)


def voltages(rng: np.random.Generator, pulses: int, state: State, c: Constants, one_each: bool) -> np.ndarray:
    """Voltages of all sizes, and among them some that equal a limit of the rule exactly."""
    u = rng.normal(0, 1, (pulses, state.size if one_each else 1)).astype(np.float32)
    limits = np.concatenate([state.threshold, state.features[U_SET], state.features[U_RESET], [c.u_max]])
    exact = rng.random(u.shape) < 0.2
    u[exact] = rng.choice(limits, int(exact.sum()))
    return u


def some_pulses(rng: np.random.Generator, u: np.ndarray) -> Pulses:
    """Some of the pulses read only; features and the other quantities are recorded at some."""

    def places() -> np.ndarray:
        wanted = rng.random(len(u)) < 0.5
        return np.where(wanted, np.cumsum(wanted) - 1, -1).astype(np.int32)

    return Pulses(u, rng.random(len(u)) < 0.2, places(), places())


def records(pulses: Pulses, n: int, names: set[str]) -> Records:
    """Empty records of these names."""
    cycles, times = int((pulses.before >= 0).sum()), int((pulses.after >= 0).sum())
    every = {
        "features": np.zeros((4, cycles, n), np.float32),
        "r": np.zeros((times, n), np.float32),
        "state": np.zeros((times, n), np.uint8),
        "cycle_count": np.zeros((times, n), np.uint32),
    }
    return {name: every[name] for name in every if name in names}


def all_of(state: State) -> slice:
    """The range of all cells."""
    return slice(0, state.size)


def differences(state: State, seed: int, pulses: Pulses, names: set[str], c: Constants, twin: Constants) -> set[str]:
    """Names of the arrays in which the two engines differ after these pulses."""
    states, outs = (
        (state.copy(), state.copy()),
        (records(pulses, state.size, names), records(pulses, state.size, names)),
    )
    with np.errstate(all="ignore"):
        SPECIFICATION.advance(states[0], states[0], all_of(state), seed, pulses, outs[0], c)
    TWIN.advance(states[1], states[1], all_of(state), seed, pulses, outs[1], twin)
    first, second = ({**s.arrays(), **{f"out {k}": v for k, v in o.items()}} for s, o in zip(states, outs, strict=True))
    return {name for name, array in first.items() if array.tobytes() != second[name].tobytes()}


def fresh_differences(cell: np.ndarray, seed: int, start: str, c: Constants) -> set[str]:
    """Names of the arrays in which the two engines' new cells differ."""
    first = SPECIFICATION.fresh_cells(cell, seed, start, c).arrays()
    second = TWIN.fresh_cells(cell, seed, start, c).arrays()
    return {name for name, array in first.items() if array.tobytes() != second[name].tobytes()}


@settings(max_examples=40)
@given(
    st.integers(0, 2**32 - 1), SEEDS, SIZES, st.integers(1, 12), st.sampled_from((1, 2, 3, 30, 255)),
    st.tuples(st.integers(2, 9), st.integers(3, 9), st.integers(3, 9)), st.booleans(),
    st.sets(st.sampled_from(("features", "r", "state", "cycle_count"))),
)  # fmt: skip
def test_same_bits_for_any_device(
    choice: int, seed: int, size: int, order: int, components: int, degrees: tuple[int, int, int], one_each: bool,
    names: set[str],
) -> None:  # fmt: skip
    rng = np.random.default_rng(choice)
    c = constants(any_device(rng, order, components, degrees))
    cell = rng.integers(0, 2**63, size).astype(np.uint64)
    assert fresh_differences(cell, seed, "stationary", c) == set()
    assert fresh_differences(cell, seed, "empty", c) == set()
    state = variability.fresh_cells(cell, seed, "stationary", c)
    scramble(state, rng)
    pulses = some_pulses(rng, voltages(rng, 12, state, c, one_each))
    assert differences(state, seed, pulses, names, c, c) == set()


@settings(max_examples=15)
@given(
    st.integers(0, 2**32 - 1),
    SEEDS,
    SIZES,
    st.fixed_dictionaries(
        {},
        optional={
            "order": st.integers(1, 10),
            "d2d": st.floats(0, 3),
            "c2c": st.floats(0, 2),
            "outlier_share": st.floats(0.01, 0.5),
            "correlations": st.just(False),
            "autocorrelation": st.just(False),
            "shapes": st.just("gaussian"),
            "eta": st.floats(1, 5),
            "u_max": st.floats(1.2, 1.6),
        },
    ),
)
def test_same_bits_for_varied_devices_in_diverging_trains(
    choice: int, seed: int, size: int, wishes: dict[str, object]
) -> None:
    rng = np.random.default_rng(choice)
    c = constants(PUBLISHED.vary(**wishes))  # type: ignore[arg-type]  # each as `vary` takes it
    state = variability.fresh_cells(np.arange(size).astype(np.uint64), seed, "stationary", c)
    spread = rng.choice([0.2, 0.5, 0.8, 1.5])
    u = np.where(rng.random((40, size)) < 0.5, -1, 1) * rng.normal(0.8, spread, (40, size))
    pulses = some_pulses(rng, u.astype(np.float32))
    assert differences(state, seed, pulses, {"features", "r"}, c, c) == set()


@pytest.mark.parametrize("size", [1, 63, 64, 4096])
@pytest.mark.parametrize("u_reset", [1.5, 1.0])
def test_same_bits_in_whole_cycles(size: int, u_reset: float) -> None:
    c = constants(PUBLISHED)
    state = variability.fresh_cells(np.arange(size).astype(np.uint64) + 2**35, 3, "stationary", c)
    pulses = some_pulses(np.random.default_rng(size), np.tile(np.float32([-1.5, u_reset]), 12)[:, None])
    assert differences(state, 3, pulses, {"features", "r", "state", "cycle_count"}, c, c) == set()


def test_block_after_block_is_one_block() -> None:
    c = constants(PUBLISHED)
    whole = TWIN.fresh_cells(np.arange(500).astype(np.uint64), 9, "stationary", c)
    u = np.random.default_rng(1).normal(0, 1, (30, 500)).astype(np.float32)
    pulses = some_pulses(np.random.default_rng(2), u)
    parts = [whole.take(slice(i, i + 37)) for i in range(0, 500, 37)]
    TWIN.advance(whole, whole, all_of(whole), 9, pulses, {}, c)
    for i, part in enumerate(parts):
        columns = slice(37 * i, 37 * i + 37)
        TWIN.advance(part, part, all_of(part), 9, replace(pulses, voltage=u[:, columns]), {}, c)
        for name, array in part.arrays().items():
            assert array.tobytes() == np.ascontiguousarray(whole.arrays()[name][..., columns]).tobytes(), name


def test_pulse_after_pulse_is_one_train() -> None:
    c = constants(PUBLISHED)
    at_once = TWIN.fresh_cells(np.arange(200).astype(np.uint64), 9, "stationary", c)
    one_by_one = at_once.copy()
    u = np.random.default_rng(1).normal(0, 1, (30, 200)).astype(np.float32)
    nowhere, read = np.full(30, -1, np.int32), np.zeros(30, np.bool_)
    TWIN.advance(at_once, at_once, all_of(at_once), 9, Pulses(u, read, nowhere, nowhere), {}, c)
    for k in range(30):
        pulse = Pulses(u[k : k + 1], read[:1], nowhere[:1], nowhere[:1])
        TWIN.advance(one_by_one, one_by_one, all_of(one_by_one), 9, pulse, {}, c)
    for name, array in at_once.arrays().items():
        assert array.tobytes() == one_by_one.arrays()[name].tobytes(), name


def test_parts_of_larger_arrays_are_advanced_in_place() -> None:
    """A view that is not contiguous, and voltages that nobody may write to."""
    c = constants(PUBLISHED)
    whole = TWIN.fresh_cells(np.arange(100).astype(np.uint64), 9, "stationary", c)
    part = whole.take(slice(20, 60))
    view = whole.view(slice(20, 60))
    u = np.broadcast_to(np.float32([[-1.5], [1.2], [-1.5], [1.5], [-1.5]]), (5, 40))
    pulses = Pulses(u, np.zeros(5, np.bool_), *[np.full(5, -1, np.int32)] * 2)
    TWIN.advance(part, part, all_of(part), 9, pulses, {}, c)
    TWIN.advance(view, view, all_of(view), 9, pulses, {}, c)
    assert (view.count == 2).all()
    for name, array in part.arrays().items():
        assert array.tobytes() == np.ascontiguousarray(whole.arrays()[name][..., 20:60]).tobytes(), name
    assert (whole.count[:20] == 0).all() and (whole.count[60:] == 0).all()


@settings(max_examples=40)
@given(
    st.integers(0, 2**32 - 1), st.sampled_from((SPECIFICATION, TWIN)), st.integers(0, 300), st.integers(1, 300),
    st.sampled_from((1, 3, 4, 12)), st.booleans(),
)  # fmt: skip
def test_a_range_goes_from_one_state_to_another(
    choice: int, engine: Engine, start: int, size: int, length: int, one_each: bool
) -> None:
    """As in place in a block of its own; the source stays as it is, and so does the target around the range."""
    rng, where = np.random.default_rng(choice), slice(start, start + size)
    c = constants(PUBLISHED)
    source = TWIN.fresh_cells(np.arange(700).astype(np.uint64), 9, "stationary", c)
    scramble(source, rng)
    target = source.successor()
    for name, array in TWIN.fresh_cells(np.arange(700).astype(np.uint64), 1, "stationary", c).arrays().items():
        if name not in FIXED:
            getattr(target, name)[...] = array
    part, before, expected = source.take(where), source.copy(), target.copy()
    pulses = some_pulses(rng, voltages(rng, length, part, c, one_each))
    names = {"features", "r", "state", "cycle_count"}
    outs = [records(pulses, size, names) for _ in range(3)]
    with np.errstate(all="ignore"):
        SPECIFICATION.advance(part, part, all_of(part), 9, pulses, outs[0], c)
        engine.advance(source, target, where, 9, pulses, outs[1], c)
        assert bits(source) == bits(before)
        engine.advance(source, source, where, 9, pulses, outs[2], c)
    expected.put(where, part)
    before.put(where, part)
    assert bits(target) == bits(expected)
    assert bits(source) == bits(before)
    for name in names:
        assert outs[0][name].tobytes() == outs[1][name].tobytes() == outs[2][name].tobytes(), name


def bits(state: State) -> dict[str, bytes]:
    """All that a state holds."""
    return {name: array.tobytes() for name, array in state.arrays().items()}


@pytest.mark.parametrize("name", ["gamma", "a", "b", "hhrs", "llrs", "eta", "u_max", "g_llrs", "inverse_window"])
def test_last_bits_of_one_constant_would_be_seen(name: str) -> None:
    c = constants(PUBLISHED)
    state = variability.fresh_cells(np.arange(512).astype(np.uint64), 3, "stationary", c)
    value = np.nextafter(getattr(c, name), np.float32(9))
    wrong = replace(c, **{name: value})
    u = np.tile(np.float32([-1.5, 1.0]), 6)[:, None]
    pulses = Pulses(u, np.zeros(12, np.bool_), *[np.full(12, -1, np.int32)] * 2)
    assert differences(state, 3, pulses, set(), c, c) == set()
    assert differences(state, 3, pulses, set(), c, wrong)


def test_threads_do_not_change_a_voltage(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = set()
    volts = np.random.default_rng(4).uniform(-1.5, 1.5, (30, 301))
    for block, engine in ((97, "numba"), (1024, "numba"), (10**6, "numba"), (97, "numpy")):
        monkeypatch.setattr("synaptogen_core.array.cells.VOLTAGE_BLOCK", block)
        cells = sc.CellArray((30, 301), PUBLISHED, seed=3, engine=engine)
        for u in (-1.5, 1.2, volts, -1.5):
            cells.apply_voltage(u)
        hashes.add(cells.state_hash())
    assert len(hashes) == 1


# ------------------------------------------------------------------------------------------- the same bits everywhere

PROGRAM = """
import hashlib, sys
import numpy as np
import synaptogen_core as sc
from synaptogen_core.array.engines.choose import engine
from synaptogen_core.array.engines.interface import Pulses
from synaptogen_core.device.model.float32 import constants

c = constants(sc.load_device("hennen2024"))
computer = engine(sys.argv[1])
digest = hashlib.sha256()
for start in ("stationary", "empty"):
    state = computer.fresh_cells(np.arange(1000).astype(np.uint64) * np.uint64(2**33 + 1), 2**40 + 5, start, c)
    words = (np.arange(50 * 1000, dtype=np.uint64) * np.uint64(2654435761) % np.uint64(2**32)).reshape(50, 1000)
    u = words.astype(np.float32) * np.float32(3 / 2**32) - np.float32(1.5)
    u[:20] = np.tile(np.float32([-1.5, 1.5]), 10)[:, None]
    place = np.arange(50, dtype=np.int32)
    out = {"features": np.zeros((4, 50, 1000), np.float32), "r": np.zeros((50, 1000), np.float32)}
    pulses = Pulses(u, np.zeros(50, np.bool_), place, place)
    computer.advance(state, state, slice(0, 1000), 2**40 + 5, pulses, out, c)
    for array in (*state.arrays().values(), *out.values()):
        digest.update(array.tobytes())
print(digest.hexdigest())
"""


def wider_instructions() -> str:
    """The instruction sets that NumPy would use here beyond what it needs."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return " ".join(name for name in __cpu_dispatch__ if __cpu_features__.get(name))


@pytest.mark.parametrize(
    ("engine", "variables"),
    [
        ("numpy", {}),
        ("numpy", {"NPY_DISABLE_CPU_FEATURES": wider_instructions()}),
        ("numba", {}),
        pytest.param(
            "numba",
            {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""},
            marks=[pytest.mark.timeout(600), pytest.mark.slow],
        ),
    ],
)
def test_one_hash_on_every_processor(engine: str, variables: dict[str, str]) -> None:
    environment = {**os.environ, **variables}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, engine], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == GOLDEN


# ------------------------------------------------------------------------------------------------------ compiled code


def test_every_file_of_the_kernels_is_part_of_the_stamp() -> None:
    stamped = {Path(str(module.__file__)) for module in numba_engine.SOURCES}
    kernels = set((ROOT / "synaptogen_core" / "array" / "engines" / "compiled").glob("[a-z]*.py")) - {
        Path(caching.__file__)
    }
    assert len(kernels) > 8 and kernels <= stamped


def test_compiles_without_a_folder_to_write_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def njit(cache: bool = False, **options: object) -> object:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: (function, options)

    monkeypatch.setattr(caching, "njit", njit)
    function, options = caching.compiled(len)
    assert function is len
    assert options == {"nogil": True, "error_model": "numpy"}


def test_one_compilation_serves_all() -> None:
    """Whatever was computed above: each entry is compiled for one signature."""
    choose.warm()
    c = constants(PUBLISHED.vary(order=3))
    cells = sc.CellArray((3, 5), PUBLISHED, seed=4, engine="numba")
    cells.apply_voltage(-1.5)
    cells.apply_voltage(np.full((3, 5), 1.2))
    TWIN.fresh_cells(np.arange(3).astype(np.uint64), 2**62, "empty", c)
    assert len(numba_engine.advance_block.signatures) == 1
    assert len(numba_engine.fill_block.signatures) == 1
