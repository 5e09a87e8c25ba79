"""SARIF: severities, rules by reference, overrides, results elsewhere (OASIS SARIF 2.1.0, sections beside each)."""

import itertools
import json
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from functions.adapters import json_documents, sarif_rules
from functions.adapters.scans import read_sarif
from functions.domain.findings import Scan
from functions.domain.gates import Unreadable
from tests.functions.adapters.scanning import read, sarif
from tests.functions.samples import archive


@pytest.mark.parametrize(
    ("result", "rule", "severity"),
    [
        ({"ruleId": "R1", "level": "note"}, {"properties": {"security-severity": "9.8"}}, "critical"),
        ({"ruleId": "R1", "properties": {"security-severity": "7.0"}}, {}, "high"),
        ({"ruleId": "R1"}, {"defaultConfiguration": {"level": "error"}}, "high"),
        ({"ruleIndex": 0}, {"defaultConfiguration": {"level": "error"}}, "high"),
        ({"rule": {"id": "R1"}}, {"defaultConfiguration": {"level": "error"}}, "high"),
        ({"ruleId": "R1"}, {}, "medium"),
        ({"ruleId": "R1"}, {"properties": {"tags": ["security"]}}, "high"),
        ({"ruleId": "R1"}, {"name": "HardcodedPassword"}, "high"),
        ({"ruleId": "CVE-2026-1"}, {}, "high"),
        ({"ruleId": "R1", "level": "note"}, {"name": "HardcodedPassword"}, "low"),
        ({"ruleId": "R1/a/b"}, {"defaultConfiguration": {"level": "error"}}, "high"),
        ({"ruleId": "R1", "kind": "review"}, {"defaultConfiguration": {"level": "error"}}, "low"),
        ({"ruleId": "R1", "level": "note"}, {"properties": {"security-severity": "Critical"}}, "critical"),
        ({"ruleId": "R1", "level": "note"}, {"properties": {"security-severity": "unknown"}}, "low"),
        ({"ruleId": "R1"}, {"properties": {"problem.severity": "error"}}, "high"),
        ({"ruleId": "R1", "level": "error"}, {"properties": {"security-severity": "0.0"}}, "high"),
        ({"ruleId": "R1", "level": None, "kind": None}, {"defaultConfiguration": {"level": "error"}}, "high"),
        ({"ruleId": "R1", "rule": None, "locations": None, "properties": None, "level": "error"}, {}, "high"),
        ({"ruleId": "R1", "level": "error", "suppressions": [{"kind": "inSource"}]}, {}, "high"),
        ({"ruleId": "R1", "level": "error", "kind": "review"}, {}, "high"),
    ],
)
def test_severity_of_a_result(result: object, rule: object, severity: str) -> None:
    """Score of result or rule, else level of result or rule, else SARIF's default; suppressions are ignored."""
    scan = read(read_sarif, sarif(result, rule))
    assert isinstance(scan, Scan), scan
    assert [finding.severity for finding in scan.findings] == [severity]


def test_results_that_are_alike_are_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log has many results of few rules; one with its own properties or rule is judged by itself."""
    usual = {"ruleId": "R1", "ruleIndex": 0, "level": "note"}
    own = {"properties": {"security-severity": "9.8"}}
    results = [usual, {**usual, **own}, {**usual, "level": "error"}, usual, {**usual, "rule": {"id": "R1"}, **own}]
    judged: list[object] = []
    severity_of = sarif_rules.severity_of

    def counted(rules: Any, rule: Any, result: Any) -> Any:
        judged.append(result)
        return severity_of(rules, rule, result)

    monkeypatch.setattr("functions.adapters.sarif.severity_of", counted)
    runs = [{"tool": {"driver": {"name": "x", "rules": [{"id": "R1"}]}}, "results": results}]
    scan = read(read_sarif, json.dumps({"version": "2.1.0", "runs": runs}))
    assert isinstance(scan, Scan), scan
    assert [one.severity for one in scan.findings] == ["low", "critical", "high", "low", "critical"]
    assert len(judged) == 4


def test_an_index_of_a_rule_is_an_integer() -> None:
    """1.0, which equals 1 in Python, is none, also after a result with that index."""
    rules = [{"id": "R1"}, {"id": "R2", "properties": {"security-severity": "9.8"}}]
    results = [{"ruleId": "", "ruleIndex": index, "level": "note"} for index in (1, 1.0, 1)]
    runs = [{"tool": {"driver": {"rules": rules}}, "results": results}]
    scan = read(read_sarif, json.dumps({"version": "2.1.0", "runs": runs}))
    assert isinstance(scan, Scan), scan
    assert [(one.id, one.severity) for one in scan.findings] == [("R2", "critical"), ("?", "low"), ("R2", "critical")]


def test_a_rule_that_was_met_is_no_finding() -> None:
    """Results of the kinds pass and notApplicable are no findings."""
    scan = read(read_sarif, sarif({"ruleId": "R1", "level": "none", "kind": "pass"}))
    assert scan == Scan("report.json", ())


def overridden(override: str, default: str | None, **result: object) -> list[str]:
    """Severities of a result of R1 whose level the second of two invocations overrides."""
    told = [{"descriptor": {"id": "R1"}, "configuration": {"level": override}}]
    invocations = [{"executionSuccessful": True}, {"executionSuccessful": True, "ruleConfigurationOverrides": told}]
    rule = {"defaultConfiguration": {"level": default}} if default else {}
    scan = read(read_sarif, sarif({"ruleId": "R1", **result}, rule, invocations=invocations))
    assert isinstance(scan, Scan), scan
    return [finding.severity for finding in scan.findings]


def test_an_invocation_overrides_a_rule() -> None:
    """The override of the named invocation applies (3.27.10); without a name, the worst level applies."""
    second, first = ({"provenance": {"invocationIndex": index}} for index in (1, 0))
    assert overridden("error", "note", **second) == ["high"]
    assert overridden("note", "error", **second) == ["low"]
    assert overridden("note", "error", **first) == ["high"]
    assert overridden("error", "note") == ["high"]
    assert overridden("note", "error") == ["high"]
    assert overridden("error", None) == ["high"]
    assert overridden("error", None, level="note") == ["low"]


def externalised(uri: str, files: dict[str, object], **reference: object) -> Scan | Unreadable:
    """A log in `reports` whose results are in another file of the artifact."""
    driver = {"name": "t", "rules": [{"id": "R1"}]}
    told = {"results": [{"location": {"uri": uri}, **reference}]}
    log = {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "externalPropertyFileReferences": told}]}
    contents: dict[str, str | bytes] = {name: json.dumps(content) for name, content in files.items()}
    with ZipFile(BytesIO(archive({"reports/a.sarif": json.dumps(log), **contents}))) as opened:
        return read_sarif(opened, "reports/a.sarif")


ELSEWHERE = {"version": "2.1.0", "results": [{"ruleId": "R1", "level": "error"}]}


@pytest.mark.parametrize("place", ["reports/more results.json", "more results.json"])
def test_results_in_another_file_are_read(place: str) -> None:
    """The file is found beside the log or in the artifact's root (3.15)."""
    scan = externalised("more%20results.json", {place: ELSEWHERE}, itemCount=1)
    assert isinstance(scan, Scan), scan
    assert [finding.severity for finding in scan.findings] == ["high"]


