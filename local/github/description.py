"""GitHub's published OpenAPI description as a judge of requests and answers.

npm's `@octokit/openapi` has the description. It is OpenAPI 3.0, whose schemas are JSON Schema draft 4 with `nullable`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jsonschema import Draft4Validator, validators
from referencing import Registry
from referencing.jsonschema import DRAFT4
from werkzeug.wrappers import Request, Response

from local.github.routing import API, Route

Node = Mapping[str, Any]
_URI = "urn:github"
_PARAMETER = re.compile(r"\{\w+\}|<[^>]+>")
_FAULTS = 400
_ANY_FAULT = "/components/responses/bad_request"
# Older addresses that GitHub serves and PyGithub uses, and requests that it takes; no handler makes one.
_NOT_DESCRIBED = {("GET", "/repos/{}/{}/git/refs"), ("GET", "/repos/{}/{}/statuses/{}")}
_TAKEN = {("PATCH", "/repos/{}/{}/hooks/{}"), ("POST", "/repos/{}/{}/issues/{}/labels")}
# A query parameter is text; these types are written in it as JSON writes them.
_WRITTEN_AS_JSON = frozenset({"integer", "number", "boolean"})


def _or_null(keyword: str) -> Any:
    check = Draft4Validator.VALIDATORS[keyword]

    def checked(validator: Any, value: Any, instance: Any, schema: Node) -> Iterator[Any]:
        if not (instance is None and schema.get("nullable")):
            yield from check(validator, value, instance, schema) or ()

    return checked


_Validator = validators.extend(
    Draft4Validator, {keyword: _or_null(keyword) for keyword in ("type", "enum", "allOf", "anyOf", "oneOf")}
)


class Description:
    """The published operations. A *difference* is a text: the call, the place and the reason."""

    def __init__(self, document: Node) -> None:
        self._registry: Registry[Any] = Registry().with_resource(_URI, DRAFT4.create_resource(document))
        self._document = document
        self._paths = {_PARAMETER.sub("{}", path): path for path in document["paths"]}

    def differences(self, route: Route, request: Request, response: Response) -> Iterator[str]:
        """What the description does not have: of the request if it was accepted, and of the answer."""
        rule = route.rule.removeprefix(API)
        call = f"{request.method} {rule}"
        key = route.method, _PARAMETER.sub("{}", rule)
        if rule == route.rule or key in _NOT_DESCRIBED:
            return
        operation = self._operation(route.method, rule)
        if operation is None:
            yield f"{call}: GitHub has no such operation"
            return
        if response.status_code < _FAULTS and key not in _TAKEN:
            yield from (f"{call}: {one}" for one in self._of_request(operation, request))
        yield from (f"{call}: {one}" for one in self._of_answer(operation, response))

    def of_event(self, schema: str, payload: Node) -> Iterator[str]:
        """What the published schema of a webhook's payload does not have."""
        yield from self._violations(schema, _pointer("components", "schemas", schema), payload)

    def _operation(self, method: str, rule: str) -> str | None:
        """The pointer to an operation; the last parameter of a path may be left out, as in `/zipball`."""
        plain = _PARAMETER.sub("{}", rule).rstrip("/")
        path = self._paths.get(plain) or self._paths.get(f"{plain}/{{}}")
        if path is None or method.lower() not in self._document["paths"][path]:
            return None
        return _pointer("paths", path, method.lower())

    def _of_request(self, operation: str, request: Request) -> Iterator[str]:
        parameters = {}
        for number, _ in enumerate(self._at(operation).get("parameters", ())):
            pointer = self._resolved(f"{operation}/parameters/{number}")
            parameters[self._at(pointer)["name"]] = pointer
        for name, value in request.args.items():
            if name not in parameters or self._at(parameters[name])["in"] != "query":
                yield f"query parameter {name} is not known"
            else:
                schema = f"{parameters[name]}/schema"
                yield from self._violations(f"query parameter {name}", schema, self._typed(schema, value))
        body = request.get_data()
        described = self._at(operation).get("requestBody")
        if described is None and body:
            yield "GitHub takes no body"
        elif described and (body or described.get("required")):
            schema = operation + _pointer("requestBody", "content", "application/json", "schema")
            given = json.loads(body or b"null")
            yield from self._violations("request", schema, given)
            known = self._at(self._resolved(schema)).get("properties")
            if known is not None:  # GitHub ignores any other field without a word
                yield from (f"request: the field {name} is not known" for name in given if name not in known)

    def _of_answer(self, operation: str, response: Response) -> Iterator[str]:
        status = response.status_code
        if status < _FAULTS and str(status) not in self._at(operation)["responses"]:
            yield f"answer {status}: it is not documented"
            return
        # Any operation may be refused, and the description has few of the reasons.
        pointer = self._resolved(f"{operation}/responses/{status}") if status < _FAULTS else _ANY_FAULT
        described, body = "application/json" in self._at(pointer).get("content", {}), response.get_data()
        if described:
            schema = pointer + _pointer("content", "application/json", "schema")
            yield from self._violations(f"answer {status}", schema, json.loads(body or b"null"))
        elif body:
            yield f"answer {status}: it has a body, where GitHub sends none"

    def _at(self, pointer: str) -> Node:
        found: Node = self._registry.resolver(_URI).lookup(f"#{pointer}").contents
        return found

    def _resolved(self, pointer: str) -> str:
        """The pointer itself, or where it refers to."""
        refers: str = self._at(pointer).get("$ref", f"#{pointer}")
        return refers.removeprefix("#")

    def _typed(self, schema: str, text: str) -> Any:
        found = self._at(self._resolved(schema))
        kinds = {one.get("type") for one in (found, *found.get("oneOf", ()))}
        if kinds & _WRITTEN_AS_JSON:
            try:
                return json.loads(text)
            except ValueError:
                return text
        return text

    def _violations(self, what: str, schema: str, value: Any) -> Iterator[str]:
        validator = _Validator({"$ref": f"{_URI}#{schema}"}, registry=self._registry)
        for error in validator.iter_errors(value):
            place = "/".join(map(str, error.absolute_path))
            yield f"{what}{f' at {place}' if place else ''}: {error.message[:300]}"


def _pointer(*steps: str) -> str:
    """A JSON pointer (RFC 6901), of which the resolver also decodes percent signs."""
    return "".join("/" + quote(step.replace("~", "~0").replace("/", "~1")) for step in steps)


@cache
def published(file: Path) -> Description:
    """The description in a file, read once per process: 0.2 s."""
    return Description(json.loads(file.read_text("utf-8")))
