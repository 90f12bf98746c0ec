"""What an unfinished Zarr store knows of itself, so that a run can go on after a kill.

A store on its way has a folder ``.unfinished`` in it, and no header: no reader takes it for a whole one. In that folder
stand the settings of the run, for each row group that is on the disk one file with what was counted in it, and who is
at work on it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synaptogen_core.errors import FileError
from synaptogen_core.exchange.files.atomic import flush
from synaptogen_core.exchange.files.damage import refused

FOLDER = ".unfinished"
FORMAT = "synaptogen_core unfinished run 2"


@dataclass(frozen=True)
class Marks:
    """The marks of one store.

    Parameters
    ----------
    store : Path
        The folder of the store.
    """

    store: Path

    @property
    def folder(self) -> Path:
        """Where the marks stand."""
        return self.store / FOLDER

    @property
    def header(self) -> Path:
        """The header of the store, as long as it is not finished."""
        return self.folder / "zarr.json"

    def there(self) -> bool:
        """Whether this is an unfinished store."""
        return (self.folder / "run.json").is_file() and not (self.store / "zarr.json").exists()

    # ---- the run

    def begin(self, run: dict[str, Any]) -> None:
        """Make the store, with nothing but the description of its run."""
        (self.folder / "done").mkdir(parents=True, exist_ok=True)
        _write(self.folder / "run.json", json.dumps({"format": FORMAT, **run}, allow_nan=False))
        for folder in (self.folder, self.store, self.store.parent):
            flush(folder)

    def run(self) -> dict[str, Any]:
        """The description of the run.

        Raises
        ------
        FileError
            If it is of another format.
        """
        try:
            found = dict(json.loads((self.folder / "run.json").read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise refused(self.store, "hold a run that can be resumed", error, "remove it") from error
        if found.get("format") != FORMAT:
            raise FileError(
                f"{self.store}: must hold the format {FORMAT!r} (got {found.get('format')!r}); "
                "use the release that began it"
            )
        return found

    # ---- what is done

    def done(self) -> set[int]:
        """First rows of the groups that are done."""
        return {int(file.name) for file in (self.folder / "done").iterdir() if file.name.isdecimal()}

    def is_done(self, first_row: int) -> bool:
        """Whether a group is done."""
        return (self.folder / "done" / str(first_row)).exists()

    def mark(self, first_row: int, counts: Mapping[str, int]) -> None:
        """Mark a group as done, with its counts; its pieces have to be on the disk already.

        Parameters
        ----------
        first_row : int
            First row of the group.
        counts : mapping of str to int
            What was counted in it, by the names of `tally.COUNTS`.

        Raises
        ------
        OSError
            If the file system refuses the write.
        """
        _write(self.folder / "done" / str(first_row), json.dumps(counts))

    def counts(self) -> list[dict[str, int]]:
        """What was counted in the groups that are done."""
        files = [self.folder / "done" / str(first_row) for first_row in sorted(self.done())]
        return [json.loads(file.read_text(encoding="utf-8")) for file in files]

    def share(self) -> str:
        """How much is done, in words."""
        run = self.run()
        return f"{len(self.done())} of {-(-int(run['shape'][0]) // int(run['rows']))} row groups"

    # ---- who is at work: one process at a time; the last one that came

    def claim(self) -> str:
        """Take the store over; what others still have at work on it ends at its next look."""
        token = secrets.token_hex(8)
        _write(self.folder / "session", token)
        return token

    def held(self, token: str) -> bool:
        """Whether the store is still ours."""
        try:
            return (self.folder / "session").read_text(encoding="utf-8") == token
        except OSError:
            return False

    def release(self, token: str) -> None:
        """Give the store back: our own tasks, too, end at their next look."""
        if self.held(token):
            (self.folder / "session").unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the marks: the store has its header."""
        shutil.rmtree(self.folder, ignore_errors=True)
        flush(self.store)


def _write(path: Path, content: str) -> None:
    """Write a small file in one step, down to the disk."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.write_text(content, encoding="utf-8")
        flush(temporary)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    flush(path.parent)
