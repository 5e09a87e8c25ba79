"""The kinds of targets. A new kind is a name in `Kind`, a file, and a `case` here; no other module tells them apart."""

from typing import TYPE_CHECKING, ClassVar, Self, assert_never, get_args

from functions.domain.errors import BadInputError
from functions.domain.manifests import Kind, Part
from functions.handler import Allow
from functions.targets.base import BuildTarget, CallTarget, Target
from functions.targets.command import CommandTarget
from functions.targets.ecs import EcsTarget
from functions.targets.lambda_ import LambdaTarget
from functions.targets.pulumi import PulumiTarget

if TYPE_CHECKING:
    from functions.runtime import Clients

KINDS: tuple[Kind, ...] = get_args(Kind)


def target_of(kind: Kind) -> type[Target]:
    """The target of a kind."""
    found: type[Target]  # assigned, not returned: mypy then refuses a class that lacks a method of the interface
    match kind:
        case "lambda":
            found = LambdaTarget
        case "command":
            found = CommandTarget
        case "ecs":
            found = EcsTarget
        case "pulumi":
            found = PulumiTarget
        case _:
            assert_never(kind)
    return found


class Targets:
    """All targets, for handlers; READ and CHANGE are the permissions of all kinds to read and to change what runs."""

    SETTINGS: ClassVar[tuple[str, ...]] = tuple(name for kind in KINDS for name in target_of(kind).SETTINGS)
    READ: ClassVar[tuple[Allow, ...]] = tuple(allow for kind in KINDS for allow in target_of(kind).READ)
    CHANGE: ClassVar[tuple[Allow, ...]] = tuple(allow for kind in KINDS for allow in target_of(kind).CHANGE)

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """A target is connected when it is needed, so that a handler makes no clients for other kinds."""
        return cls(aws)

    def of(self, part: Part) -> Target:
        """The target of a part."""
        return target_of(part.kind).connect(self._aws)

    def called(self, part: Part) -> CallTarget:
        """The target of a part that is changed by calls; raises BadInputError for any other part."""
        found = self.of(part)
        if isinstance(found, CallTarget):
            return found
        raise BadInputError(f"{part.name}: kind {part.kind} is changed by a {part.way}, not by calls")

    def built(self, part: Part) -> BuildTarget:
        """The target of a part that is changed by a build; raises BadInputError for any other part."""
        found = self.of(part)
        if isinstance(found, BuildTarget):
            return found
        raise BadInputError(f"{part.name}: kind {part.kind} is changed by calls, not by a build")
