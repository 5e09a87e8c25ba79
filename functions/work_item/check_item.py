"""CheckItem: whether the item has everything that the agent needs, and its branch may be changed (W3)."""

from typing import Literal

from functions.adapters.github.pull_requests import PullRequests
from functions.adapters.worker_rules import WorkerRules
from functions.buildspecs.work_item.task_list import read_tasks
from functions.domain.values import Value
from functions.domain.work_items import (
    TASKS,
    Findings,
    Item,
    branch_key,
    branch_problem,
    fingerprint,
    ineligible_reason,
    missing,
    spec_folder,
)
from functions.handler import Handler


class Input(Value, frozen=True):
    """The attempt and its item."""

    work_id: str
    item: Item


class Output(Value, frozen=True):
    """Whether the item is eligible; `reason` is the comment for one that is not.

    `head` is the branch's commit, `seen` the fingerprint of what was judged, `spec` the folder, `lock` the lock's key.
    """

    outcome: Literal["eligible", "ineligible"]
    reason: str
    head: str
    seen: str
    spec: str
    lock: str


HANDLER = Handler(allow=PullRequests.USE, memory_mb=512, timeout_seconds=60)


def check_item(event: Input, github: PullRequests, rules: WorkerRules) -> Output:
    """Check the item; GitHub is not queried for a branch with a refused name."""
    item = event.item
    problem = branch_problem(item.branch, rules.branch_namespace, rules.main_branch)
    ours = not problem and item.kind != "draft" and item.repository in rules.repositories
    findings = read_findings(item, github, rules) if ours else None
    lacks = missing(item, findings, problem, rules.repositories)
    head = (findings.head if findings else None) or ""
    return Output(
        "ineligible" if lacks else "eligible",
        ineligible_reason(lacks) if lacks else "",
        head,
        fingerprint(item, head),
        spec_folder(item.branch),
        branch_key(item.repository, item.branch),
    )


def read_findings(item: Item, github: PullRequests, rules: WorkerRules) -> Findings:
    """The branch, spec and pull request of an item on GitHub."""
    head = github.branch_head(item.repository, item.branch)
    if head is None:
        return Findings(None)
    folder = spec_folder(item.branch)
    files = github.files(item.repository, folder, head)
    listed = github.read_file(item.repository, f"{folder}/{TASKS}", head) if TASKS in files else None
    problems = () if listed is None else read_tasks(listed, f"{folder}/{TASKS}").problems
    found = github.find(item.repository, item.branch)
    if found:
        return Findings(head, files, found.number, problems=problems)
    ahead = github.compare(item.repository, rules.main_branch, head).ahead_by
    return Findings(head, files, None, can_open=ahead > 0, problems=problems)
