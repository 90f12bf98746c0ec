"""What every view is given, and what it must offer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from panel.viewable import Viewable

from app.look.theme import Theme
from app.settings.sections import Section, TabOptions
from app.settings.segments import Segment

if TYPE_CHECKING:
    from app.work.downloads import Downloads


@dataclass(frozen=True)
class Context:
    """A view's ways to the page."""

    theme: Theme
    options: TabOptions  # this tab's own; a Panel shows them
    select: Callable[..., None]  # select(row, column, add=False): follow a cell on every tab
    apply: Callable[
        [Mapping[str, object]], None
    ]  # apply({"d2d": 0.0, "crossbar.quantity": "current"}): change settings
    show: Callable[[str], None]  # show("crossbar"): open a tab
    tell: Callable[[str], None]  # a refusal, as a sentence in the status line
    downloads: Callable[[Sequence[str]], Downloads]  # buttons that send these formats, such as ("nc", "csv")
    lines: Section  # resistances and selector of the lines, the same on every tab
    open_session: Callable[[str, bytes, Callable[[str], None]], None]  # a file's name, content, what hears the answer
    read_train: Callable[[str], tuple[tuple[Segment, ...], int]]  # what a CSV text is in the Pulse lab
    keep: Callable[[], Callable[[], None]]  # remember all settings; what it returns brings them back
    work: Any  # the FitWork of this page: the room of one tab, of which the others know nothing


class OneRun(Protocol):
    """A picture with room for one run only, such as a map: of two runs it shows one, or their difference."""

    shown: Any  # what the view has drawn last

    def draw(self, shown: Any) -> None:
        """Draw that, or the same of another run."""

    def of_two(self, a: Any, b: Any, side: str) -> Any:
        """What to draw of runs A and B: "a", "b" or "difference" as `side` says; None where they have none."""


class View(ABC):
    """A tab's pictures: `layout` is made once, `update` replaces the data in it."""

    layout: Viewable

    def __init__(self, context: Context):
        self.context = context
        self.theme = context.theme

    def of_one_run(self) -> Sequence[OneRun]:
        """Its pictures that have room for one run only."""
        return ()

    @abstractmethod
    def update(self, result: Any) -> None:
        """Show a result of this tab's `compute`. Called with the document's lock, inside one hold."""
