"""Log lines of functions: one JSON object each, with the ids of the invocation, without secrets (O1).

CloudWatch Logs finds the fields of a line that is JSON by itself:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from functions.domain.redaction import redact

PRODUCT = "functions"  # the logger above those of all handlers and adapters
# What every record has; other attributes are what a caller passed as `extra`.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """The format of one function's lines; `ids` are those of the running invocation."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service
        self.ids: dict[str, Any] = {}

    def format(self, record: logging.LogRecord) -> str:
        """One line, redacted as a whole: exceptions may quote their inputs."""
        line = {
            "level": record.levelname,
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
            **{key: value for key, value in vars(record).items() if key not in _USUAL},
            **self.ids,
        }
        if record.exc_info and record.exc_info[0]:
            line |= {"exception_name": record.exc_info[0].__name__, "exception": self.formatException(record.exc_info)}
        return redact(json.dumps(line, default=str))


def begin(service: str) -> JsonLines:
    """Let all loggers of the product write to stdout in this form; Lambda keeps each line there as an event.

    The runtime's own handler, which writes text and has no ids, no longer gets these lines.
    """
    lines, handler = JsonLines(service), logging.StreamHandler(sys.stdout)
    handler.setFormatter(lines)
    logger = logging.getLogger(PRODUCT)
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
    return lines
