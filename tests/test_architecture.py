"""The rules of the house that no linter knows. The contracts in pyproject.toml keep the direction of the imports."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests import syntax

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "synaptogen_core"
HEAVY = tuple("app bokeh dask datashader h5netcdf holoviews numba pandas panel scipy xarray zarr".split())
IMPORTED_AS = {"pyyaml": "yaml", "scikit-learn": "sklearn"}
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
SEEDED = {"Generator", "default_rng", "SeedSequence", "Philox", "PCG64", "BitGenerator"}
OPENING_METHODS = set(
    "open read_text write_text read_bytes write_bytes mkdir unlink touch "
    "to_netcdf to_zarr to_csv open_dataset load_dataset open_zarr open_group read_csv "
    "genfromtxt loadtxt savetxt fromfile tofile savez savez_compressed memmap".split()
)
REGISTRY = re.compile(
    r"pypi\.[o]rg|python[h]osted|registry\.[n]pmjs|deb\.[d]ebian|index[-]url|find[-]links|\.[w]hl\b|file:[/]{2}"
)


def sources(*folders: str) -> list[Path]:
    """Python files of the project's own folders."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


EVERY_SOURCE = sources("synaptogen_core", "app", "benchmarks", "examples", "tests")
PROGRAM = sources("synaptogen_core", "app", "benchmarks", "examples")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def parse(path: Path) -> ast.Module:
    return syntax.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    """All that is in a file: to go through it once for each rule took longest."""
    return tuple(ast.walk(tree))


def faults(paths: list[Path], rule: Callable[[ast.Module], list[str]]) -> list[str]:
    """All that breaks a rule, as "file, line 3: what"."""
    return [f"{name_of(path)}, {fault}" for path in paths for fault in rule(parse(path))]


@cache
def tracked() -> tuple[Path, ...]:
    """Files under version control; the test is skipped where there is no repository (an unpacked archive)."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: which files belong to the project is not known")
    return tuple(ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


# ------------------------------------------------------------------------------------------------ chance has an address


def last_name(node: ast.expr) -> str:
    """ "c" of a.b.c; to write out each expression of the project takes ten seconds."""
    return str(getattr(node, "attr", getattr(node, "id", "")))


@cache
def late(tree: ast.Module) -> set[int]:
    """What is done when a function is called, by id."""
    return {id(inner) for outer in nodes(tree) if isinstance(outer, FUNCTION) for inner in ast.walk(outer)}


def random_faults(tree: ast.Module) -> list[str]:
    """Uses of NumPy's global generator, unseeded generators, and generators made when a module is imported."""
    found = []
    # A generator that is used up where it is made, such as default_rng(4).uniform(...), is shared with nobody.
    used_up = {id(node.value) for node in nodes(tree) if isinstance(node, ast.Attribute)}
    for node in nodes(tree):
        if isinstance(node, ast.Attribute) and last_name(node.value) == "random" and node.attr not in SEEDED:
            if ast.unparse(node.value) in {"np.random", "numpy.random"}:
                found.append(f"line {node.lineno}: {ast.unparse(node)}")
        elif isinstance(node, ast.ImportFrom) and node.module == "numpy.random":
            found += [f"line {node.lineno}: {alias.name}" for alias in node.names if alias.name not in SEEDED]
        elif isinstance(node, ast.Call) and last_name(node.func) in {"default_rng", "Generator"}:
            if not node.args and not node.keywords:
                found.append(f"line {node.lineno}: generator without a seed")
            if id(node) not in used_up and id(node) not in late(tree):
                found.append(f"line {node.lineno}: generator of a whole module")
    return found


def test_no_global_chance() -> None:
    assert faults(EVERY_SOURCE, random_faults) == []


@pytest.mark.parametrize(
    "text",
    [
        "import numpy as np\nx = np.random.normal()",
        "from numpy.random import rand",
        "import numpy as np\nrng = np.random.default_rng(1)",
        "import numpy as np\ndef f():\n    return np.random.default_rng()",
    ],
)
def test_global_chance_would_be_seen(text: str) -> None:
    assert random_faults(ast.parse(text))


