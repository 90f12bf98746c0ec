"""Any bytes give measured cycles or a sentence: no other fault, no hang, no more memory than is said."""

from __future__ import annotations

import gc
import gzip
import pickle
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from hypothesis import example, given, settings
from hypothesis import strategies as st

from synaptogen_core.errors import FileError
from synaptogen_core.exchange.api import inspect_measurements, measurements_from_bytes
from synaptogen_core.exchange.measurements.formats import apart, child, hdf5_child
from synaptogen_core.exchange.measurements.formats import netcdf as measured_netcdf
from synaptogen_core.measurement import is_measurement, measurement

ALLOWED = 64 * 2**20  # bytes, and ten times the file
TABLE = b"\xef\xbb\xbfInstrument;7\ncell;cycle;U [mV];I (uA)\n" + b"".join(
    b"%d;%d;%d,5;-1e%d\n" % (n // 8, n // 4, 100 * (n % 4), n % 3) for n in range(40)
)
FEATURES = b"device,cycle,HRS,Vset\n" + b"".join(
    b'"a %d",%d,%d,-0.%d\n' % (n % 3, n, 50_000 + n, n) for n in range(1, 30)
)


@pytest.fixture(scope="module")
def netcdf(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("netcdf")
    ours = measurement([0, 1], [0, 0], labels=["a", "b"], loops=(np.ones(600), np.ones(600), [300, 300]))
    plain = xr.Dataset(
        {"V": (("cycle", "x"), np.ones((5, 99)), {"units": "V"}), "I": (("cycle", "x"), np.ones((5, 99)))}
    )
    ours.to_netcdf(folder / "a.nc", engine="h5netcdf", encoding={"voltage": {"zlib": True, "chunksizes": (100,)}})
    plain.to_netcdf(folder / "b.nc", engine="h5netcdf")
    return [(folder / name).read_bytes() for name in ("a.nc", "b.nc")]


def survives(data: bytes) -> None:
    for read in (measurements_from_bytes, inspect_measurements):
        try:
            result = read(data, "x")
        except FileError as error:
            assert str(error).startswith("x: ")
            assert len(str(error)) < 4000
        else:
            if isinstance(result, xr.Dataset):
                assert is_measurement(result)
                assert result.sizes["record"] > 0


@st.composite
def mutations(draw: st.DrawFn, contents: st.SearchStrategy[bytes]) -> bytes:
    """Some bytes changed, taken out, doubled, or all after a point lost."""
    content = bytearray(draw(contents))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(content)))
        end = at + draw(st.integers(0, 12))
        match draw(st.sampled_from(["set", "delete", "double", "cut", "interesting"])):
            case "set":
                content[at:end] = draw(st.binary(max_size=12))
            case "delete":
                del content[at:end]
            case "double":
                content[at:at] = content[at:end] * draw(st.integers(1, 50))
            case "cut":
                del content[at:]
            case _:
                token = draw(
                    st.sampled_from([b"\0", b"\xff", b'"', b"\n", b";", b"1e999", b"nan", b"-", b"9" * 30, b",,"])
                )
                content[at:end] = token
    return bytes(content)


@given(st.binary(max_size=300))
@example(b"\xff\xfe\0")
@example(b"\xfe\xff\xd8\0")
@example(b"\x1f\x8b")
@example(b"\x1f\x8b\x08\0\0\0\0\0\0\0")
@example(b"0,0\n")
@example(b"cycle,V,I\n9007199254740993,1,1e-9\n")
def test_any_bytes(data: bytes) -> None:
    survives(data)


@given(st.text(alphabet='0123456789.,;\t -+eEnaVI"#\r\n[]/µΩcyle', max_size=200))
def test_any_text_of_such_letters(text: str) -> None:
    survives(text.encode())


@given(mutations(st.sampled_from([TABLE, FEATURES, TABLE.decode("utf-8-sig").encode("utf-16")])))
def test_mutated_text(data: bytes) -> None:
    survives(data)


@given(mutations(st.sampled_from([gzip.compress(TABLE), gzip.compress(FEATURES) + gzip.compress(b"x")])))
def test_mutated_gzip(data: bytes) -> None:
    survives(data)


