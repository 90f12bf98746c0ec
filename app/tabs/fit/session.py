"""One page's fit: a file -> measurement -> features -> curves -> fit -> validation, each with its pictures.

A lane beside the loop, as a page's simulations have it: progress, cancel, and a change of the options re-does the
stages that it matters to, no more. What comes from a file is never written to the disk, never shared with another
page, and let go of with the page.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import param

import synaptogen_core as sc
from app.settings.sections import Section
from app.tabs.fit import compute, files
from app.tabs.fit import pictures as fit_pictures
from app.tabs.fit.compute import STAGES, Source
from app.work.downloads import Order
from app.work.lane import JobError, Lane, Post, Work, begin, has_loop, in_thread, sentence
from synaptogen_core.errors import Cancelled
from synaptogen_core.progress import Progress

FITS = ThreadPoolExecutor(2, "fit")  # of all pages: more would only take memory; the others wait their turn
MOST_BYTES = 100_000_000  # of a file
Key = tuple[str, Source | None, tuple[tuple[str, object], ...], int]  # what a stage depends on
KEPT = ("fit", "judge", "numbers")
USING = "Finding what can be chosen for this device"


class FitStatus(param.Parameterized):
    """What the tab says about its work."""

    stage = param.String("", doc="Title of the stage under way; empty: none.")
    progress = param.Number(0.0, bounds=(0, 1))
    stopped = param.Boolean(False, doc="The user has cancelled, and may go on.")
    page = param.Tuple(("", ""), doc="Name and hash of the device that all tabs show; no hash: a packaged one.")
    error = param.String("")


class FitWork:
    """The lane of one page. `post` runs a function under the document's lock; `adopt` takes a device for the page."""

    def __init__(self, options: Section, post: Post, adopt: Callable[..., None]):
        self.options, self.status = options, FitStatus()
        self.source: Source | None = None
        self._post, self._adopt = post, adopt
        self._painter: Callable[[str, object], None] | None = None
        self._values: dict[str, tuple[Key, Any, object]] = {}  # stage -> key, value, pictures
        self._tried: dict[str, Key] = {}  # stage -> key of what failed or was cancelled
        self._failed = STAGES[-1].key  # the last stage that could not be done
        self._lane = Lane(self._turn, self._rests)  # a job's key: what the stage depends on
        self._using = Lane()  # whether the page can take a device is found out beside it
        self._stopped = False
        self._kept: dict[str, Any] | None = None  # what the stages had found of a fit that others are compared with
        options.param.watch(lambda *events: self._begin(), list(options.names()))

    # ------------------------------------------------------------------------------------------------ from the page
    def connect(self, painter: Callable[[str, object], None]) -> None:
        """Where pictures of a stage go (None: there are none any more)."""
        self._painter = painter
        for stage in STAGES:
            painter(stage.key, self._values[stage.key][2] if stage.key in self._values else None)

    def take(self, name: str, data: bytes) -> None:
        """A file has been dropped."""
        if len(data) > MOST_BYTES:
            self.refuse(f"{name}: must have at most {MOST_BYTES / 1e6:.0f} MB (got {len(data) / 1e6:.0f}); cut it")
            return
        self._start(Source(name, data))

    def take_all(self, names: Sequence[str], contents: Sequence[bytes]) -> None:
        """Files have been dropped: one, or several that are one measurement."""
        name, data = (names[0], contents[0]) if len(names) == 1 else compute.packed(names, contents)
        self.take(name, data)

    def refuse(self, text: str) -> None:
        """Say why something was not taken; what is shown stays."""
        self._later(lambda: self.status.param.update(error=text))

    def example(self) -> None:
        """A simulated measurement, for whoever has none at hand."""
        self._start(Source(compute.EXAMPLE, None))

    def declare(self, columns: Mapping[str, str], units: Mapping[str, str], reading: Mapping[str, str]) -> None:
        """What the columns of the file are, and answers to other questions, said by the user."""
        if self.source is not None:
            answers = tuple((key, said) for key, said in (dict(self.source.reading) | dict(reading)).items() if said)
            name, data = self.source.name, self.source.data
            self._start(Source(name, data, tuple(columns.items()), tuple(units.items()), answers))

    def change_columns(self) -> None:
        """Show what the columns of the file are taken for, for the user to correct."""
        if self.source is not None and self.source.data is not None:
            begin(self._show_columns(self.source))

    def again(self) -> None:
        """Go on after a cancel."""
        self._tried.clear()
        self._begin()

    def cancel(self) -> None:
        """Stop; what is shown stays."""
        self._stopped = True
        self._lane.cancel()
        self._using.cancel()

    def value(self, stage: str) -> Any:
        """What a stage has found, or None."""
        return self._values[stage][1] if stage in self._values else None

    def keep(self) -> None:
        """Later fits of the same data are compared with this one."""
        if self.value("numbers") is not None:
            self._kept = {key: found for key, (_, found, _) in self._values.items() if key in KEPT}
            self._begin()

    def use(self) -> None:
        """The device of the fit, or of the file, becomes the page's."""
        found = compute.device_of(self.value, self.options.device_name)
        if found is not None:
            begin(self._use(found))

    def whose(self) -> str:
        """Whether the device of the fit, or of the file, is the page's: both are named where they differ."""
        found, (name, hashed) = compute.device_of(self.value, self.options.device_name), self.status.page
        if found is None:
            return ""
        if found.hash == hashed and found.name == name:
            return "All tabs show this device now. Use “Back to the published device” above the tabs to return."
        return f"This is the device “{found.name}”; the other tabs show “{name}”."

    def order(self, kind: str) -> Order | str:
        """A download, or why there is none."""
        return files.order(kind, self.value, self.options.device_name)

    def look(self, picture: str, *arguments: object) -> Any:
        """A picture of what is there, drawn when it is asked for; None where there is nothing to draw it of."""
        return fit_pictures.LOOKS[picture](self.value, *arguments)

    def close(self) -> None:
        """The page is gone: nothing of the file stays."""
        self._lane.close()
        self._using.close()
        self._values.clear()
        self.source = self._painter = self._kept = None

    # ------------------------------------------------------------------------------------------------ the lane
    def _start(self, source: Source) -> None:
        self.source, self._kept = source, None
        self._tried.clear()
        self._later(lambda: self.status.param.update(error=""))
        self._begin()

    def _begin(self) -> None:
        if self.source is None or self._lane.closed or not has_loop():
            return
        stage = self._next()
        if stage is None or stage[1] != self._lane.key:
            self._lane.cancel()  # it goes on with what is wanted now
        self._lane.start()

    def _keys(self) -> dict[str, Key]:
        """What each stage depends on: the file and the options of all stages up to it."""
        choices, keys = self.options.choices(), {}
        used: list[tuple[str, object]] = []
        for stage in STAGES:
            used += [(name, choices.get(name)) for name in stage.uses]
            keys[stage.key] = (stage.key, self.source, tuple(used), id(self._kept) if stage.key == "beside" else 0)
        return keys

    def _next(self) -> tuple[compute.Stage, Key] | None:
        """The first stage that is out of date and can be done, and its key."""
        if self.source is None:
            return None
        keys = self._keys()
        for stage in STAGES:
            if stage.key != "read" and not compute.is_measured(self.value):
                return None
            if stage.key not in self._values or self._values[stage.key][0] != keys[stage.key]:
                return None if self._tried.get(stage.key) == keys[stage.key] else (stage, keys[stage.key])
        return None

    def _turn(self) -> tuple[Hashable, Work] | None:
        found = self._next()
        return (found[1], self._one(*found)) if found else None

    def _rests(self) -> None:
        self._later(lambda: self.status.param.update(stage="", progress=0.0))

    async def _one(self, stage: compute.Stage, key: Key) -> None:
        self._stopped = False
        source, choices, values = self.source, self.options.choices(), {k: v[1] for k, v in self._values.items()}
        values["kept"] = self._kept
        self._later(lambda: self.status.param.update(stage=stage.title, progress=0.0, stopped=False))
        keys = [one.key for one in STAGES]
        if keys.index(stage.key) <= keys.index(self._failed):  # a refused file stays said while the old one goes on
            self._later(lambda: self.status.param.update(error=""))

        def job(progress: Progress, cancel: threading.Event) -> tuple[Any, Any]:
            def tell(done: float) -> None:
                if cancel.is_set():
                    raise Cancelled("the fit was cancelled")
                progress(done)

            value = stage.run(source, values, choices, tell, cancel)
            return value, fit_pictures.of_stage(stage.key, values | {stage.key: value})

        try:
            value, pictures = await self._lane.do(job, tell=self._show_progress, pool=FITS)
        except Cancelled:
            if self._stopped:
                self._tried[stage.key] = key
                self._later(lambda: self.status.param.update(stopped=True))
            return
        except JobError as failed:
            self._tried[stage.key], self._failed, text = key, stage.key, str(failed)
            if source is not None and text.startswith("ds: "):  # an argument's name; here it is the file
                text = f"{source.name}: {text.removeprefix('ds: ')}"
            if self._keys()[stage.key] == key:
                self._later(lambda: self.status.param.update(error=text))
                self._drop(stage.key)
            return
        if not self._lane.closed and self._keys()[stage.key] == key:
            if stage.key == "read":
                self._drop("extract")
            self._values[stage.key] = key, value, pictures
            self._later(lambda: self._paint(stage.key))
            if compute.is_device(value):
                self.use()

    def _drop(self, first: str) -> None:
        """What this stage and those after it have shown belongs to other data or options."""
        keys = [stage.key for stage in STAGES]
        if first == "read":
            self.source = self._values["read"][0][1] if "read" in self._values else None  # a bad file loses nothing
            return
        for key in keys[keys.index(first) :]:
            if self._values.pop(key, None) is not None:
                self._later(partial(self._paint, key))

    def _paint(self, stage: str) -> None:
        if self._painter is not None:
            self._painter(stage, self._values[stage][2] if stage in self._values else None)

    def _show_progress(self, done: float, seconds: float) -> None:
        if self._lane.busy:
            self._later(lambda: self.status.param.update(progress=done))

    async def _use(self, device: sc.DeviceParameters) -> None:
        self._using.cancel()  # the device that was asked for last is taken
        self._later(lambda: self.status.param.update(stage=USING))
        try:
            limits = await self._using.do(lambda progress, cancel: compute.limits_of(device, cancel), pool=FITS)
        except Cancelled:
            return
        except JobError as failed:
            self.refuse(str(failed))
            return
        finally:
            if not self._lane.busy:
                self._rests()
        if not self._using.closed:
            self._adopt(device, limits)

    async def _show_columns(self, source: Source) -> None:
        try:
            layout = await in_thread(compute.layout_of, source, pool=FITS)
        except Exception as error:
            self.refuse(sentence(error))
            return
        if self._painter is not None and source is self.source:
            painter = self._painter
            self._later(lambda: painter("columns", layout))

    def _later(self, function: Callable[[], object]) -> None:
        if not self._lane.closed:
            self._post(function)
