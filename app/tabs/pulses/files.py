"""The train as CSV: out for `synaptogen generate --train` and others, in as a table of voltages."""

from __future__ import annotations

import io
import threading
from typing import IO

from app.settings.segments import Segment, checked
from app.work.downloads import Order
from app.work.session import Session
from app.work.trains import make_train
from synaptogen_core.exchange.api import save_train, temporary_folder, train_from_text
from synaptogen_core.progress import Progress

FORMATS = {"train.csv": ("CSV out", "text/csv")}
SAID = "Columns voltage_V and cycle_end: “synaptogen generate --train” and sc.load_train read it."


def order(session: Session, kind: str) -> Order | str:
    """The train of the settings, or why it cannot be a table."""
    try:
        train = make_train(session.settings.train.choices())
    except ValueError as error:
        return str(error)
    if train.sources or train.pulses.read.any():
        return "Random and read-only pulses have no place in such a table: take those segments out, or copy the link."

    def write(progress: Progress, cancel: threading.Event) -> IO[bytes]:
        with temporary_folder() as folder:
            save_train(train, folder / "train.csv")
            return io.BytesIO((folder / "train.csv").read_bytes())

    return Order(f"synaptogen-{len(train)}-pulses.csv", write, SAID)


def segment_from_csv(text: str) -> Segment:
    """A table of the voltages in a CSV text.

    Raises
    ------
    ValueError
        If it holds none, or too many.
    """
    pulses = train_from_text(text, "File").pulses
    ends = frozenset(i for i, end in enumerate(pulses.cycle_end.tolist()) if end)
    return checked(Segment("table", tuple(float(f"{u:.7g}") for u in pulses.voltage), 1, ends), "File")
