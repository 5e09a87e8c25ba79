"""Images: which tags can move, and where repositories are."""

import pytest

from functions.domain.images import EcrRepository, Image, can_move, ecr_repository, is_tag_or_digest, named

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("mutability", "excluded", "moves"),
    [
        ("IMMUTABLE", [], False),
        ("MUTABLE", [], True),
        ("IMMUTABLE_WITH_EXCLUSION", ["latest*"], False),
        ("IMMUTABLE_WITH_EXCLUSION", ["latest*", "v1.*"], True),
        ("MUTABLE_WITH_EXCLUSION", ["v*"], False),
        ("MUTABLE_WITH_EXCLUSION", ["prod-*"], True),
        ("SOMETHING_NEW", ["v*"], True),
    ],
)
def test_a_tag_can_move_unless_its_repository_forbids_it(mutability: str, excluded: list[str], moves: bool) -> None:
    """M4: exclusions turn the rule of the repository round; a rule that is not known forbids nothing.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
    """
    assert can_move("v1.2.3", mutability, excluded) is moves


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("v1.2.3", True),
        ("dev-1a2b3c4", True),
        (DIGEST, True),
        ("", False),
        ("api:v1", False),
        ("-v1", False),
        ("v1\n", False),
        ("sha256:abc", False),
        ("x" * 129, False),
        ("ä", False),
    ],
)
def test_tags_and_digests_are_told_from_other_texts(text: str, good: bool) -> None:
    """The specification of registries says what a tag is."""
    assert is_tag_or_digest(text) is good


def test_an_image_is_deployed_by_its_digest_and_shown_by_its_tag() -> None:
    """M3: without a tag its digest is shown, cut."""
    repository = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/api"
    tagged, bare = Image(repository, "v1.2.3", DIGEST), Image(repository, "", DIGEST)
    assert ecr_repository(repository) == EcrRepository("123456789012", "eu-central-1", "team/api")
    assert tagged.reference == bare.reference == f"{repository}@{DIGEST}"
    assert named({"web": bare, "api": tagged}) == f"api:v1.2.3, web:sha256:{'a' * 12}"
