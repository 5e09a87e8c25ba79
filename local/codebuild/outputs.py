"""What a build leaves: exported variables, reports and artifacts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from local.codebuild import artifacts, reports
from local.codebuild.errors import PhaseFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local.codebuild.buildspec import Buildspec, FileSet
    from local.codebuild.job import Job
    from local.codebuild.logs import BuildLog
    from local.codebuild.report_groups import ReportGroups
    from local.codebuild.service_role import ServiceRole
    from local.codebuild.shell import Shell

# Of a test report, and of coverage (CodeBuild user guide, test-permissions).
WRITES_REPORT = {
    "TEST": ("codebuild:CreateReport", "codebuild:BatchPutTestCases", "codebuild:UpdateReport"),
    "CODE_COVERAGE": ("codebuild:CreateReport", "codebuild:BatchPutCodeCoverages", "codebuild:UpdateReport"),
}


class Outputs:
    """Collects and uploads, once, after the last command."""

    def __init__(self, job: Job, spec: Buildspec, source: Path, shell: Shell, log: BuildLog, role: ServiceRole) -> None:
        self._job = job
        self._spec = spec
        self._source = source
        self._shell = shell
        self._log = log
        self._role = role

    def upload(self, s3: Any, report_groups: ReportGroups) -> None:
        """Take everything; raises PhaseFailedError when an artifact is missing, or a report may not be written.

        A report whose file is missing or unreadable fails nothing.
        """
        self._export()
        refused = []
        for wanted in self._spec.reports:
            try:
                (group,) = self._shell.expand([wanted.group])
                refusal = self._report(group, wanted.file_format, self._expanded(wanted.files), report_groups)
            except PhaseFailedError as error:
                self._log.write(f"Error in report {wanted.group}: {error}")
            else:
                refused += [f"[{wanted.group}: [{refusal}]]"] if refusal else []
        self._upload_artifacts(s3)
        if refused:
            raise PhaseFailedError("CLIENT_ERROR", f"Error in UPLOAD_ARTIFACTS phase: {' '.join(refused)}")

    def _export(self) -> None:
        names = self._spec.exported
        values = self._shell.values([f"${{{name}}}" for name in names])
        self._job.update(
            exportedEnvironmentVariables=[
                {"name": name, "value": value} for name, value in zip(names, values, strict=False)
            ]
        )

    def _report(self, group: str, file_format: str, files: FileSet, report_groups: ReportGroups) -> str:
        """Keep a report, in a group that is made on first use; answers why the project's role may not, if so."""
        if file_format not in reports.FORMATS:
            raise PhaseFailedError(
                "CLIENT_ERROR", f"file-format {file_format} is not read here; use {' or '.join(reports.FORMATS)}"
            )
        found = artifacts.find(files, self._source)
        kind, project = reports.FORMATS[file_format], self._job.record["projectName"]
        arn = report_groups.arn(group, project)
        refusal = "" if report_groups.exists(arn) else self._role.refusal(["codebuild:CreateReportGroup"], arn)
        if refusal:
            return f"error creating report group: {refusal}"
        kept = report_groups.ensure(arn, kind)
        refusal = self._role.refusal(WRITES_REPORT[kind], arn)
        if refusal:
            return f"error creating report: {refusal}"
        report = reports.read(kept, self._job.record["arn"], file_format, found)
        report_groups.add(report)
        self._job.update(reportArns=[*self._job.record["reportArns"], report.record["arn"]])
        return ""

    def _upload_artifacts(self, s3: Any) -> None:
        if self._job.artifacts["type"] == "S3":
            described = self._artifact(s3, self._job.artifacts, self._spec.artifacts)
            self._job.update(artifacts=described)
        uploaded = []
        for settings in self._job.secondary_artifacts:
            files = self._spec.secondary_artifacts.get(settings["artifactIdentifier"])
            uploaded.append(self._artifact(s3, settings, files))
        self._job.update(secondaryArtifacts=uploaded)

    def _artifact(self, s3: Any, settings: Mapping[str, Any], files: FileSet | None) -> dict[str, Any]:
        if files is None:
            raise PhaseFailedError("CLIENT_ERROR", "no matching artifact paths found: the buildspec names none")
        name = str(settings.get("name") or settings.get("artifactIdentifier") or self._job.record["projectName"])
        if settings.get("overrideArtifactName") and files.name:
            name = next(iter(self._shell.values([files.name])), name)
        found = artifacts.find(self._expanded(files), self._source)
        return artifacts.upload(s3, settings, self._job.uuid, name, found)

    def _expanded(self, files: FileSet) -> FileSet:
        """The patterns with the values of their variables."""
        base, *patterns = self._shell.expand([files.base_directory, *files.files, *files.exclude_paths])
        wanted, excluded = patterns[: len(files.files)], patterns[len(files.files) :]
        return replace(files, base_directory=base, files=tuple(wanted), exclude_paths=tuple(excluded))
