"""The console: whether a stack has it, its routes, and who may open it (O5).

API Gateway asks nobody who they are. IAM does: an access is a row of the waits table that `kiro-worker open` writes
with the permissions of its caller, and the function reads. A route with IAM authorisation would need a signature for
each address, which a browser can't make; see docs/decisions/048-console.md.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

import pulumi

from components.functions.resources import StackResources
from components.stack.naming import Grant
from components.stack.settings import Settings
from functions.adapters.console_accesses import PREFIX

HANDLER = "console"
ROUTES: Mapping[str, str] = {"GET /console": HANDLER, "GET /console/{deployment}": HANDLER}


class _Named(Protocol):
    """What a handler is known by; the module of handlers imports this one."""

    @property
    def name(self) -> str: ...


_Handler = TypeVar("_Handler", bound=_Named)


def chosen(handlers: Mapping[str, _Handler], settings: Settings) -> dict[str, _Handler]:
    """The handlers of a stack: all, or all but the console."""
    return {module: one for module, one in handlers.items() if settings.console or one.name != HANDLER}


def address(stack: StackResources) -> pulumi.Input[str]:
    """The address of the first page; `off` in a stack without the console."""
    return pulumi.Output.concat(stack.api_url, "/console") if stack.settings.console else "off"


def open_grants(stack: StackResources) -> list[Grant]:
    """What `kiro-worker open` needs: to read the address in the function's settings, and to write an access only.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
    """
    if not stack.settings.console:
        return []
    keys: dict[str, Sequence[str]] = {"dynamodb:LeadingKeys": [f"{PREFIX}*"]}
    only: dict[str, dict[str, Sequence[str]]] = {"ForAllValues:StringLike": keys, "Null": dict.fromkeys(keys, "false")}
    return [
        Grant(("dynamodb:UpdateItem",), (stack.storage.waits.arn,), condition=only),
        Grant(("lambda:GetFunctionConfiguration",), (stack.naming.function_arn("events-console"),)),
    ]
