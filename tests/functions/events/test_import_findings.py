"""ImportFindings: findings of scanners are imported into AWS Security Hub, if that is switched on (G5)."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.handler import encode
from tests.functions.delivered import artifact, uploaded
from tests.functions.samples import COMMIT, DEPLOYMENT, RELEASE
from tests.functions.stack import ACCOUNT, REGION, Stack, failing

KEY = f"deployments/{DEPLOYMENT}/build.zip"
REPORT = (Path(__file__).parents[2] / "recorded" / "semgrep-1.182.0.sarif").read_text("utf-8")
PRODUCT = f"arn:aws:securityhub:{REGION}:{ACCOUNT}:product/{ACCOUNT}/default"


def import_(stack: Stack, *sarif: str) -> Any:
    """Run the handler for an event."""
    detail = {
        "deploymentId": DEPLOYMENT,
        "release": encode(RELEASE),
        "gates": [],
        "artifact": KEY,
        "digest": uploaded(stack, KEY),
    }
    return stack.run(
        "events.import_findings", {"detail-type": "GatesJudged", "detail": {**detail, "scans": {"sarif": sarif}}}
    )


@pytest.fixture
def switched_on(stack: Stack) -> Stack:
    """A stack that imports findings."""
    stack.settings["SECURITY_HUB"] = PRODUCT
    artifact(stack, KEY, {"scan.sarif": REPORT, "broken.sarif": "{"})
    return stack


def kept(stack: Stack) -> list[Any]:
    """The findings in Security Hub."""
    found: list[Any] = stack.client("securityhub").get_findings()["Findings"]
    return found


def test_findings_are_imported(switched_on: Stack) -> None:
    """With all fields of the format; an import again replaces them. A broken report does not stop the others."""
    answer = import_(switched_on, "broken.sarif", "scan.sarif")
    assert (answer["outcome"], answer["refused"]) == ("imported 1 of 1", [])
    (finding,) = kept(switched_on)
    assert (finding["AwsAccountId"], finding["ProductArn"]) == (ACCOUNT, PRODUCT)
    assert finding["Title"].endswith("in app.py:5")
    assert COMMIT in finding["Description"]
    assert finding["FindingProviderFields"]["Severity"] == {"Label": "HIGH"}
    assert import_(switched_on, "scan.sarif")["outcome"] == "imported 1 of 1"
    assert [one["Id"] for one in kept(switched_on)] == [finding["Id"]]


def test_many_findings_come_in_batches(switched_on: Stack) -> None:
    """A hundred in each request, and the worst thousand of a deployment."""
    rule = {"ruleId": "S1", "level": "error", "message": {"text": "no"}}
    results = [{**rule, "locations": [place(number)]} for number in range(1150)]
    run = {"tool": {"driver": {"name": "ruff"}}, "results": results}
    artifact(switched_on, KEY, {"scan.sarif": json.dumps({"version": "2.1.0", "runs": [run]})})
    assert import_(switched_on, "scan.sarif")["outcome"] == "imported 1000 of 1150"
    calls = [call for call in switched_on.calls if call.action == "securityhub:BatchImportFindings"]
    assert [len(call.given["Findings"]) for call in calls] == [100] * 10


def place(line: int) -> dict[str, Any]:
    """A location of a SARIF result."""
    return {"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": {"startLine": line + 1}}}


def test_what_is_switched_off_calls_nothing(stack: Stack) -> None:
    """Without a report, without an artifact, or without the setting."""
    artifact(stack, KEY, {"scan.sarif": REPORT})
    assert import_(stack, "scan.sarif") == {"outcome": "nothing to import"}
    stack.settings["SECURITY_HUB"] = PRODUCT
    assert import_(stack) == {"outcome": "nothing to import"}
    stack.client("s3").delete_object(Bucket=stack.settings["ARTIFACTS_BUCKET"], Key=KEY)
    assert import_(stack, "scan.sarif") == {"outcome": "nothing to import"}


def test_a_hub_that_is_not_enabled_says_what_to_do(switched_on: Stack) -> None:
    """This is logged, since a retry would not help; a temporary error is raised, and EventBridge retries it."""
    client = switched_on.client("securityhub")

    def refused(code: str) -> ClientError:
        kind: Any = client.exceptions.InvalidAccessException if code == "InvalidAccessException" else ClientError
        made: ClientError = kind({"Error": {"Code": code, "Message": "not subscribed"}}, "BatchImportFindings")
        return made

    with failing(client, "BatchImportFindings", refused("InvalidAccessException")):
        assert import_(switched_on, "scan.sarif")["refused"] == [
            "Security Hub: not subscribed; enable it in this account and region, or set securityHub: false"
        ]
    with failing(client, "BatchImportFindings", refused("LimitExceededException")), pytest.raises(ClientError):
        import_(switched_on, "scan.sarif")
