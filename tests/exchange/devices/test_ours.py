"""Device parameters: the packaged set, both published spellings, our own layout, and everything that is not one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.api import device_from_text, list_devices, load_device, save_device

ASCII = {
    "γ": "gamma", "U₀": "U_0", "η": "eta", "μDtD": "mu_DtD", "LDtD": "L_DtD", "wk": "w_k", "Umax": "U_max",
}  # fmt: skip
MICRO = {"μDtD": "\N{MICRO SIGN}DtD", "U₀": "U0", "γ": "Gamma", "Umax": "UMAX"}


def respelt(data: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in data.items()}


@pytest.fixture(scope="module")
def peer_file() -> Path:
    synaptogen = pytest.importorskip("synaptogen")
    return Path(synaptogen.__file__).with_name("default_params.json")


@pytest.fixture
def published(device: sc.DeviceParameters) -> dict[str, Any]:
    """The packaged set in the published layout, made here from our own arrays."""
    data: dict[str, Any] = {
        "HHRS": device.hhrs.tolist(), "LLRS": device.llrs.tolist(), "η": device.eta, "U₀": device.u_0,
        "Umax": device.u_max, "γ": device.gamma.tolist(), "wk": device.weights.tolist(),
        "μDtD": device.means.T.tolist(), "LDtD": np.hstack(list(device.factors)).tolist(),
    }  # fmt: skip
    for p, (a, b) in device.var.items():
        data[f"VAR_{p:03d}"] = np.hstack([b, *a[::-1]]).tolist()
    return data


def fault(content: Any, name: str = "x.json") -> str:
    with pytest.raises(FileError) as caught:
        device_from_text(content if isinstance(content, str) else json.dumps(content), name)
    return str(caught.value)


# ---------------------------------------------------------------------------------------------------- the published set


@pytest.mark.peer
def test_every_number_is_the_published_one(peer_file: Path) -> None:
    """Compares the file's own numbers, before any of our code has touched them."""
    theirs = json.loads(peer_file.read_text(encoding="utf-8"))
    packaged = resources.files("synaptogen_core.device") / "sets" / "hennen2024.json"
    ours = json.loads(packaged.read_text(encoding="utf-8"))
    same = {
        "gamma": "γ", "weights": "wk", "hhrs": "HHRS", "llrs": "LLRS", "eta": "η", "u_0": "U₀", "u_max": "Umax",
    }  # fmt: skip
    for our_name, their_name in same.items():
        assert ours[our_name] == theirs.pop(their_name), our_name
    means, factors = theirs.pop("μDtD"), theirs.pop("LDtD")
    for k in range(3):
        assert ours["means"][k] == [row[k] for row in means]
        assert ours["factors"][k] == [row[8 * k : 8 * k + 8] for row in factors]
    for p in range(1, 11):
        rows = theirs.pop(f"VAR_{p:03d}")
        model = ours["var"][str(p)]
        assert model["b"] == [row[:4] for row in rows]
        assert len(model["a"]) == p
        for lag in range(1, p + 1):  # newest lag last in the file
            place = 4 * (1 + p - lag)
            assert model["a"][lag - 1] == [row[place : place + 4] for row in rows]
    assert theirs == {}, "a number of the published file is not compared"
    numbers = sum(np.size(ours[name]) for name in (*same, "means", "factors")) + sum(16 * (p + 1) for p in range(1, 11))
    assert numbers == 20 + 3 + 6 + 7 + 3 + 24 + 192 + 1040


@pytest.mark.peer
@pytest.mark.parametrize("names", [{}, ASCII, MICRO], ids=["greek", "ascii", "mixed"])
def test_the_published_file_is_the_packaged_set(
    names: dict[str, str], peer_file: Path, tmp_path: Path, device: sc.DeviceParameters
) -> None:
    data = respelt(json.loads(peer_file.read_text(encoding="utf-8")), names)
    file = tmp_path / "copy.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    loaded = load_device(file)
    assert loaded.hash == device.hash
    assert loaded.name == "copy"
    assert loaded.outliers == (2,)


def test_the_packaged_set_says_where_it_comes_from(device: sc.DeviceParameters) -> None:
    assert "hennen2024" in list_devices()
    assert device.name == "hennen2024"
    assert "10.1109/TED.2024.3427616" in device.citation
    assert "synaptogen 0.2.0" in device.source
    assert "MIT" in device.licence
    assert device.valid_range == 1.5
    assert device.order == 10
    assert device.outliers == (2,)


def test_lags_are_read_oldest_first(published: dict[str, Any], device: sc.DeviceParameters) -> None:
    data = {**published, "VAR_002": np.hstack([np.eye(4), 0.1 * np.eye(4), 0.5 * np.eye(4)]).tolist()}
    a, b = device_from_text(json.dumps(data), "x").vary(order=2)._model
    np.testing.assert_array_equal(a, [0.5 * np.eye(4), 0.1 * np.eye(4)])
    np.testing.assert_array_equal(b, np.eye(4))
    assert device_from_text(json.dumps(published), "x").hash == device.hash


