"""The data that `kiro-worker status` prints of each environment, as JSON values."""

from msgspec.structs import replace

from cli.aws.operator import Operator, explain
from cli.facts import Facts, decisions, environment_of
from functions.adapters.alarms import Alarms
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.health import HealthProbe
from functions.domain.environments import Environment, PartState, Version, addresses
from functions.domain.locks import Lock
from functions.domain.records import DeploymentRecord
from functions.domain.texts import quote
from functions.domain.watches import AlarmReading
from functions.handler import encode


def environments(aws: Operator) -> list[Facts]:
    """Each environment: versions that run and are good, addresses, pins, freeze, waiting releases, lock, and alarms.

    Those that the stack has no longer come last, as long as something is recorded of them; their alarms are not read.
    """
    owned = [lock for lock in aws.locks.owned() if environment_of(lock)]
    found = [_environment(aws, one.name, owned, one) for one in aws.environments]
    known = aws.running.names() | {environment_of(lock) for lock in owned}
    gone = sorted(known - {one.name for one in aws.environments})
    left = [_environment(aws, name, owned, None) for name in gone]
    recorded = ("parts", "pins", "frozen", "waiting", "lock", "outsideAlarms")
    return found + [one for one in left if any(one[key] for key in recorded)]


def _environment(aws: Operator, name: str, owned: list[Lock], settings: Environment | None) -> Facts:
    """`alarmsUnread` says why the alarms of CloudWatch could not be read."""
    lock = next((lock for lock in owned if environment_of(lock) == name), Lock(""))
    outside = [alarm for alarm in aws.running.outside_alarms(name) if alarm.state == "ALARM"]
    frozen = aws.running.frozen(name)
    states = list(aws.running.parts(name).values())
    alarms, unread = _alarms(aws, settings) if settings else ((), "")
    return {
        "environment": name,
        "inStack": settings is not None,
        "parts": _parts(aws, name, states, settings),
        "pins": encode(list(aws.running.pins(name).values())),
        "frozen": encode(frozen) if frozen else None,
        "waiting": [_waiting(record) for record in aws.deployments.held(name)],
        "lock": encode(lock.owner) if lock.owner else None,
        "deployment": lock.owner.deployment_id if lock.owner else None,
        "rollingBack": lock.owner is not None and lock.owner.rollback,
        "alarms": encode(alarms),
        "alarmsUnread": unread,
        "outsideAlarms": encode(outside),
    }


def _parts(aws: Operator, environment: str, states: list[PartState], settings: Environment | None) -> list[Facts]:
    drifts = aws.running.drifts(environment)
    found = addresses(states, settings.fill_values if settings else {"environment": environment})
    asked = settings is not None and settings.approval
    running = {state.running.deployment_id for state in states if state.running and asked} - {""}
    approved = {deployment: _approvers(aws, deployment, environment) for deployment in running}
    return [
        {
            "part": state.part,
            "running": _version(state.running),
            "good": _version(state.good),
            "address": found.get(state.part, ""),
            "inDoubt": state.in_doubt or None,
            "drift": encode(drifts.get(state.part)),
            "approvedBy": approved.get(state.running.deployment_id, []) if state.running else [],
        }
        for state in states
    ]


def _approvers(aws: Operator, deployment: str, environment: str) -> list[str]:
    """Who has approved a deployment for an environment, also after a warning; nobody, where nobody was asked."""
    decided = [one for one in decisions(aws, deployment) if one["environment"] == environment]
    return list(dict.fromkeys(who for one in decided if one["state"] == "approved" for who in one["people"]))


def _alarms(aws: Operator, environment: Environment) -> tuple[tuple[AlarmReading, ...], str]:
    """The alarms in CloudWatch, and why they could not be read: the rest of the status is shown all the same.

    Those of the stack's own account are read with the operator's credentials: the read role need not trust people.
    """
    here = environment.account in ("", aws.account)
    health = EnvironmentHealth(aws.running, Alarms.connect(aws.aws), HealthProbe.connect(aws.aws))
    where = replace(environment, read_role_arn="") if here else environment
    try:
        return Alarms.connect(aws.aws).read(where, *health.alarm_names(where, "")), ""
    except Exception as error:
        return (), quote(explain(error, aws.stack) or error)


def _waiting(record: DeploymentRecord) -> Facts:
    return {"deployment": record.deployment_id, "status": record.status, "reason": record.reason}


def _version(version: Version | None) -> Facts | None:
    return encode(version) if version else None
