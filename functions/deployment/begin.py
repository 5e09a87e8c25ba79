"""Begin: write the deployment's record, with the facts of its commit from GitHub, its order and its images."""

from functools import partial
from typing import Any

from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.github.client import GitHub
from functions.adapters.image_registry import ImageRegistry
from functions.adapters.triggers import Triggers
from functions.domain.errors import BadInputError
from functions.domain.owners import Claim, claim_of
from functions.domain.releases import Release
from functions.domain.requests import Request, read_request
from functions.domain.triggers import refusal, unmerged_refusal
from functions.domain.values import Value
from functions.handler import Handler
from functions.procedures.releases import OPEN, Started, open_record


class Input(Value, frozen=True):
    """The execution, its input (`functions/domain/requests.py`), and the repositories of the definition."""

    deployment_id: str
    execution: str
    request: dict[str, Any]
    repositories: tuple[Claim, ...] = ()


class Output(Value, frozen=True):
    """The release with the facts of its commit and its order, and the request."""

    release: Release
    request: Request


HANDLER = Handler(allow=(*OPEN, *ImageRegistry.READ))


def begin(
    event: Input,
    triggers: Triggers,
    github: GitHub,
    registry: ImageRegistry,
    deployments: DeploymentsTable,
    clock: Clock,
) -> Output:
    """Write the record; a repetition keeps the one that exists.

    Who starts an execution chooses its input, so the request is compared with the settings, and its commit with the
    main branch. A commit that is refused has a record, which shows the reason. The digests of images are read here, and
    only once: what is recorded is deployed, whatever becomes of the tags.
    """
    request, rules = read_request(event.request), triggers.rules
    claim = claim_of(request.repository, event.repositories)
    if claim is None:
        known = ", ".join(one.repository for one in event.repositories)
        raise BadInputError(
            f"{request.repository} is not delivered by this stack (delivered: {known}): add it to github.repositories"
        )
    refused = refusal(request, claim, rules.environments)
    if refused:
        raise BadInputError(refused)
    started = Started(event.deployment_id, event.execution, request)
    resolve = partial(registry.resolve, repositories=claim.images)
    release = open_record(started, rules.main_branch, github, deployments, clock, resolve)
    if release.order and release.order.branch and not release.images:
        refused = unmerged_refusal(request, release.commit, claim, rules)
        if refused:
            raise BadInputError(refused)
    return Output(release, request)
