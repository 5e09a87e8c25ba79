"""ECR of the emulated AWS keeps immutable tags, and a role sees the repositories that its policy names."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.local.strict.test_emulated import refusal
from tests.roles import new_role

if TYPE_CHECKING:
    from local.clients import Clients

V1 = [{"filterType": "WILDCARD", "filter": "v1*"}]


def repository(aws: Clients, mutability: str, filters: list[dict[str, str]] | None = None) -> str:
    """Create a repository; returns its name."""
    name = f"api-{uuid.uuid4().hex[:8]}"
    excluded = {"imageTagMutabilityExclusionFilters": filters} if filters else {}
    aws.client("ecr").create_repository(repositoryName=name, imageTagMutability=mutability, **excluded)
    return name


def image(name: str, tag: str, content: str) -> dict[str, Any]:
    """The parameters of PutImage."""
    manifest = {"schemaVersion": 2, "config": {"digest": content}, "layers": []}
    return {"repositoryName": name, "imageTag": tag, "imageManifest": json.dumps(manifest)}


@pytest.mark.parametrize(
    ("mutability", "filters", "kept"),
    [
        ("MUTABLE", None, ()),
        ("IMMUTABLE", None, ("v1.0", "v2.0")),
        ("IMMUTABLE_WITH_EXCLUSION", V1, ("v2.0",)),
        ("MUTABLE_WITH_EXCLUSION", V1, ("v1.0",)),
    ],
)
def test_an_immutable_tag_stays_with_its_image(
    aws: Clients, mutability: str, filters: list[dict[str, str]] | None, kept: tuple[str, ...]
) -> None:
    """The exceptions turn the rule round; the same image with the same tag is refused in any case.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html
    """
    ecr, name = aws.client("ecr"), repository(aws, mutability, filters)
    for tag in ("v1.0", "v2.0"):
        ecr.put_image(**image(name, tag, "one"))
        assert refusal(ecr.put_image, **image(name, tag, "one")) == "ImageAlreadyExistsException"
        if tag in kept:
            assert refusal(ecr.put_image, **image(name, tag, "two")) == "ImageTagAlreadyExistsException"
        else:
            ecr.put_image(**image(name, tag, "two"))
    (described,) = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    assert described["imageTagMutability"] == mutability
    assert described.get("imageTagMutabilityExclusionFilters") == filters


def test_a_role_reads_its_own_repository(aws: Clients) -> None:
    """Actions on images and repositories are authorized for the repository's ARN."""
    mine, other = repository(aws, "IMMUTABLE"), repository(aws, "IMMUTABLE")
    allowed = {
        "Effect": "Allow",
        "Action": ["ecr:DescribeImages", "ecr:DescribeRepositories"],
        "Resource": f"arn:aws:ecr:*:*:repository/{mine}",
    }
    taken = aws.client("sts").assume_role(RoleArn=new_role(aws, allowed), RoleSessionName="test")["Credentials"]
    ecr = aws.acting_as(taken).client("ecr")
    assert ecr.describe_repositories(repositoryNames=[mine])["repositories"]
    assert ecr.describe_images(repositoryName=mine)["imageDetails"] == []
    assert refusal(ecr.describe_repositories, repositoryNames=[other]) == "AccessDeniedException"
    assert refusal(ecr.describe_images, repositoryName=other) == "AccessDeniedException"