@pytest.mark.parametrize(
    ("files", "reference", "said"),
    [
        ({}, {}, "its results are in x.json, which can't be read"),
        ({"x.json": {}}, {}, "results is missing or not a list"),
        ({"x.json": []}, {}, "its results are in x.json"),
        ({"x.json": ELSEWHERE}, {"itemCount": 2}, "its itemCount of results in another file is 2, but that file has 1"),
    ],
)
def test_results_in_a_file_that_is_missing_close_the_gate(
    files: dict[str, object], reference: dict[str, object], said: str
) -> None:
    """A log whose external results are missing is Unreadable, and the file is named."""
    found = externalised("x.json", files, **reference)
    assert isinstance(found, Unreadable), found
    assert said in found.reason


def test_results_inline_under_a_guid_are_read() -> None:
    """External properties that several runs share are found by their guid (3.13.5)."""
    log = json.loads(sarif())
    del log["runs"][0]["results"]
    log["runs"][0]["externalPropertyFileReferences"] = {"results": [{"guid": "7"}]}
    log["inlineExternalProperties"] = [{"guid": "7", **ELSEWHERE}]
    scan = read(read_sarif, json.dumps(log))
    assert isinstance(scan, Scan), scan
    assert len(scan.findings) == 1


def test_a_reference_to_a_rule_that_is_not_there_closes_the_gate() -> None:
    """A missing rule makes the level unknown, unless the result has its own level."""
    found = read(read_sarif, sarif({"rule": {"index": 7}}))
    assert isinstance(found, Unreadable)
    assert "refers to rule 7, which is not in the report" in found.reason
    assert isinstance(read(read_sarif, sarif({"rule": {"index": 7}, "level": "note"})), Scan)


def test_an_extension_is_named_by_index_guid_or_name() -> None:
    """An extension, and its rule, are found by index, guid, name or id (3.52, 3.54)."""
    rules = [{"id": "first"}, {"id": "second", "guid": "g2", "defaultConfiguration": {"level": "error"}}]
    tool = {"driver": {"name": "t"}, "extensions": [{"name": "pack", "guid": "g1", "rules": rules}]}
    components: list[dict[str, object]] = [{"index": 0}, {"guid": "g1"}, {"name": "pack"}]
    names: list[dict[str, object]] = [{"index": 1}, {"guid": "g2"}, {"id": "second"}]
    for component, named in itertools.product(components, names):
        scan = read(read_sarif, sarif({"rule": {**named, "toolComponent": component}}, tool=tool))
        assert isinstance(scan, Scan), scan
        assert [(one.id, one.severity) for one in scan.findings] == [("second", "high")]


def test_a_file_may_be_named_by_its_index() -> None:
    """The path is read from the artifacts of the run (3.4.5)."""
    place = {"physicalLocation": {"artifactLocation": {"index": 0}, "region": {"startLine": 3}}}
    artifacts = [{"location": {"uri": "src/a.py"}}]
    scan = read(read_sarif, sarif({"ruleId": "R1", "locations": [place]}, artifacts=artifacts))
    assert isinstance(scan, Scan)
    assert scan.findings[0].place == "src/a.py:3"


def test_rules_are_listed_once_whatever_the_number_of_results(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules of a log are read once, whatever the number of results."""
    listed: list[str] = []
    usual = json_documents.objects

    def counted(holder: Any, key: str, *, missing: bool = False) -> Any:
        listed.append(key)
        return usual(holder, key, missing=missing)

    monkeypatch.setattr(sarif_rules, "objects", counted)
    driver = {"name": "t", "rules": [{"id": f"R{number}"} for number in range(3000)]}
    results = [{"ruleId": f"R{number}"} for number in range(3000)]
    scan = read(read_sarif, sarif(tool={"driver": driver}, results=results))
    assert isinstance(scan, Scan)
    assert (len(scan.findings), listed.count("rules")) == (3000, 1)
