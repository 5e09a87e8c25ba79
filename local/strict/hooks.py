"""Hooks of the SDK: on parameters before they are serialised, and on answers before the caller gets them."""

from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.model import OperationModel

from . import batches, pages, quotas, requests, throttles

# The key of a call's context under which its parameters are kept until it is judged.
_PARAMETERS = "kiro-strict"


def _shape(params: dict[str, Any], model: OperationModel, context: dict[str, Any], **_: Any) -> None:
    """Change the parameters. Runs after the handlers of services: items of DynamoDB have their types by then."""
    pages.shape(model, params, context)
    context[_PARAMETERS] = params


def _judge(model: OperationModel, context: dict[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
    """The answer instead of the service's; None lets the call continue."""
    params, service = context[_PARAMETERS], model.service_model.service_name
    refusal = requests.judge(model, params) or quotas.judge(service, model.name, params)
    return refusal.answer() if refusal else None


def _cut(parsed: dict[str, Any], model: OperationModel, context: dict[str, Any], **_: Any) -> None:
    pages.cut(model, parsed, context)
    batches.cut(model, context.get(_PARAMETERS, {}), parsed)


HANDLERS: tuple[tuple[str, Any], ...] = (
    ("before-parameter-build", _shape),
    ("before-call", _judge),
    ("before-send", throttles.throttle),
    ("after-call", _cut),
)


def install(handlers: Any) -> None:
    """Add the hooks to `botocore.handlers`: every later session has them."""
    handlers.BUILTIN_HANDLERS += HANDLERS
