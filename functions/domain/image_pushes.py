"""Which releases a pushed image starts, by the settings of the stack (M3)."""

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any

from functions.domain.errors import BadInputError
from functions.domain.images import EcrRepository, ecr_repository
from functions.domain.releases import LONGEST_NAME, repository_mark
from functions.domain.requests import Request
from functions.domain.values import Value


class PushRule(Value, frozen=True):
    """Images whose tag matches `tags` (`*` stands for any characters) are released until an environment."""

    tags: str
    until: str


class PushedImages(Value, frozen=True):
    """The rules of a repository (`owner/name`), of which the first that matches counts.

    `images` are the ECR repositories (URIs) by service.
    """

    repository: str
    images: dict[str, str]
    rules: tuple[PushRule, ...]


class ImagePush(Value, frozen=True):
    """A push of an image with a tag: the registry's account and region, its repository there, and the time."""

    account: str
    region: str
    name: str
    tag: str
    digest: str
    at: str


_EXPECTED = {"account": r"\d{12}", "region": r"[a-z0-9-]+", "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"}


def read_image_push(event: Mapping[str, Any]) -> ImagePush | None:
    """The push that an event of ECR reports; None for an image without a tag. Another format is a BadInputError.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
    """
    for key, pattern in _EXPECTED.items():
        if not re.fullmatch(pattern, str(event.get(key))):
            raise BadInputError(f"event of a push: {key} is {event.get(key)!r}; correct the event rule")
    detail = event.get("detail")
    if not isinstance(detail, Mapping) or not all(
        isinstance(detail.get(key), str) for key in ("repository-name", "image-digest")
    ):
        raise BadInputError("event of a push: detail has no repository-name or image-digest; correct the event rule")
    tag = detail.get("image-tag")
    if not tag:
        return None
    name, digest = detail["repository-name"], detail["image-digest"]
    return ImagePush(event["account"], event["region"], name, str(tag), digest, event["time"])


def requests_of(push: ImagePush, known: Iterable[PushedImages], main_ref: str) -> list[Request]:
    """A request for each repository that delivers the image, for all its services that run it."""
    where = EcrRepository(push.account, push.region, push.name)
    found = []
    for one in known:
        services = [service for service, uri in sorted(one.images.items()) if ecr_repository(uri) == where]
        rule = next((rule for rule in one.rules if fnmatchcase(push.tag, rule.tags)), None)
        if services and rule:
            images = dict.fromkeys(services, push.tag)
            reason = f"pushed to {push.name} at {push.at}"
            found.append(Request(one.repository, main_ref, "", rule.until, images, trigger="image", reason=reason))
    return found


def image_name(request: Request, push: ImagePush) -> str:
    """The execution name of a push: that of its tag and digest, so a repeated event starts nothing."""
    identity = f"{push.account}/{push.region}/{push.name}:{push.tag}@{push.digest}"
    end = f"-{repository_mark(request.repository)}-{sha256(identity.encode()).hexdigest()[:12]}"
    words = re.sub(r"[^A-Za-z0-9._-]+", "-", f"image-{push.tag}")
    return f"{words[: LONGEST_NAME - len(end)].rstrip('-.')}{end}"
