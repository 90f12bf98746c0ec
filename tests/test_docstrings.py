"""The examples in the docstrings run, and give what they say; public functions state their parameters."""

from __future__ import annotations

import ast
import doctest
import importlib.util
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import typer

import synaptogen_core
from synaptogen_core.cli import program
from tests.syntax import parse

EXTRAS = {"synaptogen_core.networks.torch_layers": "torch"}  # modules that are there only with an optional extra


def names() -> list[str]:
    """All modules of the package whose extras are installed."""
    found = [found.name for found in pkgutil.walk_packages(synaptogen_core.__path__, "synaptogen_core.")]
    return [name for name in found if name not in EXTRAS or importlib.util.find_spec(EXTRAS[name])]


def test_examples_in_docstrings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    counts = {name: doctest.testmod(importlib.import_module(name)) for name in names()}
    assert {name: found.failed for name, found in counts.items() if found.failed} == {}
    assert sum(found.attempted for found in counts.values()) > 40


# ------------------------------------------------------------------------------------------ what a docstring must state

ROOT = Path(synaptogen_core.__file__).parent
OWNERS = ("self", "cls")
GIVEN = (*OWNERS, "typing")  # what a caller does not write: numba gives an intrinsic its typing context
HEADING = "Parameters\n----------\n"
RAISES = "Raises\n------\n"
Place = tuple[str, int, str]  # file below the package, line, name


def modules() -> dict[str, ModuleType]:
    """All modules of the package, by file."""
    found = [synaptogen_core, *map(importlib.import_module, names())]
    return {Path(str(module.__file__)).relative_to(ROOT).as_posix(): module for module in found}


def functions(body: list[ast.stmt], inside: str = "") -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Public functions of a module, and public methods of its public classes, by qualified name."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from functions(node.body, f"{inside}{node.name}.")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_"):
            yield f"{inside}{node.name}", node


def has_arguments(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Two or more."""
    given = node.args
    return len([a for a in given.posonlyargs + given.args + given.kwonlyargs if a.arg not in GIVEN]) > 1


def refuses(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Raises an error, or hands an argument to a check that does; a base class that leaves a method open does not."""
    for each in ast.walk(node):
        if isinstance(each, ast.Raise) and "NotImplementedError" not in ast.unparse(each):
            return True
        called = each.func if isinstance(each, ast.Call) else None
        if isinstance(called, ast.Attribute) and getattr(called.value, "id", "").endswith(("checks", "rules")):
            return True
        if getattr(called, "attr", getattr(called, "id", "")).startswith("check_"):
            return True
    return False


Rule = Callable[[ast.FunctionDef | ast.AsyncFunctionDef], bool]
SECTIONS: dict[str, Rule] = {HEADING: has_arguments, RAISES: refuses}  # a section, and what asks for it


def without(section: str, source: str, file: str, exempt: Callable[[str], bool]) -> list[Place]:
    """Public functions whose docstring lacks a section that they ask for."""
    return [
        (file, node.lineno, name)
        for name, node in functions(parse(source).body)
        if SECTIONS[section](node) and section not in (ast.get_docstring(node) or "") + "\n" and not exempt(name)
    ]


def commands(app: typer.Typer) -> set[tuple[str, str]]:
    """Module and name of what is registered with the program: its docstring is the text of --help."""
    found, left = set(), [typer.main.get_command(app)]
    while left:
        command = left.pop()
        if callback := inspect.unwrap(command.callback) if command.callback else None:
            found.add((callback.__module__, callback.__qualname__))
        left += getattr(command, "commands", {}).values()
    return found


def documented(base: type, name: str, section: str) -> bool:
    """Whether a class of this package has this section for a method, or one of another package has a docstring."""
    text = (inspect.getdoc(vars(base)[name]) or "") + "\n"
    return section in text if base.__module__.startswith("synaptogen_core") else bool(text)


def implements(module: ModuleType, name: str, protocols: list[type], section: str) -> bool:
    """Whether a method is documented by a base class, or by a protocol of which its class has all methods."""
    owner, _, method = name.rpartition(".")
    kind = getattr(module, owner, None)
    if not isinstance(kind, type):
        return False
    for base in (*kind.__mro__[1:], *protocols):
        wanted = [each for each in vars(base) if not each.startswith("_")] if base in protocols else []
        fits = base is not kind and method in vars(base) and all(hasattr(kind, each) for each in wanted)
        if fits and documented(base, method, section):
            return True
    return False


def public_without_parameters(rooms: Iterable[ModuleType]) -> list[Place]:
    """Functions, and public methods of classes, of the public interface with an argument that is not stated."""
    found = set()
    for room in rooms:
        for name in room.__all__:
            value = getattr(room, name)
            members = inspect.getmembers_static(value) if inspect.isclass(value) else [(name, value)]
            for member, given in members:
                bare = given.__func__ if isinstance(given, (classmethod, staticmethod)) else given
                function = inspect.unwrap(bare) if callable(bare) else bare
                if member.startswith("_") or not inspect.isfunction(function):
                    continue
                arguments = [argument for argument in inspect.signature(function).parameters if argument not in OWNERS]
                if arguments and HEADING not in (inspect.getdoc(function) or "") + "\n":
                    code = function.__code__
                    found.add((code.co_filename.removeprefix(f"{ROOT}/"), code.co_firstlineno, function.__qualname__))
    return sorted(found)


def as_text(places: Iterable[Place]) -> str:
    return "\n".join(f"{file}:{line} {name}" for file, line, name in places)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.split("\n")[0])
