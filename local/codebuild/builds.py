"""The builds of the account, their API calls, and the queue in which they wait."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local.codebuild import overrides
from local.codebuild.errors import AccountLimitError, InvalidInputError, NotFoundError
from local.codebuild.job import Job
from local.codebuild.processes import GRACE_SECONDS
from local.codebuild.projects import check_source
from local.paging import page

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.codebuild.projects import Projects

Record = dict[str, Any]
INITIATOR = "local"
# https://docs.aws.amazon.com/codebuild/latest/userguide/builds-working.html
QUEUED_PER_RUNNING = 5


class Builds:
    """Keeps builds and runs at most `concurrency` of them at a time, in the order of their start."""

    def __init__(
        self,
        projects: Projects,
        run: Callable[[Job], None],
        publish: Callable[[Record], None],
        concurrency: int,
        minute: float,
        log_page: Callable[[str, str], str],
    ) -> None:
        """`log_page` is the address at which people read a log stream, by its group and its name."""
        self._log_page = log_page
        self._projects = projects
        self._run = run
        self._publish = publish
        self._free = concurrency
        self._queue_limit = QUEUED_PER_RUNNING * concurrency
        self._minute = minute
        self._jobs: dict[str, Job] = {}
        self._tokens: dict[str, tuple[str, str]] = {}
        self._threads: list[threading.Thread] = []
        self._waiting: deque[Job] = deque()
        self._turn = threading.Condition()
        self._closed = False

    def start_build(self, request: Record) -> Record:
        """Answer StartBuild; a repeated call with the same idempotency token and parameters returns the same build."""
        project = overrides.apply(self._projects.get(request["projectName"]), request)
        check_source(project["source"])
        token = request.get("idempotencyToken")
        fingerprint = json.dumps(request, sort_keys=True)
        with self._turn:
            if self._closed:
                raise InvalidInputError("the build service is stopping; start it again to build")
            known, earlier = self._tokens.get(token or "", ("", fingerprint))
            if earlier != fingerprint:
                raise InvalidInputError(f"idempotencyToken {token} was used with other parameters; use a new one")
            if known in self._jobs:
                return {"build": self._jobs[known].snapshot()}
            if len(self._waiting) >= self._queue_limit:
                raise AccountLimitError(f"Cannot have more than {self._queue_limit} builds in queue for the account")
            job = self._job(project)
            if token:
                self._tokens[token] = (job.record["id"], fingerprint)
            self._jobs[job.record["id"]] = job
            self._waiting.append(job)
            job.submit()
            answer = job.snapshot()
            thread = threading.Thread(target=self._serve, args=(job,), name=f"build-{job.uuid}", daemon=True)
            self._threads = [*(one for one in self._threads if one.is_alive()), thread]
            thread.start()
        return {"build": answer}

    def stop_build(self, request: Record) -> Record:
        """Answer StopBuild after the build's processes have ended or their grace period is over."""
        job = self._existing(request["id"])
        job.interrupt("STOPPED")
        with self._turn:
            self._turn.notify_all()
        job.finished.wait(GRACE_SECONDS + 2)
        return {"build": job.snapshot()}

    def batch_get_builds(self, request: Record) -> Record:
        """Answer BatchGetBuilds; a build may be named by its ARN."""
        with self._turn:
            found = {name: self._jobs.get(_plain(name)) for name in request["ids"]}
        return {
            "builds": [job.snapshot() for job in found.values() if job],
            "buildsNotFound": [name for name, job in found.items() if not job],
        }

    def list_builds(self, request: Record) -> Record:
        """Answer ListBuilds, newest first unless `sortOrder` is ASCENDING."""
        with self._turn:
            ids = list(self._jobs)
        return page("ids", ids if request.get("sortOrder") == "ASCENDING" else ids[::-1], request, InvalidInputError)

    def list_builds_for_project(self, request: Record) -> Record:
        """Answer ListBuildsForProject."""
        name = self._projects.get(request["projectName"])["name"]
        with self._turn:
            ids = [job.record["id"] for job in self._jobs.values() if job.record["projectName"] == name]
        return page("ids", ids if request.get("sortOrder") == "ASCENDING" else ids[::-1], request, InvalidInputError)

    def batch_delete_builds(self, request: Record) -> Record:
        """Answer BatchDeleteBuilds; a build that still runs stays."""
        deleted, kept = [], []
        with self._turn:
            for name in request["ids"]:
                job = self._jobs.get(_plain(name))
                if job and not job.record["buildComplete"]:
                    kept.append({"id": name, "statusCode": "BUILD_IN_PROGRESS"})
                else:
                    self._jobs.pop(_plain(name), None)
                    deleted.append(name)
        return {"buildsDeleted": deleted, "buildsNotDeleted": kept}

    def close(self) -> None:
        """Stop every build and wait until their processes are gone."""
        with self._turn:
            self._closed = True
            for job in self._jobs.values():
                job.interrupt("STOPPED")
            self._turn.notify_all()
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _serve(self, job: Job) -> None:
        outcome = self._wait_turn(job)
        if outcome:
            context = [("BUILD_TIMED_OUT", "Build has timed out. ")] if outcome == "TIMED_OUT" else []
            job.leave(outcome, context)
            job.complete(outcome)
            return
        timeout = threading.Timer(job.record["timeoutInMinutes"] * self._minute, job.interrupt, args=("TIMED_OUT",))
        timeout.daemon = True
        timeout.start()
        try:
            self._run(job)
        finally:
            timeout.cancel()
            with self._turn:
                self._free += 1
                self._turn.notify_all()

    def _wait_turn(self, job: Job) -> str | None:
        """Wait until the build may run: returns None, or the status with which it ends without running."""
        deadline = time.monotonic() + job.record["queuedTimeoutInMinutes"] * self._minute
        with self._turn:
            while True:
                if job.interruption is None and time.monotonic() >= deadline:
                    job.interrupt("TIMED_OUT")
                if job.interruption:
                    self._waiting.remove(job)
                    self._turn.notify_all()
                    return job.interruption
                if self._free and self._waiting[0] is job:
                    self._waiting.popleft()
                    self._free -= 1
                    self._turn.notify_all()
                    return None
                self._turn.wait(deadline - time.monotonic())

    def _existing(self, name: str) -> Job:
        with self._turn:
            job = self._jobs.get(_plain(name))
        if job is None:
            raise NotFoundError(f"Build {name} cannot be found")
        return job

    def _job(self, project: Record) -> Job:
        identifier, now = str(uuid.uuid4()), datetime.now(UTC)
        build_id = f"{project['name']}:{identifier}"
        arn = f"{project['arn'].replace(':project/', ':build/')}:{identifier}"
        logs_config = project.get("logsConfig", {})
        record = {
            "id": build_id,
            "arn": arn,
            "buildNumber": self._projects.next_build_number(project["name"]),
            # the API has milliseconds, and CODEBUILD_START_TIME must agree with it
            "startTime": now.replace(microsecond=now.microsecond // 1000 * 1000),
            "currentPhase": "SUBMITTED",
            "buildStatus": "IN_PROGRESS",
            "buildComplete": False,
            "projectName": project["name"],
            "initiator": INITIATOR,
            "phases": [],
            "artifacts": {"location": ""},
            "secondaryArtifacts": [],
            "logs": _logs(project["name"], arn, identifier, logs_config, self._log_page),
            "exportedEnvironmentVariables": [],
            "reportArns": [],
            **{name: project[name] for name in KEPT if name in project},
        }
        return Job(record, project["artifacts"], project["secondaryArtifacts"], logs_config, self._publish)


KEPT = (
    "sourceVersion",
    "source",
    "secondarySources",
    "secondarySourceVersions",
    "cache",
    "environment",
    "serviceRole",
    "timeoutInMinutes",
    "queuedTimeoutInMinutes",
    "encryptionKey",
    "vpcConfig",
)


def _plain(name: str) -> str:
    """Return a build's id, given the id or an ARN (which has the id after `build/`)."""
    return name.partition(":build/")[2] if name.startswith("arn:") else name


def _logs(project: str, arn: str, identifier: str, config: Record, page: Callable[[str, str], str]) -> Record:
    settings = config.get("cloudWatchLogs", {})
    if settings.get("status") == "DISABLED":
        return {"cloudWatchLogs": settings}
    region, account = arn.split(":")[3:5]
    group = settings.get("groupName") or f"/aws/codebuild/{project}"
    prefix = settings.get("streamName")
    stream = f"{prefix}/{identifier}" if prefix else identifier
    return {
        "groupName": group,
        "streamName": stream,
        "deepLink": page(group, stream),
        "cloudWatchLogsArn": f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{stream}",
        "cloudWatchLogs": {"status": "ENABLED", **settings},
    }
