"""Reading deliveries `push` and `pull_request`, whose signature was verified before; keys of rows in the waits table.

push/{repository}               the main branch's head as it was last seen
refs/{repository}               the version tags and other branches as they were last seen
delivery/{SHA-256 of the body}  a webhook delivery that started an execution
notified/{id of an event}       the channels that a notification was sent to
"""

from collections.abc import Mapping
from typing import Any

from functions.domain.errors import BadInputError
from functions.domain.releases import branch_or_tag, is_commit, skips_ci
from functions.domain.requests import Request, Trigger, push_name
from functions.domain.triggers import NotDelivered, TriggerRules, last_environment
from functions.domain.values import Value

SKIPPED = "the subject of the commit message asks for it, with [skip ci] or another form"


class PushKey(Value, frozen=True):
    """The key of the main branch's head as it was last seen."""

    repository: str

    def __str__(self) -> str:
        return f"push/{self.repository}"


class RefsKey(Value, frozen=True):
    """The key of a repository's version tags and delivered branches as they were last seen."""

    repository: str

    def __str__(self) -> str:
        return f"refs/{self.repository}"


class DeliveryKey(Value, frozen=True):
    """The key of a webhook delivery: the SHA-256 of its body in hexadecimal."""

    digest: str

    def __str__(self) -> str:
        return f"delivery/{self.digest}"


class Start(Value, frozen=True):
    """Start a deployment with this request under this execution name."""

    name: str
    request: Request


class Ignored(Value, frozen=True):
    """A valid delivery that starts no deployment, and why."""

    reason: str


def read_push(payload: Mapping[str, Any], repositories: frozenset[str], rules: TriggerRules) -> Start | Ignored:
    """The deployment that a push starts, or why none; an invalid payload is a BadInputError that names the field.

    The commit of an annotated tag is that of `head_commit`: `after` is the tag object then.
    https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
    """
    repository = _text(_object(payload, "repository"), "full_name", "repository.full_name")
    foreign = not_delivered(repository, repositories)
    if foreign:
        return foreign
    ref, after = _text(payload, "ref", "ref"), _commit(payload, "after", "after")
    kind, name = branch_or_tag(ref)
    if payload.get("deleted") is True or not after.strip("0"):
        return Ignored(f"{kind} {name} was deleted")
    if kind == "tag" and _commit(payload, "before", "before").strip("0"):
        return Ignored(f"tag {name} was moved; a version stays what it was: tag the commit with a new version")
    head = _object(payload, "head_commit")
    commit, message = _commit(head, "id", "head_commit.id"), _text(head, "message", "head_commit.message", empty=True)
    over = _commit(payload, "before", "before") if payload.get("forced") is True else ""
    return push_of(repository, ref, commit, message, rules, by=sender(payload), over=over)


def updated_branch(payload: Mapping[str, Any]) -> str:
    """The branch that a push has changed, in a delivery that `read_push` has read; "" for a tag or a deleted branch."""
    kind, name = branch_or_tag(str(payload["ref"]))
    return name if kind == "branch" and payload.get("deleted") is not True else ""


def push_of(
    repository: str,
    ref: str,
    commit: str,
    message: str,
    rules: TriggerRules,
    *,
    by: str = "",
    lost: bool = False,
    over: str = "",
) -> Start | Ignored:
    """The deployment of a ref that was pushed; `lost` if the reconciliation found it.

    `over` is the commit that a forced push replaced.
    """
    until = last_environment(ref, message, rules)
    if isinstance(until, NotDelivered):
        return Ignored(until.reason)
    if skips_ci(message):
        return Ignored(SKIPPED)
    trigger: Trigger = "reconciliation" if lost else "tag" if branch_or_tag(ref)[0] == "tag" else "push"
    forced = bool(over) and ref == rules.main_ref
    request = Request(repository, ref, commit, until, trigger=trigger, by=by, forced=forced)
    return Start(push_name(request, rules.main_branch, over), request)


def read_pull_request(payload: Mapping[str, Any], repositories: frozenset[str], main_branch: str) -> int | Ignored:
    """The number of the pull request that a delivery asks to plan, or why none; a missing field is a BadInputError.

    Only its number is used: the delivery may be late, so its head is read anew.
    https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request
    """
    event = "pull_request"
    repository = _text(_object(payload, "repository", event=event), "full_name", "repository.full_name", event=event)
    foreign = not_delivered(repository, repositories)
    if foreign:
        return foreign
    action = _text(payload, "action", "action", event=event)
    changes = payload.get("changes")
    retargeted = action == "edited" and isinstance(changes, Mapping) and "base" in changes
    if action not in ("opened", "synchronize", "reopened") and not retargeted:
        return Ignored(f"a pull request is planned when it is opened, reopened or pushed to, not when it is {action}")
    base = _object(_object(payload, "pull_request", event=event), "base", "pull_request.base", event=event)
    branch = _text(base, "ref", "pull_request.base.ref", event=event)
    if branch != main_branch:
        return Ignored(f"it is to {branch}; only pull requests to {main_branch} are planned")
    number = payload.get("number")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise BadInputError("pull_request: number is missing or not a number")
    return number


def dispatched_repository(payload: Mapping[str, Any]) -> str:
    """The repository of a `repository_dispatch`; a missing one is a BadInputError."""
    found = payload.get("repository")
    name = found.get("full_name") if isinstance(found, Mapping) else None
    if not isinstance(name, str) or not name:
        raise BadInputError("repository_dispatch: repository.full_name is missing or not a text")
    return name


def not_delivered(repository: str, repositories: frozenset[str]) -> Ignored | None:
    """Why deliveries of a repository that the stack does not deliver are ignored; None for its own ones."""
    if repository in repositories:
        return None
    known = ", ".join(sorted(repositories)) or "none"
    return Ignored(f"repository {repository} is not delivered by this stack (delivered: {known})")


def sender(payload: Mapping[str, Any]) -> str:
    """The GitHub login of the sender of a delivery; "" without one."""
    found = payload.get("sender")
    login = found.get("login") if isinstance(found, Mapping) else None
    return login[:100] if isinstance(login, str) else ""


def _object(value: Mapping[str, Any], key: str, path: str = "", *, event: str = "push") -> Mapping[str, Any]:
    found = value.get(key)
    if not isinstance(found, Mapping):
        raise BadInputError(f"{event}: {path or key} is missing or not an object")
    return found


def _commit(value: Mapping[str, Any], key: str, path: str) -> str:
    found = _text(value, key, path)
    if not is_commit(found):
        raise BadInputError(f"push: {path} is {found[:100]!r}, expected a full commit id")
    return found


def _text(value: Mapping[str, Any], key: str, path: str, *, empty: bool = False, event: str = "push") -> str:
    found = value.get(key)
    if not isinstance(found, str) or not (found or empty):
        raise BadInputError(f"{event}: {path} is missing or not a text")
    return found
