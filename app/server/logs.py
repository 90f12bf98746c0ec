"""The server's log as one JSON object a line, for machines that read logs."""

from __future__ import annotations

import json
import logging
import time

PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}  # what every record has


class Json(logging.Formatter):
    """Time (UTC), level, logger and message; what else a record was given; the trace of an error."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in PLAIN},
        }  # fmt: skip
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def begin(level: int = logging.INFO) -> None:
    """Write all logs so, on the standard error; Panel leaves a log alone that has been set up."""
    handler = logging.StreamHandler()
    handler.setFormatter(Json())
    logging.root.handlers[:] = [handler]
    logging.getLogger("synaptogen.app").setLevel(level)
