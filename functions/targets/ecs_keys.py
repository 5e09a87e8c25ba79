"""The keys of kind `ecs` in the manifest, and what they name in an environment."""

import json
from typing import Annotated

from msgspec import field

from functions.adapters.manifest_types import AnyText, Meaning, Steps, StepSeconds
from functions.domain.ecs import Strategy
from functions.domain.environments import Environment
from functions.domain.errors import SourceError
from functions.domain.manifests import MANIFEST, Part, fill, own_name
from functions.handler import decode
from functions.targets.base import Change, ComparisonKeys

# The file of the build's artifact with the image of each service, as `repository@sha256:…`.
IMAGES = "images.json"


class Keys(ComparisonKeys, frozen=True):
    """A service of ECS; a deployment runs a new image, and ECS itself shifts the requests to it."""

    cluster: Annotated[AnyText, Meaning("The cluster's name, with placeholders.", "shop-{environment}")]
    service: Annotated[AnyText, Meaning("The service's name, with placeholders.", "api")]
    container: Annotated[AnyText, Meaning("The container, of the task definition, that gets the new image.", "api")]
    image: Annotated[
        AnyText, Meaning("The repository of the image; `images.json` of the build has its digest.", "shop")
    ]
    strategy: Annotated[Strategy, Meaning("How ECS shifts the requests to the new image.")] = "rolling"
    steps: Annotated[Steps, Meaning("The percentages that are watched: one of canary, equal ones of linear.", [20])] = (
        field(default_factory=list)
    )
    step_seconds: Annotated[
        StepSeconds | None, Meaning("How long each step is watched, in seconds; without it 60.", 120)
    ] = None
    migration_command: Annotated[
        list[str], Meaning("Runs once with the new image, before the service is changed.", ["./migrate", "up"])
    ] = field(default_factory=list)


def keys_of(part: Part) -> Keys:
    """The keys of a part."""
    return decode(Keys, part.settings)


def _values(environment: Environment) -> dict[str, str]:
    return {**environment.fill_values, "account": environment.account, "region": environment.region}


def names_of(environment: Environment, part: Part) -> tuple[str, str]:
    """The cluster and the service."""
    keys, values = keys_of(part), _values(environment)
    cluster = fill(keys.cluster, values, f"services.{part.name}.cluster")
    return cluster, fill(keys.service, values, f"services.{part.name}.service")


def container_of(environment: Environment, part: Part) -> str:
    """The container that gets the new image."""
    return fill(keys_of(part).container, _values(environment), f"services.{part.name}.container")


def image_repository(environment: Environment, part: Part) -> str:
    """`image` of the manifest, with its placeholders replaced."""
    return fill(keys_of(part).image, _values(environment), f"services.{part.name}.image")


def image_of(change: Change) -> str:
    """The image of the request, or that which the build names; of the manifest's repository, and by its digest."""
    part, environment = change.part, change.environment
    source, found = ("the request", change.image.reference) if change.image else (IMAGES, _built(change))
    repository = image_repository(environment, part)
    if not found.startswith(f"{repository}@sha256:"):
        raise SourceError(
            f"{part.name}: {source} names {found}, which is not of {repository} by its digest: correct it, or `image` "
            f"in {MANIFEST}"
        )
    allowed = environment.image_repositories
    if allowed and repository not in allowed:
        raise SourceError(
            f"{part.name}: {environment.name} takes no image of {repository}, only of {', '.join(allowed)}: name one "
            "of these, or have an operator add it to `imageRepositories` of the environment"
        )
    return found


def _built(change: Change) -> str:
    """The image that the build names for the service."""
    own = own_name(change.part.name)
    try:
        return str(json.loads(change.read(IMAGES))[own])
    except (ValueError, KeyError, TypeError):
        raise SourceError(
            f"{change.part.name}: {IMAGES} of the build's artifact names no image for {own}: write "
            '{"' + own + '": "repository@sha256:…"} in the build'
        ) from None
