"""What a message about an event has beside its words: what runs now, facts, next steps and addresses (N1)."""

from collections.abc import Iterator, Mapping, Sequence

from functions.domain.environments import PartState
from functions.domain.events import (
    DeploymentFinished,
    DeploymentStarted,
    DriftFound,
    EnvironmentFrozen,
    Event,
    GatesJudged,
    RollbackFinished,
    RollbackStarted,
    StageFinished,
    StageHeld,
    StagePinned,
    WorkItemFinished,
    deployment_of,
    release_of,
)
from functions.domain.releases import Release
from functions.domain.texts import url_path
from functions.domain.values import Value
from functions.domain.waiting import AGAIN, GOOD

OfDeployment = (
    DeploymentStarted
    | GatesJudged
    | StageHeld
    | StagePinned
    | StageFinished
    | DeploymentFinished
    | RollbackStarted
    | RollbackFinished
)
# What runs in each environment, in the order in which a release enters them.
Running = Mapping[str, Sequence[PartState]]


class Links(Value, frozen=True):
    """Base URLs of GitHub, the runbooks and the console; without one, its links are left out."""

    github: str = ""
    runbooks: str = ""
    console: str = ""


def asks_what_runs(event: Event) -> bool:
    """Whether the message of an event says what runs in all environments: a release ended badly."""
    match event:
        case StageFinished():
            return event.result != "passed"
        case DeploymentFinished():
            return event.outcome not in GOOD
        case _:
            return isinstance(event, RollbackFinished)


def still_in(event: Event, running: Running) -> list[str]:
    """The environments in which parts run the release of an event that ended badly, except the event's own."""
    release, own = release_of(event), getattr(event, "environment", "")
    if release is None or not asks_what_runs(event):
        return []
    found = {name for name, parts in running.items() for part in parts if _runs_it(part, release, deployment_of(event))}
    return [name for name in running if name in found and name != own]


def _runs_it(part: PartState, release: Release, deployment_id: str) -> bool:
    """Whether a part runs a release: its commit; images of one commit are several releases."""
    now = part.running
    if now is None or not now.is_of(release.repository):
        return False
    return now.deployment_id == deployment_id if release.images else now.commit == release.commit


def runs(event: Event, running: Running, still: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What the event's own environment runs now, and where the release still runs."""
    if isinstance(event, StageFinished | RollbackFinished) and asks_what_runs(event):
        parts = running.get(event.environment, ())
        versions = [f"{part.part} {part.running.label or part.running.version}" for part in parts if part.running]
        doubts = [part.part for part in parts if part.in_doubt]
        known = ", ".join(versions) or "nothing that is recorded"
        yield "Runs now", f"{event.environment}: {known}" + (f"; in doubt: {', '.join(doubts)}" if doubts else "")
    if still:
        yield "Still in", ", ".join(still)


def causes(event: Event) -> Iterator[tuple[str, str]]:
    """Why a rollback began, and how the stages of a deployment ended."""
    if isinstance(event, RollbackFinished) and event.cause:
        yield "Cause", event.cause
    if isinstance(event, DeploymentFinished) and event.stages:
        yield "Stages", ", ".join(f"{name} {stage.result}" for name, stage in event.stages.items())


def steps(event: Event, still: Sequence[str]) -> Iterator[str]:
    """What people can do about it; commands are in back-quotes."""
    match event:
        case StageHeld():
            if event.next_step:
                yield f"{event.next_step[0].upper()}{event.next_step[1:]}."
        case DeploymentFinished():
            if event.outcome not in GOOD:
                yield f"{AGAIN[0].upper()}{AGAIN[1:]}."
        case RollbackFinished(result="unknown"):
            yield "Find out what runs, as the runbook says; nothing is deployed there until then."
            yield f"`kiro-worker unfreeze {event.environment} --reason …` lets releases in again."
        case RollbackFinished():
            yield (
                f"The next push deploys again. So that it does not bring the same fault back: `kiro-worker pin "
                f"{event.environment} --reason …` keeps releases out until `kiro-worker unpin`, or with "
                "`--until-newer-than COMMIT` until one descends from it."
            )
            for name in still:
                yield f"`kiro-worker rollback {name} --reason …` takes it back in {name}, too."
        case EnvironmentFrozen():
            yield f"Releases wait until `kiro-worker unfreeze {event.environment} --reason …`."
        case DriftFound():
            yield event.next_step
        case WorkItemFinished():
            yield "It is not attempted again until a person corrects the cause and moves its card back."
        case _:
            return


def about(event: Event) -> Iterator[tuple[str, str]]:
    """The release, the environment, and the id of the deployment or the attempt."""
    if isinstance(event, OfDeployment):
        release = event.release
        yield "Release", f"{release.repository} {release.short}" if release else "unknown"
        yield "Title", release.title if release else ""
        yield "Author", release.author if release else "unknown"
    if not isinstance(event, DeploymentStarted | GatesJudged | DeploymentFinished | WorkItemFinished):
        yield "Environment", event.environment
    if isinstance(event, DeploymentStarted) and event.environments:
        yield "Enters", ", ".join(event.environments)
    if isinstance(event, StageHeld) and event.whom:
        yield "Waits for", event.whom
    if isinstance(event, WorkItemFinished):
        yield "Attempt", event.work_id
    if deployment_of(event):
        yield "Deployment", deployment_of(event)


def addresses(event: Event, links: Links) -> Iterator[tuple[str, str]]:
    """Links to the commit or the work; and to the runbook when the state of an environment is unknown (R5)."""
    release = release_of(event)
    if links.github and isinstance(event, WorkItemFinished) and event.item.number:
        page = f"pull/{event.pull_request}" if event.pull_request else f"issues/{event.item.number}"
        yield "Work", f"{links.github}/{url_path(event.item.repository)}/{page}"
    if links.github and release and release.commit:
        yield "Commit", f"{links.github}/{url_path(f'{release.repository}/commit/{release.commit}')}"
    if links.console and deployment_of(event):
        yield "Console", f"{links.console}/{url_path(deployment_of(event))}"
    if links.runbooks and _is_unknown(event):
        yield "Runbook", f"{links.runbooks}/frozen-environment.md"
    if links.runbooks and isinstance(event, DriftFound):
        yield "Runbook", f"{links.runbooks}/drift.md"


def _is_unknown(event: Event) -> bool:
    if isinstance(event, StageFinished | RollbackFinished):
        return event.result == "unknown"
    return isinstance(event, DeploymentFinished) and event.outcome == "unknown"
