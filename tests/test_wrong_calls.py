"""Wrong calls of the whole public face: each gets a sentence that says what to do, and nothing changes."""

from __future__ import annotations

import re
import warnings
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import synaptogen_core as sc

SENTENCE = re.compile(r"[^\s:][^:]*: .+\((got|missing|needs) .*\); .+", re.DOTALL)

TEXT = ["'1'", "b'1'", "np.array(['1', '2'])"]
OTHERS = [
    "True",
    "1j",
    "None",
    "object()",
    "date.today()",
    "np.datetime64('2020')",
    "np.timedelta64(1, 's')",
    "{}",
    "len",
]
ENDLESS = ["nan", "inf", "-inf", "10**400"]
NUMBER = [*TEXT, *OTHERS, *ENDLESS, "[1, 2]"]  # none of these is a number
WHOLE = ["'1'", "True", "1.0", "1j", "None", "nan", "-1", "2**63", "10**5000", "np.timedelta64(1, 's')", "[1]"]
VOLTS = [*TEXT, *OTHERS, *ENDLESS, "[1, [2]]", "[]", "np.zeros((2, 2))", "np.ma.masked_less(np.ones((3, 4)), 2)"]
VOLTS += ["np.ones((3, 4), bool)", "np.ones((3, 4), complex)", "np.ones((3, 4), object)", "(u for u in [1.0])"]
ARRAY = ["'1'", "True", "1j", "None", "object()", "[[1, 2], [3]]", "np.full((3, 4), 'a')", "np.full((3, 4), nan)", "[]"]
ARRAY += ["np.ones((3, 4), 'datetime64[s]')", "np.ones((3, 4), bool)", "np.ma.masked_less(np.ones((3, 4)), 2)"]
NOT_CELLS = ["None", "device", "'cells'", "[[1.0]]"]
NOT_TRAIN = ["None", "[1.0, -1.0]", "1.5", "train.node"]


def given(values: list[str]) -> list[str]:
    """The same but for None, which stands for the read voltage of the device."""
    return [value for value in values if value != "None"]


