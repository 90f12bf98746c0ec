"""What a run into a file will take, by doing a small part of it in the same folder."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from synaptogen_core.array.cells import CellArray
from synaptogen_core.array.runs.recording import Recording, request
from synaptogen_core.array.runs.row_groups import Parts
from synaptogen_core.array.trains.pulse_train import PulseTrain
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.files.atomic import SHOWN, told
from synaptogen_core.exchange.runs.streaming import write_run

BYTES = 64 * 2**20  # of the larger rehearsal, before they are packed
UPDATES = 5e7
TRIALS = 2


def rehearse(
    cells: CellArray,
    train: PulseTrain,
    path: str | os.PathLike[str],
    *,
    threads: int | None = None,
    **recording: Any,
) -> tuple[float, int]:
    """Measure few and more cells of a fresh array on their way into a file, and draw a line through both.

    Parameters
    ----------
    cells, train, path, threads, **recording
        As for `simulate_to_file`; nothing is left of the files. The cells have to be fresh.

    Returns
    -------
    seconds : float
        Expected time of the whole run [s].
    nbytes : int
        Size of the data before they are packed [bytes].

    Raises
    ------
    FileError
        If the suffix is another, the folder does not exist, or the file system refuses the write.
    """
    file = Path(path)
    if not file.parent.is_dir():
        raise FileError(f"{path}: must lie in a folder that exists (got {file.parent}); make it first")
    wish = request(cells, **recording)
    nbytes = Parts.of(cells, train, wish, budget=2**62).nbytes
    many = int(max(8, min(cells.size, BYTES * cells.size / max(1, nbytes), UPDATES / len(train))))
    few = many // 8
    taken: dict[int, list[float]] = {few: [], many: []}
    with told(path), tempfile.TemporaryDirectory(prefix=f".{file.name[:SHOWN]}.", dir=file.parent) as folder:
        for trial in range(TRIALS + 1):
            for count, times in taken.items():
                seconds = _seconds(cells, count, train, Path(folder) / file.name, wish, threads)
                if trial:  # the first one compiles, loads and fills caches
                    times.append(seconds)
    least = {count: min(times) for count, times in taken.items()}
    slope = max(0.0, least[many] - least[few]) / (many - few)
    return max(0.0, least[few] + slope * (cells.size - few)), nbytes


def _seconds(
    cells: CellArray, count: int, train: PulseTrain, path: Path, wish: Recording, threads: int | None
) -> float:
    some = CellArray(
        (1, count), cells.device, seed=cells.seed, start=cells.start, engine=cells.engine,
        retention=cells.retention, traps=cells.traps,
    )  # fmt: skip
    begin = time.perf_counter()
    write_run(some, train, path, wish, threads=threads)
    return time.perf_counter() - begin
