"""ECR: an image is found by tag or digest, and what can't be deployed is refused with the reason."""

import re

import pytest

from functions.adapters.image_registry import ImageRegistry
from functions.domain.errors import BadInputError
from functions.domain.images import Image
from tests.functions.delivered import push_image
from tests.functions.stack import ACCOUNT, REGION, Stack, failing

API = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/api"


def resolve(stack: Stack, named: str) -> Image:
    """The image of the service `api`."""
    return ImageRegistry(stack.clients).resolve({"api": named}, {"api": API})["api"]


def test_a_tag_and_its_digest_are_the_same_image(stack: Stack) -> None:
    """M3: what is deployed is the digest; the tag is kept for people."""
    digest = push_image(stack, "api", "v1.2.3")
    assert resolve(stack, "v1.2.3") == Image(API, "v1.2.3", digest)
    assert resolve(stack, digest) == Image(API, "", digest)


def test_what_is_not_there_is_named(stack: Stack) -> None:
    """The repository, or the image in it."""
    with pytest.raises(BadInputError, match=re.escape(f"images.api: the ECR repository {API} does not exist: create")):
        resolve(stack, "v1.2.3")
    push_image(stack, "api", "v1.2.3")
    for missing in ("v1.2.4", "sha256:" + "a" * 64):
        with pytest.raises(BadInputError, match=re.escape(f"images.api: {API} has no image {missing}: push it first")):
            resolve(stack, missing)


def test_a_tag_that_can_move_is_refused(stack: Stack) -> None:
    """M4: the digest of the same image is deployed."""
    digest = push_image(stack, "api", "v1.2.3", mutability="MUTABLE")
    with pytest.raises(BadInputError, match=r"the tag v1\.2\.3 of .*/api can be moved .*imageTagMutability MUTABLE"):
        resolve(stack, "v1.2.3")
    assert resolve(stack, digest).digest == digest
    stack.client("ecr").put_image_tag_mutability(
        repositoryName="api",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "v1*"}],
    )
    with pytest.raises(BadInputError, match=r"imageTagMutability IMMUTABLE_WITH_EXCLUSION \(v1\*\)"):
        resolve(stack, "v1.2.3")


def test_a_repository_that_may_not_be_read_is_named(stack: Stack) -> None:
    """Of another account, whose policy does not admit the platform; any other fault is not the request's."""
    client = stack.clients.client("ecr", region=REGION)
    denied = client.exceptions.ClientError({"Error": {"Code": "AccessDeniedException"}}, "DescribeRepositories")
    with (
        failing(client, "DescribeRepositories", denied),
        pytest.raises(BadInputError, match=r"may not read .*: allow it ecr:DescribeImages"),
    ):
        resolve(stack, "v1.2.3")
    broken = client.exceptions.ClientError({"Error": {"Code": "ServerException"}}, "DescribeRepositories")
    with failing(client, "DescribeRepositories", broken), pytest.raises(client.exceptions.ClientError):
        resolve(stack, "v1.2.3")
