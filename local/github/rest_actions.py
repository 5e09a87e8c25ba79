"""REST: runs of workflows whose jobs wait for an environment (https://docs.github.com/rest/actions/workflow-runs)."""

from typing import Any

from werkzeug.wrappers import Response

from local.github import rest_deployments, shapes
from local.github.records import Deployment, Repository, WaitingJob, now
from local.github.routing import ApiError, Call, Hub, Routes, invalid, not_found, reply

ROUTES = Routes()
_STATES = ("approved", "rejected")
# https://docs.github.com/actions/how-tos/deploy/configure-and-manage-deployments/create-custom-protection-rules
_LONGEST_COMMENT, _MOST_REPORTS = 1024, 10
EVENT = "deployment_protection_rule"


def start_job(hub: Hub, full_name: str, installation_id: int, environment: str, ref: str = "main") -> WaitingJob:
    """A run reaches a job of an environment that an App protects; `ref` is a branch or tag by its short name."""
    repository, app = hub.store.repositories[full_name], hub.store.apps[installation_id]
    sha = repository.git.resolve(ref)
    if sha is None:
        raise ValueError(f"{full_name} has no ref {ref}: push it first")
    job = WaitingJob(hub.store.next_id(), sha, ref, environment, app.bot)
    repository.jobs.append(job)
    repeat_job(hub, full_name, installation_id, job)
    return job


def repeat_job(hub: Hub, full_name: str, installation_id: int, job: WaitingJob) -> None:
    """The job of a run, which may be repeated, asks: the App's webhook gets the request, and no other one.

    https://docs.github.com/webhooks/webhook-events-and-payloads#deployment_protection_rule
    """
    repository, app = hub.store.repositories[full_name], hub.store.apps[installation_id]
    job.state, by = "waiting", hub.store.person(repository.owner)
    number, at = hub.store.next_id(), now()
    made = Deployment(number, job.ref, job.sha, "deploy", job.environment, None, {}, False, False, by, at)
    repository.deployments.append(made)
    callback = f"{shapes.repository_url(hub, repository)}/actions/runs/{job.id}/{EVENT}"
    body = {
        "action": "requested",
        "environment": job.environment,
        "event": "push",
        "sha": job.sha,
        "ref": job.ref,
        "deployment_callback_url": callback,
        "deployment": rest_deployments.shape(hub, repository, made),
        "pull_requests": [],
        "repository": shapes.repository(hub, repository),
        "installation": {
            "id": app.installation_id,
            "node_id": shapes.node("IntegrationInstallation", app.installation_id),
        },
        "sender": shapes.user(hub, by),
    }
    if app.hook:
        hub.send(app.hook, repository, EVENT, body)


@ROUTES.add("POST", f"actions/runs/<int:run_id>/{EVENT}", "deployments:write", 204)
def review(call: Call, repository: Repository, run_id: int) -> Response:
    """Approve, reject or comment; an App reviews its own rules only."""
    if not call.user.login.endswith("[bot]"):
        raise ApiError(403, "You must authenticate via a GitHub App.")
    run = _run(repository, run_id)
    body = call.body("environment_name", resource="Review")
    state, comment = body.get("state"), body.get("comment") or ""
    if state not in (None, *_STATES) or not (state or comment):
        raise invalid("Review", "state", "invalid")
    if len(comment) > _LONGEST_COMMENT:
        raise invalid("Review", "comment", "custom", f"Only {_LONGEST_COMMENT} characters are allowed")
    # GitHub documents no answer for a job that does not wait; any refusal of the request is a 422 here.
    if (run.environment, run.app, run.state) != (body["environment_name"], call.user, "waiting"):
        raise invalid("Review", "environment_name", "custom", "No deployment of this environment waits for the App")
    if state is None:
        if len(run.reports) == _MOST_REPORTS:
            raise invalid("Review", "comment", "custom", f"Only {_MOST_REPORTS} reports are allowed")
        run.reports.append(comment)
    else:
        run.state, run.comment = state, comment
    return reply(None, 204)


@ROUTES.add("GET", "actions/runs/<int:run_id>/pending_deployments", "actions:read")
def list_pending(call: Call, repository: Repository, run_id: int) -> list[dict[str, Any]]:
    """The environments whose rules the run waits for."""
    run = _run(repository, run_id)
    if run.state != "waiting":
        return []
    api, web = shapes.repository_url(call.hub, repository), shapes.html_url(call.hub, repository)
    environment = {
        "id": run.id,
        "node_id": shapes.node("Environment", run.id),
        "name": run.environment,
        "url": f"{api}/environments/{run.environment}",
        "html_url": f"{web}/deployments/activity_log?environments_filter={run.environment}",
    }
    return [
        {
            "environment": environment,
            "wait_timer": 0,
            "wait_timer_started_at": None,
            "current_user_can_approve": False,
            "reviewers": [],
        }
    ]


def _run(repository: Repository, run_id: int) -> WaitingJob:
    found = next((one for one in repository.jobs if one.id == run_id), None)
    if found is None:
        raise not_found()
    return found
