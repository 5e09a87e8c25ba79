"""Who may approve for each environment, in the settings of the stack as they are now."""

import json
from typing import TYPE_CHECKING, ClassVar, Self

from functions.domain.approvers import Approvers
from functions.handler import decode

if TYPE_CHECKING:
    from functions.runtime import Clients


class ApproverSettings:
    """The approvers of each environment of the stack."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("APPROVERS",)

    def __init__(self, environments: dict[str, Approvers]) -> None:
        self._environments = environments

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """From this stack's setting: a JSON object by environment."""
        given = json.loads(aws.setting("APPROVERS"))
        return cls({name: decode(Approvers, one) for name, one in given.items()})

    def of(self, environment: str) -> Approvers | None:
        """The approvers of an environment; None if the stack does not have it."""
        return self._environments.get(environment)
