"""The crossbar: maps of all cells, currents of both families of lines, ADC codes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from app import runs
from app.results import crossbar
from app.settings import LineSettings, ReadSettings

IDEAL: dict[str, object] = {"word_ohm": 0.0, "bit_ohm": 0.0}


def result_of(
    run: runs.Run,
    read: dict[str, object] | None = None,
    cells: tuple[tuple[int, int], ...] = ((2, 3),),
    lines: dict[str, object] = IDEAL,
    **options: object,
) -> crossbar.Result:
    read_, lines_ = ReadSettings(**(read or {})).choices(), LineSettings(**lines).choices()
    request = replace(run.request, read=read_, lines=lines_, cells=cells)
    return crossbar.compute(run, request, crossbar.Options(**options).choices(), threading.Event())


def test_the_map_is_the_array(make_run: Callable[..., runs.Run]) -> None:
    run = make_run(kind="staircase", u_stop=0.9, columns=5)
    for quantity, values in (
        ("conductance", run.cells.conductance(0.2)), ("state", run.cells.state()),
        ("cycle_count", run.cells.cycle_count()), ("current", run.read_map(ReadSettings().choices())),
    ):  # fmt: skip
        result = result_of(run, quantity=quantity)
        assert result.values.shape == (8, 5)
        assert np.array_equal(result.values, values)
        assert result.span[0] <= np.median(values) <= result.span[1]
    assert result.values.dtype == np.float32
    assert result_of(run, quantity="state").values.dtype == np.uint8
    cell = result.cells[0]
    assert (cell.row, cell.column, cell.conductance) == (2, 3, pytest.approx(float(run.cells.conductance(0.2)[2, 3])))
    assert cell.current == result.values[2, 3]


@pytest.mark.parametrize("pattern", list(crossbar.INPUTS.values()))
@pytest.mark.parametrize("along", ["rows", "columns"])
def test_line_currents(pattern: str, along: str, make_run: Callable[..., runs.Run]) -> None:
    """Each cell's own float32 current, summed by hand; what the drivers deliver is what the other lines collect."""
    run = make_run(columns=5)
    result = result_of(run, pattern=pattern, along=along, amplitude=0.3, line=2, own="0.1, 0.2; -0.1")
    volts = result.input[:, None] if along == "rows" else result.input[None, :]
    grid = np.broadcast_to(volts, (8, 5))
    current = run.cells.current(grid).astype(float)
    assert result.input.shape == ((8,) if along == "rows" else (5,))
    np.testing.assert_allclose(result.output, current.sum(axis=0 if along == "rows" else 1), rtol=1e-5, atol=1e-12)
    np.testing.assert_allclose(result.driver, current.sum(axis=1 if along == "rows" else 0), rtol=1e-5, atol=1e-12)
    assert result.output.sum() == pytest.approx(result.driver.sum())
    assert result.power == pytest.approx(float((current * grid).sum()), rel=1e-5)


def test_input_vectors(small_run: runs.Run) -> None:
    on = {p: result_of(small_run, pattern=p, amplitude=0.4, line=5).input / 0.4 for p in crossbar.INPUTS.values()}
    assert on["uniform"].tolist() == [1] * 8
    assert on["one"].tolist() == [0, 0, 0, 0, 0, 1, 0, 0]
    assert on["alternating"].tolist() == [1, 0] * 4
    np.testing.assert_allclose(on["ramp"], np.arange(1, 9) / 8)
    assert set(on["bits"]) == {0, 1}
    again, other = (result_of(small_run, pattern="bits", amplitude=0.4, bits_seed=s).input for s in (0, 1))
    assert np.array_equal(again / 0.4, on["bits"]) and not np.array_equal(again, other)
    for ones in (0, 100):
        assert set(result_of(small_run, pattern="bits", ones=ones).input) == {0.2 * ones / 100}


def test_adc(small_run: runs.Run) -> None:
    assert result_of(small_run).digits is None
    read = {"adc": True, "adc_bits": 4, "adc_low": 0.0, "adc_high": 60.0}
    result = result_of(small_run, read, pattern="ramp")
    digits = result.digits
    assert digits is not None and digits.top == 15
    assert digits.step == pytest.approx(4e-6)
    inside = result.output < 60e-6
    assert np.all(np.abs(digits.current - result.output)[inside] <= digits.step / 2 * (1 + 1e-9))
    saturated = result_of(small_run, read | {"adc_high": 1.0}).digits
    assert saturated is not None and saturated.clipped == 8 and set(saturated.code) == {15}
    with pytest.raises(ValueError, match="high: must lie above low"):
        result_of(small_run, read | {"adc_high": -5.0})


def test_one_cell(make_run: Callable[..., runs.Run]) -> None:
    run = make_run(rows=1, columns=1, cycles=1)
    for quantity in crossbar.QUANTITIES.values():
        for pattern in crossbar.INPUTS.values():
            result = result_of(run, cells=((0, 0),), quantity=quantity, pattern=pattern, line=900, own="0.1")
            assert result.values.shape == (1, 1) and result.output.shape == result.driver.shape == (1,)
