"""The switch of CI: where all tests are required, a skipped browser, peer or simulator test is a failure."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPED = {
    "browser/test_page.py": "import pytest\ndef test(): pytest.skip('no browser here')",
    "peers/test_whole_file.py": "import pytest\npytest.importorskip('no_such_peer')",
    "test_circuit.py": "import pytest\n@pytest.mark.spice\n@pytest.mark.skipif(1, reason='no ngspice')\ndef test(): 0",
    "test_data.py": "import pytest\ndef test(): pytest.skip('no measured data')",
    "test_passes.py": "def test(): pass",
}


@pytest.mark.parametrize(
    ("required", "code", "outcome"),
    [("0", 0, "1 passed, 4 skipped"), ("1", 1, "1 failed, 1 passed, 1 skipped, 2 errors")],
)
def test_skips_of_required_tests(tmp_path: Path, required: str, code: int, outcome: str) -> None:
    for name, text in SKIPPED.items():
        path = tmp_path / "tests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path / "tests")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  browser\n  peer\n  spice\n  statistical\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--import-mode=importlib", "--continue-on-collection-errors", "tests"],
        cwd=tmp_path,
        env={**os.environ, "SYNAPTOGEN_REQUIRE_ALL": required, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome in run.stdout
    assert run.returncode == code
    if required == "1":
        assert "no browser here" in run.stdout and "no_such_peer" in run.stdout and "no ngspice" in run.stdout
        assert "must not be skipped here" in run.stdout
