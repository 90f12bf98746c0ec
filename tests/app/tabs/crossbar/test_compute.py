"""The crossbar: maps of all cells, currents of both families of lines, ADC codes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from app.settings.sections import LineSettings, ReadSettings
from app.tabs.crossbar import compute
from app.work import runs
from synaptogen_core.array.write_disturb import switching_probability
from synaptogen_core.crossbar.circuit.bias import Bias, read_bias
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.crossbar.readout.converters import Adc, Dac
from synaptogen_core.crossbar.readout.error_budget import error_budget, nominal_conductances
from synaptogen_core.crossbar.readout.line_noise import LineNoise
from synaptogen_core.crossbar.readout.read import Periphery
from synaptogen_core.crossbar.solver.solve import solve_lines

IDEAL: dict[str, object] = {"word_ohm": 0.0, "bit_ohm": 0.0}


def result_of(
    run: runs.Run,
    read: dict[str, object] | None = None,
    cells: tuple[tuple[int, int], ...] = ((2, 3),),
    lines: dict[str, object] = IDEAL,
    **options: object,
) -> compute.Result:
    read_, lines_ = ReadSettings(**(read or {})).choices(), LineSettings(**lines).choices()
    request = replace(run.request, read=read_, lines=lines_, cells=cells)
    return compute.compute(run, request, compute.Options(**options).choices(), threading.Event())


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


def test_colours_hold_the_selected_cell_of_a_large_array() -> None:
    """One cell at the full voltage among 16,384: a thousandth of them is not cut off, as it is for conductances."""
    volts = np.zeros((128, 128))
    volts[0, 0] = -1.5
    assert compute.span(volts, "voltage") == (-1.5, 0.0)
    assert compute.span(volts, "conductance") == (0.0, 0.0)


@pytest.mark.parametrize("pattern", list(compute.INPUTS.values()))
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
    on = {p: result_of(small_run, pattern=p, amplitude=0.4, line=5).input / 0.4 for p in compute.INPUTS.values()}
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
    with pytest.raises(ValueError, match=r"^ADC to: must lie above ADC from, [\d,.]+ µA \(got −?[\d,.]+ µA\)"):
        result_of(small_run, read | {"adc_high": -5.0})


def test_one_cell(make_run: Callable[..., runs.Run]) -> None:
    run = make_run(rows=1, columns=1, cycles=1)
    for quantity in compute.QUANTITIES.values():
        for pattern in compute.INPUTS.values():
            result = result_of(run, cells=((0, 0),), quantity=quantity, pattern=pattern, line=900, own="0.1")
            assert result.values.shape == (1, 1) and result.output.shape == result.driver.shape == (1,)


# ------------------------------------------------------------------------------------------------ lines


@pytest.mark.parametrize("along", ["rows", "columns"])
def test_lines_take_what_the_solver_says(along: str, make_run: Callable[..., runs.Run]) -> None:
    run = make_run(columns=5)
    chosen = {"word_ohm": 20.0, "bit_ohm": 5.0, "source_ohm": 50.0, "sense_ohm": 10.0, "ends": "both"}
    result = result_of(run, lines=chosen, along=along, amplitude=0.3, pattern="ramp")
    held = (Bias(result.input, np.zeros(5)), Bias(np.zeros(8), -result.input))[along == "columns"]
    solved = solve_lines(run.cells, held, Lines(20.0, 5.0, 50.0, 10.0, "both", "both"))
    outputs, drivers = (solved.bit_current, solved.word_current)[:: 1 if along == "rows" else -1]
    assert np.array_equal(result.output, outputs) and np.array_equal(result.driver, drivers)
    np.testing.assert_array_equal(result.values, solved.cell_voltage.astype(np.float32))
    np.testing.assert_allclose(result.ideal, result_of(run, along=along, amplitude=0.3, pattern="ramp").output)
    assert result.output.sum() < 0.999 * result.ideal.sum() and result.residual < 1e-9
    heat = float((solved.cell_voltage * solved.cell_current).sum())
    assert result.power == pytest.approx(float(result.input @ result.driver)) and result.power > heat
    cell = result.cells[0]
    assert (cell.voltage, cell.through) == (solved.cell_voltage[2, 3], solved.cell_current[2, 3])
    one_end = result_of(run, lines=chosen | {"ends": "one"}, along=along, amplitude=0.3, pattern="ramp")
    assert one_end.output.sum() < result.output.sum()


def test_maps_of_what_lines_do(small_run: runs.Run) -> None:
    lines = {"word_ohm": 30.0, "bit_ohm": 30.0}
    maps = {q: result_of(small_run, lines=lines, quantity=q).values for q in ("voltage", "cell_current", "lost")}
    ideal = result_of(small_run, quantity="cell_current").values
    np.testing.assert_allclose(maps["lost"], ideal - maps["cell_current"], atol=1e-11)
    assert 0 < maps["voltage"].min() < maps["voltage"].max() <= np.float32(0.2)
    disturb = result_of(small_run, lines=lines, quantity="disturb", pattern="own", own="-0.6," * 8)
    assert disturb.span == (0.0, 1.0)
    np.testing.assert_allclose(disturb.values, switching_probability(small_run.cells, solve_lines(
        small_run.cells, read_bias(np.full(8, -0.6), 8), Lines(30.0, 30.0)
    ).cell_voltage), rtol=1e-6)  # fmt: skip


@pytest.mark.parametrize(("scheme", "beside", "others"), [("half", 1 / 2, 0.0), ("third", 1 / 3, -1 / 3)])
def test_write_schemes(scheme: str, beside: float, others: float, small_run: runs.Run) -> None:
    result = result_of(small_run, lines=IDEAL | {"selector": "none"}, scheme=scheme, write=-1.2)
    groups = {group.name: group for group in result.groups}
    assert [group.count for group in result.groups] == [1, 7, 7, 49] and result.wanted == -1.2
    for name, part in (("Chosen cell", 1.0), ("Same row", beside), ("Same column", beside), ("All others", others)):
        assert groups[name].low == pytest.approx(-1.2 * part) == groups[name].high
    cells = small_run.cells.copy()
    volts = result_of(small_run, lines=IDEAL | {"selector": "none"}, scheme=scheme, write=-1.2, quantity="voltage")
    before = cells.state()
    cells.apply_voltage(volts.values)
    switched = cells.state() != before
    assert sum(group.switching for group in result.groups) == switched.sum() and switched[2, 3]
    assert groups["Same row"].chance > groups["All others"].chance
    safe = result_of(small_run, lines=IDEAL | {"selector": "transistor"}, scheme=scheme, write=-1.2)
    assert {g.name: (g.low, g.switching) for g in safe.groups}["Same column"] == (0.0, 0)


def test_floating_lines_are_said_to_be(small_run: runs.Run) -> None:
    result = result_of(small_run, lines={"selector": "none"}, scheme="floating", write=0.3)
    assert np.isnan(result.input).sum() == 7 and result.unreachable == 0
    assert result.output[3] == pytest.approx(result.driver[2])
    lonely = result_of(small_run, scheme="floating", write=0.3)  # transistors: the other rows hang on nothing
    assert lonely.unreachable == 7 * 8 and np.isfinite(lonely.output).all()
    assert np.isfinite(lonely.span).all()


def test_the_error_budget(small_run: runs.Run) -> None:
    quiet = result_of(small_run, {"noise": False}).budget
    assert quiet is not None and (quiet["lines"], quiet["noise"], quiet["quantisation"]) == (0.0, 0.0, 0.0)
    assert quiet["variability"] == pytest.approx(quiet["together"])  # at the voltage where resistance is defined
    read = {"noise": True, "adc": True, "adc_high": 60.0, "adc_bits": 5, "dac": True, "dac_bits": 3}
    full = result_of(small_run, read, lines={"word_ohm": 30.0, "bit_ohm": 30.0}, pattern="ramp").budget
    assert full is not None and min(full.values()) > 0
    cells, volts = small_run.cells, 0.2 * np.arange(1, 9) / 8
    parts = Periphery(Dac(3, 0.0, 0.6), LineNoise(1e8), adc=Adc(5, 0.0, 60e-6))
    own = error_budget(cells, nominal_conductances(cells), volts, Lines(30.0, 30.0), parts, seed=1)
    assert full == pytest.approx(own.relative())
    assert result_of(small_run, along="columns").budget is None
    assert result_of(small_run, scheme="half").budget is None
    assert result_of(small_run, pattern="bits", ones=0).budget is None


def test_own_voltages(small_run: runs.Run) -> None:
    assert result_of(small_run, pattern="own", own=" 0.1;-0.2\n0.3 ").input.tolist() == [0.1, -0.2, 0.3] + [0.0] * 5
    for text, says in (("0.1, x", "must be numbers"), ("2", "must be from"), ("nan", "must be from"),
                       ("0.1 " * 9, "at most one a driven line, 8"), ("0" * 30_000, "at most 20,000")):  # fmt: skip
        with pytest.raises(ValueError, match=f"voltages: .*{says}"):
            result_of(small_run, pattern="own", own=text)


def test_a_dac_rounds_the_inputs(small_run: runs.Run) -> None:
    result = result_of(small_run, {"dac": True, "dac_bits": 2, "dac_high": 0.3}, pattern="ramp", amplitude=0.3)
    assert set(np.round(result.input, 12)) <= {0.0, 0.1, 0.2, 0.3}


def test_another_map_solves_nothing_anew(make_run: Callable[..., runs.Run], monkeypatch: pytest.MonkeyPatch) -> None:
    """What the map does not change is kept with the run; what changes the bias, the read-out or the lines is not."""
    run, done = make_run(), []

    def counted(name: str) -> Callable[..., object]:
        function = getattr(compute, name)
        return lambda *arguments, **options: done.append(name) or function(*arguments, **options)

    for name in ("solve_lines", "switching_probability", "error_budget"):
        monkeypatch.setattr(compute, name, counted(name))
    lines: dict[str, object] = {"word_ohm": 2.0}
    whole = ["solve_lines", "solve_lines", "switching_probability", "error_budget"]
    first = result_of(run, lines=lines)
    assert done == whole
    for quantity in compute.QUANTITIES.values():
        assert np.array_equal(result_of(run, lines=lines, quantity=quantity).output, first.output)
    assert result_of(run, lines=lines, cells=((0, 0), (1, 1))).cells[1].row == 1
    assert done == whole
    result_of(run, lines=lines, amplitude=0.1)
    result_of(run, lines={"word_ohm": 3.0})
    result_of(run, lines=lines, read={"u_read": 0.1})
    assert done == 4 * whole
    done.clear()
    result_of(run, scheme="half", cells=((1, 1),), quantity="disturb")
    result_of(run, scheme="half", cells=((1, 1),))
    assert done == ["solve_lines", "switching_probability"]  # lines of IDEAL: solved once
    result_of(run, scheme="half", cells=((2, 2),))  # that is the cell that is written
    assert len(done) == 4
    with pytest.raises(ValueError, match="read-only"):
        result_of(run, quantity="conductance").values[0, 0] = 0


def test_the_worst_case_cell_sees_less_of_a_write_in_a_larger_array(make_run: Callable[..., runs.Run]) -> None:
    run = make_run(rows=16, columns=16)
    lines: dict[str, object] = {"word_ohm": 20.0, "bit_ohm": 20.0, "selector": "none"}
    result = result_of(run, cells=((0, 15),), lines=lines, scheme="half", write=-1.5)
    assert result.sizes is not None and result.worst == (0, 15)
    assert list(result.sizes.size) == [4, 8, 16] and np.all(np.diff(np.abs(result.sizes.voltage)) < 0)
    assert result.sizes.voltage[-1] == pytest.approx(result.cells[0].voltage), "the whole array, as the map has it"
    others = solve_lines(run.cells, Bias(np.zeros(16), np.zeros(16)), Lines()).cell_voltage
    assert not others.any() and result_of(run).sizes is None, "a read has no such cell"


def test_the_range_fitted_to_the_currents_uses_the_codes(small_run: runs.Run) -> None:
    wide = result_of(small_run, read={"adc": True})
    low, high = wide.fitted
    assert low < 1e6 * wide.output.min() and 1e6 * wide.output.max() < high
    fitted = result_of(small_run, read={"adc": True, "adc_low": low, "adc_high": high})
    assert wide.digits is not None and fitted.digits is not None
    assert np.ptp(fitted.digits.code) > 0.9 * 255 > 10 * np.ptp(wide.digits.code) and not fitted.digits.clipped
