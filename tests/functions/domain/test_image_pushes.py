"""Pushed images: which releases they start, and under which names."""

from typing import Any

import pytest

from functions.domain.errors import BadInputError
from functions.domain.image_pushes import ImagePush, PushedImages, PushRule, image_name, read_image_push, requests_of
from functions.domain.releases import LONGEST_NAME
from functions.domain.requests import Request

REGISTRY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
DIGEST = "sha256:" + "a" * 64
RULES = (PushRule("dev-*", "test"), PushRule("v*", "staging"))
SHOP = PushedImages("acme/shop", {"api": f"{REGISTRY}/api", "jobs": f"{REGISTRY}/api", "web": f"{REGISTRY}/web"}, RULES)
PUSH = ImagePush("123456789012", "eu-central-1", "api", "v1.2.3", DIGEST, "2026-01-31T08:00:00Z")


def event(**changes: Any) -> dict[str, Any]:
    """The event of a push; changes are those of its detail, or of the event where it has the key.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
    """
    detail = {
        "result": "SUCCESS",
        "repository-name": "api",
        "image-digest": DIGEST,
        "action-type": "PUSH",
        "image-tag": "v1.2.3",
    }
    whole = {
        "version": "0",
        "id": "13cde686-328b-6117-af20-0e5566167482",
        "detail-type": "ECR Image Action",
        "source": "aws.ecr",
        "account": "123456789012",
        "time": "2026-01-31T08:00:00Z",
        "region": "eu-central-1",
        "resources": [],
    }
    changed = {key.replace("_", "-"): value for key, value in changes.items()}
    outside = {key: value for key, value in changed.items() if key in whole}
    inside = {key: value for key, value in changed.items() if key not in whole}
    return {**whole, **outside, "detail": {**detail, **inside}}


def test_an_event_says_what_was_pushed() -> None:
    """A push without a tag, such as that of one platform of an image, is none that starts anything."""
    assert read_image_push(event()) == PUSH
    assert read_image_push(event(image_tag="")) is None
    untagged = event()
    del untagged["detail"]["image-tag"]
    assert read_image_push(untagged) is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"account": None}, "account is None"),
        ({"region": ""}, "region is ''"),
        ({"time": "yesterday"}, "time is 'yesterday'"),
        ({"repository_name": 7}, "no repository-name or image-digest"),
    ],
)
def test_an_event_of_another_format_is_an_error(given: dict[str, Any], said: str) -> None:
    """It names the key."""
    with pytest.raises(BadInputError, match=said):
        read_image_push(event(**given))


@pytest.mark.parametrize(
    ("name", "tag", "images", "until"),
    [
        ("api", "v1.2.3", {"api": "v1.2.3", "jobs": "v1.2.3"}, "staging"),
        ("web", "dev-1a2b3c4", {"web": "dev-1a2b3c4"}, "test"),
        ("web", "latest", {}, ""),
        ("other", "v1.2.3", {}, ""),
    ],
)
def test_a_rule_gives_services_and_the_last_environment(
    name: str, tag: str, images: dict[str, str], until: str
) -> None:
    """M3: every service that runs the image; what no rule names starts nothing, in no other registry either."""
    pushed = ImagePush(PUSH.account, PUSH.region, name, tag, DIGEST, PUSH.at)
    reason = f"pushed to {name} at {PUSH.at}"
    wanted = Request("acme/shop", "refs/heads/main", until=until, images=images, trigger="image", reason=reason)
    assert requests_of(pushed, [SHOP], "refs/heads/main") == ([wanted] if images else [])
    elsewhere = ImagePush("210987654321", PUSH.region, name, tag, DIGEST, PUSH.at)
    assert requests_of(elsewhere, [SHOP], "refs/heads/main") == []


def test_a_push_has_one_name() -> None:
    """Q1: a repetition has the same one; another digest, tag or repository another. Long tags are cut."""
    (request,) = requests_of(PUSH, [SHOP], "refs/heads/main")
    name = image_name(request, PUSH)
    assert name.startswith("image-v1.2.3-")
    others = [
        ImagePush(PUSH.account, PUSH.region, "api", "v1.2.3", "sha256:b", PUSH.at),
        ImagePush(PUSH.account, PUSH.region, "web", "v1.2.3", DIGEST, PUSH.at),
        ImagePush(PUSH.account, PUSH.region, "api", "x" * 128, DIGEST, PUSH.at),
    ]
    assert len({name, *(image_name(request, other) for other in others)}) == 4
    assert all(len(image_name(request, other)) <= LONGEST_NAME for other in others)
    later = ImagePush(PUSH.account, PUSH.region, "api", "v1.2.3", DIGEST, "2026-02-01T08:00:00Z")
    assert image_name(request, later) == name
