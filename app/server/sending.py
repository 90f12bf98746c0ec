"""What Panel puts off while a browser's connection is in use is sent when that is over, whenever it was put off.

Panel keeps such messages, and a task that sends them. Those that came while the task waited for its last ones were left
with the mark that something is to be sent taken away, and the task of their own found no mark: they stayed until the
next change of the page. Without another one it showed "Computing" for ever, and its pictures never came.
"""

from __future__ import annotations

from typing import Any

import panel.io.document as documents
from bokeh.document import Document

SEND: Any = documents._dispatch_msgs  # Panel's own


def send_all() -> None:
    """Begin; a second time changes nothing. Panel has no door for it."""
    documents._dispatch_msgs = send


async def send(document: Document) -> None:
    """Send what was put off, and what has been put off meanwhile."""
    await SEND(document)
    while documents._WRITE_MSGS.get(document) and document not in documents._WRITE_BLOCK:
        documents._WRITE_BLOCK[document] = True
        await SEND(document)
