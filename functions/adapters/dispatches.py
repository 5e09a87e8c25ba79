"""The `client_payload` of each `repository_dispatch` that starts something, as a closed schema.

https://docs.github.com/en/rest/repos/repos#create-a-repository-dispatch-event
https://docs.github.com/en/webhooks/webhook-events-and-payloads#repository_dispatch
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from functions.domain.errors import BadInputError
from functions.domain.images import TAG_OR_DIGEST
from functions.domain.pushes import sender
from functions.domain.requests import Request, RollbackRequest
from functions.domain.triggers import TriggerRules

Event = Literal["deploy-infrastructure", "staging-deploy", "production-deploy", "emergency-deploy", "rollback"]
EVENTS: tuple[Event, ...] = get_args(Event)
_LONGEST_VALUE = 100

Text = Annotated[str, StringConstraints(max_length=300)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Tag = Annotated[str, StringConstraints(pattern=TAG_OR_DIGEST)]
Version = Annotated[str, StringConstraints(pattern=r"^(v[0-9][\w.-]{0,60}|[0-9a-f]{7,40})$")]


class _Payload(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    reason: Text = ""


class _Deploy(_Payload):
    images: dict[Name, Tag] = Field(default={})
    api_tag: Tag | None = None
    web_tag: Tag | None = None
    listener_tag: Tag | None = None
    dns_worker_tag: Tag | None = None
    force_infra: bool = False

    def named_images(self) -> dict[str, str]:
        """The tag of each service; `dns_worker_tag` is that of `dns-worker`."""
        flat = {
            "api": self.api_tag,
            "web": self.web_tag,
            "listener": self.listener_tag,
            "dns-worker": self.dns_worker_tag,
        }
        twice = sorted(name for name, tag in flat.items() if tag and name in self.images)
        if twice:
            raise BadInputError(f"client_payload.images.{twice[0]} is given twice, also as a key of its own")
        return {**self.images, **{name: tag for name, tag in flat.items() if tag}}


class _DeployInfrastructure(_Deploy):
    environment: Name | None = None
    deploy_all_environments: bool = False


class _ProductionDeploy(_Deploy):
    emergency_deploy: bool = False


class _EmergencyDeploy(_Deploy):
    environment: Name | None = None


class _Rollback(_Payload):
    environment: Name
    service: Name | None = None
    version: Version | None = None


_SCHEMAS: Mapping[Event, type[_Payload]] = {
    "deploy-infrastructure": _DeployInfrastructure,
    "staging-deploy": _Deploy,
    "production-deploy": _ProductionDeploy,
    "emergency-deploy": _EmergencyDeploy,
    "rollback": _Rollback,
}


def read_dispatch(
    event: Event, repository: str, payload: Mapping[str, Any], rules: TriggerRules
) -> Request | RollbackRequest:
    """What a dispatch asks for; the first key that is wrong is a BadInputError with its value and what is allowed.

    A deployment is that of the newest commit of the main branch, or of the named images with its manifest.
    """
    try:
        return _asked(event, repository, payload, rules)
    except BadInputError as error:
        raise BadInputError(f"repository_dispatch {event}: {error}") from None


def _asked(event: Event, repository: str, payload: Mapping[str, Any], rules: TriggerRules) -> Request | RollbackRequest:
    read, by = _payload(event, payload.get("client_payload")), sender(payload)
    if isinstance(read, _Rollback):
        environment = _environment(read.environment, rules)
        return RollbackRequest(environment, read.service or "", read.version or "", read.reason, by, repository)
    assert isinstance(read, _Deploy)  # noqa: S101 - for the type checker: the schemas are these two
    images = read.named_images()
    emergency = event == "emergency-deploy" or (isinstance(read, _ProductionDeploy) and read.emergency_deploy)
    return Request(
        repository,
        rules.main_ref,
        until=_until(event, read, rules),
        images=images,
        force=read.force_infra,
        parts="infrastructure" if event == "deploy-infrastructure" and not images else "all",
        emergency=emergency,
        trigger="dispatch",
        by=by,
        reason=read.reason,
    )


def _until(event: Event, read: _Deploy, rules: TriggerRules) -> str:
    """The last environment: the named one, or that of the event."""
    everywhere = isinstance(read, _DeployInfrastructure) and read.deploy_all_environments
    named = read.environment if isinstance(read, (_DeployInfrastructure, _EmergencyDeploy)) else None
    if named and everywhere:
        raise BadInputError(
            f"client_payload.environment = {named} and deploy_all_environments = true contradict each other; give one"
        )
    if named:
        return _environment(named, rules)
    if event == "deploy-infrastructure":
        return "" if everywhere else rules.environments[0]
    if event == "staging-deploy":
        if not rules.candidate_until:
            raise BadInputError("this stack has no environment for it; set github.candidateUntil")
        return rules.candidate_until
    return ""


def _environment(name: str, rules: TriggerRules) -> str:
    if name not in rules.environments:
        raise BadInputError(
            f'client_payload.environment is "{name}", expected an environment of the stack: '
            f"{', '.join(rules.environments)}"
        )
    return name


def _payload(event: Event, given: object) -> _Payload:
    schema = _SCHEMAS[event]
    if given is not None and not isinstance(given, dict):
        raise BadInputError(f"client_payload is {_short(given)}, expected an object")
    try:
        return schema.model_validate(given or {})
    except ValidationError as error:
        raise BadInputError(_explained(error.errors()[0], schema)) from None


def _explained(fault: ErrorDetails, schema: type[_Payload]) -> str:
    """One fault: the key, its value, and what is allowed."""
    key = ".".join(("client_payload", *(str(step) for step in fault["loc"] if step != "[key]")))
    if fault["type"] == "extra_forbidden":
        return f"{key[:_LONGEST_VALUE]} is unknown; allowed are {', '.join(sorted(schema.model_fields))}"
    if fault["type"] == "missing":
        return f"{key} is missing; give {fault['loc'][-1]}"
    return f"{key} is {_short(fault['input'])}, expected {_allowed(fault)}"


def _allowed(fault: ErrorDetails) -> str:
    match fault["type"]:
        case "bool_type":
            return "true or false, without quotes"
        case "string_type":
            return "a text"
        case "dict_type":
            return "an object of tags by service"
        case "string_too_long":
            return f"at most {fault['ctx']['max_length']} characters"
        case _:
            return _PATTERNS.get(fault.get("ctx", {}).get("pattern", ""), fault["msg"])


_PATTERNS = {
    r"^[a-z][a-z0-9-]{0,39}$": "a name of lower-case letters, digits and dashes, such as dns-worker",
    TAG_OR_DIGEST: "a tag such as v1.2.3, or a digest sha256:…",
    r"^(v[0-9][\w.-]{0,60}|[0-9a-f]{7,40})$": "a version tag such as v1.2.3, or a commit id of 7 to 40 digits",
}


def _short(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
