"""CheckGates: the gates judge build, tests and coverage."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from msgspec.structs import replace

from functions.adapters.artifacts import Artifacts
from functions.adapters.builds import BuildEnd
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.signatures import Signatures
from functions.domain.errors import NotificationError
from functions.domain.findings import Scans
from functions.domain.plans import PartPlan, Plan, SkippedPart, StagePlan
from functions.domain.provenance import opened, place
from functions.handler import encode
from functions.procedures.provenance import of_release
from tests.functions.delivered import artifact, uploaded
from tests.functions.samples import COMMAND, DEPLOYMENT, RELEASE, environment
from tests.functions.stack import BUCKET, Stack, failing

KEY = f"deployments/{DEPLOYMENT}/build.zip"
SOURCE = "sources/commit.zip"
JUNIT = (
    '<testsuites><testsuite name="s"><testcase classname="c" name="a"/><testcase name="b"/></testsuite></testsuites>'
)
FAILED = '<testsuite name="s"><testcase classname="c" name="a"><failure message="no"/></testcase></testsuite>'
COVERAGE = '<coverage line-rate="0.9" branch-rate="0.85" branches-valid="10" lines-valid="100"/>'
GOOD = {"junit.xml": JUNIT, "coverage.xml": COVERAGE}
PLAN = Plan(
    "deploy",
    "hello",
    (
        StagePlan(environment(name="test", coverage_percent=10.0), (), ()),
        StagePlan(environment(coverage_percent=80.0), (), ()),
    ),
    "build.yml",
    {"tests": {"junit": ["junit.xml"]}, "coverage": {"cobertura": "coverage.xml"}},
)
SUCCEEDED = BuildEnd("succeeded", "", "https://log")


def check(
    stack: Stack,
    files: dict[str, str] | None = None,
    build: BuildEnd = SUCCEEDED,
    scans: Scans | None = None,
    plan: Plan = PLAN,
) -> Any:
    """Run the handler for a build that left these files."""
    if files is not None:
        artifact(stack, KEY, dict(files))
        build = replace(build, digest=uploaded(stack, KEY))
    event = {
        "deploymentId": DEPLOYMENT,
        "release": RELEASE,
        "build": build,
        "source": SOURCE,
        "artifact": KEY,
        "plan": replace(plan, gates={**plan.gates, **({"security": encode(scans)} if scans else {})}),
    }
    return stack.run("deployment.check_gates", event)


def test_a_good_build_passes_every_gate(stack: Stack) -> None:
    """The record has the verdicts; a repetition has the same result."""
    answer = check(stack, GOOD)
    assert answer["outcome"] == "passed"
    assert [gate["name"] for gate in answer["gates"]] == ["build", "tests", "coverage"]
    assert check(stack, GOOD) == answer
    assert stack.deployment()["gates"] == answer["gates"]


def test_digest_and_version_of_the_artifact_are_recorded(stack: Stack) -> None:
    """They identify it, even if the object is overwritten later."""
    s3 = stack.client("s3")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    check(stack, GOOD)
    judged = s3.get_object(Bucket=BUCKET, Key=KEY)
    artifact(stack, KEY, {"evil": "x"})
    record = stack.deployment()
    assert record["artifactVersion"] == judged["VersionId"] != s3.head_object(Bucket=BUCKET, Key=KEY)["VersionId"]
    assert record["artifactDigest"] == sha256(judged["Body"].read()).hexdigest()


def test_what_passed_is_signed(stack: Stack) -> None:
    """G7: the statement has the digests of the artifact, packages and reports; the record has the digest of it."""
    plan = replace(PLAN, files=["hello.zip", "gone.zip"], manifest_digest="d" * 64)
    build = replace(SUCCEEDED, arn="arn:aws:codebuild:eu-central-1:123456789012:build/kiro-build:7f")
    for _ in range(2):
        assert check(stack, {**GOOD, "hello.zip": "code"}, build, plan=plan)["outcome"] == "passed"
        record = DeploymentsTable.connect(stack.clients).get(DEPLOYMENT)
        assert record
        signatures = Signatures.connect(stack.clients)
        signed = of_release(DEPLOYMENT, RELEASE, KEY, record, Artifacts.connect(stack.clients), signatures)
        assert signed.subjects == {KEY: record.artifact_digest, "hello.zip": sha256(b"code").hexdigest()}
    raw = Artifacts.connect(stack.clients).get(place(DEPLOYMENT, stack.deployment()["statement"]))
    run = json.loads(opened(raw or b"")[0])["predicate"]["runDetails"]
    assert run["builder"]["id"] == "arn:aws:codebuild:eu-central-1:123456789012:project/kiro-build"
    assert [one["name"] for one in run["byproducts"]] == ["coverage.xml", "junit.xml"]
    assert run["byproducts"][1]["digest"] == {"sha256": sha256(JUNIT.encode()).hexdigest()}


def test_the_sbom_is_kept(stack: Stack) -> None:
    """G7: beside the statement, which has its digest; the artifact expires, and evidence does not."""
    listed = '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}'
    plan = replace(PLAN, gates={**PLAN.gates, "sbom": {"sbom": "sbom.json"}})
    answer = check(stack, {**GOOD, "sbom.json": listed}, plan=plan)
    assert answer["gates"][-1] == {"name": "sbom", "outcome": "passed", "reason": "CycloneDX 1.6 lists 0 components"}
    artifacts, digest = Artifacts.connect(stack.clients), sha256(listed.encode()).hexdigest()
    assert artifacts.get(place(DEPLOYMENT, digest)) == listed.encode()
    signed, _ = opened(artifacts.get(place(DEPLOYMENT, stack.deployment()["statement"])) or b"")
    byproducts = json.loads(signed)["predicate"]["runDetails"]["byproducts"]
    assert {"name": "sbom.json", "digest": {"sha256": digest}} in byproducts


def test_what_failed_is_not_signed(stack: Stack) -> None:
    """Neither is a release whose statement can't be signed deployed: the task fails."""
    check(stack, {**GOOD, "junit.xml": FAILED})
    assert "statement" not in stack.deployment()
    assert "kms:Sign" not in {call.action for call in stack.calls}
    refusal = ClientError({"Error": {"Code": "KMSInternalException", "Message": "x"}}, "Sign")
    with failing(stack.client("kms"), "Sign", refusal), pytest.raises(ClientError):
        check(stack, GOOD)
    assert "statement" not in stack.deployment()


