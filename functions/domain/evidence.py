"""Whether a release has the evidence to enter an environment (G6).

| evidence | where it is | of what |
|---|---|---|
| gates before any deployment | `gates` of the deployment | the artifact that this deployment applies |
| gates in the environment before | `gates_{environment}` of the deployment its parts came from | the release there |
| the soak of the environment before | its enhanced watch (`functions/domain/soaks.py`) | the release there |

A release of images has no build here, and so no gates before: a stack that names a repository of ECR under
`github.repositories[].images` leaves them to whoever builds its images.

The deployment that parts came from is this one where it changed them. A part that this one leaves as it was, because
none of its paths changed, came from the deployment whose version was verified good there.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from functions.domain.demands import AFTER, BEFORE
from functions.domain.environments import Environment
from functions.domain.gates import Verdict, failed, reasons
from functions.domain.records import DeploymentRecord
from functions.domain.soaks import Watched, soak
from functions.domain.values import Value

_AGAIN = "deploy it there again: kiro-worker deploy … --force"
_ROLLBACK_PAUSE = timedelta(minutes=1)


class Witness(Value, frozen=True):
    """A deployment that parts in the environment before came from; `record` is None once it has expired.

    `watched` is its enhanced watch there, None if there was none.
    """

    deployment_id: str
    record: DeploymentRecord | None
    watched: Watched | None = None


class Former(Value, frozen=True):
    """The environment that the release passed before; `unproven` are parts that were never verified good there."""

    environment: Environment
    witnesses: tuple[Witness, ...]
    unproven: tuple[str, ...] = ()


class Entry(Value, frozen=True):
    """Whether the release may enter; with `soaking`, `until` (ISO 8601) is the time to check again.

    `superseded`: a newer release replaced it in the environment before, while it had to run there.
    """

    outcome: Literal["complete", "soaking", "superseded", "missing"]
    reason: str = ""
    until: str = ""


def needs_evidence(environment: Environment) -> bool:
    """Whether the environment after this one demands anything of what happened in this one."""
    return environment.soak_minutes > 0 or any(name in AFTER for name in environment.demanded_gates)


def verdict(entered: Environment, record: DeploymentRecord, before: Former | None, now: datetime) -> Entry:
    """Whether the release of a deployment may enter an environment; `before` is None where it needs no evidence.

    An emergency was not tested after a deployment, and does not wait for a soak (P8).
    """
    lacking = _before_any(entered, record)
    if lacking:
        return Entry("missing", f"{entered.name} is not entered: {lacking}")
    if before is None or (record.release and record.release.emergency):
        return Entry("complete")
    where = before.environment.name
    lacking = next(_there(before), "")
    if lacking:
        return Entry("missing", f"{entered.name} is not entered: {lacking}; {_AGAIN}")
    for witness in before.witnesses:
        if witness.record and (witness.record.status, witness.record.environment) == ("rolling back", where):
            return Entry("soaking", f"{witness.deployment_id} is being rolled back in {where}", _text(now))
        found = soak(where, before.environment.soak_minutes, witness.watched, now)
        match found.outcome:
            case "soaking":
                return Entry("soaking", found.reason, found.until)
            case "cut":
                return Entry("superseded", found.reason)
            case "unwatched":
                return Entry("missing", f"{entered.name} is not entered: {found.reason}; {_AGAIN}")
            case "soaked":
                continue
    return Entry("complete")


def _text(now: datetime) -> str:
    return (now + _ROLLBACK_PAUSE).isoformat()


def _before_any(entered: Environment, record: DeploymentRecord) -> str:
    """What the gates before any deployment lack; "" if nothing."""
    if bad := failed(record.gates):
        return reasons(bad)
    of_images = record.release is not None and bool(record.release.images)
    if not of_images and (missing := _missing(entered, BEFORE, record.gates)):
        return f"no report of {missing} was judged, and {entered.name} demands it"
    planned = record.planned.get(entered.name)
    if planned and planned.artifact and not record.artifact_digest:
        return f"no gate has judged the artifact {planned.artifact}"
    return ""


def _there(before: Former) -> Iterator[str]:
    """What the environment before lacks."""
    where = before.environment.name
    for part in before.unproven:
        yield f"{part} was never verified good in {where}"
    for one in before.witnesses:
        if one.record is None:
            yield f"the record of {one.deployment_id}, which runs in {where}, has expired with its verdicts"
            continue
        if back := one.record.rollback.get(where):
            yield f"{one.deployment_id} was rolled back in {where} ({back.result})"
        verdicts = one.record.gates_after.get(where, ())
        if bad := failed(verdicts):
            yield f"{one.deployment_id} in {where}: {reasons(bad)}"
        if missing := _missing(before.environment, AFTER, verdicts):
            urgent = " as an emergency" if one.record.release and one.record.release.emergency else ""
            yield f"{one.deployment_id} was deployed to {where}{urgent} without {missing}, which {where} demands"


def _missing(environment: Environment, when: tuple[str, ...], verdicts: tuple[Verdict, ...]) -> str:
    judged = {one.name for one in verdicts}
    return ", ".join(f"`{name}`" for name in when if name in environment.demanded_gates and name not in judged)
