"""REST: check runs (https://docs.github.com/rest/checks/runs)."""

from typing import Any

from werkzeug.wrappers import Response

from local.github import shapes
from local.github.records import CheckRun, Repository, now
from local.github.rest_commits import resolve
from local.github.routing import ApiError, Call, Routes, invalid, not_found, reply

ROUTES = Routes()
_STATUSES = ("queued", "in_progress", "completed")
_CONCLUSIONS = ("action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out")
_LONGEST, _MOST_ANNOTATIONS = 65_535, 50
_LEVELS = ("notice", "warning", "failure")


@ROUTES.add("POST", "check-runs", "checks:write", 201)
def create_check_run(call: Call, repository: Repository) -> dict[str, Any]:
    """Create a check run; only an App may."""
    _by_an_app(call)
    body = call.body("name", "head_sha", resource="CheckRun")
    run = CheckRun(call.store.next_id(), resolve(repository, body["head_sha"]), body["name"], call.user, now())
    _change(run, body)
    repository.check_runs.append(run)
    return _shape(call, repository, run)


@ROUTES.add("PATCH", "check-runs/<int:check_run_id>", "checks:write")
def update_check_run(call: Call, repository: Repository, check_run_id: int) -> dict[str, Any]:
    """Change a check run of the same App; annotations are added to those that it has."""
    _by_an_app(call)
    run = next((one for one in repository.check_runs if one.id == check_run_id), None)
    if run is None:
        raise not_found()
    if run.app != call.user:
        reason = f"Invalid app_id `{call.user.id}` - check run can only be modified by the GitHub App that created it."
        raise ApiError(403, reason)
    _change(run, call.body())
    return _shape(call, repository, run)


@ROUTES.add("GET", "commits/<path:ref>/check-runs", "checks:read")
def list_check_runs(call: Call, repository: Repository, ref: str) -> Response:
    """The check runs of a commit, newest first; by default the newest of each name and App."""
    sha, name, status = resolve(repository, ref), call.argument("check_name"), call.argument("status")
    found = [run for run in reversed(repository.check_runs) if run.sha == sha]
    if call.argument("filter", "latest") == "latest":
        newest = {(run.name, run.app): run for run in reversed(found)}
        found = [run for run in found if newest[run.name, run.app] is run]
    app = call.argument("app_id")
    found = [run for run in found if app in ("", _app_id(run))]
    found = [run for run in found if name in ("", run.name) and status in ("", run.status)]
    page, size = call.window()
    shown = [_shape(call, repository, run) for run in found[(page - 1) * size : page * size]]
    return reply({"total_count": len(found), "check_runs": shown}, 200, call.links(len(found)))


def _app_id(run: CheckRun) -> str:
    """The number of the App in the name of its account: `app-12[bot]`."""
    return run.app.login.removesuffix("[bot]").rpartition("-")[2]


def _by_an_app(call: Call) -> None:
    if not call.user.login.endswith("[bot]"):
        raise ApiError(403, "You must authenticate via a GitHub App.")


def _change(run: CheckRun, body: dict[str, Any]) -> None:
    status, conclusion = body.get("status", run.status), body.get("conclusion", run.conclusion)
    if status not in _STATUSES:
        raise invalid("CheckRun", "status", "invalid")
    if conclusion is not None and conclusion not in _CONCLUSIONS:
        raise invalid("CheckRun", "conclusion", "invalid")
    if status == "completed" and conclusion is None:
        raise invalid("CheckRun", "conclusion", "missing_field")
    output = body.get("output")
    if output is not None:
        _check_output(output)
        run.title, run.summary, run.text = output["title"], output["summary"], output.get("text")
        run.annotations += output.get("annotations", [])
    run.status, run.conclusion = ("completed", conclusion) if conclusion else (status, None)
    run.completed = now() if run.status == "completed" else None
    run.details_url, run.external_id = (
        body.get("details_url", run.details_url),
        body.get("external_id", run.external_id),
    )


def _check_output(output: dict[str, Any]) -> None:
    for name in ("title", "summary"):
        if not output.get(name):
            raise invalid("CheckRun", name, "missing_field")
    if any(len(output.get(name) or "") > _LONGEST for name in ("summary", "text")):
        raise invalid("CheckRun", "output", "custom", f"Only {_LONGEST} characters are allowed")
    annotations = output.get("annotations", [])
    if len(annotations) > _MOST_ANNOTATIONS:
        raise invalid("CheckRun", "annotations", "custom", f"Only {_MOST_ANNOTATIONS} items are allowed")
    for one in annotations:
        if one.get("annotation_level") not in _LEVELS or not one.get("message") or not one.get("path"):
            raise invalid("CheckRun", "annotations", "invalid")


def _shape(call: Call, repository: Repository, run: CheckRun) -> dict[str, Any]:
    api, web = shapes.repository_url(call.hub, repository), shapes.html_url(call.hub, repository)
    url = f"{api}/check-runs/{run.id}"
    created = shapes.moment(run.created)
    owner = shapes.user(call.hub, run.app)
    return {
        "id": run.id,
        "node_id": shapes.node("CheckRun", run.id),
        "head_sha": run.sha,
        "name": run.name,
        "url": url,
        "html_url": f"{web}/runs/{run.id}",
        "details_url": run.details_url,
        "external_id": run.external_id,
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": created,
        "completed_at": shapes.moment(run.completed) if run.completed else None,
        "output": {
            "title": run.title,
            "summary": run.summary,
            "text": run.text,
            "annotations_count": len(run.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": run.app.id},
        "app": {
            "id": run.app.id,
            "node_id": shapes.node("App", run.app.id),
            "slug": run.app.login.removesuffix("[bot]"),
            "owner": owner,
            "name": run.app.login.removesuffix("[bot]"),
            "description": None,
            "external_url": call.hub.url,
            "html_url": f"{call.hub.url}/apps/{run.app.login.removesuffix('[bot]')}",
            "created_at": created,
            "updated_at": created,
            "permissions": {"checks": "write"},
            "events": [],
        },
        "pull_requests": [],
    }
