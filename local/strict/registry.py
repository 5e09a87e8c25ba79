"""ECR: repositories are resources, and an immutable tag is never given to another image.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html
"""

import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from ministack.core import iam_actions
from ministack.core.responses import error_response_json
from ministack.services import ecr

from local.strict.around import Answer, around

# By repository; ministack keeps the rule of a repository, and not its exceptions.
_EXCLUDED: dict[str, list[dict[str, str]]] = {}
_FILTERS = "imageTagMutabilityExclusionFilters"


@around(iam_actions, "extract_resource_arn")
def name_the_repository(original: Callable[..., str], *request: Any) -> str:
    """The repository of a call; "*" for GetAuthorizationToken, and for a listing of all repositories."""
    service, _, _, _, body, _, region, account = request
    if service != "ecr":
        return original(*request)
    given = json.loads(body or "{}")
    names = [given["repositoryName"]] if "repositoryName" in given else given.get("repositoryNames") or []
    return f"arn:aws:ecr:{region}:{account}:repository/{names[0]}" if names else "*"


@around(ecr, "_create_repository")
def keep_the_exceptions(original: Callable[..., Answer], request: dict[str, Any]) -> Answer:
    """A repository may except tags from its rule."""
    answer = original(request)
    _EXCLUDED[str(request.get("repositoryName"))] = request.get(_FILTERS, [])
    return answer


@around(ecr, "_put_image_tag_mutability")
def change_the_exceptions(original: Callable[..., Answer], request: dict[str, Any]) -> Answer:
    """The exceptions are those of the last call."""
    _EXCLUDED[str(request.get("repositoryName"))] = request.get(_FILTERS, [])
    return original(request)


@around(ecr, "_repo_shape")
def describe_the_exceptions(original: Callable[..., dict[str, Any]], repository: dict[str, Any]) -> dict[str, Any]:
    """What DescribeRepositories says of a repository with exceptions."""
    excluded = _EXCLUDED.get(repository["repositoryName"])
    return {**original(repository), **({_FILTERS: excluded} if excluded else {})}


@around(ecr, "_put_image")
def keep_immutable_tags(original: Callable[..., Answer], request: dict[str, Any]) -> Answer:
    """The same image with the same tag was pushed already; another image can't have an immutable tag of the first."""
    name, tag = str(request.get("repositoryName")), request.get("imageTag")
    known = ecr._find_image(name, {"imageTag": tag}) if tag else None
    if known is None:
        return original(request)
    if known["imageDigest"] == (request.get("imageDigest") or ecr._image_digest(request.get("imageManifest", ""))):
        message = f"Image with digest '{known['imageDigest']}' and tag '{tag}' already exists in the repository"
        return error_response_json("ImageAlreadyExistsException", message, 400)
    rule = str(ecr._repositories[name].get("imageTagMutability", "MUTABLE"))
    excepted = any(fnmatchcase(str(tag), one["filter"]) for one in _EXCLUDED.get(name, []))
    if rule.startswith("IMMUTABLE") != (excepted and rule.endswith("_WITH_EXCLUSION")):
        message = f"The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten"
        return error_response_json("ImageTagAlreadyExistsException", message, 400)
    return original(request)
