"""UpdatePullRequest: open or update the branch's pull request with the results of the build (W6)."""

from functions.adapters.github.board import Board
from functions.adapters.github.errors import GitHubNotFoundError
from functions.adapters.github.pull_requests import PullRequests
from functions.adapters.worker_rules import WorkerRules
from functions.domain.gates import Verdict, reasons
from functions.domain.values import Value
from functions.domain.work_items import Item
from functions.domain.work_results import Results, merged_body, section
from functions.handler import Handler

_PASSED, _FAILED = "kiro: ready", "kiro: failing"
_CHECK = "kiro/work-item"


class Input(Value, frozen=True):
    """The item, the verdict on its build, and the link to the build's log."""

    work_id: str
    item: Item
    outcome: str
    reason: str
    gates: tuple[Verdict, ...]
    results: Results
    build_id: str
    log: str


class Output(Value, frozen=True):
    """The pull request's number."""

    number: int


HANDLER = Handler(allow=PullRequests.USE, memory_mb=512, timeout_seconds=120)


def update_pull_request(event: Input, github: PullRequests, board: Board, rules: WorkerRules) -> Output:
    """Update the pull request; each step may be repeated. The text between the markers is replaced."""
    item, passed = event.item, event.outcome == "passed"
    ours = section(event.results, event.gates, event.build_id, event.log)
    found = github.find(item.repository, item.branch)
    if found is None:
        closes = f"Closes #{item.number}" if item.kind == "issue" else ""
        found = github.open(item.repository, item.branch, rules.main_branch, item.title, merged_body(closes, ours))
    else:
        github.describe(item.repository, found.number, merged_body(found.body, ours))
    if found.draft == passed:
        board.set_draft(found.node, draft=not passed)
    github.label(item.repository, found.number, *((_PASSED, _FAILED) if passed else (_FAILED, _PASSED)))
    _check(event, github, passed=passed)
    return Output(found.number)


def _check(event: Input, github: PullRequests, *, passed: bool) -> None:
    """Set the verdict as the status of the branch's head; an error there if the results are about another commit."""
    item, judged = event.item, event.results.head
    head = github.branch_head(item.repository, item.branch)
    link = event.log if event.log.startswith("https://") else ""
    if head is None:
        raise GitHubNotFoundError(f"{item.repository}: the branch {item.branch} was deleted; push it again")
    if judged in ("", head):
        github.set_status(item.repository, head, _CHECK, "success" if passed else "failure", reasons(event.gates), link)
    else:
        words = f"the results are of {judged[:12]}, but the branch has moved on: move the card for another attempt"
        github.set_status(item.repository, head, _CHECK, "error", words, link)
