"""Reading what a load run measured, from inside a build's artifact.

Locust's `*_stats.csv` (`locust --csv`), or a JSON object: `{"requests": 1000, "failures": 3, "meanSeconds": 0.21}`.
"""

import csv
import math
from collections.abc import Mapping
from io import StringIO
from zipfile import ZipFile

from functions.adapters.artifacts import REPORT_LIMIT, read_member
from functions.adapters.json_documents import read_json
from functions.domain.errors import BadInputError, SourceError
from functions.domain.gates import Unreadable
from functions.domain.performance import Performance

_TOTAL = "Aggregated"  # how Locust names the row that sums up all others
_COLUMNS = ("Request Count", "Failure Count", "Average Response Time")


def read_performance(archive: ZipFile, path: str) -> Performance | Unreadable:
    """The figures of a load run; what is missing, no number, or impossible is Unreadable."""
    try:
        return _checked(*(_csv(archive, path) if path.endswith(".csv") else _json(archive, path)))
    except (SourceError, BadInputError, ValueError, csv.Error) as error:
        text = str(error)
        return Unreadable(text if text.startswith(path) else f"{path}: {text}")


def _csv(archive: ZipFile, path: str) -> tuple[float, float, float]:
    raw = read_member(archive, path, REPORT_LIMIT)
    if raw is None:
        raise ValueError("the build left no such report; is it in the buildspec's artifacts?")
    for row in csv.DictReader(StringIO(raw.decode("utf-8-sig"))):
        if row.get("Name") == _TOTAL:
            requests, failures, milliseconds = (_number(row, column) for column in _COLUMNS)
            return requests, failures, milliseconds / 1000
    raise ValueError(f"not the statistics of a Locust run: no row is named {_TOTAL}")


def _json(archive: ZipFile, path: str) -> tuple[float, float, float]:
    figures = read_json(archive, path)
    if not isinstance(figures, dict):
        raise BadInputError("expected an object with requests, failures and meanSeconds")
    return _number(figures, "requests"), _number(figures, "failures"), _number(figures, "meanSeconds")


def _number(figures: Mapping[str, object], name: str) -> float:
    value = figures.get(name)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise BadInputError(f"{name} is missing or no number")
    try:
        return float(value)
    except (ValueError, OverflowError):
        raise ValueError(f"{name} is no number: {str(value)[:40]}") from None


def _checked(requests: float, failures: float, mean_seconds: float) -> Performance:
    for name, value in (("requests", requests), ("failures", failures), ("the mean", mean_seconds)):
        if not math.isfinite(value) or value < 0:
            raise ValueError(f"{name} is {value}: expected a number from 0 on")
    if requests < 1 or requests != int(requests) or failures != int(failures) or failures > requests:
        raise ValueError(f"{failures:g} failures of {requests:g} requests: expected whole numbers, and some requests")
    return Performance(int(requests), int(failures), mean_seconds)
