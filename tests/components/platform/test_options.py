"""Optional features: with their setting they exist, without it they do not."""

import json

from tests.components.recorder import ACCOUNT, ALLOWED_NETWORKS, PROJECT_KEY, REGION, VPC, Outcome

PRODUCT = f"arn:aws:securityhub:{REGION}:{ACCOUNT}:product/{ACCOUNT}/default"


def variable(outcome: Outcome, thing: str, name: str) -> str:
    """An environment variable of a function."""
    function = outcome.recorder.one("lambda/function:Function", thing).inputs
    return str(function["environment"]["variables"][name])


def imports(outcome: Outcome) -> list[list[str]]:
    """The resources on which findings may be imported."""
    policy = outcome.recorder.one("iam/rolePolicy:RolePolicy", "events-import-findings").inputs["policy"]
    statements = json.loads(policy)["Statement"]
    return [one["Resource"] for one in statements if "securityhub:BatchImportFindings" in one["Action"]]


def test_findings_may_be_imported_with_the_setting_only(whole: Outcome, switched_on: Outcome) -> None:
    """Into the account's own product."""
    assert imports(switched_on) == [[PRODUCT]]
    assert variable(switched_on, "events-import-findings", "SECURITY_HUB") == PRODUCT
    assert imports(whole) == []
    assert variable(whole, "events-import-findings", "SECURITY_HUB") == "off"


def test_the_webhook_handler_has_the_allowed_networks(whole: Outcome, switched_on: Outcome) -> None:
    """Those of the setting, or `anywhere`."""
    thing, name = "events-github-webhook", "ALLOWED_NETWORKS"
    assert variable(switched_on, thing, name) == ",".join(ALLOWED_NETWORKS)
    assert variable(whole, thing, name) == "anywhere"


def test_builds_run_in_the_network_that_is_named(whole: Outcome, switched_on: Outcome) -> None:
    """Every project, including the worker's; without the setting, in CodeBuild's own network."""
    kind, names = "codebuild/project:Project", {"vpcId": "vpc-0a1b", "subnets": VPC["subnets"]}
    projects = switched_on.recorder.of(kind)
    assert {project.name for project in projects} >= {
        f"{thing}-{PROJECT_KEY}" for thing in ("build", "deploy-test", "worker-build")
    }
    for project in projects:
        assert project.inputs["vpcConfig"] == {**names, "securityGroupIds": ["sg-0f"]}, project.name
    assert not any(project.inputs.get("vpcConfig") for project in whole.recorder.of(kind))


def test_a_build_gets_an_interface_in_these_subnets_only(whole: Outcome, switched_on: Outcome) -> None:
    """With a VPC each role of a build has the permission and its reason; without one none has it."""
    subnets = [f"arn:aws:ec2:{REGION}:{ACCOUNT}:subnet/{name}" for name in VPC["subnets"]]
    action = "ec2:CreateNetworkInterfacePermission"
    for outcome, wanted in ((switched_on, True), (whole, False)):
        for project in outcome.recorder.of("codebuild/project:Project"):
            worker = project.name.startswith("worker-build-")
            thing = f"worker-codebuild-{PROJECT_KEY}" if worker else f"codebuild-{project.name}"
            policy = outcome.recorder.one("iam/rolePolicy:RolePolicy", thing).inputs["policy"]
            found = [one["Condition"] for one in json.loads(policy)["Statement"] if action in one["Action"]]
            condition = {"ec2:AuthorizedService": ["codebuild.amazonaws.com"], "ec2:Subnet": subnets}
            assert found == ([{"StringEquals": condition}] if wanted else []), thing
    roles = {grant.role for grant in switched_on.globals["naming"].broad_grants if action in grant.actions}
    assert len(roles) == len(switched_on.recorder.of("codebuild/project:Project"))