def test_notes_of_a_published_layout_are_kept(published: dict[str, Any]) -> None:
    notes = {"name": "mine", "source": "bench 3", "licence": "CC0", "citation": "doi", "outliers": [], "order": 4}
    loaded = device_from_text(json.dumps({**published, **notes}), "x")
    assert (loaded.name, loaded.source, loaded.licence, loaded.citation) == ("mine", "bench 3", "CC0", "doi")
    assert loaded.outliers == ()
    assert loaded.order == 4


def test_default_order_is_ten_or_the_largest(published: dict[str, Any]) -> None:
    few = {key: value for key, value in published.items() if not key.startswith("VAR") or key <= "VAR_003"}
    assert device_from_text(json.dumps(few), "x").order == 3


# ----------------------------------------------------------------------------------------------------------- our layout

CHANGES: list[Callable[[sc.DeviceParameters], sc.DeviceParameters]] = [
    lambda d: d,
    lambda d: d.vary(c2c=0.7, d2d={"r_hrs": 2.0}, outlier_share=0.1),
    lambda d: d.vary(autocorrelation=False).vary(shapes="gaussian", eta=2.5),
    lambda d: d.vary(correlations=False, order=3, u_max=1.4),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_saved_device_comes_back_bit_for_bit(
    change: Callable[[sc.DeviceParameters], sc.DeviceParameters], device: sc.DeviceParameters, tmp_path: Path
) -> None:
    varied = change(device)
    save_device(varied, tmp_path / "device.json")
    again = load_device(tmp_path / "device.json")
    assert again == varied
    assert again.to_dict() == varied.to_dict()
    for name in ("gamma", "weights", "means", "factors", "a", "b"):
        np.testing.assert_array_equal(getattr(again, name), getattr(varied, name))


def test_a_saved_device_is_plain_readable_json(device: sc.DeviceParameters, tmp_path: Path) -> None:
    save_device(device, tmp_path / "device.json")
    content = (tmp_path / "device.json").read_text(encoding="utf-8")
    assert json.loads(content) == device.to_dict()
    assert max(map(len, content.splitlines())) < 400
    assert "  [0.009334871, 0.03705315, -0.02767006, 0.88943, 0.0003113562]," in content


# ------------------------------------------------------------------------------------------------------------ sentences


def test_a_name_that_is_nothing() -> None:
    with pytest.raises(FileError) as caught:
        load_device("hennen2042")
    packaged = ", ".join(list_devices())
    assert str(caught.value) == (
        f"hennen2042: must be a packaged set or a file (got neither); packaged are {packaged}, else check the path"
    )
    with pytest.raises(TypeError, match=r"name_or_path: must be a name or a path \(got int\); give a text"):
        load_device(3)  # type: ignore[arg-type]  # what a user must not do


def test_a_folder_is_not_a_device(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        load_device(tmp_path)
    assert str(caught.value) == f"{tmp_path}: must be a file (got a folder); give device parameters as JSON"


def test_bytes_are_not_a_device(tmp_path: Path) -> None:
    file = tmp_path / "noise.json"
    file.write_bytes(b'{"a": "\xff\xfe"}')
    with pytest.raises(FileError) as caught:
        load_device(file)
    assert str(caught.value) == (f"{file}: must be UTF-8 text (got byte 7 that is not); give device parameters as JSON")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "x.json: must be JSON (got a fault in line 1, column 1: Expecting value); is it cut off?"),
        (
            '{"gamma": [1, 2',
            "x.json: must be JSON (got a fault in line 1, column 16: Expecting ',' delimiter); is it cut off?",
        ),
        ('{"gamma": NaN}', "x.json: must hold finite numbers (got NaN); correct them"),
        ('{"gamma": 1e999}', "x.json: must hold finite numbers (got 1e999); correct them"),
        (
            f'{{"gamma": {10**2000}}}',
            "x.json: must hold finite numbers (got 1000000000000000000000000000000000000000); correct them",
        ),
        ('{"gamma": -Infinity}', "x.json: must hold finite numbers (got -Infinity); correct them"),
        ('{"a": 1, "a": 2}', "x.json: must name everything once (got 'a' twice); remove one"),
        ("[" * 200_000, "x.json: must not be nested so deep (got too many brackets); is it the right file?"),
        ("[1, 2]", "x.json: must be a JSON object (got list); give device parameters as JSON"),
    ],
    ids=["empty", "cut", "nan", "large", "huge", "infinity", "twice", "deep", "list"],
)  # fmt: skip
def test_text_that_is_no_device(content: str, sentence: str) -> None:
    assert fault(content) == sentence


