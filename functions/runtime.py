"""The one place that creates clients: builds a handler from its signature at INIT, then answers its invocations.

Every Lambda has the handler `functions.runtime.handler`; its variable `HANDLER` names the module it runs.
"""

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any, get_type_hints

from aws_lambda_powertools import Logger

from functions.domain.errors import BadInputError
from functions.domain.redaction import redact
from functions.domain.texts import REASON, cut
from functions.handler import decode, encode, handler_function

if TYPE_CHECKING:
    import boto3

_CONTEXT_KEYS = ("deploymentId", "environment", "execution")


class Clients:
    """One session; one client per service and role; the settings of this function."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = settings
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._roles: dict[str, tuple[boto3.Session, datetime]] = {}

    def setting(self, name: str) -> str:
        """A setting of this function, as deployed with it."""
        try:
            return self._settings[name]
        except KeyError:
            raise BadInputError(f"the function has no setting {name}: deploy it again with `pulumi up`") from None

    def client(self, service: str, *, region: str = "", role_arn: str = "") -> Any:
        """The client of a service, in another region or under another role when asked."""
        key = (service, region, role_arn)
        session = self._assumed(role_arn) if role_arn else self._session
        if key not in self._clients:
            self._clients[key] = session.client(service, region_name=region or None, config=_config())  # type: ignore[call-overload]
        return self._clients[key]

    def table(self, setting: str) -> Any:
        """The DynamoDB table that a setting names."""
        key = ("dynamodb-resource", "", "")
        if key not in self._clients:
            self._clients[key] = self._session.resource("dynamodb", config=_config())
        return self._clients[key].Table(self.setting(setting))

    @cached_property
    def _session(self) -> "boto3.Session":
        """Made when first asked for: a webhook without a valid form is refused before any SDK is imported."""
        import boto3

        return boto3.Session()

    def _assumed(self, role_arn: str) -> "boto3.Session":
        """A session under a deploy role, renewed five minutes before its hour ends."""
        import boto3

        session, ends = self._roles.get(role_arn, (None, datetime.min.replace(tzinfo=UTC)))
        if session is None or ends - datetime.now(UTC) < timedelta(minutes=5):
            name = self._settings.get("AWS_LAMBDA_FUNCTION_NAME", "kiro")[:64]
            answer = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=name)["Credentials"]
            session = boto3.Session(
                answer["AccessKeyId"],
                answer["SecretAccessKey"],
                answer["SessionToken"],
                self._session.region_name,
            )
            self._roles[role_arn] = (session, answer["Expiration"])
            self._clients = {key: made for key, made in self._clients.items() if key[2] != role_arn}
        return session


def _config() -> Any:
    """A Lambda may wait for a throttled call, but not until its own timeout: five tries, standard backoff."""
    from botocore.config import Config

    return Config(retries={"max_attempts": 5, "mode": "standard"}, connect_timeout=3, read_timeout=20)


def furnish(function: Callable[..., Any], clients: Clients) -> tuple[type | None, dict[str, Any]]:
    """What a handler's signature asks for: the type of its event (None: as it came) and its adapters, connected."""
    hints = get_type_hints(function)
    event, *adapters = signature(function).parameters
    kind = hints[event]
    typed = kind if hasattr(kind, "__dataclass_fields__") else None
    return typed, {name: hints[name].connect(clients) for name in adapters}


def build(module_name: str, clients: Clients) -> Callable[[Any, Any], Any]:
    """The Lambda handler of a handler."""
    function = handler_function(import_module(module_name))
    kind, adapters = furnish(function, clients)
    logger = Logger(service=module_name.removeprefix("functions."), json_serializer=_line)

    def handle(event: Any, context: Any) -> Any:
        logger.structure_logs(append=False, **_identity(event, context))
        try:
            answer = encode(function(decode(kind, event) if kind else event, **adapters))
        except Exception as error:
            logger.exception("failed")
            # Step Functions keeps what is raised in the execution's history.
            error.args = tuple(cut(redact(one), REASON) if isinstance(one, str) else one for one in error.args)
            raise
        logger.info("done", extra={"outcome": answer.get("outcome") if isinstance(answer, dict) else None})
        return answer

    return handle


def _line(entry: Any) -> str:
    """One line of log, without what must not be read there: exceptions quote what they were given."""
    return redact(json.dumps(entry, default=str))


def _identity(event: Any, context: Any) -> dict[str, Any]:
    """What every log line carries: the ids found in the event, and the request."""
    found = {key: event[key] for key in _CONTEXT_KEYS if isinstance(event, dict) and key in event}
    if isinstance(found.get("environment"), dict):
        found["environment"] = found["environment"].get("name")
    return {**found, "requestId": getattr(context, "aws_request_id", "")}


if "HANDLER" in os.environ:  # inside Lambda: furnish at INIT, where time is free
    handler = build(os.environ["HANDLER"], Clients(os.environ))
