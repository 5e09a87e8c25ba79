"""Runs the phases of a build (AWS: "Build phase transitions").

    SUBMITTED → QUEUED → PROVISIONING → DOWNLOAD_SOURCE → INSTALL → PRE_BUILD → BUILD → POST_BUILD
      → UPLOAD_ARTIFACTS → FINALIZING → COMPLETED

A failed INSTALL or PRE_BUILD skips to FINALIZING. After a failed BUILD, POST_BUILD still runs, and artifacts and
reports are uploaded, so that failed tests have a report. `on-failure: ABORT` skips to FINALIZING from any phase;
`CONTINUE` goes on as if the phase had passed.
"""

from __future__ import annotations

import functools
import logging
import shutil
from typing import TYPE_CHECKING, Any

from local.codebuild import buildspec as specs
from local.codebuild import cache, environment, sources
from local.codebuild.errors import PhaseFailedError
from local.codebuild.logs import BuildLog
from local.codebuild.outputs import Outputs
from local.codebuild.processes import BuildProcesses
from local.codebuild.service_role import ServiceRole
from local.codebuild.shell import Shell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from local.clients import Clients
    from local.codebuild.buildspec import Buildspec, Phase
    from local.codebuild.job import Context, Job
    from local.codebuild.report_groups import ReportGroups

logger = logging.getLogger(__name__)


class BuildInterruptedError(Exception):
    """The build was stopped or timed out."""


class Runner:
    """Runs builds, each in its own directory below `root`, which is removed when the build ends."""

    def __init__(
        self,
        clients: Clients,
        root: Path,
        report_groups: ReportGroups,
        build_environment: dict[str, str],
    ) -> None:
        self.clients = clients
        self.root = root
        self.report_groups = report_groups
        self.build_environment = build_environment

    def run(self, job: Job) -> None:
        """Run the build to its end; the build completes also after an error of this service."""
        directory = self.root / "builds" / job.uuid
        try:
            status = Build(self, job, directory).run()
        except Exception:
            logger.exception("build %s failed inside the build service", job.record["id"])
            job.fault("the build service failed; its own log has the reason")
            status = "FAULT"
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        job.complete(status)


