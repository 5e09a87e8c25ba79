"""Check runs of gates with annotations; only an App writes them (G5)."""

from typing import TYPE_CHECKING, Any

from functions.adapters.github.client import GitHub
from functions.adapters.github.connection import app_of
from functions.domain.check_runs import CheckRun
from functions.domain.gates import Note

if TYPE_CHECKING:
    from github.Repository import Repository

# https://docs.github.com/rest/checks/runs#create-a-check-run: "a maximum of 50 per API request"
_AT_A_TIME = 50


class CheckRuns(GitHub):
    """The check runs of a commit."""

    def as_app(self, repository: str) -> bool:
        """Whether the credential is an App, which writes check runs; a token sets commit statuses instead."""
        return bool(self._request(repository, "credential", app_of))

    def show(self, repository: str, sha: str, run: CheckRun) -> None:
        """Write a check run with all of its annotations; one that is complete is left as it is.

        GitHub adds annotations to those that a run has, so a repetition sends those that are missing.
        """

        def write(repo: "Repository") -> None:
            known = _known(repo, sha, run)
            sent = known["output"]["annotations_count"] if known else 0
            if known is None:
                body = {"name": run.name, "head_sha": sha, "external_id": run.external_id, **_body(run, 0)}
                _, known = repo.requester.requestJsonAndCheck("POST", f"{repo.url}/check-runs", input=body)
                sent = _AT_A_TIME
            for start in range(sent, len(run.notes), _AT_A_TIME):
                url = f"{repo.url}/check-runs/{known['id']}"
                repo.requester.requestJsonAndCheck("PATCH", url, input=_body(run, start))

        self._request(repository, f"check {run.name} of {sha}", write)


def _known(repo: "Repository", sha: str, run: CheckRun) -> dict[str, Any] | None:
    """The same check run of this App, if it was written before; others may have its name and its external id."""
    asked = {"check_name": run.name, "app_id": app_of(repo), "filter": "all", "per_page": "100"}
    _, listed = repo.requester.requestJsonAndCheck("GET", f"{repo.url}/commits/{sha}/check-runs", parameters=asked)
    found: list[dict[str, Any]] = listed["check_runs"]
    return next((one for one in found if one["external_id"] == run.external_id), None)


def _body(run: CheckRun, start: int) -> dict[str, Any]:
    """The run with its annotations from a position on."""
    annotations = [_annotation(one) for one in run.notes[start : start + _AT_A_TIME]]
    output = {"title": run.title, "summary": run.summary, "annotations": annotations}
    return {
        "status": "completed",
        "conclusion": run.conclusion,
        "output": output,
        **({"details_url": run.link} if run.link else {}),
    }


def _annotation(note: Note) -> dict[str, Any]:
    return {
        "path": note.path,
        "start_line": note.line,
        "end_line": note.line,
        "annotation_level": note.level,
        "title": note.title,
        "message": note.message,
    }
