"""The shape of the house, each rule with its limit: a rule that is broken fails with the list of what breaks it."""

from __future__ import annotations

import ast
import graphlib
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import grimp
import pytest

from tests import syntax

ROOT = Path(__file__).resolve().parent.parent
HOUSES = ("synaptogen_core", "app")
WRITTEN = (*HOUSES, "assets", "benchmarks", "examples", "tests")  # by hand
LARGEST_FOLDER = 12  # files, without __init__.py
LONGEST_FILE = 400  # lines
LONGEST_FUNCTION = 80  # lines, without its docstring
ALIKE = 6  # lines in a row that two places must not share
# Commands of the command line: Typer makes the options of a command from its arguments, so that they stand there.
COMMANDS = {"synaptogen_core/cli/generate.py: generate", "synaptogen_core/cli/measured/fit.py: fit"}

MOST_ANY = 200  # names `Any` in annotations of the app; pyproject.toml says what for
OF_EACH_TAB = {"Options", "Result", "View"}
# Classes of one house that share a name; the list only shrinks.
NAMESAKES = {
    "synaptogen_core": {
        "Block", "Choice", "Chosen", "Elements", "Layer", "Line", "Loops", "Memory", "Network", "Numbers", "Parts",
        "Products", "Pulses", "Records", "Row", "Runs", "Source", "Sums", "Table", "Uniform", "Work",
    },
    "app": {"Beside", "Call", "Cell", "Choice", "Curve", "Drawn", "Group", "Loop", "Number", "Picture", "Tab"},
}  # fmt: skip


def sources() -> list[Path]:
    return sorted(path for house in HOUSES for path in (ROOT / house).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def parse(path: Path) -> ast.Module:
    return syntax.parse(path.read_text(encoding="utf-8"), str(path))


def body_length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    first = node.body[0]
    is_text = ast.get_docstring(node, clean=False) is not None
    return (node.end_lineno or 0) - node.lineno + 1 - ((first.end_lineno or 0) - first.lineno + 1 if is_text else 0)


@cache
def arrows(type_only: bool) -> dict[str, frozenset[str]]:
    """Module -> the modules that it imports; `type_only`: imports for annotations count, too."""
    graph = grimp.build_graph(*HOUSES, exclude_type_checking_imports=not type_only, cache_dir=None)
    return {module: frozenset(graph.find_modules_directly_imported_by(module)) for module in graph.modules}


def circle(graph: dict[str, frozenset[str]]) -> list[str]:
    """The names of a circle, or nothing."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return [str(name) for name in error.args[1]]
    return []


def rooms(graph: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """The same between rooms. A room is a folder without folders; a file that lies beside rooms is one for itself.

    So `analysis.fitting_api` is not in a circle with the rooms that it opens.
    """
    floors = {module.rsplit(".", 2)[0] for module in graph if module.count(".") > 1}
    of = {module: module if (above := module.rpartition(".")[0]) in floors else above or module for module in graph}
    between: dict[str, set[str]] = defaultdict(set)
    for module, imported in graph.items():
        between[of[module]] |= {of[other] for other in imported} - {of[module]}
    return {room: frozenset(others) for room, others in between.items()}


def aside(tree: ast.Module) -> set[int]:
    """Lines that may well stand twice: docstrings, imports, signatures."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            lines |= set(range(node.lineno, (node.end_lineno or 0) + 1))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines |= set(range(node.lineno, node.body[0].lineno))
    return lines


def repeated(texts: dict[str, str], least: int = ALIKE) -> list[str]:
    """Blocks of `least` lines of code or more that stand in two places."""
    places: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, text in texts.items():
        out = aside(ast.parse(text))
        lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1) if n not in out]
        lines = [(n, line) for n, line in lines if line and not line.startswith("#")]
        for k in range(len(lines) - least + 1):
            places[tuple(line for _, line in lines[k : k + least])].append(f"{name}:{lines[k][0]}")
    return sorted(" = ".join(found) for found in places.values() if len(found) > 1)


def test_no_folder_is_a_hall() -> None:
    count = Counter(name_of(path.parent) for path in sources() if path.name != "__init__.py")
    assert len(count) > 20
    assert {folder: n for folder, n in count.items() if n > LARGEST_FOLDER} == {}


def test_no_file_and_no_function_is_long() -> None:
    written = [
        path for folder in WRITTEN for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".js", ".css"}
    ]
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in written}
    assert {name: n for name, n in lengths.items() if n > LONGEST_FILE} == {}
    functions = {
        f"{name_of(path)}: {node.name}": body_length(node)
        for path in sources()
        for node in ast.walk(parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert functions.keys() >= COMMANDS
    assert {name: n for name, n in functions.items() if n > LONGEST_FUNCTION and name not in COMMANDS} == {}


def test_no_circle_between_modules_not_even_of_types() -> None:
    assert circle(arrows(type_only=False)) == []
    assert circle(arrows(type_only=True)) == []


def test_no_circle_between_rooms() -> None:
    assert circle(rooms(arrows(type_only=True))) == []


def test_a_circle_would_be_seen() -> None:
    there, back = frozenset({"app.work.b"}), frozenset({"app.look.a"})
    assert len(circle({"app.look.a": there, "app.work.b": back})) == 3
    apart = {"app.look.a": there, "app.work.b": frozenset[str](), "app.work.c": back}
    assert circle(apart) == [] and circle(rooms(apart)), "modules in a line, rooms in a circle"


def test_no_block_stands_twice() -> None:
    assert repeated({name_of(path): path.read_text(encoding="utf-8") for path in sources()}) == []


def test_a_block_that_stands_twice_would_be_seen() -> None:
    block = "\n".join(f"value_{n} = {n}" for n in range(ALIKE))
    assert repeated({"a": block, "b": f"other = 1\n\n{block}"}) == ["a:1 = b:3"]
    assert repeated({"a": block, "b": block.replace("3", "4")}) == []


def namesakes(files: dict[str, ast.Module]) -> dict[str, list[str]]:
    """Public classes by name, where two files or more define one; with the files."""
    found = defaultdict(list)
    for file, tree in files.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(file)
    return {name: where for name, where in found.items() if len(where) > 1}


@pytest.mark.parametrize("house", HOUSES)
def test_a_class_has_its_name_for_itself(house: str) -> None:
    files = {name_of(path): parse(path) for path in sources() if path.is_relative_to(ROOT / house)}
    found = namesakes(files)
    known = NAMESAKES[house] | (OF_EACH_TAB if house == "app" else set())
    assert {name: where for name, where in found.items() if name not in known} == {}
    assert known - set(found) == set(), "take them off the list"


def test_a_namesake_would_be_seen() -> None:
    one, other = ast.parse("class A: pass\nclass _B: pass"), ast.parse("class A: pass\nclass _B: pass\nclass C: pass")
    assert namesakes({"a": one, "b": other}) == {"A": ["a", "b"]}


def anys(tree: ast.Module) -> int:
    return sum(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(tree))


def test_any_is_the_exception() -> None:
    found = {name_of(path): anys(parse(path)) for path in sources() if path.is_relative_to(ROOT / "app")}
    count = sum(found.values())
    assert count <= MOST_ANY, f"{count} Any in {dict(Counter(found).most_common(12))}"
    assert anys(ast.parse("from typing import Any\ndef f(a: Any, *b: 'str') -> dict[str, Any]: ...")) == 2
