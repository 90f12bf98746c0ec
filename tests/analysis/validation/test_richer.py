"""Measurements richer than any class: what is more in them is named, and its size told within a factor of two."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from benchmarks.extended import PUBLISHED, known_device, measured
from synaptogen_core.analysis.staged.stuck import without_runs
from synaptogen_core.analysis.validation import held_out, verdict
from synaptogen_core.analysis.validation.rows import WORDS
from synaptogen_core.analysis.validation.verdict import Finding

DEVICES, CYCLES = 60, 160
JUMPING, DRIFTING = slice(0, 15), slice(15, 35)
JUMP, DRIFT = 0.35, 0.4  # of R_LRS; of U_RESET, V over the record
NAMES = ("r_hrs", "u_set", "r_lrs", "u_reset")


@dataclass(frozen=True)
class Seen:
    """A fit of 60 devices, and what is said of it."""

    fit: sc.fitting.Fit
    verdict: dict[str, Finding]
    lines: Any  # by what is compared
    truth: dict[str, float]


def seen(change: Callable[[dict[str, np.ndarray]], dict[str, float]]) -> Seen:
    """A measurement of a known device, and what `change` does to its features (devices, cycles)."""
    data = measured(known_device(), DEVICES, CYCLES, 5)
    truth = change({name: data[name].values.reshape(DEVICES, -1) for name in NAMES})
    devices = sc.fitting.screen_devices(data)
    fit = sc.fitting.fit_extended(data, PUBLISHED, name="a", devices=devices, stuck=True, intervals=False)
    plain = replace(fit, device=without_runs(fit.device))
    judged = sc.fitting.validate(plain)
    lines = sc.fitting.compare_numbers(plain, refitted=judged.refitted).to_dataframe().set_index("what")
    return Seen(fit, {finding.about: finding for finding in judged.verdict}, lines, truth)


@pytest.fixture(scope="module")
def right() -> Seen:
    """Nothing more: the negative control of all that follows."""
    return seen(lambda features: {})


@pytest.fixture(scope="module")
def richer() -> Seen:
    """Jumps of some devices, drift of others; in all of them skews of their own, and runs without switching."""
    rng = np.random.default_rng(3)
    g = rng.normal(0, 0.8, (DEVICES, 1))
    begin, length = rng.integers(5, 120, DEVICES), 3 + rng.geometric(1 / 5, DEVICES)

    def change(features: dict[str, np.ndarray]) -> dict[str, float]:
        low, reset, own = (features[name] for name in ("r_lrs", "u_reset", "u_set"))
        low[JUMPING, 70:] *= 1 + JUMP
        reset[DRIFTING] += np.linspace(0, DRIFT, CYCLES)
        mean, sd = own.mean(axis=1, keepdims=True), own.std(axis=1, keepdims=True)
        own[:] = mean + sd * np.expm1(g * (own - mean) / sd) / g
        jumps = JUMP * low[JUMPING, :70].mean(axis=1) / low[JUMPING].std(axis=1)
        for k, (first, many) in enumerate(zip(begin, length, strict=True)):
            low[k, first : first + many] = features["r_hrs"][k, first : first + many]
        return {"jump": float(np.median(jumps)), "drift": float(np.median(DRIFT / reset[DRIFTING].std(axis=1))),
                "skews": float(np.std(np.tanh(0.64 * g))), "length": float(length.mean())}  # fmt: skip

    with pytest.MonkeyPatch.context() as patch:  # nothing below asks for what is held out
        patch.setattr(held_out, "refits", lambda *_: held_out.Refits(None, None, {"cycles": "", "devices": ""}))
        return seen(change)


def is_near(told: float, truth: float) -> bool:
    return 0.5 < told / truth < 2


def test_a_right_fit_has_nothing_wrong(right: Seen) -> None:
    assert (right.lines["word"] == WORDS[1]).sum() <= 1
    assert {"prediction", "predicted intervals", "steadiness", "break-in", "possible values"} <= set(
        right.lines["about"]
    )
    assert set(right.lines[right.lines["about"] == "prediction"]["unit"]) == {"nat"}
    promised = right.lines.loc["log score of later cycles above a log-normal without memory"]
    assert promised["measured"] > 0 and promised["word"] == WORDS[0]
    assert [about for about, finding in right.verdict.items() if finding.good is not True] == []
    assert not {"Failed cycles", "Shapes of devices"} & set(right.verdict)


def test_jumps_and_drift_are_named_with_their_sizes(right: Seen, richer: Seen) -> None:
    """In standard deviations over cycles, of a typical device of those that move."""
    finding, truth = richer.verdict["Drift"], richer.truth
    assert finding.good is False
    count, *sizes = re.fullmatch(
        r"(\d+) of 60 devices drift or jump \(R_LRS by ([\d.]+) and U_RESET by ([\d.]+) standard deviations\).*",
        finding.text,
    ).groups()  # type: ignore[union-attr]  # no match is an error as good as any
    assert is_near(int(count), 35)
    assert is_near(float(sizes[0]), truth["jump"]) and is_near(float(sizes[1]), truth["drift"])
    row = richer.lines.loc["share of devices that drift or jump"]
    assert row["word"] == WORDS[1] and is_near(row["measured"], 35 / DEVICES)
    assert right.lines.loc[row.name, "word"] == WORDS[0]


def test_shapes_that_differ_from_device_to_device(right: Seen, richer: Seen) -> None:
    """Skews by g-and-h with g of sd 0.8: by 10, 50 and 90 % the skew is tanh(0.64 g)."""
    said = richer.verdict["Shapes of devices"].text
    assert said.startswith("Skews and tails of devices differ by more than sampling error (U_SET")
    row = richer.lines.loc["spread of the devices' skews of U_SET"]
    assert row["word"] == WORDS[1] and right.lines.loc[row.name, "word"] != WORDS[1]
    assert is_near(np.sqrt(row["measured"] ** 2 - row["simulated"] ** 2), richer.truth["skews"])


def test_runs_without_switching(richer: Seen) -> None:
    finding, share = richer.verdict["Failed cycles"], richer.truth["length"] / CYCLES
    assert finding.good is False and is_near(float(finding.text.partition(" %")[0]) / 100, share)
    assert any("did not switch, left out" in sentence for sentence in richer.fit.warnings)
    stuck = richer.fit.device.extension.stuck  # type: ignore[union-attr]  # None is an error as good as any
    assert is_near(stuck.rate[0], 1 / CYCLES) and is_near(stuck.length[0], richer.truth["length"])
    assert stuck.rate[1] == 0
    # a device that has them is not said to lack them
    assert [one.good for one in verdict._failed(richer.fit, 0.0)] == [True]


def test_a_device_that_promises_too_much_is_found_out() -> None:
    forgets = known_device().vary(autocorrelation=False)
    data = measured(forgets, 40, 150, 3)
    promises = sc.fitting.compare_numbers(known_device(), data, limits={"prediction": 0.02}).to_dataframe()
    score = promises[promises["what"].str.contains("above a log-normal")]
    assert (score["word"] == WORDS[1]).all()
    honest = sc.fitting.compare_numbers(forgets, data, limits={"prediction": 0.02}).to_dataframe()
    assert (honest[honest["what"].str.contains("above a log-normal")]["word"] != WORDS[1]).all()


def test_first_cycles_that_a_device_does_not_have_are_found_out() -> None:
    data = measured(known_device(break_in=True), 40, 150, 3)
    found = sc.fitting.compare_numbers(known_device(), data).to_dataframe().set_index("what")
    assert found.loc["first 5 % of cycles of R_LRS against the later half", "word"] == WORDS[1]
    assert found.loc["first 5 % of cycles of U_SET against the later half", "word"] != WORDS[1]
