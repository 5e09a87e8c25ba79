"""The repositories of a stack: an entry of `github.repositories` in the settings."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, StringConstraints

from components.stack.closed import Closed
from functions.domain.owners import Claim, overlaps

Repository = Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")]
ManifestName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
TargetName = Annotated[str, StringConstraints(pattern=r"^[\w.:/*-]{1,140}$")]
_EXAMPLE = "{name: acme/shop, manifests: [shop], targets: [shop-*]}"


class DeliveredRepository(Closed):
    """A repository and what it may deliver. A text stands for its name, which suffices for the only repository.

    Lists, not tuples: the conversion of a text makes Pydantic read the entry as Python, not as JSON.
    """

    name: Repository
    """The repository, `owner/name`."""
    manifests: list[ManifestName] | None = None
    """The names (`name` in `delivery.yml`) of its manifests; required with several repositories, otherwise any."""
    targets: list[TargetName] | None = None
    """The names of what its services change, such as Lambda functions; `*` stands for any characters. Required with
    several repositories (`[]` for none), otherwise any. Commands are bounded by the role of their project instead."""
    environments: Annotated[list[str], Field(min_length=1)] | None = None
    """The environments that its releases enter; default: all."""
    versions: bool = False
    """Whether a release that is good in its last environment gets the version that its conventional commits ask for, as
    a tag and a release on GitHub."""

    @property
    def claim(self) -> Claim:
        """What it may deliver, in the format of the deployment's definition."""
        return Claim(self.name, self.manifests, self.targets, self.environments)


def named(given: object) -> object:
    """A text as the entry that has this name."""
    return {"name": given} if isinstance(given, str) else given


def separate(repositories: Sequence[DeliveredRepository]) -> None:
    """Refuse, as a ValueError, several repositories of which one may deliver what another may, too."""
    known = [one.name.lower() for one in repositories]
    twice = sorted({one.name for one in repositories if known.count(one.name.lower()) > 1})
    if twice:
        raise ValueError(f"repositories: {', '.join(twice)} is listed twice; GitHub ignores the case of names")
    open_ones = [one.name for one in repositories if one.manifests is None or one.targets is None]
    if len(repositories) > 1 and open_ones:
        raise ValueError(
            f"repositories: with several ones each must say which manifests and targets are its own, and "
            f"{', '.join(open_ones)} does not: write for example {_EXAMPLE}"
        )
    for one, other, what in overlaps([entry.claim for entry in repositories]):
        raise ValueError(
            f"repositories: {repositories[one].name} and {repositories[other].name} both claim {what}: "
            "only one repository may deliver it"
        )
