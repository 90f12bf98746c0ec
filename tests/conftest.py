"""What all tests share: markers by folder, Hypothesis profiles, the tools of the machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
REQUIRE_ALL = os.environ.get("SYNAPTOGEN_REQUIRE_ALL") == "1"
MARKER_OF_FOLDER = {"browser": "browser", "peers": "peer", "statistical": "statistical"}
MUST_RUN = {"browser", "peer", "spice"}

# A deadline would test the load of the machine. In CI the examples are the same in every run, so that a red run can be
# made again; at a desk each run tries new ones.
settings.register_profile("desk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("desk"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of browser/, peers/ and statistical/ by where they lie."""
    tests = ROOT / "tests"
    for item in items:
        if item.path.is_relative_to(tests):
            marker = MARKER_OF_FOLDER.get(item.path.relative_to(tests).parts[0])
            if marker:
                item.add_marker(marker)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where all tests are required (CI), a skipped browser, peer or circuit-simulator test has failed."""
    report = yield
    if REQUIRE_ALL and report.skipped and MUST_RUN & {mark.name for mark in item.iter_markers()}:
        fail_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole file that skips itself, whose marks are not known: by its folder, or its name."""
    report = yield
    folders = set(collector.path.parts) & set(MARKER_OF_FOLDER)
    if REQUIRE_ALL and report.skipped and (folders - {"statistical"} or "spice" in collector.path.name):
        fail_skipped(report)
    return report


def fail_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure that says why it was skipped."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"SYNAPTOGEN_REQUIRE_ALL=1: this test must not be skipped here. {reason}"


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium: the variable CHROMIUM, or the first one on the path."""
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not found:
        pytest.skip("no Chromium on this machine; install it (Debian: apt-get install chromium) or set CHROMIUM")
    return found


@pytest.fixture(scope="session")
def ngspice() -> str:
    """Path of the circuit simulator."""
    found = shutil.which("ngspice")
    if not found:
        pytest.skip("no ngspice on this machine; install it (Debian: apt-get install ngspice)")
    return found


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of measured data beside the project; never part of it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no measured data at {folder}; tests on real loops need them")
    return folder
