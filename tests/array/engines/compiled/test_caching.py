"""Compiled code on disk: never another function's, however many processes compile at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from numba.core.caching import IndexDataCacheFile

from synaptogen_core.array.engines.compiled import caching
from synaptogen_core.crossbar.solver import sweeps

Make = Callable[[], IndexDataCacheFile]


def numbered(folder: Path, stamp: int = 1) -> IndexDataCacheFile:
    folder.mkdir(exist_ok=True)
    return IndexDataCacheFile(str(folder), "engine.advance-1.py311", stamp)


def beside(make: Make) -> tuple[object, object]:
    """What is read for two keys after two processes kept them at once: each had looked before the other wrote."""
    first, second = make(), make()
    second._load_index = dict  # type: ignore[method-assign] # it has looked
    write = first._save_data

    def late(name: str, data: object) -> None:
        second.save("b", "code of b")
        write(name, data)

    first._save_data = late  # type: ignore[method-assign] # only then does the first one come to write
    first.save("a", "code of a")
    return make().load("a"), make().load("b")


def ends_in_between(make: Make) -> object:
    """What is read for a key whose process ended while it kept it, in a folder with what older sources compiled to."""
    make().save("old", "old code")
    make().flush()
    process = make()
    process._save_data = lambda name, data: None  # type: ignore[method-assign] # killed
    process.save("a", "code of a")
    return make().load("a")


def test_two_processes_that_compile_at_once_get_their_own_code(tmp_path: Path) -> None:
    assert beside(lambda: caching.OneFileEach(numbered(tmp_path))) == ("code of a", "code of b")


def test_who_ends_in_between_leaves_nothing_wrong(tmp_path: Path) -> None:
    assert ends_in_between(lambda: caching.OneFileEach(numbered(tmp_path))) is None


def test_numba_alone_would_mix_them_up(tmp_path: Path) -> None:
    assert beside(lambda: numbered(tmp_path))[1] == "code of a", "the control: it runs another signature's code"
    assert ends_in_between(lambda: numbered(tmp_path / "more")) == "old code"


def test_other_sources_or_keys_have_other_files(tmp_path: Path) -> None:
    names = {caching.OneFileEach(numbered(tmp_path, stamp)).name(key) for stamp in (1, 2) for key in ("a", "b")}
    assert len(names) == 4
    assert all(name.startswith("engine.advance-1.py311.") and name.endswith(".nbc") for name in names)


@pytest.mark.parametrize("function", [sweeps.pivots, sweeps.curve])
def test_what_is_compiled_is_kept_so(function: object) -> None:
    assert isinstance(function._cache._cache_file, caching.OneFileEach)  # type: ignore[attr-defined] # a dispatcher
