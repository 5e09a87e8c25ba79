"""The settings that say what starts a release, and how far it goes."""

import json
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self

from functions.handler import decode

if TYPE_CHECKING:
    from functions.domain.triggers import TriggerRules
    from functions.runtime import Clients


class Triggers:
    """The rules of this stack, read when they are first needed: a webhook refuses a signature without them."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("TRIGGERS",)

    def __init__(self, given: str) -> None:
        self._given = given

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The rules in this function's settings, written by the Pulumi program."""
        return cls(aws.setting("TRIGGERS"))

    @cached_property
    def rules(self) -> "TriggerRules":
        """What starts a release, and how far it goes."""
        from functions.domain.triggers import TriggerRules

        return decode(TriggerRules, json.loads(self._given))
