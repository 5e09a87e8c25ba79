"""What a plan says, and what an emergency makes of it."""

from msgspec.structs import replace

from functions.domain.commit_plans import plan
from functions.domain.manifests import AfterDeploy, Manifest
from functions.domain.plans import Plan, in_emergency
from tests.functions.samples import COMMAND, COMMIT, SERVICE, environment


def test_an_emergency_is_not_tested_after_its_deployment() -> None:
    """P8: parts, approvals and build gates stay; the skipped tests are named."""
    tests = AfterDeploy("it.yml", {"tests": {"junit": ["it.xml"]}, "performance": {"performance": "load.csv"}})
    gates = {"security": {"sarif": ["a.sarif"]}}
    tested = Manifest("hello", "build.yml", [COMMAND, SERVICE], gates=gates, after_deploy={"test": tests})
    usual = plan(tested, (environment(name="test"), environment()), {}, {}, COMMIT)
    urgent = in_emergency(usual)
    assert urgent.reason == (
        f"EMERGENCY: deployment windows are ignored, tests after the deployment are skipped in test; {usual.reason}"
    )
    assert [stage.after_deploy for stage in urgent.stages] == [None, None]
    untouched = replace(urgent, reason=usual.reason, stages=usual.stages)
    assert untouched == usual
    assert [(stage.environment, stage.parts) for stage in urgent.stages] == [
        (stage.environment, stage.parts) for stage in usual.stages
    ]


def test_what_deploys_nothing_is_no_emergency() -> None:
    """A plan that deploys nothing is unchanged in an emergency."""
    refused = Plan("invalid", "delivery.yml:1: no")
    assert in_emergency(refused) == refused