CALLS: list[tuple[str, list[str]]] = [  # each call, and what must not stand in place of its `?`
    ("sc.CellArray(?, device, seed=1)", ["3", "'ab'", "(1,)", "(0, 1)", "(2**30, 2**30)", "(1.0, 2)", "(True, 2)"]),
    ("sc.CellArray((2, 2), ?, seed=1)", ["None", "'hennen2024'", "{}", "sc.DeviceParameters"]),
    ("sc.CellArray((2, 2), device, seed=?)", WHOLE),
    ("sc.CellArray((2, 2), device, seed=1, order=?)", ["'1'", "0", "11", "1.5", "True", "10**400"]),
    ("sc.CellArray((2, 2), device, seed=1, start=?)", ["None", "'old'", "1", "[]", "np.array(['empty'])"]),
    ("sc.CellArray((2, 2), device, seed=1, engine=?)", ["None", "'gpu'", "1", "[]", "{}"]),
    ("sc.CellArray((2, 2), device, seed=1, first_cell=?)", ["-1", "2**63", "'0'"]),
    ("sc.CellArray.from_state(?)", ["None", "{}", "[]", "{**saved, 'arrays': {}}", "{**saved, 'arrays': 1}"]),
    ("sc.CellArray.from_state({**saved, 'reads': ?})", ["-1", "None", "2**60"]),
    ("sc.CellArray.from_state({**saved, 'device': ?})", ["None", "{}", "{'name': 1}"]),
    ("cells.apply_voltage(?)", VOLTS),
    ("cells.read(?)", given(VOLTS)),
    ("cells.read(0.2, ?)", [*NUMBER, "-1"]),
    ("cells.current(?)", given(VOLTS)),
    ("cells.conductance(?)", ["'1'", "True", "nan", "np.ones((1, 3))"]),
    ("cells.part(?)", ["0", "None", "slice(2, 2)", "slice(0, 9)", "slice(0, 3, 2)", "slice('a', 'b')"]),
    ("sc.PulseTrain(?)", ["[1, 2, 3]", "None", "train", "{}"]),
    ("sc.PulseTrain.cycling(?)", WHOLE),
    ("sc.PulseTrain.cycling(1, u_set=?)", NUMBER),
    ("sc.PulseTrain.iv_sweep(points=?)", ["'9'", "3", "10**400", "True"]),
    ("sc.PulseTrain.iv_sweep(step=?)", ["'9'", "0", "-1", "nan", "1e-300", "10**400"]),
    ("sc.PulseTrain.staircase(steps=?)", ["'9'", "0", "10**400", "2.0"]),
    ("sc.PulseTrain.random(?)", ["0", "'9'", "10**400"]),
    ("sc.PulseTrain.random(3, ?)", ["'poisson'", "None", "[]", "1"]),
    ("sc.PulseTrain.random(3, per_cell=?)", ["None", "1", "'yes'"]),
    ("sc.PulseTrain.table(?)", ["'1'", "[]", "[nan]", "[True]", "None", "[1j]", "np.ma.masked_less([1, 2], 2)"]),
    ("sc.PulseTrain.table([1.0, 2.0], ?)", ["'1'", "[2]", "[-1]", "[1, 0]", "[True]", "[0.5]", "1", "[[1], [0, 1]]"]),
    ("sc.PulseTrain.from_dict(?)", ["None", "[]", "{}", "{'kind': []}", "{'kind': 'cycling', 'cycle': 2}"]),
    ("? * train", ["0", "-1", "10**400", "1.5", "'2'", "True"]),
    ("train.voltages(?)", ["-1", "'0'", "0.5", "[[0]]", "None", "[True]"]),
    ("train.voltages(0, ?)", ["-1", "'0'", "10**9"]),
    ("train.waveform(?)", ["0", "'9'", "None"]),
    ("sc.apply_train(?, train)", NOT_CELLS),
    ("sc.apply_train(cells, ?)", NOT_TRAIN),
    ("sc.simulate(?, train)", NOT_CELLS),
    ("sc.simulate(cells, ?)", NOT_TRAIN),
    ("sc.simulate(cells, train, record=?)", ["None", "1", "[]", "'features '", "['x']", "[1]", "[[]]", "b'state'"]),
    ("sc.simulate(cells, train, every=?)", ["None", "0", "1.5", "'pulse'", "True", "[]", "10**400"]),
    ("sc.simulate(cells, train, select=?)", ["[]", "'0'", "[99]", "[-1]", "[0.5]", "[[0, 9]]", "[[1, 2], [3]]", "{}"]),
    ("sc.simulate(cells, train, read_voltage=?)", given(NUMBER)),
    ("sc.simulate(cells, train, bandwidth=?)", ["'1'", "-1", "nan", "True", "10**400"]),
    ("sc.simulate(cells, train, advance=?)", ["None", "0", "'no'"]),
    ("sc.simulate(cells, train, budget=?)", ["None", "'1'", "1", "nan"]),
    ("sc.simulate(cells, train, threads=?)", ["0", "'2'", "1.0", "10**6"]),
    ("sc.simulate(cells, train, progress=?)", ["1", "'p'"]),
    ("sc.simulate(cells, train, cancel=?)", ["1", "True"]),
    ("sc.estimate_cost(cells, ?)", NOT_TRAIN),
    ("sc.estimate_cost(cells, train, threads=?)", ["0", "'2'"]),
    ("sc.repeat(?)", ["None", "xr.Dataset()", "{}", "ds['component']", "ds.assign_attrs(settings='{}')"]),
    ("device.vary(?=2)", ["d2dd", "C2C", "orders"]),
    ("device.vary(d2d=?)", ["'1'", "-1", "nan", "True", "1j", "{'r_hsr': 1}", "{'r_hrs': '1'}", "[1]", "{1: 1}"]),
    ("device.vary(order=?)", ["'1'", "0", "True", "1e3"]),
    ("device.vary(outlier_share=?)", ["2", "-1", "'1'", "nan"]),
    ("device.vary(autocorrelation=?)", ["0", "'no'", "[]"]),
    ("device.vary(shapes=?)", ["1", "'round'", "[]", "True"]),
    ("device.vary(u_max=?)", ["0", "2", "'1'", "nan", "True"]),
    ("sc.DeviceParameters.from_dict(?)", ["None", "[]", "{}", "{**plain, 'x': 1}", "{**plain, 'var': None}"]),
    ("sc.DeviceParameters.from_dict({**plain, 'gamma': ?})", ["None", "'1'", "[[1, 2], [3]]", "[['1', '2']] * 4"]),
    ("sc.DeviceParameters.from_dict({**plain, 'weights': ?})", ["[]", "[[1]]", "[nan]", "[0]", "{}"]),
    ("sc.DeviceParameters.from_dict({**plain, 'eta': ?})", ["None", "'3'", "0", "nan", "True", "10**400"]),
    ("sc.DeviceParameters.from_dict({**plain, 'variations': ?})", ["None", "[1]", "[{'x': 1}]", "{}"]),
    ("sc.load_device(?)", ["None", "1", "''", "'nobody'", "'/'", "b'x'", "'x.json'", "[]"]),
    ("sc.save_device(device, ?)", ["'/nowhere/x.json'", "'x.txt'", "None", "1"]),
    ("sc.save_device(?, here / 'x.json')", ["None", "{}", "'hennen2024'"]),
    ("sc.load_cells(?)", ["None", "1", "'x.txt'", "'nowhere.nc'", "here"]),
    ("sc.save_cells(?, here / 'x.nc')", ["None", "ds", "{}"]),
    ("sc.save_cells(cells, ?)", ["None", "1", "'x'", "'/nowhere/x.nc'"]),
    ("sc.load_dataset(?)", ["None", "1", "'x.txt'", "'nowhere.nc'", "'nowhere.zarr'"]),
    ("sc.save_dataset(?, here / 'x.nc')", ["None", "xr.Dataset()", "cells"]),
    ("sc.save_dataset(ds, ?)", ["None", "1", "'x'", "'/nowhere/x.nc'"]),
    ("sc.load_train(?)", ["None", "1", "'nowhere.csv'", "here"]),
    ("sc.load_measurements(?)", ["None", "1", "'nowhere.csv'"]),
    ("sc.save_netlist(?, bias, None, here / 'x.cir')", ["None", "'cells'"]),
    ("sc.simulate_to_file(?, train, here / 'x.nc')", NOT_CELLS),
    ("sc.simulate_to_file(cells, ?, here / 'x.nc')", NOT_TRAIN),
    ("sc.simulate_to_file(cells, train, here / 'x.nc', budget=?)", ["None", "'1'", "0", "nan"]),
    ("sc.simulate_to_file(cells, train, here / 'x.nc', record=?)", ["None", "1", "[]", "'x'"]),
    ("sc.simulate_to_file(cells, train, ?)", ["None", "1", "'x'", "'/nowhere/x.nc'"]),
    ("sc.simulate_to_zarr(cells, train, ?)", ["None", "1", "'x.nc'", "'/nowhere/x.zarr'"]),
    ("sc.ideal_read(?, 0.1)", NOT_CELLS),
    ("sc.ideal_read(cells, ?)", ["'1'", "None", "True", "nan", "[1, 2]", "1j", "10**400", "np.ones(3, bool)"]),
    ("sc.ideal_read(cells, 0.1, along=?)", ["None", "'row'", "[]"]),
    ("sc.Adc(?, 0.0, 1.0)", WHOLE),
    ("sc.Adc(8, ?, 1.0)", ["'0'", "nan", "1.0", "True"]),
    ("sc.crossbar.Dac(8, 0.0, ?)", ["'1'", "nan", "-1.0"]),
    ("sc.Adc(8, 0.0, 1.0).convert(?)", ["'1'", "None", "nan", "1j", "True"]),
    ("sc.crossbar.TransimpedanceAmplifier(?)", ["'1'", "0", "nan", "None"]),
    ("sc.crossbar.LineNoise(?)", ["'1'", "-1", "nan", "None"]),
    ("sc.crossbar.DifferentialPairs(?, 1e-4)", ["'1'", "-1", "nan", "1.0"]),
    ("pairs.conductances(?)", ["'1'", "None", "[1]", "[[2.0]]", "[[nan]]", "[[True]]", "[[1j]]"]),
    ("pairs.weights(?)", ["'1'", "None", "1.0", "[1.0]", "[nan, 1]"]),
    ("sc.crossbar.matvec(cells, ?, pairs)", ["'1'", "[1]", "[2, 0, 0]", "None", "[True, True, False]"]),
    ("sc.crossbar.matvec(cells, [1, 0, 0], ?)", ["None", "1.0", "[1, 2]"]),
    ("sc.crossbar.matvec(cells, [1, 0, 0], pairs, ?)", ["None", "1.0", "[1, 2]"]),
    ("sc.crossbar.matvec(cells, [1, 0, 0], pairs, tile=?)", ["3", "(0, 1)", "(1.5, 2)", "'ab'"]),
    ("sc.crossbar.Periphery(?)", ["1", "'dac'", "sc.Adc(8, 0, 1)"]),
    ("sc.crossbar.Lines(?)", ["'1'", "-1", "nan", "None", "True", "10**400"]),
    ("sc.crossbar.Lines(faults=?)", ["None", "1", "[]"]),
    ("sc.crossbar.Lines(word_ends=?)", ["None", "'top'", "1", "[]"]),
    ("sc.crossbar.Faults(open_cells=?)", ["1", "[1]", "'ab'", "[(0, -1)]", "[(0.5, 1)]", "None", "[(True, 1)]"]),
    ("sc.crossbar.Faults(short=?)", ["0", "'1'", "nan"]),
    ("sc.crossbar.Bias(?, [0.0])", ["'1'", "1.0", "[]", "[inf]", "[True]", "[1j]", "None", "[['a']]"]),
    ("sc.crossbar.Bias([1.0, 2.0], [0.0], ?)", ["[True]", "'ab'", "[1.5, 2]", "1"]),
    ("sc.crossbar.bias(?, 'half', 1.0)", ["3", "(1,)", "(0, 1)", "None", "'ab'", "(1, 2, 3)"]),
    ("sc.crossbar.bias((2, 2), ?, 1.0)", ["None", "'full'", "[]"]),
    ("sc.crossbar.bias((2, 2), 'half', ?)", ["'1'", "nan", "True", "None"]),
    ("sc.crossbar.bias((2, 2), 'half', 1.0, row=?)", ["2", "-1", "'0'", "True"]),
    ("sc.crossbar.bias((2, 2), 'half', 1.0, selector=?)", ["None", "'diode'", "[]"]),
    ("sc.crossbar.read_bias([1.0], ?)", ["0", "'1'", "1.5"]),
    ("sc.crossbar.solve_lines(?, bias)", [*ARRAY, "-np.ones((3, 4))", "np.ones((2, 2))"]),
    ("sc.crossbar.solve_lines(cells, ?)", ["None", "1.0", "[1, 2]"]),
    ("sc.crossbar.solve_lines(cells, bias, ?)", ["1.0", "'x'", "sc.crossbar.Lines"]),
    ("sc.crossbar.effective_conductance(?)", [*ARRAY, "cells"]),
    ("sc.crossbar.effective_conductance(np.ones((3, 4)), ?)", ["1.0", "'x'"]),
    ("sc.crossbar.effective_conductance(np.ones((3, 4)), None, ?)", ["[True]", "'abc'", "[2, 0, 1]"]),
    ("sc.crossbar.read_columns(?, [0.1] * 3)", ARRAY),
    ("sc.crossbar.read_columns(cells, ?)", ["'1'", "None", "[1]", "[nan] * 3", "[True] * 3"]),
    ("sc.crossbar.read_columns(cells, [0.1] * 3, ?)", ["None", "1.0"]),
    ("sc.crossbar.read_columns(cells, [0.1] * 3, periphery=?)", ["None", "1.0", "sc.Adc(8, 0, 1)"]),
    ("sc.crossbar.read_columns(cells, [0.1] * 3, seed=?)", WHOLE),
    ("sc.crossbar.error_budget(cells, ?, [0.1] * 3)", ARRAY),
    ("sc.crossbar.nominal_conductances(?)", NOT_CELLS),
    ("sc.crossbar.pulse(?, bias)", NOT_CELLS),
    ("sc.crossbar.pulse(cells, ?)", ["None", "1.0", "sc.crossbar.Bias([1.0], [1.0])"]),
    ("sc.crossbar.pulse(cells, bias, rounds=?)", ["0", "'1'", "True", "1.5"]),
    ("sc.crossbar.through_lines(?)", ["None", "1.0"]),
    ("sc.crossbar.through_lines(sc.crossbar.Lines(), ?)", ["None", "'column'", "[]"]),
    ("sc.crossbar.program_and_verify(?, 1e-4)", NOT_CELLS),
    ("sc.crossbar.program_and_verify(cells, ?)", ["'1'", "None", "0", "-1", "inf", "[1e-4]", "True", "1j", "10**400"]),
    ("sc.crossbar.program_and_verify(cells, 1e-4, tolerance=?)", ["0", "1", "'1'", "nan"]),
    ("sc.crossbar.program_and_verify(cells, 1e-4, u_set=?)", ["1.0", "'1'", "nan"]),
    ("sc.crossbar.program_and_verify(cells, 1e-4, reach=?)", ["1", "'x'", "lambda cells, u: 'volts'"]),
    ("sc.crossbar.verify_statistics(?)", ["None", "xr.Dataset()", "ds"]),
    ("sc.crossbar.switching_probability(?, 1.0)", NOT_CELLS),
    ("sc.crossbar.switching_probability(cells, ?)", ["'1'", "True", "nan", "[1]", "1j"]),
    ("sc.crossbar.would_switch(?, 1.0)", NOT_CELLS),
    ("sc.fitting.extract_features(?)", ["None", "ds", "xr.Dataset()", "1"]),
    ("sc.fitting.screen_devices(?)", ["None", "xr.Dataset()", "1"]),
    ("sc.fitting.usable_records(ds, ?)", ["None", "xr.Dataset()"]),
    ("sc.fitting.fit_curves(?, ds)", ["None", "xr.Dataset()", "1"]),
    ("sc.fitting.scaled_curves(?)", ["None", "xr.Dataset()", "1"]),
    ("sc.fitting.from_simulation(?)", ["None", "xr.Dataset()", "1"]),
    ("sc.fitting.fit(?, device, name='x')", ["None", "xr.Dataset()", "1", "cells"]),
    ("sc.fitting.fit(ds, ?, name='x')", ["None", "'hennen2024'", "1"]),
    ("sc.fitting.fit(ds, device, name=?)", ["None", "1", "''"]),
    ("sc.fitting.fit(ds, device, name='x', order=?)", ["'1'", "0", "True", "1.5"]),
    ("sc.fitting.fit(ds, device, name='x', criterion=?)", ["None", "'best'", "[]"]),
    ("sc.fitting.fit(ds, device, name='x', confidence=?)", ["0", "1", "'1'", "nan"]),
    ("sc.fitting.validate(?)", ["None", "device", "1"]),
    ("held.wait(?)", [*NUMBER, "-1", "1e30", "2**63", "1e-12"]),
    ("held.wait(1.0, ?)", ["'1'", "0", "-1", "nan", "True", "300"]),
    ("held.trap_times(?, 0)", [*WHOLE, "3"]),
    ("held.trap_times(0, ?)", [*WHOLE, "4"]),
    ("sc.CellArray((2, 2), device, seed=1, retention=?)", ["'stanford-c'", "True", "traps", "{}"]),
    ("sc.CellArray((2, 2), device, seed=1, retention=law, traps=?)", ["'stanford-a'", "True", "law", "{}"]),
    ("sc.PulseTrain.wait(?)", ["'1'", "None", "True", "-1", "nan", "1e30", "2**63"]),
    ("train.timed(?)", ["'1'", "True", "-1", "nan", "1e30", "[1, 2]", "[]"]),
    ("law.vary(?=True)", ["scale", "rate", "t0", "activation_energy", "jumps"]),
    ("law.vary(jumps=?)", ["'poisson'", "[]", "np.zeros(2)"]),
    ("sc.RetentionLaw.from_dict(?)", ["None", "{}", "[]", "{**law.to_dict(), 'x': 1}"]),
    ("sc.RetentionLaw.from_dict({**law.to_dict(), 'time_range': ?})", ["None", "1", "'ab'", "['1', 2]", "[2, 1]"]),
    ("sc.RetentionLaw.from_dict({**law.to_dict(), 'variations': ?})", ["None", "1", "'ab'", "[1]", "True"]),
    ("sc.RetentionLaw.from_dict({**law.to_dict(), 't0': ?})", ["None", "'1'", "0", "nan", "True", "10**400"]),
    ("sc.retention.Traps('a', [1e-5], ?)", ["'1'", "None", "[2.0]", "[-1]", "[nan]", "[]"]),
    ("sc.retention.spectrum(?, 5e-5, [1.0])", ["None", "'traps'", "law"]),
    ("sc.retention.spectrum(traps, ?, [1.0])", ["None", "'1'", "0", "nan", "[1e-5]"]),
    ("sc.retention.allan_variance(?, 5e-5, [1.0])", ["None", "'traps'", "law"]),
    ("sc.retention.autocovariance(?, 5e-5, [1.0])", ["None", "'traps'", "law"]),
    ("sc.retention.autocovariance(traps, 5e-5, [1.0], ?)", ["'1'", "[-1.0]", "[0.0]", "[nan]", "[[1.0]]", "True"]),
    ("sc.retention.curve(?, 5e-5, [1.0])", ["None", "'stanford-c'", "traps"]),
    ("sc.retention.curve(law, 5e-5, [1.0], ?)", ["None", "'1'", "[2]", "[[0.5]]", "nan"]),
    ("sc.retention.curve(law, 5e-5, [1.0], reversible=?)", ["'no'", "1", "None", "nan", "[]"]),
    ("sc.retention.bit_error_rate(?, [5e-5, 1e-4], [7e-5], [1.0])", ["None", "'stanford-c'", "traps"]),
    ("sc.retention.bit_error_rate(law, [5e-5, 1e-4], [7e-5], [1.0], reversible=?)", ["'no'", "1", "None"]),
    ("sc.fitting.fit_pulse_width(?, [1.0] * 4, [True] * 4)", ["'1'", "None", "[1.0]", "[nan] * 4"]),
    ("sc.fitting.fit_pulse_width([1e-6] * 4, [1.0] * 4, ?)", ["'1'", "None", "[0.5] * 4", "[[True], [True, True]]"]),
    ("sc.fitting.compare(?, ds)", ["None", "1", "'ab'", "[1, 2]"]),
    ("sc.fitting.fit_retention(?)", ["None", "ds", "law"]),
    ("sc.load_images(?)", ["None", "1", "'nowhere.npz'", "here", "'a' * 1000"]),
    ("sc.load_weights(?)", ["None", "1", "'nowhere.npz'", "here", "'a' * 1000"]),
    ("sc.load_retention(?)", ["None", "1", "'nobody'", "'a' * 1000"]),
    ("sc.load_retention_table(?)", ["None", "1", "'nowhere.csv'", "here", "'a' * 1000"]),
    ("sc.load_network(?)", ["None", "1", "'x.txt'", "'nowhere.nc'", "'a' * 1000 + '.nc'"]),
    ("sc.load_dataset(?)", ["'a' * 1000 + '.nc'", "'a\\0.nc'"]),
    ("sc.save_network(?, here / 'x.nc')", ["None", "network", "cells"]),
    ("sc.save_network(analog, ?)", ["None", "1", "'x'", "'/nowhere/x.nc'"]),
    ("sc.save_veriloga(?, here / 'x.va')", ["None", "cells", "'hennen2024'"]),
    ("sc.save_veriloga(device, ?)", ["None", "1", "'x.txt'", "'/nowhere/x.va'"]),
    ("sc.save_veriloga(device, here / 'x.va', cycles=?)", [*WHOLE, "1", "5000"]),
    ("nets.Mapping(?='x')", ["low", "high", "scheme", "pairs_in", "scale", "bias", "headroom", "weight_bits"]),
    ("nets.Chip(?)", ["None", "'hennen2024'"]),
    ("nets.Chip(device, faults=?)", ["None", "1", "'ab'", "{1: 2}", "{(0, 0): 1}", "{(0, 0, 0): 1}"]),
    ("nets.Chip(device, seed=?)", [*WHOLE]),
    ("nets.Conv2d(np.ones((9, 1)), [0.0], padding=?)", ["None", "True", "1", "(1, -1)", "(1, 1, 1)"]),
    ("nets.Pool2d(stride=?)", ["0", "[]", "(0, 1)", "'ab'"]),
    ("nets.Network(?)", ["None", "True", "[]", "[1]", "'ab'"]),
    ("nets.Network([nets.Dense(np.eye(2), np.zeros(2))], ?)", ["[1]", "[[1], [2, 3]]", "ds", "[nan, 1]", "[None, 1]"]),
    ("nets.Network.from_arrays(?)", ["None", "1", "'ab'", "[]", "[[1]]", "np.eye(2)"]),
    ("nets.Network.from_arrays([np.eye(2)], ?)", ["1", "[None]", "[[nan, 1]]", "[[1]]", "'a'"]),
    ("nets.Network.from_arrays([np.eye(2)], activation=?)", ["None", "'x'", "[]", "np.zeros(2)"]),
    ("nets.Network.from_weights(?)", ["None", "{}", "[1]", "{'a.weight': [1]}", "{'a.weight': None}"]),
    ("network.check_labels(?, 2)", ["None", "[[1], [2, 3]]", "ds", "[nan, 1]", "[9, 9]", "[1]"]),
    ("nets.digits(?)", WHOLE),
    ("nets.spiking_layers(?)", ["None", "4", "[4]", "[4, 0]", "'ab'"]),
    ("nets.draw_weights(?)", ["None", "analog", "1"]),
    ("nets.train(?, np.eye(4), [0] * 4)", ["None", "analog"]),
    ("nets.train(network, np.eye(4), [0] * 4, rate=?)", ["'1'", "nan", "-1", "None"]),
    ("nets.program(network, nets.Chip(device), targets=?)", ["1", "'ab'", "[]", "[None]", "True"]),
    ("nets.program(network, nets.Chip(device), cancel=?)", ["1", "'ab'", "True"]),
    ("nets.accuracy_budget(analog, np.eye(4), [0] * 4, first_read=?)", WHOLE),
    ("nets.accuracy_over_time(analog, ?, [1.0], np.eye(4), [0] * 4)", ["None", "'stanford-c'"]),
    ("nets.accuracy_over_time(analog, law, [1.0], np.eye(4), [0] * 4, cancel=?)", ["1", "'ab'", "True"]),
    ("nets.train_in_the_loop(analog, np.eye(4), [0] * 4, tolerance=?)", ["'1'", "nan", "0", "-1", "2", "None"]),
    ("nets.sweep_chips(?, chip, *data, over='ohm', values=[1], seeds=[1])", ["None", "analog"]),
    ("nets.sweep_chips(network, ?, *data, over='ohm', values=[1], seeds=[1])", ["None", "device"]),
    ("nets.sweep_chips(network, chip, *data, over=?, values=[1], seeds=[1])", ["None", "[]", "'volt'"]),
    ("nets.sweep_chips(network, chip, *data, over='ohm', values=?, seeds=[1])", ["None", "1", "'ab'", "[]", "[nan]"]),
    ("nets.sweep_chips(network, chip, *data, over='ohm', values=[1], seeds=?)", ["None", "1", "[]", "[0.5]", "[-1]"]),
    ("sc.statistics.correlations(ds, ?)", ["1", "[1]", "True", "nan", "[]", "'nothing'", "[[1], [2, 3]]"]),
    ("sc.statistics.spread(ds, device=?)", ["0", "[]", "'hennen2024'", "False"]),
    ("sc.statistics.autocorrelation(ds, max_lag=?)", ["'1'", "True", "-1", "2", "1.5", "nan", "[1]"]),
    ("sc.statistics.cumulative(ds, 'r_hrs', points=?)", ["'9'", "1", "True", "2.5", "10**400"]),
    ("sc.statistics.probability_plot(ds, 'r_hrs', points=?)", ["'9'", "1", "True", "1e30", "10**400"]),
    ("sc.statistics.population_curve(device, 'r_hrs', points=?)", ["'9'", "0", "True", "2.5", "10**400"]),
    ("sc.statistics.device_ellipses(device, 'r_lrs', 'r_hrs', points=?)", ["'9'", "0", "True", "2.5", "10**400"]),
    ("sc.plots.distributions(ds, ?)", ["0", "[1]", "[]", "'nothing'", "True"]),
    ("sc.plots.cycle_to_cycle(ds, ?)", ["None", "0", "[]", "'nothing'"]),
    ("sc.plots.cycle_to_cycle(ds, cells=?)", ["True", "[99]", "[0.5]", "'0'"]),
    ("sc.plots.array_map(?)", ["None", "xr.Dataset()", "1"]),
    ("sc.plots.array_map(ds, ?)", ["None", "1", "[]", "'nothing'"]),
    ("sc.plots.array_map(ds, of=?)", ["None", "[]", "'sum'"]),
    ("sc.plots.explore(?)", ["None", "xr.Dataset()", "ds.isel(cycle=[])", "1"]),
    ("sc.plots.explore(ds, ?)", ["1", "[]", "[1]", "['map <b>']", "['trace r_lrs.median']"]),
    ("sc.plots.explore(ds, select=?)", ["1", "[]", "'new,box'", "'new,range,x,1,2'"]),
    ("sc.plots.explore(ds, link=?)", ["0", "'no'", "None"]),
    ("sc.fitting.FeatureOptions(polarity=?)", ["None", "'up'", "[]"]),
    ("sc.fitting.FeatureOptions(read_voltage=?)", ["'1'", "nan", "None"]),
    ("sc.fitting.FeatureOptions(smoothing=?)", ["'5'", "4", "True", "5.0"]),
]  # fmt: skip


