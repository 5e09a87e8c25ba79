"""Reads the figures of a load run from a build's artifact.

Formats: Locust's `*_stats.csv` (`locust --csv`), k6's summary (`k6 run --summary-export`, or `handleSummary`), or a
JSON object: `{"requests": 1000, "failures": 3, "meanSeconds": 0.21}`.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any
from zipfile import ZipFile

from functions.adapters.json_documents import object_of, parse_json, read_text
from functions.adapters.zip_archives import find_member
from functions.domain.errors import BadInputError, SourceError
from functions.domain.gates import Unreadable
from functions.domain.limits import LOAD_RUN
from functions.domain.performance import Performance

# Locust writes the totals in a row with this name and an empty type. A request of the test may have the same name.
# https://docs.locust.io/en/stable/retrieving-stats.html; locust/stats.py: StatsEntry(self, "Aggregated", None)
_TOTAL = "Aggregated"
_COLUMNS = ("Type", "Name", "Request Count", "Failure Count", "Average Response Time")
_NEXT = "write Locust's *_stats.csv, k6's --summary-export, or requests, failures and meanSeconds as JSON"
_OTHER_TABLES = {
    "User Count": "Locust's history of the run: name its *_stats.csv",
    "Occurrences": "Locust's list of failures: name its *_stats.csv",
    "elapsed": f"JMeter's results: {_NEXT}",
    "metric_name": "k6's samples: run it with --summary-export",
}


def read_performance(archive: ZipFile, path: str) -> Performance | Unreadable:
    """The figures of a load run; a missing file, and missing, non-numeric or impossible figures are Unreadable."""
    try:
        file = find_member(archive, path)
        text = read_text(archive, file, LOAD_RUN)
        return _checked(*(_locust(text) if file.endswith(".csv") else _json(text)))
    except (SourceError, BadInputError, ValueError, csv.Error) as error:
        reason = str(error)
        return Unreadable(reason if reason.startswith(path) else f"{path}: {reason}")


def _locust(text: str) -> tuple[float, float, float]:
    cells = text.count(",") + text.count("\n")
    if cells > LOAD_RUN.elements:
        raise ValueError(f"{cells} cells, {LOAD_RUN.elements} allowed: name Locust's *_stats.csv")
    table = csv.DictReader(StringIO(text))
    columns = [name.strip() for name in table.fieldnames or ()]
    _refuse_other_tables(columns)
    totals = [row for row in table if (row.get("Name"), (row.get("Type") or "").strip()) == (_TOTAL, "")]
    if len(totals) != 1:
        found = "no row" if not totals else f"{len(totals)} rows with an empty Type"
        raise ValueError(f"not the statistics of a Locust run: {found} with the name {_TOTAL}; name its *_stats.csv")
    requests, failures, milliseconds = (_number(totals[0], column) for column in _COLUMNS[2:])
    return requests, failures, milliseconds / 1000


def _refuse_other_tables(columns: Sequence[str]) -> None:
    other = next((table for name, table in _OTHER_TABLES.items() if name in columns), None)
    if other:
        raise ValueError(f"not the statistics of a Locust run but {other}")
    missing = [name for name in _COLUMNS if name not in columns]
    if columns and missing:
        raise ValueError(
            f"not the statistics of a Locust run: the column {missing[0]} is missing; it has {columns[:5]}"
        )


def _json(text: str) -> tuple[float, float, float]:
    figures = parse_json(text, LOAD_RUN)
    if not isinstance(figures, dict):
        raise BadInputError(f"expected an object with requests, failures and meanSeconds; {_NEXT}")
    if "metrics" in figures:
        return _k6(object_of(figures["metrics"], "metrics"))
    if "requests" not in figures and {"latencies", "aggregate", "stats", "results"} & set(figures):
        raise ValueError(f"requests is missing: this is another tool's report; {_NEXT}")
    return _number(figures, "requests"), _number(figures, "failures"), _number(figures, "meanSeconds")


def _k6(metrics: Mapping[str, Any]) -> tuple[float, float, float]:
    """Requests, failures and mean seconds of all HTTP requests.

    `http_req_failed` is the rate of the condition "failed": its `passes` are the requests that failed.
    https://grafana.com/docs/k6/latest/results-output/end-of-test/ and .../using-k6/metrics/reference/
    """
    requests = _number(_k6_values(metrics, "http_reqs"), "count")
    failed = _k6_values(metrics, "http_req_failed")
    share = _number(failed, "rate" if "rate" in failed else "value")
    failures = _number(failed, "passes") if "passes" in failed else round(share * requests)
    return requests, failures, _number(_k6_values(metrics, "http_req_duration"), "avg") / 1000


def _k6_values(metrics: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The figures of a metric: --summary-export has them in the metric itself, `handleSummary` under `values`."""
    metric = object_of(metrics.get(name), f"metrics.{name}")
    return object_of(metric.get("values", metric), f"metrics.{name}.values")


def _number(figures: Mapping[str, object], name: str) -> float:
    value = figures.get(name)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or value == "":
        raise BadInputError(f"{name} is missing or not a number")
    try:
        return float(value)
    except (ValueError, OverflowError):
        raise ValueError(f"{name} is not a number: {str(value)[:40]}") from None


def _checked(requests: float, failures: float, mean_seconds: float) -> Performance:
    for name, value in (("requests", requests), ("failures", failures), ("the mean", mean_seconds)):
        if not math.isfinite(value) or value < 0:
            raise ValueError(f"{name} is {value}: expected a number of at least 0")
    if requests < 1 or requests != int(requests) or failures != int(failures) or failures > requests:
        raise ValueError(f"{failures:g} failures of {requests:g} requests: expected whole numbers, and some requests")
    return Performance(int(requests), int(failures), mean_seconds)
