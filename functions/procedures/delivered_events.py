"""What a delivery of GitHub's webhook starts, after its signature was verified (P1, P2).

The webhook imports this module then: a delivery that is refused costs no more than its refusal.
"""

from hashlib import sha256
from typing import Any

from functions.adapters.clock import Clock
from functions.adapters.deliveries import Deliveries
from functions.adapters.invocations import Invocations
from functions.adapters.signed_requests import answer
from functions.adapters.waiting_jobs import WaitingJobs
from functions.adapters.workflows import Deployments
from functions.domain.errors import BadInputError
from functions.domain.pushes import (
    Ignored,
    dispatched_repository,
    not_delivered,
    read_pull_request,
    read_push,
    updated_branch,
)
from functions.domain.requests import Request, dispatch_name, rollback_name
from functions.domain.triggers import TriggerRules
from functions.domain.values import Value
from functions.procedures.rollback_requests import RollbackRequests


class Starts(Value, frozen=True):
    """What a delivery may start, and the settings that decide about it."""

    rules: TriggerRules
    deployments: Deployments
    rollbacks: RollbackRequests
    deliveries: Deliveries
    invocations: Invocations
    jobs: WaitingJobs
    clock: Clock


def handle_once(headers: dict[str, str], body: bytes, payload: dict[str, Any], starts: Starts) -> dict[str, Any]:
    """The response to a delivery; one that started something is remembered, and a copy of it starts nothing.

    A payload that is not GitHub's is a BadInputError.
    """
    before = starts.deliveries.handled(body)
    if before:
        return answer(202, f"already handled: {before}")
    name, started = _act(headers.get("x-github-event", ""), body, payload, starts)
    if name:
        starts.deliveries.remember(body, headers.get("x-github-delivery", ""), name)
    return started


def _act(name: str, body: bytes, payload: dict[str, Any], starts: Starts) -> tuple[str, dict[str, Any]]:
    """The name of the started execution ("" for none), and the response."""
    if name == "ping":
        return "", answer(202, "pong")
    if name == "projects_v2_item":
        if not isinstance(payload.get("projects_v2_item"), dict):
            raise BadInputError("projects_v2_item: projects_v2_item is missing or not an object")
        starts.invocations.poll()
        return "", answer(202, "the board is polled")
    if name == "issue_comment":
        return _commented(payload, starts)
    if name == "repository_dispatch":
        return _dispatched(body, payload, starts)
    if name == "pull_request":
        return "", answer(202, _planned(payload, starts))
    if name == "deployment_protection_rule":
        return _asked(payload, starts)
    if name != "push":
        return "", answer(202, f"event {name or '(none)'} is not used here")
    read = read_push(payload, starts.deployments.repositories, starts.rules)
    repository = payload["repository"]["full_name"]
    if repository in starts.deployments.repositories and (branch := updated_branch(payload)):
        starts.invocations.show_progress(repository, branch)
    if isinstance(read, Ignored):
        return "", answer(202, f"ignored: {read.reason}")
    return _start(read.name, read.request, starts)


def _planned(payload: dict[str, Any], starts: Starts) -> str:
    """Have the pull request of a delivery planned; a repeated delivery plans it again, which changes nothing."""
    repositories = starts.deployments.repositories
    number = read_pull_request(payload, repositories, starts.rules.main_branch)
    if isinstance(number, Ignored):
        return f"ignored: {number.reason}"
    starts.invocations.plan(payload["repository"]["full_name"], number)
    return f"#{number} is planned"


def _asked(payload: dict[str, Any], starts: Starts) -> tuple[str, dict[str, Any]]:
    """Keep a job of GitHub Actions that asks whether it may enter an environment, and have it answered."""
    from functions.domain.job_reviews import read_job  # few deliveries are jobs

    job = read_job(payload, starts.deployments.repositories, starts.clock.text())
    if isinstance(job, Ignored):
        return "", answer(202, f"ignored: {job.reason}")
    starts.jobs.keep(job)
    starts.invocations.review(job)
    return job.key, answer(202, f"run {job.run} is reviewed for {job.environment}")


def _dispatched(body: bytes, payload: dict[str, Any], starts: Starts) -> tuple[str, dict[str, Any]]:
    """Start the deployment or rollback that a dispatch asks for."""
    from functions.adapters.dispatches import EVENTS, read_dispatch  # with Pydantic: after the signature was verified

    repository = dispatched_repository(payload)
    foreign = not_delivered(repository, starts.deployments.repositories)
    if foreign:
        return "", answer(202, f"ignored: {foreign.reason}")
    event = next((one for one in EVENTS if one == payload.get("action")), None)
    if event is None:
        return "", answer(202, f"ignored: only repository_dispatch of the types {', '.join(EVENTS)} are used here")
    asked = read_dispatch(event, repository, payload, starts.rules)
    if isinstance(asked, Request):
        return _start(dispatch_name(asked, event, body), asked, starts)
    name = rollback_name(asked, sha256(body).hexdigest()[:12])
    starts.rollbacks.start(asked, name)
    return name, answer(202, f"started: {name}")


def _commented(payload: dict[str, Any], starts: Starts) -> tuple[str, dict[str, Any]]:
    """Pass an instruction to the poll, which asks GitHub whether its author may give it."""
    from functions.domain.steering import read_comment  # few deliveries are comments

    instruction = read_comment(payload, starts.deployments.repositories)
    if isinstance(instruction, Ignored):
        return "", answer(202, f"ignored: {instruction.reason}")
    starts.invocations.poll(instruction)
    return f"comment {instruction.comment}", answer(202, f"{instruction.verb} of #{instruction.number} is passed on")


def _start(name: str, request: Request, starts: Starts) -> tuple[str, dict[str, Any]]:
    started = starts.deployments.start(name, request)
    return name, answer(202, f"{'started' if started else 'already started'}: {name}")
