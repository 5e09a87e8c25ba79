"""Checks requests against botocore's CodeBuild model, so that a wrong call fails here as it does on AWS."""

from __future__ import annotations

import datetime
import functools
import json
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.validate import ParamValidator

from local.codebuild.errors import InvalidInputError

if TYPE_CHECKING:
    from botocore.model import ServiceModel, Shape

TARGET_PREFIX = "CodeBuild_20161006."
NOT_JSON = (json.JSONDecodeError, UnicodeDecodeError)


@functools.cache
def service_model() -> ServiceModel:
    """Return botocore's description of CodeBuild."""
    return botocore.session.get_session().get_service_model("codebuild")


def read_request(operation: str, body: bytes) -> dict[str, Any]:
    """Return the parameters of a call; raises InvalidInputError that names every wrong parameter."""
    try:
        parameters = json.loads(body or b"{}")
    except NOT_JSON as error:
        raise InvalidInputError(f"the body of {operation} is not JSON: {error}") from error
    shape = service_model().operation_model(operation).input_shape
    if not isinstance(parameters, dict) or shape is None:
        raise InvalidInputError(f"the body of {operation} must be a JSON object")
    report = ParamValidator().validate(parameters, shape)
    if report.has_errors():
        raise InvalidInputError(report.generate_report())
    wrong = _outside_limits(shape, parameters, "")
    if wrong:
        raise InvalidInputError(f"{len(wrong)} validation error(s) detected: " + "; ".join(wrong))
    return parameters


def write_response(result: dict[str, Any]) -> bytes:
    """Return a result as AWS JSON 1.1, in which times are seconds since 1970."""
    return json.dumps(result, default=_seconds).encode()


def _seconds(value: object) -> float:
    if isinstance(value, datetime.datetime):
        return round(value.timestamp(), 3)
    raise TypeError(f"a CodeBuild response can't hold a {type(value).__name__}")


def _outside_limits(shape: Shape, value: Any, path: str) -> list[str]:
    """Violations that botocore does not check: enumerations and upper limits."""
    kind = shape.type_name
    if kind == "structure":
        members: Any = shape.members  # type: ignore[attr-defined]
        return [
            problem
            for name, inner in value.items()
            if name in members
            for problem in _outside_limits(members[name], inner, f"{path}.{name}".lstrip("."))
        ]
    if kind == "list":
        member: Any = shape.member  # type: ignore[attr-defined]
        return [
            problem
            for index, inner in enumerate(value)
            for problem in _outside_limits(member, inner, f"{path}.{index + 1}.member")
        ]
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        return [
            f"Value '{value}' at '{path}' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        ]
    limit = shape.metadata.get("max")
    size = value if kind in {"integer", "long"} else len(value) if kind == "string" else None
    if limit is not None and size is not None and size > limit:
        return [f"Value at '{path}' failed to satisfy constraint: must be at most {limit}"]
    return []
