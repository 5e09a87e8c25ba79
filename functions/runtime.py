"""The entry point of every Lambda function: connects the adapters of a handler at INIT, then runs its invocations.

Clients are created in this module only. Every function has the Lambda handler `functions.runtime.handler`; its
environment variable `HANDLER` names the module to run.
"""

import logging
import os
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, get_type_hints

from functions.domain.errors import BadInputError
from functions.handler import decode, encode, handler_function
from functions.logs import begin
from functions.tracing import annotate

if TYPE_CHECKING:
    from datetime import datetime

    import boto3

_CONTEXT_KEYS = ("deploymentId", "environment", "execution")


class Clients:
    """The settings of this function, one session, one client per service, region and role, and the tables.

    `hurried` clients try once and connect within two seconds: somebody waits to learn that nothing answers.
    """

    def __init__(self, settings: Mapping[str, str], *, hurried: bool = False) -> None:
        self._settings = settings
        self._hurried = hurried
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._tables: dict[str, Any] = {}
        self._roles: dict[str, tuple[boto3.Session, datetime]] = {}

    def setting(self, name: str) -> str:
        """The value of a setting (an environment variable); a missing one is a BadInputError."""
        try:
            return self._settings[name]
        except KeyError:
            raise BadInputError(f"the function has no setting {name}: update the stack with `pulumi up`") from None

    @property
    def on_a_laptop(self) -> bool:
        """Whether this runs on an emulated AWS on this machine: only there AWS's endpoint is on loopback."""
        from urllib.parse import urlsplit

        from functions.domain.networks import is_loopback

        return is_loopback(urlsplit(self._settings.get("AWS_ENDPOINT_URL", "")).hostname or "")

    def client(self, service: str, *, region: str = "", role_arn: str = "") -> Any:
        """The client of a service, optionally in another region or under another role."""
        key = (service, region, role_arn)
        session = self._assumed(role_arn) if role_arn else self._session
        if key not in self._clients:
            config = _config(hurried=self._hurried)
            self._clients[key] = session.client(service, region_name=region or None, config=config)  # type: ignore[call-overload]
        return self._clients[key]

    def table(self, setting: str) -> Any:
        """The DynamoDB table whose name is the value of a setting; boto3 takes milliseconds to make one."""
        name = self.setting(setting)
        if name not in self._tables:
            key = ("dynamodb-resource", "", "")
            if key not in self._clients:
                self._clients[key] = self._session.resource("dynamodb", config=_config(hurried=self._hurried))
            self._tables[name] = self._clients[key].Table(name)
        return self._tables[name]

    def credentials(self) -> Any:
        """The caller's own credentials, for a request that no client makes."""
        return self._session.get_credentials()

    @cached_property
    def _session(self) -> "boto3.Session":
        """Created when first used: a webhook with a malformed signature is refused before the SDK is imported."""
        import boto3

        return boto3.Session()

    def _assumed(self, role_arn: str) -> "boto3.Session":
        """A session under a role, renewed five minutes before its credentials expire (after one hour)."""
        from datetime import UTC, datetime, timedelta

        import boto3

        from functions.domain.texts import aws_name

        session, ends = self._roles.get(role_arn, (None, datetime.min.replace(tzinfo=UTC)))
        if session is None or ends - datetime.now(UTC) < timedelta(minutes=5):
            name = aws_name(self._settings.get("AWS_LAMBDA_FUNCTION_NAME", "kiro"), 64)
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


def _config(*, hurried: bool) -> Any:
    """The configuration of every client: five tries with standard backoff, which ends before the function's timeout."""
    from botocore.config import Config

    if hurried:
        return Config(retries={"total_max_attempts": 1, "mode": "standard"}, connect_timeout=2, read_timeout=20)
    return Config(retries={"max_attempts": 5, "mode": "standard"}, connect_timeout=3, read_timeout=20)


def wire(function: Callable[..., Any], clients: Clients) -> tuple[type | None, dict[str, Any]]:
    """The type of a handler's event (None: it is passed as a dict), and its connected adapters by parameter name."""
    hints = get_type_hints(function)
    event, *adapters = (name for name in hints if name != "return")  # all are annotated, in their order
    kind = hints[event]
    typed = kind if hasattr(kind, "__struct_fields__") else None
    return typed, {name: hints[name].connect(clients) for name in adapters}


def build(module_name: str, clients: Clients) -> Callable[[Any, Any], Any]:
    """The Lambda handler that runs the function of a module: decodes the event, encodes the result, logs both ends."""
    function = handler_function(import_module(module_name))
    kind, adapters = wire(function, clients)
    lines, logger = begin(module_name.removeprefix("functions.")), logging.getLogger(module_name)

    def handle(event: Any, context: Any) -> Any:
        lines.ids, began = _identity(event, context), time.time()
        try:
            answer = encode(function(decode(kind, event) if kind else event, **adapters))
        except Exception as error:
            from functions.domain.texts import recorded

            logger.exception("failed")
            annotate(module_name, lines.ids, began, time.time(), failed=True)
            # Step Functions keeps what is raised in the execution's history.
            error.args = tuple(recorded(one) if isinstance(one, str) else one for one in error.args)
            raise
        logger.info("done", extra={"outcome": answer.get("outcome") if isinstance(answer, dict) else None})
        annotate(module_name, lines.ids, began, time.time(), failed=False)
        return answer

    return handle


def _identity(event: Any, context: Any) -> dict[str, Any]:
    """The fields of every log line: the ids in the event or in its detail, and the id of the Lambda request."""
    given = event if isinstance(event, dict) else {}
    detail = given["detail"] if isinstance(given.get("detail"), dict) else {}
    found = {key: one[key] for one in (detail, given) for key in _CONTEXT_KEYS if key in one}
    # Events of AWS have no such ids: that of the execution, else that of the event itself.
    if isinstance(detail.get("executionArn"), str):
        found.setdefault("execution", detail["executionArn"])
    if detail and isinstance(given.get("id"), str):
        found["eventId"] = given["id"]
    if isinstance(found.get("environment"), dict):
        found["environment"] = found["environment"].get("name")
    return {**found, "requestId": getattr(context, "aws_request_id", "")}


if "HANDLER" in os.environ:  # in Lambda: connect the adapters at INIT, before the first invocation
    handler = build(os.environ["HANDLER"], Clients(os.environ))
