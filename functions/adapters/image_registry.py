"""ECR: the images that requests name, found once and recorded by their digests."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.domain.errors import BadInputError
from functions.domain.images import Image, can_move, ecr_repository, is_digest
from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients


class ImageRegistry:
    """The ECR repositories of the settings."""

    SETTINGS: ClassVar[tuple[str, ...]] = ()
    READ: ClassVar[tuple[Allow, ...]] = (Allow(("ecr:DescribeImages", "ecr:DescribeRepositories"), on="images"),)

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """Most releases name no images, so a client is created when one does."""
        return cls(aws)

    def resolve(self, wanted: Mapping[str, str], repositories: Mapping[str, str]) -> dict[str, Image]:
        """The image of each service, by tag or digest; one that can't be deployed is a BadInputError that says why.

        `repositories` are the URIs by service. A tag that could be moved is refused: nobody could tell which image was
        asked for, and later requests with this tag would mean another one.
        """
        return {service: self._image(service, named, repositories[service]) for service, named in wanted.items()}

    def _image(self, service: str, named: str, repository: str) -> Image:
        at, where = ecr_repository(repository), f"images.{service}: "
        client = self._aws.client("ecr", region=at.region)
        of = {"registryId": at.account, "repositoryName": at.name}
        try:
            if not is_digest(named):
                (described,) = client.describe_repositories(registryId=at.account, repositoryNames=[at.name])[
                    "repositories"
                ]
                _refuse_moving(where, named, repository, described)
            wanted = {"imageDigest": named} if is_digest(named) else {"imageTag": named}
            (found,) = client.describe_images(**of, imageIds=[wanted])["imageDetails"]
        except client.exceptions.RepositoryNotFoundException as error:
            raise BadInputError(
                f"{where}the ECR repository {repository} does not exist: create it, or correct `images` in "
                "github.repositories"
            ) from error
        except client.exceptions.ImageNotFoundException as error:
            raise BadInputError(
                f"{where}{repository} has no image {named}: push it first, or name one that is there"
            ) from error
        except client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "AccessDeniedException":
                raise
            raise BadInputError(
                f"{where}the platform may not read {repository}: allow it ecr:DescribeImages and "
                f"ecr:DescribeRepositories in the repository's policy ({error})"
            ) from error
        return Image(repository, "" if is_digest(named) else named, str(found["imageDigest"]))


def _refuse_moving(where: str, tag: str, repository: str, described: Mapping[str, Any]) -> None:
    # https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Repository.html
    mutability = str(described.get("imageTagMutability", "MUTABLE"))
    excluded = [str(one["filter"]) for one in described.get("imageTagMutabilityExclusionFilters", ())]
    if can_move(tag, mutability, excluded):
        rule = f"{mutability} ({', '.join(excluded)})" if excluded else mutability
        raise BadInputError(
            f"{where}the tag {tag} of {repository} can be moved to another image (imageTagMutability {rule}): make "
            "tags of the repository immutable, or name the image by its digest sha256:…"
        )
