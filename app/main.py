"""The dashboard: `panel serve app/main.py`."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)  # `panel serve` puts this file's folder on the path, not the project's

from app.page import dashboard, guard  # noqa: E402 - the path is set above
from app.server import once, sending  # noqa: E402 - as above
from app.tabs.registry import TABS  # noqa: E402 - as above
from app.work import crowd, warm  # noqa: E402 - as above

# A browser learns which components there are when it opens its page. One that is defined later reaches only the page
# that happens to show it first: others that are open cannot draw it, and a new one that begins with it does not open.
VIEWS = [tab.view for tab in TABS]

guard.stand()
once.keep()
sending.send_all()
crowd.prepare()
warm.start(TABS)
dashboard.Dashboard().servable()
