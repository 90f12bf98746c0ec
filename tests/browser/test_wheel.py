"""Whoever installs the wheel opens the dashboard with one command, from any folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import time
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.drive import POLL, Dashboard

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("synaptogen_core", "app", "assets", "pyproject.toml", "README.md", "LICENSE", "THIRD_PARTY.md")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the sources: nothing is left in the project's own folder."""
    folder = tmp_path_factory.mktemp("wheel")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / "source" / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, folder / "source" / part)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "-w", folder, folder / "source"], check=True)
    return next(folder.glob("synaptogen_lab-*"))


@pytest.fixture(scope="module")
def address(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dashboard of an environment that has the wheel, and what it needs from the environment of the tests."""
    home = tmp_path_factory.mktemp("home")
    venv.create(home / "venv", with_pip=False)
    python = next(home.glob("venv/[bS]*/python*"))
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index", "--no-compile"]
    subprocess.run([*pip, wheel], check=True)
    packages = next(home.glob("venv/[lL]ib/**/site-packages"))
    # A path that is named here is looked into last, and its own .pth files, such as that of the sources, are not read.
    (packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [next(home.glob("venv/[bS]*/synaptogen*")), "serve", "--port", "0", "--address", "127.0.0.1"]
    with subprocess.Popen(command, cwd=home, env=environment, stdout=subprocess.PIPE, text=True) as server:
        said = server.stdout.readline() if server.stdout else ""
        try:
            yield answering(server, next(word for word in said.split() if word.startswith("http")))
        finally:
            server.kill()  # it still compiles, which nobody here waits for


def answering(server: subprocess.Popen[str], address: str) -> str:
    """The address, once something listens there."""
    while server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}favicon.ico", timeout=60).close()
            return address
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server ended")


def test_the_wheel_holds_all_that_the_project_has(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    listed = subprocess.run(["git", "ls-files", "synaptogen_core", "app"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout: which files belong to the project is not known")
    wanted = {name for name in listed.stdout.split("\n") if name and (ROOT / name).is_file()}
    assert {name for name in wanted if not name.endswith("README.md")} <= held


def test_the_page_opens_from_the_wheel(address: str, browser: Browser) -> None:
    dashboard = Dashboard(browser.new_page(), address)
    opened: list[tuple[int, str]] = []
    dashboard.page.on("response", lambda response: opened.append((response.status, response.url)))
    dashboard.page.goto(address, timeout=120_000)
    dashboard.page.get_by_role("tab", name="Overview", exact=True).wait_for()
    dashboard.page.wait_for_function("window.Bokeh?.documents?.[0]?.is_idle", polling=POLL)
    icons = dashboard.page.locator("link[rel~=icon]").evaluate_all("links => links.map((link) => link.href)")
    assert icons and all(icon.startswith("data:image/svg") or dashboard.page.request.get(icon).ok for icon in icons)
    assert dashboard.page.request.get(f"{address}favicon.ico").ok
    assert [url for status, url in opened if status >= 400] == []
    assert not dashboard.failures, dashboard.failures
    dashboard.page.close()
