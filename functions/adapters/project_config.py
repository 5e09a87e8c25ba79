"""The parameter `github-project-config` in Parameter Store, with which people change the board without `pulumi up`."""

import json
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Self

from msgspec.structs import fields

from functions.domain.errors import BadInputError
from functions.domain.values import Value
from functions.handler import Allow, camel, decode

if TYPE_CHECKING:
    from functions.runtime import Clients

# As long as a secret's value is used before it is read again.
_FRESH_SECONDS = 300.0


class ProjectConfig(Value, frozen=True):
    """What differs from the stack's settings; an empty field, or 0, is as in the settings.

    `target_status_column` is the column whose cards the worker takes, `status_field` the field of the columns.
    """

    organization: str = ""
    project_number: int = 0
    status_field: str = ""
    target_status_column: str = ""


KEYS = tuple(camel(field.name) for field in fields(ProjectConfig))


class ProjectConfigs:
    """The parameter of this stack. It is read when first needed, and again after five minutes."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("PROJECT_CONFIG",)
    READ: ClassVar[tuple[Allow, ...]] = (
        Allow(("ssm:GetParameter",), on="parameter/github-project-config"),
        Allow(("kms:Decrypt",), on="key"),
    )

    def __init__(self, aws: "Clients", name: str, now: Callable[[], float] = monotonic) -> None:
        self._aws = aws
        self._name = name
        self._now = now
        self._known = ProjectConfig()
        self._read_at: float | None = None

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """Nothing is read yet."""
        return cls(aws, aws.setting("PROJECT_CONFIG"))

    def current(self) -> ProjectConfig:
        """The value; without the parameter everything is as in the settings. A mistake in it is a BadInputError."""
        if self._read_at is None or self._now() - self._read_at > _FRESH_SECONDS:
            self._known, self._read_at = self._read(), self._now()
        return self._known

    def _read(self) -> ProjectConfig:
        client = self._aws.client("ssm")
        try:
            text = client.get_parameter(Name=self._name, WithDecryption=True)["Parameter"]["Value"]
        except client.exceptions.ParameterNotFound:
            return ProjectConfig()
        return parsed(self._name, text)


def parsed(name: str, text: str) -> ProjectConfig:
    """The value of the parameter with this name; a mistake in it is a BadInputError that says how to correct it."""
    try:
        given = json.loads(text)
    except ValueError as error:
        raise BadInputError(f"the parameter {name} is no JSON ({error}): correct it") from error
    unknown = sorted(set(given) - set(KEYS)) if isinstance(given, dict) else []
    if unknown:
        raise BadInputError(
            f"the parameter {name} has {', '.join(unknown)}, which are no keys of it: there are "
            f"{', '.join(KEYS)}; repositories and the other columns are in the stack's settings"
        )
    try:
        return decode(ProjectConfig, given)
    except BadInputError as error:
        raise BadInputError(f"the parameter {name}: {error}: correct it") from error
