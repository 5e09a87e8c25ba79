"""The repositories of a stack: an entry of `github.repositories` in the settings."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from components.stack.closed import Closed
from functions.domain.image_pushes import PushedImages, PushRule
from functions.domain.images import REPOSITORY_URI
from functions.domain.owners import Claim, overlaps

Repository = Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")]
ManifestName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
TargetName = Annotated[str, StringConstraints(pattern=r"^[\w.:/*-]{1,140}$")]
ServiceName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
ImageRepository = Annotated[str, StringConstraints(pattern=REPOSITORY_URI)]
_EXAMPLE = "{name: acme/shop, manifests: [shop], targets: [shop-*]}"


class PushedTags(Closed):
    """Pushes of images that start a release."""

    tags: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.*-]{1,128}$")]
    """The tags, such as `v*`; `*` stands for any characters."""
    until: str
    """The last environment of the release; not a protected one, because that takes only images that were proved."""


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
    images: dict[ServiceName, ImageRepository] = Field(default_factory=dict)
    """The ECR repositories from which requests may name images, by service, such as
    `{api: 123456789012.dkr.ecr.eu-central-1.amazonaws.com/api}`; images of these services then come by request only.
    Default: none."""
    builds_images: bool = False
    """Whether the repository's own build makes images: its build may run Docker (which is privileged) and push to the
    repositories in `images`, and commits change these services, too."""

    pushed_images: list[PushedTags] = Field(default_factory=list)
    """Which pushes to the repositories in `images` start a release, by the image's tag; the first entry that matches
    counts. The registry must be in the account and region of the stack, whose events are heard. Default: none."""
    versions: bool = False
    """Whether a release that is good in its last environment gets the version that its conventional commits ask for, as
    a tag and a release on GitHub."""

    @property
    def claim(self) -> Claim:
        """What it may deliver, in the format of the deployment's definition."""
        return Claim(self.name, self.manifests, self.targets, self.environments, self.images, self.builds_images)

    @property
    def rules(self) -> PushedImages:
        """Which pushed images start a release, in the format of the handler that hears of them."""
        return PushedImages(self.name, self.images, tuple(PushRule(one.tags, one.until) for one in self.pushed_images))

    @model_validator(mode="after")
    def _consistent(self) -> "DeliveredRepository":
        if self.pushed_images and not self.images:
            raise ValueError("pushedImages needs images: the ECR repositories whose pushes start releases, by service")
        if self.pushed_images and self.builds_images:
            raise ValueError(
                "pushedImages and buildsImages contradict each other: the release of a commit deploys what its build "
                "pushes; leave one of both out"
            )
        if self.builds_images and not self.images:
            raise ValueError(
                "buildsImages = true needs images: the ECR repositories that the build may push to, by service"
            )
        return self


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


def check_pushes(repository: DeliveredRepository, entered: Sequence[str], protected: Sequence[str]) -> None:
    """Refuse, as a ValueError, pushes of images that end in an environment that they can't enter."""
    for number, rule in enumerate(repository.pushed_images):
        where = f"github.repositories: {repository.name}: pushedImages[{number}].until = {rule.until}: "
        if rule.until not in entered:
            raise ValueError(f"{where}no environment of the repository; there are {', '.join(entered)}")
        if rule.until in protected:
            raise ValueError(
                f"{where}{rule.until} is protected and takes only images that the environment before it proved; "
                "end before it, and go on by `kiro-worker deploy --image` or a dispatch"
            )