def test_public_functions_state(section: str) -> None:
    everything = modules()
    kinds = [value for module in everything.values() for value in vars(module).values() if isinstance(value, type)]
    protocols = [k for k in kinds if getattr(k, "_is_protocol", False) and k.__module__.startswith("synaptogen_core")]
    registered = commands(program.app)
    assert registered  # else the exemption below would be looked for in vain
    missing: list[Place] = []
    for file, module in everything.items():

        def exempt(name: str, module: ModuleType = module) -> bool:
            return (module.__name__, name) in registered or implements(module, name, protocols, section)

        missing += without(section, (ROOT / file).read_text(encoding="utf-8"), file, exempt)
    assert not missing, f"{len(missing)} public functions without {section.splitlines()[0]}:\n{as_text(missing)}"


def test_the_public_interface_states_its_parameters() -> None:
    rooms = (synaptogen_core, synaptogen_core.crossbar, synaptogen_core.statistics, synaptogen_core.fitting)
    missing = public_without_parameters(rooms)
    assert not missing, f"{len(missing)} functions of the interface do not state their parameters:\n{as_text(missing)}"


REFUSING = ("raise ValueError('a: no')", "checks.whole('a', a)", "x = own.check_path(a)", "raise NotImplementedError")


def test_a_missing_statement_is_seen() -> None:
    heading = HEADING.strip().replace("\n", "\n    ")
    good = f'def one(a, b):\n    """Say.\n\n    {heading}\n    a, b : float\n    """\n'
    bad = 'class Two:\n    def three(self, a, *, b=1):\n        """Say."""\n'
    bad += '    def four(self, a):\n        """Say."""\n'
    assert without(HEADING, good + bad, "some.py", lambda name: False) == [("some.py", 9, "Two.three")]
    assert without(HEADING, bad, "some.py", lambda name: name == "Two.three") == []
    raising = [f'def f{k}(a):\n    """Say."""\n    {line}\n' for k, line in enumerate(REFUSING)]
    assert [name for *_, name in without(RAISES, "".join(raising), "some.py", lambda name: False)] == ["f0", "f1", "f2"]

    def silent(a: int) -> int:
        """Say."""
        return a

    class Silent:
        @classmethod
        def made(cls, a: int) -> int:
            """Say."""
            return a

        def plain(self) -> None:
            """Say."""

    room = ModuleType("room")
    vars(room).update(silent=silent, Silent=Silent, __all__=["silent", "Silent"])
    names = [name.rpartition(".")[2] for _, _, name in public_without_parameters([room])]
    assert sorted(names) == ["made", "silent"]