PUBLISHED_FAULTS: list[tuple[str, Callable[[dict[str, Any]], Any], str]] = [
    ("missing", lambda d: d.pop("LDtD"), "parameters: must be complete (missing LDtD); complete the file"),
    (
        "no VAR",
        lambda d: [d.pop(key) for key in list(d) if key.startswith("VAR")],
        "parameters: must be complete (missing VAR_001 (or another order)); complete the file",
    ),
    ("twice", lambda d: d.update(gamma=1), "gamma: must be there once (got a second spelling of it); remove one"),
    (
        "unknown",
        lambda d: d.update(temperature=300),
        "temperature: must be a key of the published layout (got an unknown one); remove it",
    ),
    (
        "VAR shape",
        lambda d: d.update(VAR_003=d["VAR_004"]),
        "VAR_003: must have shape (4, 16) (got (4, 20)); one list a row",
    ),
    ("LDtD shape", lambda d: d["LDtD"].pop(), "LDtD: must have shape (8, 24) (got (7, 24)); one list a row"),
    (
        "ragged",
        lambda d: d["μDtD"][0].pop(),
        "muDtD: must be rows of numbers of one length (got something else); correct it",
    ),
    (
        "wk",
        lambda d: d.update(wk=[[1.0]]),
        "wk: must be a row of weights (got shape (1, 1)); give one weight a component",
    ),
]


@pytest.mark.parametrize(("spoil", "sentence"), [f[1:] for f in PUBLISHED_FAULTS], ids=[f[0] for f in PUBLISHED_FAULTS])
def test_faults_of_a_published_layout(
    spoil: Callable[[dict[str, Any]], Any], sentence: str, published: dict[str, Any]
) -> None:
    spoil(published)
    assert fault(published) == f"x.json: must hold the parameters of a device; {sentence}"


def set_at(data: Any, *path: Any) -> None:
    *where, last, value = path
    for step in where:
        data = data[step]
    data[last] = value


OUR_FAULTS: list[tuple[str, Callable[[dict[str, Any]], Any], str]] = [
    ("missing", lambda d: d.pop("eta"), "missing eta"),
    ("unknown", lambda d: d.update(temperature=300), "got temperature"),
    ("unstable", lambda d: set_at(d, "var", "10", "a", 0, (1.5 * np.eye(4)).tolist()), "must be stable (got"),
    ("b not lower", lambda d: set_at(d, "var", "10", "b", 0, 3, 0.1), "var[10].b: must be lower triangular"),
    ("b not positive", lambda d: set_at(d, "var", "10", "b", 2, 2, -0.1), "var[10].b: the diagonal"),
    ("factor not lower", lambda d: set_at(d, "factors", 1, 0, 7, 0.1), "factors[1]: must be lower triangular"),
    ("factor negative", lambda d: set_at(d, "factors", 1, 3, 3, -0.1), "factors[1]: the diagonal"),
    ("weights", lambda d: set_at(d, "weights", 0, -0.1), "weights: must be zero or more"),
    ("gamma", lambda d: d["gamma"].pop(), "gamma: must have shape (4, degree + 1)"),
    ("order", lambda d: d.update(order=11), "order: the set has orders up to 10 (got 11)"),
    ("text", lambda d: d.update(eta="3"), "eta: must be a number (got str)"),
    ("source", lambda d: d.update(source=3), "source: must be text (got 3); put it in quotes"),
    ("var", lambda d: d.update(var=[1]), "var: must map orders to matrices (got other keys)"),
    ("var key", lambda d: set_at(d, "var", "x", {}), "var: must map orders to matrices (got other keys)"),
    ("var model", lambda d: set_at(d, "var", "3", {"a": 1}), "var: order 3 must have a and b (got something else)"),
    ("outliers", lambda d: d.update(outliers=True), "outliers: must be a list of component numbers (got True)"),
    ("outlier", lambda d: d.update(outliers=[3]), "outliers: must be component numbers 0 to 2 (got (3,))"),
    ("variations", lambda d: d.update(variations=[{"run": "it"}]), "variations: must be a list of settings of vary"),
    ("variation", lambda d: d.update(variations=[{"d2d": -1}]), "d2d"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "words"), [f[1:] for f in OUR_FAULTS], ids=[f[0] for f in OUR_FAULTS])
def test_faults_of_our_layout(spoil: Callable[[dict[str, Any]], Any], words: str, device: sc.DeviceParameters) -> None:
    data = json.loads(json.dumps(device.to_dict()))
    spoil(data)
    sentence = fault(data)
    assert sentence.startswith("x.json: must hold the parameters of a device; ")
    assert words in sentence


def test_the_suffix_of_a_device_is_json(device: sc.DeviceParameters, tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        save_device(device, tmp_path / "device.txt")
    assert str(caught.value) == f"{tmp_path / 'device.txt'}: must end in .json (got .txt); rename it"
    assert list(tmp_path.iterdir()) == []


def test_loading_a_device_needs_no_xarray() -> None:
    program = (
        "import sys; from synaptogen_core.exchange.devices.ours import load_device; load_device('hennen2024');"
        "print([name for name in ('xarray', 'zarr', 'h5netcdf', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
