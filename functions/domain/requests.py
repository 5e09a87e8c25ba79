"""The request of a deployment: what a release is started with, by whom. It is the input of the workflow `deployment`.

| `trigger` | who asks |
| --- | --- |
| push, tag | GitHub's webhook, for a branch or a version tag |
| dispatch | GitHub's webhook, for a `repository_dispatch` |
| operator | `kiro-worker deploy`, or StartExecution by hand |
| reconciliation | a push or tag whose webhook was lost |
| image | ECR's event about a pushed image |
"""

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Literal, get_args

from msgspec import field
from msgspec.structs import fields

from functions.domain.errors import BadInputError
from functions.domain.images import is_tag_or_digest
from functions.domain.releases import (
    LONGEST_NAME,
    branch_or_tag,
    execution_name,
    is_commit,
    repository_mark,
)
from functions.domain.values import Value

Trigger = Literal["push", "tag", "dispatch", "operator", "reconciliation", "image"]
Parts = Literal["all", "infrastructure"]

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_LONGEST_TEXT = 500
_TEXTS = ("repository", "ref", "commit", "until", "trigger", "parts", "by", "reason")
_FLAGS = ("force", "emergency", "forced")
# Step Functions adds it to the input of an execution that another one started.
# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-nested-workflows.html
_ADDED_BY_AWS = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"


class Request(Value, frozen=True):
    """What to deploy and how far; settings limit it (`functions/domain/triggers.py`).

    - `ref` is a branch or tag (`refs/heads/…`, `refs/tags/…`, or a name alone), `commit` is "" for the newest one.
    - `until` is the last environment that the release enters; "" for all.
    - `images` is the tag or digest of each service's image, by service. Then nothing else is deployed.
    - `force` deploys parts that are unchanged, too; `parts` limits the release to the infrastructure.
    - `forced` is a push that moved the main branch back or to another line: its commit is newer than all before.
    - `by` is the GitHub login of the sender, or the ARN of the operator.
    """

    repository: str
    ref: str
    commit: str = ""
    until: str = ""
    images: dict[str, str] = field(default_factory=dict)
    force: bool = False
    parts: Parts = "all"
    emergency: bool = False
    trigger: Trigger = "operator"
    by: str = ""
    reason: str = ""
    forced: bool = False


class RollbackRequest(Value, frozen=True):
    """A rollback that a person asks for; an empty text stands for what is not given.

    `part` is one service or the infrastructure, `to` a version tag, a commit or the beginning of one, and `deployment`
    the one to undo instead of the last one. With `repository` only parts of this repository are rolled back.
    """

    environment: str
    part: str = ""
    to: str = ""
    reason: str = ""
    by: str = ""
    repository: str = ""
    deployment: str = ""


_KEYS = tuple(one.name for one in fields(Request))


def read_request(given: Mapping[str, Any]) -> Request:
    """The request in the input of an execution; a key or value that is not allowed is a BadInputError that names it.

    Missing keys and null have their defaults, so that inputs of earlier versions are read. An unknown key is refused:
    a misspelt `until` would deploy everywhere.
    """
    values = {key: value for key, value in given.items() if value is not None and key != _ADDED_BY_AWS}
    unknown = sorted(set(values) - set(_KEYS))
    if unknown:
        raise BadInputError(f"the request has an unknown key {unknown[0]!r}; known are {', '.join(_KEYS)}")
    for key, value in values.items():
        problem = _problem(key, value)
        if problem:
            raise BadInputError(f"the request: {key} is {json.dumps(value, default=str)[:100]}, expected {problem}")
    for key in ("repository", "ref"):
        if not values.get(key):
            raise BadInputError(f"the request: {key} is missing; it names the {key} to deploy")
    return Request(**values)


def _problem(key: str, value: object) -> str:
    """What is allowed for a key that has another value; "" for an allowed one."""
    if key in _FLAGS:
        return "" if isinstance(value, bool) else "true or false"
    if key == "images":
        good = isinstance(value, dict) and all(
            isinstance(service, str) and isinstance(tag, str) and is_tag_or_digest(tag)
            for service, tag in value.items()
        )
        return "" if good else "an object of tags (v1.2.3) or digests (sha256:…) by service"
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        return f"a text of at most {_LONGEST_TEXT} characters"
    if key == "repository" and value and not _REPOSITORY.fullmatch(value):
        return "owner/name"
    if key == "commit" and value and not is_commit(value):
        return "a full commit id"
    allowed = get_args({"trigger": Trigger, "parts": Parts}.get(key, Literal[""]))
    return f"one of {', '.join(allowed)}" if key in ("trigger", "parts") and value not in allowed else ""


def push_name(request: Request, main_branch: str, over: str = "") -> str:
    """The execution name of a push: that of its commit; for other branches than the main one with a mark of the ref.

    Without the mark, `hot/fix` and `hot-fix` would have one name. A forced push of the main branch has that of the
    commit which it replaced (`over`), too: its own commit may have been delivered before.
    """
    kind, name = branch_or_tag(request.ref)
    if request.forced and over:
        return _named(re.sub(r"[^A-Za-z0-9._-]+", "-", name), request, request.commit[:12], over[:8])
    if kind == "tag" or name == main_branch:
        return execution_name(request.repository, request.ref, request.commit)
    words = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")
    return _named(words, request, request.commit[:12], sha256(request.ref.encode()).hexdigest()[:8])


def dispatch_name(request: Request, event: str, body: bytes) -> str:
    """The execution name of a dispatch: a delivery that is repeated has the same one, because its body is the same."""
    return _named(event, request, sha256(body).hexdigest()[:12])


def rollback_name(request: RollbackRequest, mark: str) -> str:
    """The execution name of a rollback; `mark` tells it from others, and is the same when the request is repeated."""
    return f"rollback-{request.environment}-{mark}"


def operator_name(request: Request, stamp: str) -> str:
    """The execution name of an operator's request; each has its own, by the time."""
    ref = request.ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    words = re.sub(r"[^A-Za-z0-9._-]+", "-", request.commit[:12] or ref)
    return _named(f"operator-{words}", request, stamp)


def _named(words: str, request: Request, *ends: str) -> str:
    end = "".join(f"-{one}" for one in (repository_mark(request.repository), *ends))
    return f"{words[: LONGEST_NAME - len(end)].rstrip('-.')}{end}"