def test_names_of_any_length_are_told(stack: Stack) -> None:
    """Five tests with names of 60 KB are more than a state hands on; each is told by its beginning."""
    cases = "".join(
        f'<testcase classname="c{number}" name="{"x" * 60_000}"><failure/></testcase>' for number in range(5)
    )
    gates = check(stack, {**GOOD, "junit.xml": f"<testsuite>{cases}</testsuite>"})["gates"]
    (reason,) = (gate["reason"] for gate in gates if gate["name"] == "tests")
    assert [f"c{number}." in reason for number in range(5)] == [True] * 5
    assert len(reason) < 5_000


def test_findings_of_any_length_are_told(stack: Stack) -> None:
    """What a scanner calls them is not bounded either."""
    rules = [{"ruleId": f"r{number}{'x' * 60_000}", "level": "error", "message": {"text": "m"}} for number in range(5)]
    run = {"tool": {"driver": {"name": "t"}}, "results": rules}
    report = json.dumps({"version": "2.1.0", "runs": [run]})
    gates = check(stack, {**GOOD, "scan.sarif": report}, scans=Scans(sarif=("scan.sarif",)))["gates"]
    (reason,) = (gate["reason"] for gate in gates if gate["name"] == "security")
    assert [f"HIGH r{number}xxx" in reason for number in range(5)] == [True] * 5
    assert len(reason) < 5_000


def test_the_strictest_environment_counts(stack: Stack) -> None:
    """G2: 70 % are enough for test, but not for production."""
    low = COVERAGE.replace("0.9", "0.7").replace("0.85", "0.7")
    answer = check(stack, {**GOOD, "coverage.xml": low})
    assert answer["outcome"] == "failed"
    assert answer["reason"] == "coverage: lines 70.0 % and branches 70.0 % covered, 80 % demanded"


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("junit.xml", FAILED, "1 of 1 tests failed: c.a"),
        ("junit.xml", "<testsuites/>", "no test ran"),
        ("junit.xml", None, "junit.xml: not in the build's artifact"),
        ("junit.xml", "<testsuite>\n<oops", "junit.xml:2: not XML"),
        ("junit.xml", "<html/>", "junit.xml: not a JUnit report"),
        ("coverage.xml", None, "coverage.xml: not in the build's artifact"),
        ("coverage.xml", "<coverage/>", "needs line-rate"),
        ("coverage.xml", '<coverage line-rate="nan"/>', "between 0 and 1"),
        ("coverage.xml", '<coverage line-rate="1" lines-valid="0"/>', "not one line was measured"),
    ],
)
def test_an_invalid_report_fails_its_gate(stack: Stack, file: str, content: str | None, reason: str) -> None:
    """G1, Q3: with file, line and reason; nothing is deployed."""
    files = {**GOOD, file: content or ""}
    if content is None:
        del files[file]
    answer = check(stack, files)
    assert answer["outcome"] == "failed"
    assert reason in answer["reason"]


