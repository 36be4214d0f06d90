"""Log records as lines of JSON, for ``[formatter_json] class = govapp.logs.JSONFormatter``.

One record is one line of ASCII, whatever somebody managed to have logged: line ends, terminal
sequences and bidirectional overrides are escaped by JSON. Values that were sent to the database
do not get in (S-121): the engines hide them, and what drivers repeat of a row is cut out here.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

# Set by ``extra=`` where a record belongs to a request, an event or an incident.
EXTRAS = ("request_id", "event", "incident")

# PostgreSQL repeats a whole row under DETAIL, SQLAlchemy the parameters of the statement.
_VALUES = re.compile(
    r"^(?:DETAIL:|\[parameters:).*?(?=\n(?:HINT:|CONTEXT:|\[SQL|\(Background|\n)|\Z)",
    re.DOTALL | re.MULTILINE,
)


class JSONFormatter(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line: time (UTC), level, logger, message, and what else there is."""
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_values(record.getMessage()),
        }
        entry |= {name: vars(record)[name] for name in EXTRAS if vars(record).get(name)}
        if record.exc_info:
            entry["exception"] = without_values(self.formatException(record.exc_info))
        if record.stack_info:
            entry["stack"] = self.formatStack(record.stack_info)
        return json.dumps(entry, default=str)


def without_values(text: str) -> str:
    """Return a message without the values that a database error repeats."""
    return _VALUES.sub("(values left out)", text)
