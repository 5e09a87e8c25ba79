"""Gives a release its version once the last environment is good: a tag, and a release on GitHub with notes (M4)."""

from typing import Any

from functions.adapters.bus import read_only
from functions.adapters.definitions import READ, Carried
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.github.tagged import Tagged
from functions.adapters.versioned import Versioned
from functions.domain.events import DeploymentFinished
from functions.domain.owners import claim_of
from functions.domain.releases import Release
from functions.domain.semantic_versions import FIRST, Evidence, newest, next_version, notes, read_version
from functions.domain.texts import url_path
from functions.handler import Handler

HANDLER = Handler(allow=(*Tagged.USE, *DeploymentsTable.READ, *READ), memory_mb=512, timeout_seconds=60)


def publish_version(
    event: dict[str, Any], github: Tagged, deployments: DeploymentsTable, carried: Carried, versioned: Versioned
) -> dict[str, str]:
    """Tag and publish; EventBridge retries an error, and a repetition finds what is there and leaves it.

    A push to the main branch gets the version that its commits ask for, a version tag its release.
    """
    finished = read_only(DeploymentFinished, event)
    release = finished.release
    if release is None or release.repository not in versioned.repositories:
        return {"outcome": "no versions"}
    environment = _last(carried, release.repository)
    stage = finished.stages.get(environment)
    if finished.outcome != "deployed" or stage is None or stage.result != "passed":
        return {"outcome": f"not good in {environment}"}
    tag, since, messages = _version(release, github)
    if not tag:
        return {"outcome": "no version", "reason": since}
    record = deployments.get(finished.deployment_id)
    page = f"{versioned.pages}/{url_path(release.repository)}"
    evidence = Evidence(
        release.commit,
        finished.deployment_id,
        environment,
        tuple(f"{one.name}: {one.outcome}, {one.reason}" for one in record.gates) if record else (),
        f"{page}/commit/{release.commit}",
        f"{page}/compare/{since}...{tag}" if since else "",
    )
    github.tag(release.repository, tag, release.commit)
    published = github.publish(release.repository, tag, notes(messages, evidence))
    return {"outcome": "published" if published else "published before", "version": tag}


def _last(carried: Carried, repository: str) -> str:
    """The last environment that releases of a repository enter; "" for a repository that is delivered no longer."""
    environments, claims = carried.settings()
    claim = claim_of(repository, claims)
    return next((one.name for one in reversed(environments) if claim and claim.enters(one.name)), "")


def _version(release: Release, github: Tagged) -> tuple[str, str, tuple[str, ...]]:
    """The tag, the one before it, and the messages of the commits between them, oldest first.

    Without a version the tag is "", and the second text says why.
    """
    tags = [ref.removeprefix("refs/tags/") for ref in github.refs(release.repository, "tags/v")]
    own = read_version(release.ref.removeprefix("refs/tags/"))
    if own is None and (release.order is None or release.order.branch):
        return "", "the commit is not of the main branch", ()
    last = newest(tags, before=own)
    compared = github.compare(release.repository, last.tag, release.commit) if last else None
    if own is None and last and compared and compared.status == "identical":  # tagged by an earlier try
        own, last = last, newest(tags, before=last)
        compared = github.compare(release.repository, last.tag, release.commit) if last else None
    if last is None or compared is None:
        return (own or FIRST).tag, "", ()
    if compared.status != "ahead":
        return "", f"the commit does not follow {last.tag}", ()
    if compared.ahead_by > len(compared.commits):
        return "", f"{compared.ahead_by} commits since {last.tag} are too many to read: tag a version yourself", ()
    messages = tuple(one.message for one in compared.commits)
    version = own or next_version(last, messages)
    return (version.tag, last.tag, messages) if version else ("", f"no commit since {last.tag} asks for one", ())
