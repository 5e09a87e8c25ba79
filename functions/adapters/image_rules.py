"""The settings that say which pushed images start a release."""

import json
from typing import TYPE_CHECKING, ClassVar, Self

from functions.domain.image_pushes import PushedImages
from functions.handler import decode

if TYPE_CHECKING:
    from functions.runtime import Clients


class ImageRules:
    """The rules of this stack, for each repository that has some."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("PUSHED_IMAGES",)

    def __init__(self, known: tuple[PushedImages, ...]) -> None:
        self.known = known

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The rules in this function's settings, written by the Pulumi program."""
        return cls(tuple(decode(PushedImages, one) for one in json.loads(aws.setting("PUSHED_IMAGES"))))
