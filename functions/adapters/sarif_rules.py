"""The rule and the severity of a SARIF result (OASIS SARIF 2.1.0; numbers in comments are its sections)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import field

from functions.adapters.json_documents import object_of, objects
from functions.domain.findings import Severity, severity_of_level, severity_of_score, severity_of_word
from functions.domain.values import Value

Object = Mapping[str, Any]
_RANK = ("none", "note", "warning", "error")
_WORDED = ("severity", "problem.severity", "issue_severity")
# Tools and rules for secrets or known vulnerabilities that report no severity, such as gitleaks. Their findings are
# high, like those of pip-audit. SARIF's default level (warning) is meant for linters.
_SECURITY = re.compile(
    r"secret|leak|credential|passw(or)?d|truffle|ggshield|gitguardian|nosey ?parker|kingfisher|talisman|vulnerab"
    r"|security|(access|auth|api|private|encryption|bearer|bot)[ _-]?(key|token)|\b(cve|cwe|ghsa|osv|pysec|rustsec)-",
    re.IGNORECASE,
)


class Rule(Value, frozen=True):
    """A reporting descriptor (3.49); empty if the log has none for the result."""

    descriptor: Object
    overrides: Mapping[int, str] = field(default_factory=dict)  # levels by invocation that override its default


_NO_RULE = Rule({})


class _Component(Value, frozen=True):
    """A driver or an extension (3.19) with its rules, indexed by id and guid."""

    properties: Object
    rules: list[Object]
    by_id: dict[str, Object]
    by_guid: dict[str, Object]


class Rules:
    """The rules of one run, found by any reference that a result may have."""

    def __init__(self, tool: Object, invocations: Sequence[Object]) -> None:
        driver = object_of(tool.get("driver"), "tool.driver")
        self.tool = str(driver.get("name") or "a tool")
        self.driver = driver
        components = (driver, *objects(tool, "extensions", missing=True))
        self._components = [_component(one) for one in components]
        self._by_id: dict[str, Object] = {}
        for component in self._components:
            for id_, rule in component.by_id.items():
                self._by_id.setdefault(id_, rule)
        self._found: dict[tuple[str, int], Rule | None] = {}
        self._overrides = self._overridden(invocations)

    def of(self, result: Object) -> Rule:
        """The rule of a result (3.27.5 to 3.27.7); a reference to a missing rule is a ValueError."""
        reference = object_of(result.get("rule") or {}, "rule")
        rule_id, index = result.get("ruleId"), result.get("ruleIndex", -1)
        if reference or not isinstance(rule_id, str) or not isinstance(index, int):
            rule = self._find(reference, rule_id, index)
        elif (rule_id, index) in self._found:  # a log has many results of few rules
            rule = self._found[rule_id, index]
        else:
            rule = self._found[rule_id, index] = self._find(reference, rule_id, index)
        if rule is not None or result.get("level") is not None:
            return rule or _NO_RULE
        references = (_index(reference.get("index")), _index(index), reference.get("guid"))
        missing = next((one for one in references if one is not None), None)
        if missing is not None:
            raise ValueError(f"a result of {self.tool} refers to rule {missing}, which is not in the report")
        return _NO_RULE

    def _find(self, reference: Object, rule_id: object, rule_index: object) -> Rule | None:
        rule = self._descriptor(reference, rule_id, rule_index)
        return None if rule is None else Rule(rule, self._overrides.get(id(rule), {}))

    def _descriptor(self, reference: Object, rule_id: object, rule_index: object) -> Object | None:
        """Find a rule by index, guid or id in the named component (3.52), else by id in any (also hierarchical ids)."""
        component = self._component(object_of(reference.get("toolComponent") or {}, "toolComponent"))
        id_ = str(rule_id or reference.get("id") or "")
        for index in (reference.get("index", -1), rule_index):
            if component and isinstance(index, int) and 0 <= index < len(component.rules):
                found = component.rules[index]
                own = str(found.get("id"))
                if not id_ or id_ == own or id_.startswith(f"{own}/"):
                    return found
        if component and _guid(reference) in component.by_guid:
            return component.by_guid[_guid(reference)]
        while id_:
            known = component.by_id if component else {}
            if id_ in known or id_ in self._by_id:
                return known.get(id_) or self._by_id[id_]
            id_ = id_.rpartition("/")[0]
        return None

    def _component(self, reference: Object) -> _Component | None:
        """The driver, or the extension that the reference names by index, guid or name (3.54)."""
        extensions = self._components[1:]
        index = reference.get("index", -1)
        if isinstance(index, int) and 0 <= index < len(extensions):
            return extensions[index]
        if "guid" in reference:
            return next((one for one in self._components if _guid(one.properties) == _guid(reference)), None)
        if "name" in reference:
            return next((one for one in self._components if one.properties.get("name") == reference["name"]), None)
        return self._components[0]

    def _overridden(self, invocations: Sequence[Object]) -> dict[int, dict[int, str]]:
        """Levels by rule and invocation (3.20.5)."""
        found: dict[int, dict[int, str]] = {}
        for number, invocation in enumerate(invocations):
            for override in objects(invocation, "ruleConfigurationOverrides", missing=True):
                rule = self._descriptor(object_of(override.get("descriptor"), "descriptor"), None, -1)
                level = object_of(override.get("configuration") or {}, "configuration").get("level")
                if rule is not None and level is not None:
                    found.setdefault(id(rule), {})[number] = str(level)
        return found


def severity_of(rules: Rules, rule: Rule, result: Object) -> Severity:
    """The severity of a result: from its score or its rule's, else its level, else a worded severity, else its subject.

    An unknown score or level is a ValueError.
    """
    for carrier in (result, rule.descriptor):
        score = _properties(carrier).get("security-severity")
        if score is not None:
            severity = _scored(score)
            if severity:
                return severity
    level = result.get("level")
    if level is None and (result.get("kind") or "fail") != "fail":
        level = "none"  # 3.27.10
    if level is None:
        level = _configured(rule, result)
    if level is not None:
        return severity_of_level(str(level))
    for word in (_properties(carrier).get(key) for carrier in (result, rule.descriptor) for key in _WORDED):
        if isinstance(word, str) and (severity := severity_of_word(word)):
            return severity
    return (
        "high" if any(_SECURITY.search(text) for text in _about(rules, rule, result)) else severity_of_level("warning")
    )


def _scored(score: object) -> Severity | None:
    """The severity of a CVSS score, or of a word such as HIGH; None for 0 and for words that mean unknown."""
    if isinstance(score, str):
        try:
            number = float(score)
        except ValueError:
            severity = severity_of_word(score)
            if severity or score.strip().lower() in ("", "unknown", "undefined", "n/a", "none given"):
                return severity
            raise ValueError(
                f"security-severity is {score[:40]!r}: expected a CVSS score from 0 to 10, or a word such as HIGH"
            ) from None
    elif isinstance(score, (int, float)) and not isinstance(score, bool):
        number = float(score)
    else:
        number = float("nan")
    return severity_of_score(number) if number else None  # tools write 0 if they know no score


def _configured(rule: Rule, result: Object) -> str | None:
    """The level by override or default (3.27.10).

    An override applies to the invocation that the result names (3.48.6). If the result names none, the worst level
    applies: tools with a single invocation leave its index out.
    """
    default = object_of(rule.descriptor.get("defaultConfiguration") or {}, "defaultConfiguration").get("level")
    number = object_of(result.get("provenance") or {}, "provenance").get("invocationIndex", -1)
    if number in rule.overrides:
        return rule.overrides[number]
    levels = [str(default)] if default is not None else []
    if number == -1:
        levels += rule.overrides.values()
    return max(levels, key=lambda level: _RANK.index(level) if level in _RANK else len(_RANK), default=None)


def _about(rules: Rules, rule: Rule, result: Object) -> Iterator[str]:
    """The texts by which a result is recognised as one about security; of its message only the word "secret"."""
    yield rules.tool
    for key in ("fullName", "organization", "product"):
        yield str(rules.driver.get(key) or "")
    yield from (str(result.get("ruleId") or ""), str(rule.descriptor.get("id") or ""))
    yield str(rule.descriptor.get("name") or "")
    for key in ("shortDescription", "fullDescription"):
        yield str(object_of(rule.descriptor.get(key) or {}, key).get("text") or "")
    for carrier in (result, rule.descriptor):
        yield " ".join(str(tag) for tag in _properties(carrier).get("tags") or ())
    for key, holder in (("taxa", result), ("relationships", rule.descriptor)):
        for one in objects(holder, key, missing=True):
            yield _taxon(object_of(one.get("target") or {}, "target") if key == "relationships" else one)
    text = str(object_of(result.get("message") or {}, "message").get("text") or "")
    yield "secret" if "secret" in text.lower() else ""


def _taxon(reference: Object) -> str:
    """The name of a weakness that a result or rule refers to, such as `CWE-89` (3.27.8, 3.49.15)."""
    name = object_of(reference.get("toolComponent") or {}, "toolComponent").get("name")
    id_ = str(reference.get("id") or "")
    return id_ if not name or id_.upper().startswith(str(name).upper()) else f"{name}-{id_}"


def _component(properties: Object) -> _Component:
    rules = list(objects(properties, "rules", missing=True))
    by_id: dict[str, Object] = {}
    for rule in rules:
        by_id.setdefault(str(rule.get("id")), rule)
    return _Component(properties, rules, by_id, {_guid(one): one for one in rules if "guid" in one})


def _guid(holder: Object) -> str:
    """A guid for comparison; its digits are of either case (RFC 4122, section 3)."""
    return str(holder.get("guid")).lower()


def _properties(carrier: Object) -> Object:
    found = carrier.get("properties")
    return object_of(found, "properties") if found else {}


def _index(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None
