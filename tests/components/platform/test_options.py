"""What is switched on by a setting, and left out without it."""

import json

from tests.components.conftest import ALLOWED_NETWORKS, VPC
from tests.components.recorder import ACCOUNT, REGION, Outcome

PRODUCT = f"arn:aws:securityhub:{REGION}:{ACCOUNT}:product/{ACCOUNT}/default"


def told(outcome: Outcome, thing: str, name: str) -> str:
    """What a function is told."""
    function = outcome.recorder.one("lambda/function:Function", thing).inputs
    return str(function["environment"]["variables"][name])


def imports(outcome: Outcome) -> list[list[str]]:
    """The resources on which findings may be imported."""
    policy = outcome.recorder.one("iam/rolePolicy:RolePolicy", "events-import-findings").inputs["policy"]
    statements = json.loads(policy)["Statement"]
    return [one["Resource"] for one in statements if "securityhub:BatchImportFindings" in one["Action"]]


def test_findings_may_be_imported_where_that_is_wanted(whole: Outcome, switched_on: Outcome) -> None:
    """Under the account's own product, and nowhere without the setting."""
    assert imports(switched_on) == [[PRODUCT]]
    assert told(switched_on, "events-import-findings", "SECURITY_HUB") == PRODUCT
    assert imports(whole) == []
    assert told(whole, "events-import-findings", "SECURITY_HUB") == "off"


def test_webhooks_know_their_sources(whole: Outcome, switched_on: Outcome) -> None:
    """As given, or anywhere."""
    thing, name = "events-github-webhook", "ALLOWED_NETWORKS"
    assert told(switched_on, thing, name) == ",".join(ALLOWED_NETWORKS)
    assert told(whole, thing, name) == "anywhere"


def test_builds_run_in_the_network_that_is_named(whole: Outcome, switched_on: Outcome) -> None:
    """Every project, the worker's included; in CodeBuild's own without the setting."""
    kind, names = "codebuild/project:Project", {"vpcId": "vpc-0a1b", "subnets": VPC["subnets"]}
    projects = switched_on.recorder.of(kind)
    assert {project.name for project in projects} >= {"build", "deploy-test", "worker-build"}
    for project in projects:
        assert project.inputs["vpcConfig"] == {**names, "securityGroupIds": ["sg-0f"]}, project.name
    assert not any(project.inputs.get("vpcConfig") for project in whole.recorder.of(kind))


def test_a_build_gets_an_interface_in_these_subnets_only(whole: Outcome, switched_on: Outcome) -> None:
    """Each role of a build may have CodeBuild use an interface there, with its reason listed; none may without."""
    subnets = [f"arn:aws:ec2:{REGION}:{ACCOUNT}:subnet/{name}" for name in VPC["subnets"]]
    action = "ec2:CreateNetworkInterfacePermission"
    for outcome, wanted in ((switched_on, True), (whole, False)):
        for project in outcome.recorder.of("codebuild/project:Project"):
            thing = "worker-codebuild" if project.name == "worker-build" else f"codebuild-{project.name}"
            policy = outcome.recorder.one("iam/rolePolicy:RolePolicy", thing).inputs["policy"]
            found = [one["Condition"] for one in json.loads(policy)["Statement"] if action in one["Action"]]
            condition = {"ec2:AuthorizedService": ["codebuild.amazonaws.com"], "ec2:Subnet": subnets}
            assert found == ([{"StringEquals": condition}] if wanted else []), thing
    roles = {grant.role for grant in switched_on.globals["naming"].broad_grants if action in grant.actions}
    assert len(roles) == len(switched_on.recorder.of("codebuild/project:Project"))