def asserts(tree: ast.Module) -> list[str]:
    return [f"line {node.lineno}: assert" for node in nodes(tree) if isinstance(node, ast.Assert)]


def test_no_assert_outside_tests() -> None:
    assert faults(PROGRAM, asserts) == []
    assert faults([Path(__file__)], asserts), "an assert is seen"


# ---------------------------------------------------------------------------------------------------- doors and imports


def openings(tree: ast.Module) -> list[str]:
    """Calls that open, make or remove a file."""
    found = []
    for node in nodes(tree):
        if isinstance(node, ast.Call):
            by_name = isinstance(node.func, ast.Name) and node.func.id == "open"
            by_method = isinstance(node.func, ast.Attribute) and node.func.attr in OPENING_METHODS
            numpy_file = ast.unparse(node.func) in {"np.load", "np.save", "numpy.load", "numpy.save"}
            if by_name or by_method or numpy_file:
                found.append(f"line {node.lineno}: {ast.unparse(node.func)}")
    return found


def test_only_exchange_and_report_open_a_path() -> None:
    inside = [path for room in ("exchange", "report") for path in sources(f"synaptogen_core/{room}")]
    assert faults([path for path in sources("synaptogen_core") if path not in inside], openings) == []
    assert faults(sources("synaptogen_core/exchange"), openings), "what exchange opens is seen"


def test_an_opened_path_would_be_seen() -> None:
    assert len(openings(ast.parse("open('a'); p.write_text('x'); np.load(p); ds.to_netcdf('b')"))) == 4
    assert openings(ast.parse("a.replace('x', 'y'); json.loads('1'); np.loadable")) == []


def test_import_is_light() -> None:
    """CPU seconds of the process, the best of three, so that a busy machine makes no red test."""
    program = (
        "import sys, time; start = time.process_time(); import synaptogen_core; used = time.process_time() - start;"
        f"print(used, *[name for name in {HEAVY} if name in sys.modules])"
    )
    command = [sys.executable, "-c", program]
    runs = [subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split() for _ in "123"]
    assert [run[1:] for run in runs] == [[], [], []], "heavy packages are loaded when used, not on import"
    assert min(float(run[0]) for run in runs) < 0.5


def early_statistics(tree: ast.Module) -> list[str]:
    """Imports of scipy.stats with the module: 0.3 s of each process, for functions that scipy.special has, too."""
    found = []
    for node in tree.body:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        found += [f"line {node.lineno}: {name}" for name in names if name.startswith("scipy.stats")]
    return found


def test_scipy_stats_is_loaded_when_used() -> None:
    assert faults(sources("synaptogen_core", "app"), early_statistics) == []
    seen = "import scipy.stats as s; from scipy import special, stats; from scipy.stats import t"
    assert len(early_statistics(ast.parse(seen))) == 3
    assert early_statistics(ast.parse(f"def f():\n    {seen}")) == []


def test_public_names_exist() -> None:
    import synaptogen_core as sc

    missing = [name for name in sc.__all__ if not hasattr(sc, name)]
    assert missing == []
    assert len(sc.__all__) <= 38, "few public names: each is a promise"