@settings(max_examples=settings().max_examples // 4)  # each starts a process
@given(st.data())
def test_mutated_netcdf(netcdf: list[bytes], data: st.DataObject) -> None:
    survives(data.draw(mutations(st.sampled_from(netcdf))))


@pytest.mark.parametrize("end", ["", "x", "b (V)", "]"])
def test_long_cells_take_no_time(end: str, request: pytest.FixtureRequest) -> None:
    """What is recognised by patterns is recognised in a time that grows with the length only.

    Some 0.07 s are taken. At the limit of 0.5 s, the square would make 5 s of the longest that is allowed (65,536).
    """
    slow = {}
    gc.freeze()  # to look through what other tests have left takes up to a second, whenever it falls due
    request.addfinalizer(gc.unfreeze)
    for filling in ("9", " ", "[", "(", "1e", "a ", ", ", '"', '""', "-", "0.", ";", "\t", "# ", "_"):
        long = "a" * (end != "") + filling * (20_000 // len(filling)) + end
        start = time.process_time()
        for text in (
            f"cycle,V,{long}\n0,1,1\n",
            f"cycle,V,I\n0,1,{long}\n",
            f"{long}\n0 1 2\n",
            f"n;HRS\n0;1e5\n1;{long[1:]}",
        ):
            survives(text.encode())
        slow[filling] = time.process_time() - start
    assert {filling: seconds for filling, seconds in slow.items() if seconds > 0.5} == {}


def test_the_unchanged_ones_are_read(netcdf: list[bytes]) -> None:
    """Negative control: the mutated files are near such that are read."""
    for content in (TABLE, FEATURES, gzip.compress(TABLE), TABLE.decode("utf-8-sig").encode("utf-16"), netcdf[0]):
        assert is_measurement(measurements_from_bytes(content, "x"))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (pickle.dumps([1]), "a pickle, which is never opened"),
        (b"\x93NUMPY\x01\0", "a NumPy file"),
        (b"MATLAB 5.0 MAT-file", "a MATLAB file"),
        (b"PK\x03\x04", "a ZIP archive that is damaged or empty"),
        (b"CDF\x01", "an older NetCDF"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_other_formats_are_named(content: bytes, what: str, pack: type[bytes]) -> None:
    with pytest.raises(FileError) as caught:
        measurements_from_bytes(pack(content), "x")
    assert f"must be a table or NetCDF (got {what}); give a CSV or text table" in str(caught.value)


# A program that reads one file after the other and prints by how many bytes it grew, how long it took, and the answer.
# What a process took at most is asked of the kernel as VmHWM: ru_maxrss begins with what the process had that started
# it. Before each file all memory goes back to the system, so that none is taken unseen.
PROGRAM = """
import ctypes, gc, pathlib, sys, time
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.measurements import records
from synaptogen_core.exchange.measurements.load import load_measurements

def answer(path):
    try:
        return str(dict(load_measurements(path).sizes))
    except FileError as error:
        return str(error)

status = lambda key: int(pathlib.Path("/proc/self/status").read_text().split(key)[1].split()[0]) * 1024
give_back = getattr(ctypes.CDLL(None), "malloc_trim", lambda pad: None)
limit = records.BASE_BYTES
for line in sys.stdin:
    small, path, records.BASE_BYTES = line.split()[0], line.split()[1], int(line.split()[2]) or limit
    answer(small)
    gc.collect()
    give_back(0)
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    before, start = status("VmRSS:"), time.perf_counter()
    said = answer(path)
    print(status("VmHWM:") - before, time.perf_counter() - start, said, sep="|", flush=True)
"""
Memory = Callable[..., tuple[int, float, str]]


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    """memory(path): the most that reading took [bytes], the seconds, and the answer; a small file was read before."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("only Linux tells how much memory a process took since a moment")
    folder = tmp_path_factory.mktemp("small")
    for ending in (".nc", ".csv"):
        (folder / f"small{ending}").write_bytes(b"cycle,V,I\n0,1,1e-6\n")
    pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", PROGRAM], **pipe) as reader:

        def read(path: Path, base: int = 0) -> tuple[int, float, str]:
            reader.stdin.write(f"{folder / 'small'}{'.nc' if path.suffix == '.nc' else '.csv'} {path} {base}\n")
            reader.stdin.flush()
            used, seconds, answer = reader.stdout.readline().strip().split("|", 2)
            return int(used), float(seconds), answer

        yield read
        reader.stdin.close()


def child_memory(path: Path) -> int:
    """The most that the process takes which reads HDF5, with its interpreter [bytes]."""
    program = (
        "import runpy, sys, pathlib\nsys.argv = sys.argv[1:]\n"
        "try:\n    runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "finally:\n    sys.stderr.write('|' + pathlib.Path('/proc/self/status').read_text())"
    )
    most = str(measured_netcdf.VALUE_BYTES)
    command = [
        sys.executable,
        "-I",
        "-c",
        program,
        child.__file__,
        hdf5_child.__file__,
        str(path),
        str(2**26),
        most,
        "V",
        "I",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return int(done.stderr.split("VmHWM:")[1].split()[0]) * 1024


def rows(count: int) -> bytes:
    """Cycles of 300 rows, which repeat: to make them takes no time."""
    voltage, resistance = np.random.default_rng(5).normal(size=(2, 300)) * [[1], [1e4]]
    current = voltage / (1e5 + np.abs(resistance))
    body = [f",{v:.5g},{i:.4e}\n" for v, i in zip(voltage.tolist(), current.tolist(), strict=True)]
    lines = [f"{n}" + f"{n}".join(body) for n in range(count // 300)]
    return ("cycle,V,I\n" + "".join(lines)).encode()


def test_a_million_rows(memory: Memory, tmp_path: Path) -> None:
    content = rows(999_900)
    for name, data in (("long.csv", content), ("long.csv.gz", gzip.compress(content, 1))):
        (tmp_path / name).write_bytes(data)
        used, seconds, answer = memory(tmp_path / name)
        assert answer == "{'record': 3333, 'sample': 999900, 'device': 1}"
        assert used < ALLOWED + 10 * len(data)
        assert seconds < 30  # 2 s at a desk


def test_short_rows(memory: Memory, tmp_path: Path) -> None:
    """The worst of texts: six bytes a row, each row a record or a sweep, and each of another device."""
    pack = gzip.compress
    for name, data, size in (
        ("short.csv.gz", pack(b"n,V,I\n" + b"0,1,0\n" * 10**6), "{'record': 1, 'sample': 1000000, 'device': 1}"),
        ("turns.csv", b"n,V,I\n" + b"0,1,0\n1,1,0\n" * 500_000, "{'record': 2, 'sample': 1000000, 'device': 1}"),
        ("again.csv.gz", pack(b"V,I\n1,0\n" * 139_000), "{'record': 139000, 'sample': 139000, 'device': 1}"),
        ("cells.csv", b"cell,n,HRS\n" + b"".join(b"%x,0,1e5\n" % n for n in range(10**5)), "{'record': 100000"),
    ):
        (tmp_path / name).write_bytes(data)
        used, _, answer = memory(tmp_path / name)
        assert answer.startswith(size) or "must need at most" in answer
        assert used < ALLOWED + 10 * len(data)


@pytest.mark.parametrize(
    ("piece", "sentence"),
    [
        (b"0,1,0\n", "must need at most"),
        (b"#\n", "must be mostly rows (got 1 in"),
        (b"\0", "must have at most 65,536 characters"),
        (b"# " + b"x" * 50_000 + b"\n", "must unpack to at most 200 times its size"),
        (b"7", "must have at most 65,536 characters"),
        (b"\n", "must be mostly rows"),
    ],
)
def test_a_gzip_bomb(memory: Memory, piece: bytes, sentence: str, tmp_path: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = piece * (2**20 // len(piece))
    packed = packer.compress(b"cycle,V,I\n0,1,0\n") + b"".join(packer.compress(block) for _ in range(150))
    data = packed + packer.flush()
    assert len(data) < 4 * 2**20
    (tmp_path / "bomb.csv.gz").write_bytes(data)
    used, seconds, answer = memory(tmp_path / "bomb.csv.gz")
    assert sentence in answer
    assert used < ALLOWED + 10 * len(data)
    assert seconds < 30


@pytest.mark.parametrize("count", [10**8, 10**12])
def test_hdf5_that_declares_too_much(memory: Memory, count: int, tmp_path: Path) -> None:
    path = tmp_path / "huge.nc"
    with h5py.File(path, "w") as file:
        for name in ("V", "I", "cycle"):
            file.create_dataset(name, (count,), "f8", chunks=(10**6,), compression="gzip")
    used, seconds, answer = memory(path)
    assert f"(got {3 * 8 * count:,}); save it without compression, or split it" in answer
    assert used < ALLOWED + 10 * path.stat().st_size
    assert child_memory(path) < ALLOWED + 10 * path.stat().st_size
    assert seconds < 20


def test_hdf5_of_one_huge_piece(memory: Memory, tmp_path: Path) -> None:
    """What is declared small may lie in one piece that unpacks to much."""
    path, packed = tmp_path / "piece.nc", zlib.compress(bytes(16 * 10**7), 1)
    with h5py.File(path, "w") as file:
        for name in ("V", "I", "cycle"):
            data = file.create_dataset(name, (10,), "f8", maxshape=(None,), chunks=(2 * 10**7,), compression="gzip")
            data.id.write_direct_chunk((0,), packed)
    used, _, answer = memory(path)
    assert "must hold at most" in answer
    assert child_memory(path) < ALLOWED + 10 * path.stat().st_size
    assert used < ALLOWED + 10 * path.stat().st_size


def test_a_file_that_makes_the_library_loop(netcdf: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes too long is given up; here because no time is given."""
    monkeypatch.setattr(apart, "SECONDS", 0.01)
    with pytest.raises(FileError, match="got one that takes too long to read"):
        measurements_from_bytes(netcdf[0], "x")


def test_the_measure_of_memory_sees_what_is_kept(memory: Memory, tmp_path: Path) -> None:
    """Negative control: without its limits the reader takes more than is allowed, and the measure shows it."""
    data = gzip.compress(b"cycle,V,I\n" + b"0,1,0\n" * (2 * 10**6), 9)
    (tmp_path / "bomb.csv.gz").write_bytes(data)
    used, _, answer = memory(tmp_path / "bomb.csv.gz", 2**40)
    assert "2000000" in answer
    assert used > ALLOWED + 10 * len(data)
