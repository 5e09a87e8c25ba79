"""A hostile build acts with the role of its project: what it may do to other repositories of the stack.

The policies are those that the program registers; they are evaluated by moto, as on the laptop. CodeBuild reads a cache
and uploads artifacts in the name of this role, too:
https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html
"""

import json
from collections.abc import Iterator
from itertools import permutations

import pytest
from moto.iam.access_control import IAMPolicy, PermissionResult

from components.functions import package
from components.stack.naming import PREFIXES
from functions.domain.projects import project_of
from functions.domain.provenance import place
from tests.components.recorder import ACCOUNT, REGION, Outcome, run_main, stack_config

REPOSITORIES = ("acme/hello", "acme/hello-2", "sources/worker")
KINDS = ("build", "integration-test", "e2e-test", "deploy-test", "deploy-staging", "deploy-production", "worker")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """A stack that delivers several repositories, some with the names of prefixes."""
    config = stack_config("test")
    claims = [{"name": one, "manifests": [f"m{at}"], "targets": []} for at, one in enumerate(REPOSITORIES)]
    github = {**json.loads(config["kiro-worker:github"]), "repositories": claims}
    layer = tmp_path_factory.mktemp("layer")
    (layer / "python").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "LAYER", layer)
        yield run_main("test", {**config, "kiro-worker:github": json.dumps(github)})


def may(outcome: Outcome, repository: str, kind: str, action: str, resource: str) -> bool:
    """Whether the role of a repository's project may do this."""
    role = project_of("worker-codebuild" if kind == "worker" else f"codebuild-{kind}", repository)
    policy = IAMPolicy(outcome.recorder.one("iam/rolePolicy:RolePolicy", role).inputs["policy"])
    return policy.is_action_permitted(action, resource) == PermissionResult.PERMITTED


def objects(outcome: Outcome, repository: str) -> dict[str, str]:
    """Objects of a repository: its source, and what each of its projects writes and keeps."""
    bucket = f"arn:aws:s3:::{outcome.outputs['artifactsBucket']}"
    kinds = dict.fromkeys("tests" if kind.endswith("-test") and kind[0] != "d" else kind for kind in KINDS)
    found = {kind: f"{bucket}/builds/{repository}/{kind}/main-1a2b/x.zip" for kind in kinds if kind != "worker"}
    found["worker"] = f"{bucket}/test/{repository}/1-1/results.json"
    found |= {f"cache of {kind}": f"{bucket}/cache/{repository}/{kind}/x" for kind in KINDS}
    return {**found, "source": f"{bucket}/sources/{repository}/{'1' * 40}.zip"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_build_reaches_for_another_repository(served: Outcome, kind: str) -> None:
    """A build wants to read or replace another repository's source, artifacts, cache or reports: it may not."""
    for own, other in permutations(REPOSITORIES, 2):
        for what, one in objects(served, other).items():
            for action in ("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"):
                assert not may(served, own, kind, action, one), (own, action, what, other)
        group = f"report-group/kiro-pipeline-test-{project_of('build', other)}-tests"
        for action in ("codebuild:CreateReport", "codebuild:UpdateReport", "codebuild:BatchPutTestCases"):
            assert not may(served, own, kind, action, f"arn:aws:codebuild:{REGION}:{ACCOUNT}:{group}")


@pytest.mark.parametrize("kind", KINDS)
def test_a_build_writes_for_another_project_of_its_repository(served: Outcome, kind: str) -> None:
    """A test or a command wants to replace the release, a source, a program or another's cache: it may not."""
    (own, *_), bucket = REPOSITORIES, f"arn:aws:s3:::{served.outputs['artifactsBucket']}"
    mine = {kind, "tests"} if kind in ("integration-test", "e2e-test") else {kind}
    written = {what for what, one in objects(served, own).items() if may(served, own, kind, "s3:PutObject", one)}
    wanted = {*(mine & objects(served, own).keys()), *(f"cache of {one}" for one in mine & set(KINDS))}
    assert written == (wanted - {"cache of worker"})
    for key in ("programs/x.zip", "packages/x.zip", "deployments/main-1a2b/build.zip", "test/x", "builds/x"):
        assert not may(served, own, kind, "s3:PutObject", f"{bucket}/{key}"), key


@pytest.mark.parametrize("kind", ["build", "deploy-test", "e2e-test"])
def test_a_build_reads_what_it_needs(served: Outcome, kind: str) -> None:
    """The source of its repository, and the release that its build left."""
    for own in REPOSITORIES:
        for what in ("source", "build"):
            assert may(served, own, kind, "s3:GetObject", objects(served, own)[what])


def test_a_repository_shares_no_project(served: Outcome) -> None:
    """Each project has a role, cache and log group of its own, and each repository has all kinds of projects."""
    projects = served.recorder.of("codebuild/project:Project")
    assert len(projects) == len(served.outputs["projects"]) == len(REPOSITORIES) * len(KINDS)
    assert len({one.inputs["serviceRole"] for one in projects}) == len(projects)
    caches = [one.inputs["cache"]["location"] for one in projects if one.inputs.get("cache")]
    assert len(set(caches)) == len(caches) == len(REPOSITORIES) * (len(KINDS) - 1)


def test_no_function_may_give_a_build_another_role(served: Outcome) -> None:
    """A function that starts builds wants to run one with a stronger role: StartBuild needs `iam:PassRole` for that.

    `serviceRoleOverride` of StartBuild is used like the role of a new project:
    https://docs.aws.amazon.com/codebuild/latest/userguide/auth-and-access-control-iam-identity-based-access-control.html
    """
    policies = [one.inputs["policy"] for one in served.recorder.of("iam/rolePolicy:RolePolicy")]
    assert sum("codebuild:StartBuild" in one for one in policies) >= 4
    assert not any("iam:PassRole" in one for one in policies)


def test_no_name_of_a_stack_is_a_prefix(served: Outcome) -> None:
    """A stack that is called like a prefix wants its worker to write there: it is refused, and so are others' names."""
    written = set()
    for one in served.recorder.of("iam/rolePolicy:RolePolicy"):
        if "codebuild-" in one.name:
            for statement in json.loads(one.inputs["policy"])["Statement"]:
                if "s3:PutObject" in statement["Action"]:
                    written |= {arn.split("/")[1] for arn in statement["Resource"]}
    assert written == {"builds", "cache", "test"}
    assert written - {"test"} < PREFIXES
    # A worker that writes there could put a statement beside those that the platform has signed.
    assert place("main-1", "0" * 64).partition("/")[0] in PREFIXES
    config = stack_config("test")
    tagged = {**config, "aws:defaultTags": config["aws:defaultTags"].replace('"test"', '"builds"')}
    with pytest.raises(Exception, match="the stack is called builds, which is a folder of the artifacts bucket"):
        run_main("builds", tagged)
