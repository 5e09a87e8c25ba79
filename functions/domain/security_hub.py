"""Findings for AWS Security Hub, in the AWS Security Finding Format, version 2018-10-08 (G5)."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from functions.domain.findings import BLOCKING, Finding, Severity
from functions.domain.releases import Release

# The most findings that one deployment imports; the worst ones are kept.
MOST = 1000
_ORDER: tuple[Severity, ...] = (*BLOCKING, "medium", "low")
_LONGEST_TITLE, _LONGEST_DESCRIPTION, _LONGEST_ID = 256, 1024, 512


def imports(findings: Iterable[Finding], release: Release, product_arn: str, now: str) -> list[dict[str, Any]]:
    """The findings of a release, worst first. A finding of a later release has the same id and is updated."""
    unique = {_id(release.repository, finding): finding for finding in findings}
    worst = sorted(unique.items(), key=lambda item: (_ORDER.index(item[1].severity), item[0]))
    return [_finding(name, finding, release, product_arn, now) for name, finding in worst[:MOST]]


def _finding(name: str, finding: Finding, release: Release, product_arn: str, now: str) -> dict[str, Any]:
    _, partition, _, region, account, _ = product_arn.split(":")
    words = f"{finding.tool} found {finding.id} in {finding.place} of {release.repository} at {release.commit}"
    return {
        "SchemaVersion": "2018-10-08",
        "Id": name,
        "ProductArn": product_arn,
        "GeneratorId": f"{finding.tool}/{finding.id}"[:_LONGEST_ID],
        "AwsAccountId": account,
        "CreatedAt": now,
        "UpdatedAt": now,
        "Title": f"{finding.id} in {finding.place}"[:_LONGEST_TITLE],
        "Description": words[:_LONGEST_DESCRIPTION],
        "FindingProviderFields": {
            "Severity": {"Label": finding.severity.upper()},
            "Types": ["Software and Configuration Checks/Vulnerabilities"],
        },
        "Resources": [
            {
                "Type": "Other",
                "Id": f"{release.repository}/{finding.place}"[:_LONGEST_ID],
                "Partition": partition,
                "Region": region,
            }
        ],
    }


def _id(repository: str, finding: Finding) -> str:
    """The id of a finding: the same in every release, and of bounded length."""
    digest = sha256("\n".join((finding.tool, finding.id, finding.place)).encode()).hexdigest()
    return f"{repository}/{digest[:32]}"
