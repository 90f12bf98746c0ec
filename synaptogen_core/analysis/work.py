"""Progress of a long estimate, and the caller's wish to stop it."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from synaptogen_core.array.run import Cancel, Progress
from synaptogen_core.errors import Cancelled


@dataclass
class Work:
    """What a caller wants to hear of a job called `what`, and how it stops it."""

    progress: Progress | None
    cancel: Cancel | None
    what: str

    def done(self, share: float) -> None:
        """Tell how much is done; end with `Cancelled` if that is wished."""
        if self.progress is not None:
            self.progress(share)
        wished = self.cancel.is_set if isinstance(self.cancel, threading.Event) else self.cancel
        if wished is not None and wished():
            raise Cancelled(f"{self.what}: cancelled at the caller's wish; nothing was changed")