def test_dependencies_are_used_and_used_ones_are_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[<>=\[ ]", item)[0] for item in project["dependencies"]}
    declared = {IMPORTED_AS.get(name, name).replace("-", "_") for name in declared}
    imported: set[str] = set()
    texts = []
    for path in sources("synaptogen_core", "app"):
        texts.append(path.read_text(encoding="utf-8"))
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    foreign = imported - set(sys.stdlib_module_names) - {"synaptogen_core", "app"}
    # A file for an optional extra, which nothing imports by itself: an import contract says which one.
    extra = {re.split(r"[<>=\[ ]", item)[0] for item in project["optional-dependencies"]["torch"]}
    assert foreign - declared == extra == {"torch"}
    # An engine of xarray is used by its name alone (engine="h5netcdf"), and writes with a package that it leaves open.
    named_nowhere = {name for name in declared - {"h5py"} if not re.search(rf"\b{name}\b", "\n".join(texts))}
    assert named_nowhere == set()


def private_names() -> set[str]:
    """What the classes of which a CellArray is made keep for themselves."""
    names = set()
    for file in ("cells.py", "identity.py", "transactions.py"):
        for node in ast.walk(parse(CORE / "array" / file)):
            if isinstance(node, ast.FunctionDef):
                names.add(node.name)
            elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self":
                names.add(node.attr)
    return {name for name in names if name.startswith("_") and not name.endswith("_")}  # _repr_html_ is for notebooks


def reaches_inside(tree: ast.Module, names: set[str]) -> list[str]:
    """Uses of such names of anything but oneself."""
    return [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in nodes(tree)
        if isinstance(node, ast.Attribute) and node.attr in names and ast.unparse(node.value) not in {"self", "cls"}
    ]


def test_nobody_reaches_into_cells() -> None:
    """State is changed in one place, so that it is changed whole: `CellArray.transaction` and its other doors."""
    names, inside = private_names(), ("cells.py", "transactions.py")
    assert {"_memory", "_own", "_state"} <= names
    found = {name_of(path): reaches_inside(parse(path), names) for path in PROGRAM if path.name not in inside}
    assert {name: lines for name, lines in found.items() if lines} == {}
    assert reaches_inside(ast.parse("def f(cells): cells._memory = None"), names), "one would be seen"


# ------------------------------------------------------------------------------------------------ what lies in the tree


def test_no_package_address_in_any_file() -> None:
    hits = []
    for path in tracked():
        if path.suffix not in {".png", ".gz", ".npz", ".nc", ".svg"}:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            hits += [f"{name_of(path)}:{n}" for n, line in enumerate(lines, 1) if REGISTRY.search(line)]
    assert hits == []


def test_constraints_are_exact_pins() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    names = {line.split("==")[0].lower().replace("_", "-") for line in pins}
    assert {re.split(r"[<>=\[ ]", item)[0] for item in wanted} - names == set()


@pytest.mark.parametrize("path", sorted((CORE / "device" / "sets").glob("*.json")), ids=name_of)
def test_every_set_says_where_it_comes_from(path: Path) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["name"] == path.stem
    for field in ("source", "licence", "citation"):
        assert isinstance(content[field], str) and len(content[field]) > 10, field
    assert content["citation"].count("doi") >= 1
    assert 0 < content["valid_range"] <= 10


def test_version_is_said_once() -> None:
    import synaptogen_core as sc

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert sc.__version__ == project["version"]


# --------------------------------------------------------------------------------------------------- the README is true


def readme_block(kind: str) -> str:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(rf"```{kind}\n(.*?)```", readme, re.DOTALL)
    assert found, f"README.md has no {kind} block"
    return "".join(found)


def test_readme_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(readme_block("python"), "README.md", "exec"), {"__name__": "readme"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.json", "network.nc", "run.nc"]


def house() -> set[str]:
    """Paths that the README's picture of the house names, from its indentation."""
    paths: set[str] = set()
    above: list[tuple[int, str]] = []
    for line in readme_block("text").splitlines():
        indent = len(line) - len(line.lstrip())
        for word in re.split(r"\s{2,}", line.strip())[0].split():
            while above and above[-1][0] >= indent:
                above.pop()
            path = "".join(folder for _, folder in above) + word
            paths.add(path)
            if word.endswith("/"):
                above.append((indent, word))
    return paths


def test_the_house_is_the_tree() -> None:
    drawn = house()
    assert {path for path in drawn if not (ROOT / path).exists()} == set(), "drawn, but not there"
    rooms = {f"{name_of(path.parent)}/" for path in sources("synaptogen_core", "app") if path.name != "__init__.py"}
    assert rooms - drawn == set(), "there, but not drawn"


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "THIRD_PARTY.md"])
def test_links_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    local = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if not link.startswith("http")]
    assert [link for link in local if not (ROOT / link).exists()] == []
