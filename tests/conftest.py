"""What all tests share: markers by folder, Hypothesis profiles, the queue, event loops, the tools of the machine."""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import os
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Generator
from concurrent.futures import Future
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import synaptogen_core as sc

ROOT = Path(__file__).resolve().parent.parent
REQUIRE_ALL = os.environ.get("SYNAPTOGEN_REQUIRE_ALL") == "1"
MARKER_OF_FOLDER = {"browser": "browser", "peers": "peer", "statistical": "statistical"}
MUST_RUN = {"browser", "peer", "spice"}

# A deadline would test the load of the machine. In CI the examples are the same in every run, so that a red run can be
# made again; at a desk each run tries new ones; at night (HYPOTHESIS_PROFILE=nightly, or --hypothesis-profile) many.
settings.register_profile("desk", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("desk"), derandomize=True, print_blob=True)
settings.register_profile("nightly", settings.get_profile("desk"), max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "desk"))

# What a shell starts in the background ignores Ctrl-C, and so would the tests of what it does.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# ------------------------------------------------------------------------------------------------------------ the queue
# The slowest files come first, so that both ends of the queue end together. `make test ARGS=--write-durations` renews
# the table (seconds a file took in a whole run); a file that is not in it comes early, as it may be slow.
DURATIONS = ROOT / "tests" / "durations.json"
UNKNOWN = 60.0  # seconds
SLOW = 10.0  # seconds; a file that takes longer is marked slow, and left out of `make quick`
BUDGET = 45.0  # seconds; a file that takes longer is named when all have run
TAKEN: Counter[str] = Counter()  # seconds, by file, of this run


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-durations", action="store_true", help="write down how long each file of tests takes")


def known_durations() -> dict[str, float]:
    """Seconds by file, as the last whole run that was written down took them."""
    return json.loads(DURATIONS.read_text(encoding="utf-8")) if DURATIONS.is_file() else {}


def file_of(nodeid: str) -> str:
    """Files are what workers share: the fixtures of a module are made once."""
    return nodeid.partition("::")[0]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests by where they lie and how long their file takes; where workers share them, the slowest files first."""
    known, tests = known_durations(), ROOT / "tests"
    for item in items:
        file = file_of(item.nodeid)
        if item.path.is_relative_to(tests):
            marker = MARKER_OF_FOLDER.get(item.path.relative_to(tests).parts[0])
            if marker:
                item.add_marker(marker)
        if known.get(file, 0.0) > SLOW:
            item.add_marker("slow")
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: -known.get(file_of(item.nodeid), UNKNOWN))


def pytest_collection_finish() -> None:
    """What all the imports made stays: no later collection of garbage has to look through it, a tenth of the time."""
    gc.collect()
    gc.freeze()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Sum up what each file takes."""
    TAKEN[file_of(report.nodeid)] += report.duration


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the files that take too long: the whole suite has 16 minutes of workers."""
    if above := [f"{seconds:6.0f} s  {file}" for file, seconds in TAKEN.most_common() if seconds > BUDGET]:
        terminalreporter.section(f"files above {BUDGET:.0f} s")
        terminalreporter.write_line("\n".join(above))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the table, if asked to; rows of files that did not run stay, those of files that are gone go."""
    if session.config.getoption("write_durations") and not hasattr(session.config, "workerinput"):
        table = {**known_durations(), **TAKEN}
        rows = {
            file: round(table[file], 1)
            for file in sorted(table, key=table.get, reverse=True)
            if (ROOT / file).is_file()
        }
        DURATIONS.write_text(json.dumps(rows, indent=0) + "\n", encoding="utf-8")


# ---------------------------------------------------------------------------------------------------------------- loops


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an asynchronous test on a thread with an event loop of its own.

    A browser's driver keeps a loop running in the main thread, beside which there can be no other; so any worker can
    run any file. The thread is a daemon: a test that hangs is ended by its timeout, and not waited for.
    """
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    outcome: Future[None] = Future()

    def work() -> None:
        try:
            outcome.set_result(asyncio.run(pyfuncitem.obj(**arguments)))
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=work, name=pyfuncitem.name, daemon=True).start()
    outcome.result()
    return True


# -------------------------------------------------------------------------------------------------------------- skipped


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


# ------------------------------------------------------------------------------------------------------------- fixtures


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium: the variable CHROMIUM, or the first one on the path; rather one without windows."""
    known = "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, known)), None)
    if not found:
        wanted = "install it (Debian: apt-get install chromium-headless-shell) or set CHROMIUM"
        pytest.skip(f"no Chromium on this machine; {wanted}")
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
    """The folder of measured data, never part of the project: SYNAPTOGEN_DATA, or beside it."""
    folder = Path(os.environ.get("SYNAPTOGEN_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no measured data at {folder}; tests on real loops need them: say SYNAPTOGEN_DATA=...")
    return folder


@pytest.fixture(scope="session")
def device() -> sc.DeviceParameters:
    """The published device."""
    return sc.load_device("hennen2024")
