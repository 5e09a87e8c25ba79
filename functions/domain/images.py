"""Images that a request names: one for each service, by a tag or a digest, and recorded by its digest (M3, M4)."""

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from functions.domain.values import Value

# https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
TAG_OR_DIGEST = r"^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|sha256:[0-9a-f]{64})$"
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html: repositoryName
REPOSITORY_URI = (
    r"^\d{12}\.dkr\.ecr\.[a-z]{2}(-[a-z]+)+-\d\.amazonaws\.com(\.cn)?/"
    r"[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*$"
)
_TAG_OR_DIGEST = re.compile(TAG_OR_DIGEST)
_DIGEST = "sha256:"


class Image(Value, frozen=True):
    """An image of an ECR repository (`123456789012.dkr.ecr.eu-central-1.amazonaws.com/api`) with its digest.

    `tag` is what the request named, "" for an image that was named by its digest.
    """

    repository: str
    tag: str
    digest: str

    @property
    def reference(self) -> str:
        """What is deployed: `repository@sha256:…`."""
        return f"{self.repository}@{self.digest}"

    @property
    def label(self) -> str:
        """The tag, or the beginning of the digest, for people."""
        return self.tag or self.digest[:19]


class EcrRepository(Value, frozen=True):
    """A repository of ECR: the account and region of its registry, and its name there."""

    account: str
    region: str
    name: str


def ecr_repository(repository: str) -> EcrRepository:
    """The repository that a URI names."""
    registry, _, name = repository.partition("/")
    account, _, _, region, *_ = registry.split(".")
    return EcrRepository(account, region, name)


def is_tag_or_digest(text: str) -> bool:
    """Whether the text is a tag (`v1.2.3`, `dev-1a2b3c4`) or a digest (`sha256:…`)."""
    return _TAG_OR_DIGEST.fullmatch(text) is not None


def is_digest(text: str) -> bool:
    """Whether a tag or digest is a digest."""
    return text.startswith(_DIGEST)


def can_move(tag: str, mutability: str, excluded: Iterable[str]) -> bool:
    """Whether somebody may push another image with the same tag to a repository (M4).

    `mutability` is its `imageTagMutability`, `excluded` the values of its `imageTagMutabilityExclusionFilters`, in
    which `*` stands for any characters: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
    """
    excepted = any(fnmatchcase(tag, pattern) for pattern in excluded)
    match mutability:
        case "IMMUTABLE":
            return False
        case "IMMUTABLE_WITH_EXCLUSION":
            return excepted
        case "MUTABLE_WITH_EXCLUSION":
            return not excepted
        case _:
            return True


def named(images: Mapping[str, Image]) -> str:
    """Images for people: `api:v1.2.3, web:v1.2.3`."""
    return ", ".join(f"{service}:{image.label}" for service, image in sorted(images.items()))
