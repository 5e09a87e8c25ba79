"""The report groups and reports of the account and their API calls."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local.codebuild.errors import AlreadyExistsError, InvalidInputError, NotFoundError
from local.paging import page

if TYPE_CHECKING:
    from local.codebuild.reports import Report

Record = dict[str, Any]


class ReportGroups:
    """Keeps report groups and their reports; safe to use from any thread."""

    def __init__(self, region: str, account: str) -> None:
        self._arn_prefix = f"arn:aws:codebuild:{region}:{account}:report-group/"
        self._groups: dict[str, Record] = {}
        self._reports: dict[str, Report] = {}
        self._lock = threading.Lock()

    def arn(self, name_or_arn: str, project: str) -> str:
        """Return the ARN of the group that a buildspec names; a name means `<project>-<name>`."""
        return name_or_arn if name_or_arn.startswith("arn:") else f"{self._arn_prefix}{project}-{name_or_arn}"

    def exists(self, arn: str) -> bool:
        """Whether the group exists."""
        with self._lock:
            return arn in self._groups

    def ensure(self, arn: str, kind: str) -> Record:
        """Return a group; it is created on first use."""
        with self._lock:
            if arn not in self._groups:
                export = {"exportConfigType": "NO_EXPORT"}
                self._groups[arn] = self._group({"name": arn.rpartition("/")[2], "type": kind, "exportConfig": export})
            return self._groups[arn]

    def add(self, report: Report) -> None:
        """Keep a report."""
        with self._lock:
            self._reports[report.record["arn"]] = report

    def create_report_group(self, request: Record) -> Record:
        """Answer CreateReportGroup."""
        arn = self._arn_prefix + request["name"]
        with self._lock:
            if arn in self._groups:
                raise AlreadyExistsError(f"Report group already exists: {arn}")
            self._groups[arn] = self._group(request)
            return {"reportGroup": self._groups[arn]}

    def update_report_group(self, request: Record) -> Record:
        """Answer UpdateReportGroup."""
        with self._lock:
            group = self._existing(request["arn"])
            changes = {name: request[name] for name in ("exportConfig", "tags") if name in request}
            self._groups[group["arn"]] = group | changes | {"lastModified": datetime.now(UTC)}
            return {"reportGroup": self._groups[group["arn"]]}

    def delete_report_group(self, request: Record) -> Record:
        """Answer DeleteReportGroup; a group that has reports is only deleted together with them."""
        with self._lock:
            reports = self._of_group(request["arn"])
            if reports and not request.get("deleteReports"):
                raise InvalidInputError(f"Report group {request['arn']} has reports; delete them, or set deleteReports")
            for report in reports:
                del self._reports[report.record["arn"]]
            self._groups.pop(request["arn"], None)
        return {}

    def batch_get_report_groups(self, request: Record) -> Record:
        """Answer BatchGetReportGroups."""
        arns = request["reportGroupArns"]
        with self._lock:
            return {
                "reportGroups": [self._groups[arn] for arn in arns if arn in self._groups],
                "reportGroupsNotFound": [arn for arn in arns if arn not in self._groups],
            }

    def batch_get_reports(self, request: Record) -> Record:
        """Answer BatchGetReports."""
        arns = request["reportArns"]
        with self._lock:
            return {
                "reports": [self._reports[arn].record for arn in arns if arn in self._reports],
                "reportsNotFound": [arn for arn in arns if arn not in self._reports],
            }

    def list_reports_for_report_group(self, request: Record) -> Record:
        """Answer ListReportsForReportGroup, newest first unless `sortOrder` is ASCENDING."""
        status = request.get("filter", {}).get("status")
        with self._lock:
            self._existing(request["reportGroupArn"])
            arns = [
                report.record["arn"]
                for report in self._of_group(request["reportGroupArn"])
                if status in {None, report.record["status"]}
            ]
        return page(
            "reports", arns if request.get("sortOrder") == "ASCENDING" else arns[::-1], request, InvalidInputError
        )

    def describe_test_cases(self, request: Record) -> Record:
        """Answer DescribeTestCases."""
        wanted = request.get("filter", {})
        cases = [
            case
            for case in self._report(request["reportArn"]).test_cases
            if wanted.get("status") in {None, case["status"]} and wanted.get("keyword", "") in case["name"]
        ]
        return page("testCases", cases, request, InvalidInputError)

    def describe_code_coverages(self, request: Record) -> Record:
        """Answer DescribeCodeCoverages."""
        low, high = request.get("minLineCoveragePercentage", 0), request.get("maxLineCoveragePercentage", 100)
        by = "filePath" if request.get("sortBy") == "FILE_PATH" else "lineCoveragePercentage"
        coverages = sorted(
            (
                coverage
                for coverage in self._report(request["reportArn"]).coverages
                if low <= coverage["lineCoveragePercentage"] <= high
            ),
            key=lambda coverage: coverage[by],
            reverse=request.get("sortOrder") == "DESCENDING",
        )
        return page("codeCoverages", coverages, request, InvalidInputError)

    def _group(self, request: Record) -> Record:
        now = datetime.now(UTC)
        moments = {"created": now, "lastModified": now, "status": "ACTIVE"}
        return {"arn": self._arn_prefix + request["name"], "tags": [], **request, **moments}

    def _existing(self, arn: str) -> Record:
        if arn not in self._groups:
            raise NotFoundError(f"Report group not found: {arn}")
        return self._groups[arn]

    def _of_group(self, arn: str) -> list[Report]:
        return [report for report in self._reports.values() if report.record["reportGroupArn"] == arn]

    def _report(self, arn: str) -> Report:
        with self._lock:
            if arn not in self._reports:
                raise NotFoundError(f"Report not found: {arn}")
            return self._reports[arn]