def test_a_failed_build_names_its_failed_tests(stack: Stack) -> None:
    """One run names all faults."""
    answer = check(stack, {**GOOD, "junit.xml": FAILED}, BuildEnd("failed", "BUILD: exit 1", "https://log"))
    assert answer["reason"] == "tests: 1 of 1 tests failed: c.a; build: the build failed: BUILD: exit 1 https://log"


def test_a_failed_build_without_an_artifact_has_one_reason(stack: Stack) -> None:
    """The missing artifact is not a second reason."""
    answer = check(stack, build=BuildEnd("timed out", "", ""))
    assert [gate["name"] for gate in answer["gates"]] == ["build"]
    assert answer["outcome"] == "failed"


def test_a_good_build_without_its_artifact_fails(stack: Stack) -> None:
    """A missing artifact, and one that is no archive."""
    assert "reports: s3://" in check(stack)["reason"]
    stack.client("s3").put_object(Bucket=BUCKET, Key=KEY, Body=b"no zip")
    assert "is not a zip archive" in check(stack, build=replace(SUCCEEDED, digest=uploaded(stack, KEY)))["reason"]


RECORDED = Path(__file__).parents[2] / "recorded"
FLAWED = {**GOOD, "scan.sarif": (RECORDED / "semgrep-1.182.0.sarif").read_text("utf-8")}
CLEAN = {**GOOD, "scan.sarif": (RECORDED / "semgrep-1.182.0-clean.sarif").read_text("utf-8")}
SCANS = Scans(sarif=("scan.sarif",), allow_list="tools/security/allowed.yml")
ALLOWED = "allowed: [{id: shell-true, reason: a constant command, owner: ada@example.com, expires: 2099-01-01}]"


def test_a_high_finding_deploys_nothing(stack: Stack) -> None:
    """G3: the reason names the finding; a clean report passes."""
    answer = check(stack, FLAWED, scans=Scans(sarif=("scan.sarif",)))
    assert answer["outcome"] == "failed"
    assert answer["reason"] == "security: 1 critical or high: HIGH shell-true in app.py:5 (Semgrep OSS)"
    assert check(stack, CLEAN, scans=Scans(sarif=("scan.sarif",)))["outcome"] == "passed"


def test_the_allow_list_comes_from_the_commit(stack: Stack) -> None:
    """A build could write its own; a missing list fails the gate."""
    artifact(stack, SOURCE, {"README.md": ""})
    tricked = {**FLAWED, "tools/security/allowed.yml": ALLOWED}
    assert "tools/security/allowed.yml: not in the repository" in check(stack, tricked, scans=SCANS)["reason"]
    artifact(stack, SOURCE, {"tools/security/allowed.yml": ALLOWED})
    answer = check(stack, FLAWED, scans=SCANS)
    assert (answer["outcome"], answer["gates"][-1]["reason"].startswith("1 critical or high allowed")) == (
        "passed",
        True,
    )


def test_a_lost_source_allows_nothing(stack: Stack) -> None:
    """The gate fails and names what is missing."""
    answer = check(stack, FLAWED, scans=SCANS)
    assert (answer["outcome"], "security: s3://" in answer["reason"]) == ("failed", True)


@pytest.mark.parametrize("scans", [Scans(sarif=("x",)), Scans(pip_audit=("x",)), Scans(npm_audit=("x",))])
def test_a_declared_report_that_is_missing_fails_its_gate(stack: Stack, scans: Scans) -> None:
    """In any format."""
    answer = check(stack, GOOD, scans=scans)
    assert answer["reason"].startswith("security: x: not in the build's artifact")


