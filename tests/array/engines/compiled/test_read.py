"""The compiled current, conductance and noisy read give the bits of the specification."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synaptogen_core as sc
from synaptogen_core.array.engines.numba_engine import NumbaEngine
from synaptogen_core.array.engines.numpy_engine import NumpyEngine
from synaptogen_core.device.model import conduction
from synaptogen_core.device.model.float32 import constants

DEVICE = sc.load_device("hennen2024")
C = constants(DEVICE)


@settings(max_examples=40)
@given(
    rows=st.integers(1, 40),
    columns=st.integers(1, 70),
    first=st.integers(0, 2**61),
    seed=st.integers(0, 2**63 - 1),
    u=st.floats(-1.5, 1.5, width=32),
    bandwidth=st.floats(0, 1e10),
)
def test_a_read_has_the_bits_of_the_specification(
    rows: int, columns: int, first: int, seed: int, u: float, bandwidth: float
) -> None:
    pair = [
        sc.CellArray((rows, columns), DEVICE, seed=seed, first_cell=first, engine=engine)
        for engine in ("numba", "numpy")
    ]
    for _ in range(2):  # the second read has noise of its own
        compiled, specified = (cells.read(u, bandwidth) for cells in pair)
        assert np.array_equal(compiled.view(np.uint32), specified.view(np.uint32))


@pytest.mark.parametrize("engine", ["numba", "numpy"])
def test_threads_do_not_change_a_read(monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    reads = []
    for threads, block in ((1, 10**6), (2, 4096), (5, 1000)):
        monkeypatch.setattr("synaptogen_core.array.cells.available_threads", lambda threads=threads: threads)
        monkeypatch.setattr("synaptogen_core.array.cells.READ_BLOCK", block)
        monkeypatch.setattr("synaptogen_core.array.cells.CELLS_WORTH_A_THREAD", block)
        reads.append(sc.CellArray((300, 301), DEVICE, seed=3, engine=engine).read(0.2))
    assert np.array_equal(reads[0], reads[1])
    assert np.array_equal(reads[0], reads[2])


def test_a_voltage_a_cell_is_read_as_by_the_specification() -> None:
    volts = np.linspace(-1, 1, 77 * 9).reshape(77, 9)
    compiled, specified = (sc.CellArray((77, 9), DEVICE, seed=3, engine=e).read(volts) for e in ("numba", "numpy"))
    assert np.array_equal(compiled, specified)
    other = sc.CellArray((77, 9), DEVICE, seed=4).read(volts)
    assert not np.array_equal(compiled, other), "another seed, other noise"


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 200), st.floats(-1.5, 1.5, width=32))
def test_currents_and_conductances_are_those_of_the_specification(choice: int, size: int, volts: float) -> None:
    rng = np.random.default_rng(choice)
    r, u = rng.normal(0.5, 0.5, size).astype(np.float32), np.array([volts], np.float32)
    for curves, expected in (
        (conduction.curves(u, C), conduction.current(r, u, C)),
        (conduction.conductance_curves(u, C), conduction.conductance(r, u, C)),
    ):
        for engine in (NumpyEngine(), NumbaEngine()):
            assert engine.between(r, *curves).tobytes() == expected.tobytes()
            assert engine.between(r[::-1], *curves).tobytes() == expected[::-1].tobytes(), "not contiguous"


@pytest.mark.parametrize("engine", ["numba", "numpy"])
def test_an_array_conducts_as_its_cells_do(engine: str) -> None:
    cells = sc.CellArray((7, 11), DEVICE, seed=3, engine=engine)
    r = cells.to_state()["arrays"]["r"].reshape(7, 11)
    u = np.float32([[0.3]])
    assert np.array_equal(cells.current(0.3), conduction.current(r, u, C))
    assert np.array_equal(cells.conductance(0.3), conduction.conductance(r, u, C))
    assert not np.array_equal(cells.current(0.3), conduction.current(r, np.nextafter(u, np.float32(1)), C))