def names(here: Path) -> dict[str, Any]:
    """What the calls speak of."""
    device = sc.load_device("hennen2024")
    cells, train = sc.CellArray((3, 4), device, seed=1), sc.PulseTrain.cycling(2)
    cells.apply_voltage(-1.5)
    nets, law, traps = sc.networks, sc.load_retention("stanford-c"), sc.retention.Traps.stanford_a()
    network = nets.Network.from_arrays([np.eye(4), np.ones((4, 3))])
    return {
        "sc": sc, "np": np, "xr": xr, "date": date, "nan": float("nan"), "inf": float("inf"),
        "device": device, "cells": cells, "train": train, "here": here, "ds": sc.simulate(cells.copy(), train),
        "saved": cells.to_state(), "plain": device.to_dict(), "pairs": sc.crossbar.DifferentialPairs(1e-5, 1e-4),
        "bias": sc.crossbar.bias((3, 4), "half", 0.5), "nets": nets, "law": law, "traps": traps, "network": network,
        "held": sc.CellArray((3, 4), device, seed=1, retention=law, traps=traps), "chip": nets.Chip(device, seed=1),
        "analog": nets.program(network, nets.Chip(device, seed=1)), "data": (np.eye(4), np.eye(4), [0] * 4),
    }  # fmt: skip