def test_the_verdicts_are_announced(stack: Stack) -> None:
    """With the SARIF reports, for code scanning; an unreachable bus stops nothing."""
    answer = check(stack, CLEAN, scans=Scans(sarif=("scan.sarif",)))
    ((name, detail),) = stack.told()
    assert (name, detail["gates"], detail["scans"]["sarif"]) == ("GatesJudged", answer["gates"], ["scan.sarif"])
    assert detail["figures"] == {
        "testsRun": 2,
        "testsFailed": 0,
        "testsSkipped": 0,
        "lineCoverage": 90.0,
        "branchCoverage": 85.0,
    }
    refusal = ClientError({"Error": {"Code": "InternalException", "Message": "x"}}, "PutEvents")
    for error in (NotificationError("gone"), refusal, EndpointConnectionError(endpoint_url="https://events")):
        with failing(stack.client("events"), "PutEvents", error):
            assert check(stack, GOOD)["outcome"] == "passed"


def test_figures_of_a_report_that_can_not_be_read_are_left_out(stack: Stack) -> None:
    """They are not published as zero."""
    check(stack, {"junit.xml": FAILED, "coverage.xml": "<oops"})
    check(stack, {"junit.xml": "<oops", "coverage.xml": '<coverage line-rate="0.5" lines-valid="10"/>'})
    assert [detail["figures"] for _, detail in stack.told()] == [
        {"testsRun": 1, "testsFailed": 1, "testsSkipped": 0},
        {"lineCoverage": 50.0},
    ]


CHOSEN = PartPlan(replace(COMMAND, preview="{environment}.json"), "infra/a.py changed since 0a0a", by_path=True)
WITH_PREVIEWS = replace(PLAN, stages=tuple(replace(stage, parts=(CHOSEN,)) for stage in PLAN.stages))
SAME = json.dumps({"changeSummary": {"same": 1}})
CREATES = json.dumps({"changeSummary": {"create": 1}, "steps": [{"op": "create", "urn": "u::p::t::n"}]})


def test_previews_take_unchanged_parts_out_of_the_plan(stack: Stack) -> None:
    """P5: output and record say why each part is in or out."""
    answer = check(stack, {**GOOD, "test.json": SAME, "production.json": CREATES}, plan=WITH_PREVIEWS)
    assert answer["outcome"] == "passed"
    test, stage = answer["plan"]["stages"]
    assert (test["parts"], stage["environment"]["name"]) == ([], "production")
    assert stage["parts"][0]["reason"] == "infra/a.py changed since 0a0a; production.json would create t n"
    assert [one["parts"] for one in stack.deployment()["plan"]["stages"]] == [
        {},
        {"infrastructure": stage["parts"][0]["reason"]},
    ]


def test_the_reason_names_what_a_pin_keeps_out(stack: Stack) -> None:
    """R14: it is that of the release in the record and in the history, once its environments have passed."""
    kept = SkippedPart("hello-service/hello", "hello-service/hello is pinned in production", pinned=True)
    plan = replace(PLAN, stages=(*PLAN.stages, StagePlan(environment(), (), (kept,))))
    answer = check(stack, GOOD, plan=plan)
    assert answer["outcome"] == "passed"
    assert answer["reason"].endswith("; hello-service/hello is pinned in production")


def test_previews_may_leave_nothing_to_deploy(stack: Stack) -> None:
    """The release walks its environments and changes none; the reasons are in its record."""
    answer = check(stack, {**GOOD, "test.json": SAME, "production.json": SAME}, plan=WITH_PREVIEWS)
    assert (answer["outcome"], [stage["parts"] for stage in answer["plan"]["stages"]]) == ("nothing", [[], []])
    assert "production: infrastructure: infra/a.py changed since 0a0a, but production.json" in answer["reason"]
    assert stack.deployment()["plan"]["outcome"] == "nothing"


def test_a_preview_that_can_not_be_read_fails_its_gate(stack: Stack) -> None:
    """With file and reason, for each environment."""
    answer = check(stack, {**GOOD, "test.json": "{"}, plan=WITH_PREVIEWS)
    assert (answer["outcome"], answer["plan"]) == ("failed", None)
    (gate,) = [gate for gate in answer["gates"] if gate["name"] == "preview"]
    assert gate["reason"].startswith("test.json: Expecting property name")
    assert "production.json: not in the build's artifact" in gate["reason"]