class Build:
    """One run of a build."""

    def __init__(self, runner: Runner, job: Job, directory: Path) -> None:
        self.runner = runner
        self.job = job
        self.directory = directory
        self.source = directory / "src"
        self.succeeding = True
        self.spec: Buildspec
        self.role: ServiceRole

    def run(self) -> str:
        """Run all phases; returns the build's status."""
        job = self.job
        job.leave("SUCCEEDED")
        job.enter("PROVISIONING")
        for name in ("home", "tmp", "secondary"):
            (self.directory / name).mkdir(parents=True)
        logs = job.record["logs"]
        group, stream = logs.get("groupName", ""), logs.get("streamName", "")
        self.log = BuildLog(self.runner.clients.client("logs"), group, stream, enabled=bool(group))
        try:
            self.processes = BuildProcesses(self.log.descriptor)
            job.attach(self.processes)
            try:
                return self._phases()
            finally:
                job.attach(None)
                self.processes.close()
        finally:
            self.log.close()

    def _phases(self) -> str:
        job = self.job
        self.shell = Shell(self.processes, self.directory, self.source)
        job.leave("SUCCEEDED")
        try:
            if self._step("DOWNLOAD_SOURCE", self._download) and self._commands():
                self._step("UPLOAD_ARTIFACTS", self._upload)
        except BuildInterruptedError:
            timed_out = job.interruption == "TIMED_OUT"
            job.leave(
                job.interruption or "STOPPED", [("BUILD_TIMED_OUT", "Build has timed out. ")] if timed_out else []
            )
            return job.interruption or "STOPPED"
        job.enter("FINALIZING")
        job.leave("SUCCEEDED")
        return "SUCCEEDED" if self.succeeding else "FAILED"

    def _commands(self) -> bool:
        """Run the four phases of commands; returns whether to upload their outputs."""
        for name in specs.PHASES:
            phase = self.spec.phases.get(name, specs.Phase())
            passed = self._step(name.upper(), functools.partial(self._run_phase, phase), phase)
            usual = phase.on_failure is None and name in {"build", "post_build"}
            if not passed and not usual:
                return False
        return True

    def _step(self, name: str, work: Callable[[], None], phase: Phase | None = None) -> bool:
        """Run one phase; returns False when the build must not go on."""
        self.job.enter(name)
        if phase:
            self.log.write(f"Entering phase {name}")
        status = "SUCCEEDED"
        contexts: list[Context] = []
        try:
            work()
        except PhaseFailedError as error:
            status, contexts = "FAILED", [(error.status_code, str(error))]
        if self.job.interruption:
            raise BuildInterruptedError
        code, message = contexts[0] if contexts else ("", "")
        self.log.write(f"Phase complete: {name} State: {status}")
        self.log.write(f"Phase context status code: {code} Message: {message}")
        self.job.leave(status, contexts)
        continues = phase is not None and phase.on_failure == "CONTINUE"
        if status == "FAILED" and not continues:
            self.succeeding = False
        return status == "SUCCEEDED" or continues

    def _download(self) -> None:
        record, job = self.job.record, self.job
        git = self._git
        self.role = ServiceRole(self.runner.clients, record["serviceRole"], f"AWSCodeBuild-{job.uuid}")
        clients = self.role.clients
        resolved = sources.fetch(record["source"], record.get("sourceVersion", ""), self.source, clients, git)
        if resolved:
            job.update(resolvedSourceVersion=resolved)
        versions = {one["sourceIdentifier"]: one["sourceVersion"] for one in record["secondarySourceVersions"]}
        for source in record["secondarySources"]:
            name = source["sourceIdentifier"]
            sources.fetch(source, versions.get(name, ""), self.directory / "secondary" / name, clients, git)
        if job.interruption:
            return
        self.spec = specs.parse(self._buildspec())
        for warning in self.spec.warnings:
            self.log.write(f"Warning: {warning}")
        variables, hidden = environment.resolve(job, self.spec, clients)
        self.log.hide(hidden)
        self.shell.program = self.spec.shell
        self.shell.environment = {
            **self.runner.build_environment,
            **self.role.variables,
            **environment.builtin(job, clients.region, self.directory),
            **variables,
        }
        if self._kept:
            cache.restore(self._kept, self._cached(), self.source, self.directory / "home")

    def _buildspec(self) -> str:
        written = str(self.job.record["source"].get("buildspec") or "buildspec.yml")
        if specs.is_inline(written):
            return written
        path = self.source / written
        if not path.resolve().is_relative_to(self.source.resolve()) or not path.is_file():
            raise PhaseFailedError("YAML_FILE_ERROR", f"stat {path}: no such file or directory")
        return path.read_text()

    def _git(self, command: list[str], variables: Mapping[str, str], directory: Path) -> int | None:
        builtin = environment.builtin(self.job, self.runner.clients.region, self.directory)
        return self.processes.run(command, {**builtin, **variables}, directory)

    def _run_phase(self, phase: Phase) -> None:
        failed: PhaseFailedError | None = None
        for commands in (phase.commands, phase.finally_commands):
            for command in commands:
                self.log.write(f"Running command {command}")
                code = self.shell.run(command, succeeding=self.succeeding and not failed)
                if code is None:
                    return
                if code:
                    self.log.write(f"Command did not exit successfully {command} exit status {code}")
                    failed = failed or PhaseFailedError(
                        "COMMAND_EXECUTION_ERROR",
                        f"Error while executing command: {command}. Reason: exit status {code}",
                    )
                    break
        if failed:
            raise failed

    def _upload(self) -> None:
        if self._kept:
            cache.save(self._kept, self._cached(), self.source, self.directory / "home")
        outputs = Outputs(self.job, self.spec, self.source, self.shell, self.log, self.role)
        outputs.upload(self.role.clients.client("s3"), self.runner.report_groups)

    def _cached(self) -> dict[str, str]:
        paths = self.spec.cache_paths
        return dict(zip(paths, self.shell.expand(paths), strict=True))

    @property
    def _kept(self) -> Any:
        """The directory of the project's cache; None when the project has no cache."""
        if self.job.record["cache"]["type"] == "NO_CACHE":
            return None
        return self.runner.root / "cache" / self.job.record["projectName"]
