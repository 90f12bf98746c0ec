"""The train as CSV, out and in: its voltages, for `synaptogen generate --train` and others, or its segments."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from typing import IO

from app.settings.caption import stem
from app.settings.numbers import read_number
from app.settings.segments import Segment, checked, from_text, of_settings
from app.work.downloads import Order
from app.work.session import Session
from app.work.trains import make_train
from synaptogen_core.exchange.api import save_train, temporary_folder, train_from_text
from synaptogen_core.progress import Progress

FORMATS = {"train.csv": ("CSV out", "text/csv")}
SAID = "Columns voltage_V and cycle_end: “synaptogen generate --train” and sc.load_train read it."
SEGMENTS = "segment,times all of it"  # heading of the other kind; the number stands in its first line
SAID_OF_SEGMENTS = "Reads and random pulses have no voltage to write down, so it holds the segments: CSV in opens it."
MOST_REPEATS = 10_000


def order(session: Session, kind: str) -> Order | str:
    """The train of the settings: its voltages, or its segments where some are reads or random."""
    settings, name = session.settings.train.choices(), stem(session.settings.request().simulation)
    try:
        train = make_train(settings)
        if train.sources or train.pulses.read.any():
            text = segments_to_csv(*of_settings(settings))
            return Order(f"{name}.segments.csv", lambda *_: io.BytesIO(text.encode()), SAID_OF_SEGMENTS)
    except ValueError as error:
        return str(error)

    def write(progress: Progress, cancel: threading.Event) -> IO[bytes]:
        with temporary_folder() as folder:
            save_train(train, folder / "train.csv")
            return io.BytesIO((folder / "train.csv").read_bytes())

    return Order(f"{name}.train.csv", write, SAID)


def segments_to_csv(segments: Sequence[Segment], repeats: int) -> str:
    """Segments as lines of a CSV, the first of which says how often all of them are applied."""
    lines = [f"{segment},{'' if i else repeats}" for i, segment in enumerate(segments)]
    return "\n".join([SEGMENTS, *lines, ""])


def segments_from_csv(text: str) -> tuple[tuple[Segment, ...], int]:
    """The segments of a CSV text and how often they are applied; of a table of voltages, one segment.

    Raises
    ------
    ValueError
        If it holds none, or too many.
    """
    head, *lines = text.removeprefix("\ufeff").strip().replace(";", ",").splitlines() or [""]
    if head.strip() == SEGMENTS:
        parts, _, times = zip(*(line.partition(",") for line in lines or [""]), strict=True)
        try:
            repeats = read_number(times[0] or "1", 1, MOST_REPEATS, whole=True)
        except ValueError as error:
            raise ValueError(f"File, times all of it: {error}") from None
        return from_text(", ".join(parts)), int(repeats)
    pulses = train_from_text(text, "File").pulses
    ends = frozenset(i for i, end in enumerate(pulses.cycle_end.tolist()) if end)
    return (checked(Segment("table", tuple(float(f"{u:.7g}") for u in pulses.voltage), 1, ends), "File"),), 1
