"""Figures of load runs: Locust's statistics, k6's summary and plain JSON."""

import json
from io import BytesIO
from zipfile import ZipFile

import pytest

from functions.adapters.load_runs import read_performance
from functions.domain.gates import Unreadable
from functions.domain.performance import Performance
from tests.functions.samples import archive

# The columns and rows that `locust --headless --csv load` writes.
LOCUST = (
    "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,"
    "Max Response Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%\n"
    "GET,/,980,3,110,120.5,80,900,42.0,49.1,0.1,110,120,130,140,180,220,400,500,900,900,900\n"
    "GET,/health,20,0,20,20.0,10,30,12.0,1.0,0.0,20,20,20,20,30,30,30,30,30,30,30\n"
    ",Aggregated,1000,3,110,118.5,10,900,41.4,50.1,0.1,110,120,130,140,180,220,400,500,900,900,900\n"
)


def read(name: str, report: str | bytes) -> Performance | Unreadable:
    """Read a report from inside an artifact."""
    with ZipFile(BytesIO(archive({name: report}))) as opened:
        return read_performance(opened, name)


def test_locust_is_read_from_its_last_row() -> None:
    """The totals are read, milliseconds become seconds, and a byte order mark is accepted."""
    assert read("load_stats.csv", LOCUST) == Performance(1000, 3, 0.1185)
    assert read("load_stats.csv", "\ufeff" + LOCUST) == Performance(1000, 3, 0.1185)


def test_json_is_read() -> None:
    """The documented JSON is read; other keys in it are ignored."""
    assert read("load.json", '{"requests": 10, "failures": 0, "meanSeconds": 0.2, "p95": 1}') == Performance(10, 0, 0.2)


K6 = {
    "http_reqs": {"count": 200, "rate": 6.6},
    "http_req_failed": {"passes": 3, "fails": 197, "value": 0.015},
    "http_req_duration": {"avg": 120.5, "min": 80, "max": 900},
}


def test_k6_is_read_in_both_forms_of_its_summary() -> None:
    """The `passes` of `http_req_failed` are the failed requests; without them, its rate gives the number."""
    nested = {name: {"type": "x", "contains": "y", "values": values} for name, values in K6.items()}
    rated = {**nested, "http_req_failed": {"values": {"rate": 0.015}}}
    for metrics in (K6, nested, rated):
        assert read("load.json", json.dumps({"metrics": metrics})) == Performance(200, 3, 0.1205)


@pytest.mark.parametrize(
    ("name", "report", "said"),
    [
        ("a.csv", "", "no row with the name Aggregated"),
        ("a.csv", LOCUST.replace("Aggregated", "Total"), "no row with the name Aggregated"),
        ("a.csv", LOCUST.replace(",Aggregated", "GET,Aggregated"), "no row with the name Aggregated"),
        ("a.csv", LOCUST + ",Aggregated,1,0,1,1\n", "2 rows with an empty Type with the name Aggregated"),
        ("a.csv", LOCUST.replace(",118.5,", ",,"), "Average Response Time is missing or not a number"),
        ("a.csv", LOCUST.replace("Type,", "Kind,"), "the column Type is missing"),
        ("a.csv", "Timestamp,User Count,Type,Name\n", "Locust's history of the run"),
        ("a.csv", "Method,Name,Error,Occurrences\n", "Locust's list of failures"),
        ("a.csv", "timeStamp,elapsed,label\n", "JMeter's results"),
        ("a.csv", "metric_name,timestamp,metric_value\n", "run it with --summary-export"),
        ("a.json", '{"latencies": {}, "success": 1}', "another tool's report"),
        ("a.json", '{"metrics": {}}', "metrics.http_reqs is missing"),
        ("a.json", '{"type": "Metric"}\n{"type": "Point"}\n', "Extra data: line 2"),
        ("a.csv", LOCUST.replace(",1000,3,", ",many,3,"), "Request Count is not a number: many"),
        ("a.csv", LOCUST.replace(",1000,3,", ",1000,-3,"), "failures is -3.0"),
        ("a.csv", LOCUST.replace(",118.5,", ",nan,"), "the mean is nan"),
        ("a.csv", LOCUST.replace(",118.5,", ",inf,"), "the mean is inf"),
        ("a.csv", LOCUST.replace(",1000,3,", ",0,0,"), "0 failures of 0 requests"),
        ("a.csv", LOCUST.replace(",1000,3,", ",10,30,"), "30 failures of 10 requests"),
        ("a.csv", LOCUST.replace("Failure Count", "Failures"), "the column Failure Count is missing"),
        ("a.csv", LOCUST.encode("utf-16"), "utf-8"),
        ("a.json", "{}", "requests is missing"),
        ("a.json", "[]", "expected an object"),
        ("a.json", '{"requests": true, "failures": 0, "meanSeconds": 1}', "requests is missing or not a number"),
        ("a.json", '{"requests": 1.5, "failures": 0, "meanSeconds": 1}', "whole numbers"),
        ("a.json", '{"requests": 1, "failures": 0, "meanSeconds": NaN}', "NaN is not a JSON number"),
        ("a.json", '{"requests": 1e999, "failures": 0, "meanSeconds": 1}', "requests is inf"),
        ("a.json", "[" * 50_000, "nested too deep"),
    ],
)
def test_figures_that_cannot_be_are_refused(name: str, report: str | bytes, said: str) -> None:
    """Impossible figures are Unreadable, with file and reason."""
    found = read(name, report)
    assert isinstance(found, Unreadable), found
    assert found.reason.startswith(f"{name}: ")
    assert said in found.reason
