"""Reads the findings of a SARIF 2.1.0 log.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0, errata 01
(docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html). Numbers in comments are its sections.
"""

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from functions.adapters.json_documents import list_of, object_of, objects
from functions.adapters.sarif_rules import Rule, Rules, severity_of
from functions.domain.errors import BadInputError, SourceError
from functions.domain.findings import Finding, Scan, Severity

# A result of these kinds is no finding: the rule was satisfied or did not apply (3.27.9).
_NO_FINDING = ("pass", "notApplicable", "informational")
_EXTERNAL_LISTS = ("results", "invocations", "extensions", "artifacts")
_MOST_FILES = 100
_LONGEST_MESSAGE = 300
Object = Mapping[str, Any]
Read = Callable[[str], Any]
Alike = tuple[str, int, str]


def sarif(path: str, log: Object, read: Read) -> Scan:
    """The findings of all runs; `read` returns another JSON document of the same artifact by its path."""
    if log.get("version") != "2.1.0":
        raise ValueError(f"not SARIF 2.1.0: its version is {log.get('version')!r}")
    runs = list(objects(log, "runs"))
    if not runs:
        raise ValueError("no run in it: nothing was scanned")
    whole = [_whole(path, log, run, read) for run in runs]
    findings = tuple(finding for run in whole for finding in _run(run))
    return Scan(path, findings, tuple(words for run in whole for words in _unchecked(run)))


def _run(run: Object) -> Iterator[Finding]:
    rules = Rules(object_of(run.get("tool"), "tool"), list(objects(run, "invocations", missing=True)))
    for invocation in objects(run, "invocations", missing=True):
        if invocation.get("executionSuccessful") not in (None, True) or "processStartFailureMessage" in invocation:
            raise ValueError(f"{rules.tool} reports that it did not finish")
    if "results" not in run:
        raise ValueError(f"a run of {rules.tool} has no results: nothing was scanned")
    artifacts = list(objects(run, "artifacts", missing=True))
    judged: dict[Alike, tuple[str, Severity]] = {}
    for number, result in enumerate(objects(run, "results")):
        # 3.27.24: an absent result was found by an earlier run and not by this one
        if result.get("kind") not in _NO_FINDING and result.get("baselineState") != "absent":
            yield _finding(rules, number, result, artifacts, judged)


def _unchecked(run: Object) -> Iterator[str]:
    """What the tool could not scan: its notifications of the level `error` say that results are incomplete (3.58.6)."""
    for invocation in objects(run, "invocations", missing=True):
        for key in ("toolExecutionNotifications", "toolConfigurationNotifications"):
            for one in objects(invocation, key, missing=True):
                if one.get("level") == "error":
                    said = object_of(one.get("message") or {}, "message").get("text")
                    about = object_of(one.get("descriptor") or {}, "descriptor").get("id")
                    yield str(said or about or "something, as the tool says")[:_LONGEST_MESSAGE]


def _finding(
    rules: Rules, number: int, result: Object, artifacts: list[Object], judged: dict[Alike, tuple[str, Severity]]
) -> Finding:
    """The finding of a result; `judged` has the names and severities of those before that are alike."""
    alike = _alike(result)
    if alike in judged:  # a log has many results of few rules
        name, severity = judged[alike]
    else:
        rule = rules.of(result)
        name = _name(rule, result)
        try:
            severity = severity_of(rules, rule, result)
        except ValueError as error:
            raise ValueError(f"runs[].results[{number}], rule {name}: {error}") from None
        if alike:
            judged[alike] = name, severity
    said = object_of(result.get("message") or {}, "message").get("text")
    message = said[:_LONGEST_MESSAGE] if isinstance(said, str) else ""
    return Finding(rules.tool, name, severity, _place(result, artifacts), message=message)


def _alike(result: Object) -> Alike | None:
    """What alone decides about the name and the severity of a usual result; None for one about which more decides."""
    rule_id, index, level = result.get("ruleId"), result.get("ruleIndex", -1), result.get("level")
    usual = "rule" not in result and "properties" not in result
    if usual and isinstance(rule_id, str) and isinstance(index, int) and isinstance(level, str):
        return rule_id, index, level
    return None


def _name(rule: Rule, result: Object) -> str:
    if result.get("ruleId"):
        return str(result["ruleId"])
    named = object_of(result.get("rule") or {}, "rule")
    return str(named.get("id") or rule.descriptor.get("id") or "?")


def _place(result: Object, artifacts: list[Object]) -> str:
    for location in objects(result, "locations", missing=True):
        physical = object_of(location.get("physicalLocation") or {}, "physicalLocation")
        artifact = object_of(physical.get("artifactLocation") or {}, "artifactLocation")
        index = artifact.get("index", -1)
        if "uri" not in artifact and isinstance(index, int) and 0 <= index < len(artifacts):
            artifact = object_of(artifacts[index].get("location") or {}, "location")
        file = artifact.get("uri")
        line = object_of(physical.get("region") or {}, "region").get("startLine")
        if file:
            return f"{file}:{line}" if line else str(file)
    return "?"


def _whole(path: str, log: Object, run: Object, read: Read) -> Object:
    """A run with its external properties (3.14.2, 3.15), which are in other files or inline under a guid (3.13.5)."""
    external = object_of(run.get("externalPropertyFileReferences") or {}, "externalPropertyFileReferences")
    inline = {str(one.get("guid")): one for one in objects(log, "inlineExternalProperties", missing=True)}
    if not external:
        return run
    whole = dict(run)
    tool = dict(object_of(run.get("tool") or {}, "tool"))
    for key in _EXTERNAL_LISTS:
        references = list(objects(external, key, missing=True))
        if len(references) > _MOST_FILES:
            raise ValueError(f"its {key} are in {len(references)} files, {_MOST_FILES} allowed")
        holder = tool if key == "extensions" else whole
        for reference in references:
            holder[key] = [*list_of(holder.get(key) or [], key), *_items(path, reference, key, inline, read)]
    if "driver" in external:
        tool["driver"] = _document(path, object_of(external["driver"], "driver"), "driver", inline, read).get("driver")
    return {**whole, "tool": tool}


def _items(path: str, reference: Object, key: str, inline: Mapping[str, Object], read: Read) -> list[Any]:
    items = list_of(_document(path, reference, key, inline, read).get(key), key)
    counted = reference.get("itemCount", -1)
    if counted not in (-1, len(items)):
        raise ValueError(f"its itemCount of {key} in another file is {counted}, but that file has {len(items)}")
    return items


def _document(path: str, reference: Object, key: str, inline: Mapping[str, Object], read: Read) -> Object:
    """The document with external properties to which a reference points."""
    uri = str(object_of(reference.get("location") or {}, "location").get("uri") or "")
    if not uri and str(reference.get("guid")) in inline:
        return inline[str(reference.get("guid"))]
    name = unquote(uri)
    try:
        return object_of(_first(read, posixpath.normpath(posixpath.join(posixpath.dirname(path), name)), name), name)
    except (SourceError, BadInputError, ValueError) as error:
        where = name or f"a document with the guid {reference.get('guid')}"
        raise ValueError(
            f"its {key} are in {where}, which can't be read ({error}); add that file to the buildspec's artifacts"
        ) from None


def _first(read: Read, *names: str) -> Any:
    """The first of these documents that exists: in the folder of the log, or in the root of the artifact."""
    try:
        return read(names[0])
    except SourceError:
        return read(names[-1])
