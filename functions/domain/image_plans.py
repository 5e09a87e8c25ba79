"""The plan of a release of images: only the services that it names change, and environments take what others proved.

| environment | an image is deployed there unless |
| --- | --- |
| before the last one of the request | it was proved there before: its watch passed. A later one may run by now |
| the last one of the request | it runs there already |

A protected environment takes only what the environment before it has proved, except in an emergency (M3).
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from msgspec import field

from functions.domain.environments import Environment, PartState
from functions.domain.images import Image, named
from functions.domain.manifests import MANIFEST, Manifest, Part, is_infrastructure, own_name
from functions.domain.order import is_newer
from functions.domain.pins import Pin, left_out
from functions.domain.plans import PartPlan, Plan, SkippedPart, StagePlan, pins_of, summary
from functions.domain.releases import Release
from functions.domain.values import Value


class Evidence(Value, frozen=True):
    """What is known of the images of a release.

    - `repositories` are the ECR repositories that the manifest names, by environment and service; "" for a service
      whose kind runs no image.
    - `proved` are the environments in which each service's image passed a watch, with the deployment, by service.
    - `protected` are the environments that take only what was proved before.
    """

    repositories: Mapping[str, Mapping[str, str]]
    proved: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    protected: tuple[str, ...] = ()


def plan_images(
    manifest: Manifest,
    walked: tuple[Environment, ...],
    running: Mapping[str, Mapping[str, PartState]],
    release: Release,
    evidence: Evidence,
    *,
    force: bool = False,
    pins: Mapping[str, Mapping[str, Pin]] | None = None,
) -> Plan:
    """The plan of a release of images in the environments that it walks; `running` is by environment and part.

    Nothing is built, so it has no buildspec and no gates before the deployment. `force` deploys what runs already.
    `pins` are by environment and part, too: only a person ends them for images.
    """
    services = {own_name(part.name): part for part in manifest.parts if not is_infrastructure(part.name)}
    wrong = next(_mistakes(services, walked, release, evidence), "")
    wrong = wrong or next(_unproved(services, walked, running, release, evidence), "")
    if wrong:
        return Plan("invalid", wrong)
    stages, pinned = [], left_out([one.name for one in walked], pins or {}, ())
    for position, environment in enumerate(walked):
        chosen: list[PartPlan] = []
        skipped: list[SkippedPart] = []
        for part in manifest.parts:
            state = running.get(environment.name, {}).get(part.name)
            seen = state.running if state else None
            last = position == len(walked) - 1
            stays = _stays(part, state, release, environment.name, evidence, last=last, force=force)
            if stays:
                skipped.append(SkippedPart(part.name, stays, seen))
            elif part.name in pinned[environment.name]:
                skipped.append(SkippedPart(part.name, pinned[environment.name][part.name], seen, pinned=True))
            else:
                label = release.images[own_name(part.name)].label
                chosen.append(PartPlan(part, f"{label} was requested", running=seen))
        images = {own_name(one.part.name): release.images[own_name(one.part.name)] for one in chosen}
        after = manifest.after_deploy.get(environment.name)
        stages.append(StagePlan(environment, tuple(chosen), tuple(skipped), after, images=images))
    what, kept = named(release.images), pins_of(stages)
    if not any(stage.parts for stage in stages):
        return Plan("nothing", f"{what}: {kept or 'every environment runs or has proved it already'}", tuple(stages))
    return Plan("deploy", f"{what}: {summary(tuple(stages))}{kept and f'; {kept}'}", tuple(stages))


def _stays(
    part: Part,
    state: PartState | None,
    release: Release,
    environment: str,
    evidence: Evidence,
    *,
    last: bool,
    force: bool,
) -> str:
    """Why a part stays as it is; "" if the release changes it."""
    service = own_name(part.name)
    image = release.images.get(service)
    if image is None:
        return "the request names no image of it"
    if state and state.running and is_newer(state.running.order, release.order):
        return f"runs {state.running.label} of a later request"
    if force and last:
        return ""
    if _runs(state, image):
        return f"runs {image.label} already"
    proof = evidence.proved.get(service, {}).get(environment, "")
    if proof and not last:
        return f"{image.label} was proved here by {proof}, and is not deployed here again"
    return ""


def _runs(state: PartState | None, image: Image) -> bool:
    """Whether the image runs and was verified good."""
    now = state.running.image if state and state.running else None
    return bool(state and state.proven and now and now.reference == image.reference)


def _mistakes(
    services: Mapping[str, Part], walked: tuple[Environment, ...], release: Release, evidence: Evidence
) -> Iterator[str]:
    """What the manifest or the settings say against the images."""
    for service, image in sorted(release.images.items()):
        part, where = services.get(service), f"images.{service}: "
        if part is None:
            known = f"it has {', '.join(sorted(services))}" if services else "it has none"
            yield f"{where}{MANIFEST} at {release.short} has no service {service}, {known}: correct the name"
            continue
        for environment in walked:
            repository = evidence.repositories[environment.name][service]
            if not repository:
                yield (
                    f"{where}services.{service} in {MANIFEST} is of kind {part.kind}, which runs no image: deploy a "
                    "commit, or name a service of kind ecs"
                )
            elif repository != image.repository:
                yield (
                    f"{where}{image.repository} is not the repository that services.{service}.image in {MANIFEST} "
                    f"names for {environment.name}, {repository}: let it and `images` in github.repositories name the "
                    "same one"
                )
            elif environment.image_repositories and repository not in environment.image_repositories:
                yield (
                    f"{where}{environment.name} takes no image of {repository}, only of "
                    f"{', '.join(environment.image_repositories)}: name one of these, or have an operator add it to "
                    "`imageRepositories` of the environment"
                )


def _unproved(
    services: Mapping[str, Part],
    walked: tuple[Environment, ...],
    running: Mapping[str, Mapping[str, PartState]],
    release: Release,
    evidence: Evidence,
) -> Iterator[str]:
    """The images that a protected environment does not take, because the one before has not proved them."""
    if release.emergency:
        return
    for before, environment in pairwise(walked):
        if environment.name not in evidence.protected:
            continue
        for service, image in sorted(release.images.items()):
            state = running.get(before.name, {}).get(services[service].name)
            if before.name not in evidence.proved.get(service, {}) and not _runs(state, image):
                yield (
                    f"images.{service}: {image.label} ({image.digest[:19]}) was never verified good in {before.name}, "
                    f"and {environment.name} is protected, so it takes only images that {before.name} proved: deploy "
                    f"it until {before.name} first, then again until {environment.name}"
                )
