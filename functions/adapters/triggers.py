"""The settings that say what starts a release, and how far it goes."""

import json
from typing import TYPE_CHECKING, ClassVar, Self

from functions.domain.triggers import TriggerRules
from functions.handler import decode

if TYPE_CHECKING:
    from functions.runtime import Clients


class Triggers:
    """The rules of this stack."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("TRIGGERS",)

    def __init__(self, rules: TriggerRules) -> None:
        self.rules = rules

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The rules in this function's settings, written by the Pulumi program."""
        return cls(decode(TriggerRules, json.loads(aws.setting("TRIGGERS"))))