def state(known: dict[str, Any]) -> tuple[Any, ...]:
    cells, held, analog = known["cells"], known["held"], known["analog"]
    programmed = [layer.cells.state_hash() for layer in analog.layers], analog.calibration
    waited = held.state_hash(), held.time, known["law"].hash
    return (
        cells.state_hash(),
        cells.reads,
        cells.fresh,
        known["train"].to_dict(),
        known["device"].hash,
        waited,
        programmed,
    )


def fault(text: str, known: dict[str, Any]) -> str | None:
    """What is wrong with the answer to a call; None if it is a sentence."""
    try:
        eval(text, dict(known))  # noqa: S307 -- the calls stand above
    except (TypeError, ValueError) as error:
        return None if SENTENCE.fullmatch(str(error)) else f"{type(error).__name__}: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "no error"


def test_wrong_calls(tmp_path: Path) -> None:
    known = names(tmp_path)
    before, faults, count = state(known), [], 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for call, values in CALLS:
            for value in values:
                text = call.replace("?", value)
                count += 1
                found = fault(text, known)
                if found is not None:
                    faults.append(f"{text}  ->  {found}")
                if state(known) != before:
                    faults.append(f"{text}  ->  something changed")
                    known, before = names(tmp_path), before
    assert faults == []
    assert count >= 300
    assert list(tmp_path.iterdir()) == []


def test_a_bare_error_would_be_seen(tmp_path: Path) -> None:
    known = names(tmp_path)
    assert fault("cells.nothing", known)
    assert fault("train + 1", known)
    assert fault("cells.state()", known) == "no error"
    assert SENTENCE.fullmatch("u: must be finite (got NaN); correct it")
    assert not SENTENCE.fullmatch("'list' object has no attribute 'length'")
