"""The house in figures, now and at an earlier revision: python -m benchmarks.house [REVISION].

Lines and files, the largest folder, longest file and function, circles, blocks that stand twice, the longest route (the
most modules that import each other in a row), and the time of the tests that tests/durations.json knows.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import grimp

from tests import test_house as house

ROOT = Path(__file__).resolve().parent.parent


def longest_route(graph: Mapping[str, frozenset[str]]) -> list[str]:
    """The longest chain of imports; a circle is passed once."""
    found: dict[str, list[str]] = {}

    def below(module: str, above: frozenset[str]) -> list[str]:
        if module not in found:
            inside = above | {module}
            routes = [below(other, inside) for other in sorted(graph.get(module, ())) if other not in inside]
            found[module] = [module, *max(routes, key=len, default=[])]
        return found[module]

    return max((below(module, frozenset()) for module in sorted(graph)), key=len)


def measured(root: Path) -> dict[str, object]:
    """All figures of the tree at `root`, which is the one that is imported."""
    paths = [path for name in house.HOUSES for path in sorted((root / name).rglob("*.py"))]
    texts = {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    graphs = {}
    for types in (False, True):
        graph = grimp.build_graph(*house.HOUSES, exclude_type_checking_imports=not types, cache_dir=None)
        graphs[types] = {m: frozenset(graph.find_modules_directly_imported_by(m)) for m in graph.modules}
    folders = Counter(path.parent for path in paths if path.name != "__init__.py")
    functions = [
        house.body_length(node)
        for text in texts.values()
        for node in house.ast.walk(house.ast.parse(text))
        if isinstance(node, (house.ast.FunctionDef, house.ast.AsyncFunctionDef))
    ]
    tests = [path.read_text(encoding="utf-8") for path in (root / "tests").rglob("*.py")]
    route = longest_route(graphs[False])
    times = root / "tests" / "durations.json"
    return {
        "files": len(paths),
        "lines": sum(len(text.splitlines()) for text in texts.values()),
        "lines of tests": sum(len(text.splitlines()) for text in tests),
        "largest folder (files)": max(folders.values()),
        "longest file (lines)": max(len(text.splitlines()) for text in texts.values()),
        "longest function (lines)": max(functions),
        "circle of imports (modules)": max(0, len(house.circle(graphs[False])) - 1),
        "the same with types": max(0, len(house.circle(graphs[True])) - 1),
        "blocks of six lines that stand twice": len(house.repeated(texts)),
        "longest route (modules)": f"{len(route)}: {route[0]} ... {route[-1]}",
        "tests, one after the other (s)": round(sum(json.loads(times.read_text()).values())) if times.exists() else "?",
    }


def before(revision: str) -> dict[str, object]:
    """The figures of a revision, taken by this program from a copy of its tree."""
    packed = subprocess.run(["git", "archive", revision], cwd=ROOT, capture_output=True, check=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        tree, alone = Path(folder) / "tree", Path(folder) / "alone"  # its packages, without its tests and benchmarks
        with tarfile.open(fileobj=BytesIO(packed)) as archive:
            archive.extractall(tree, filter="data")
        alone.mkdir()
        for name in house.HOUSES:
            (alone / name).symlink_to(tree / name)
        command = [sys.executable, "-P", "-m", "benchmarks.house", "--tree", str(tree)]
        paths = {"PYTHONPATH": f"{alone}{os.pathsep}{ROOT}"}
        output = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, env=paths).stdout
    figures: dict[str, object] = json.loads(output)
    return figures


def main() -> None:
    if sys.argv[1:2] == ["--tree"]:
        print(json.dumps(measured(Path(sys.argv[2]))))
        return
    now = measured(ROOT)
    old = before(sys.argv[1]) if len(sys.argv) > 1 else {}
    for name, value in now.items():
        print(f"{name:40} {old.get(name, '')!s:>20}  {value}" if old else f"{name:40} {value}")


if __name__ == "__main__":
    main()
