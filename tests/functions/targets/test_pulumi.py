"""Kind `pulumi`: the manifest's keys, the order for the build, and what the state says runs."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from components.stack.environment_settings import EnvironmentSettings
from components.stack.naming import Naming
from functions.adapters.artifacts import Artifacts
from functions.adapters.manifest_file import read_manifest
from functions.domain.errors import BadInputError, ManifestError
from functions.domain.owners import Claim
from functions.procedures.plans import checked_manifest
from functions.targets.pulumi import PulumiTarget
from functions.targets.registry import Targets
from tests.functions.adapters import test_pulumi_states as states
from tests.functions.delivered import artifact
from tests.functions.samples import COMMIT, DEPLOYMENT, OLDER, RELEASE, SERVICE, environment, state, version
from tests.functions.stack import ACCOUNT, REGION, Stack

MANIFEST = """version: 1
name: shop
build: {buildspec: b.yml, junit: [j.xml], cobertura: c.xml}
infrastructure:
  kind: pulumi
  project: shop
  projectFile: infra/Pulumi.yaml
  config: {"shop:domain": "{DOMAIN}", "aws:region": "{region}"}
  preview: reports/preview-{environment}.json
services:
  site: {kind: pulumi, project: site, projectFile: Pulumi.yaml, stack: "site-{environment}"}
"""
ENVIRONMENT = environment(pulumi_bucket="states")
NAMING = Naming("test", ACCOUNT, REGION, "aws")


def part(name: str = "shop/infrastructure", manifest: str = MANIFEST) -> Any:
    """A part of the manifest."""
    return next(one for one in read_manifest(manifest.encode()).parts if one.name == name)


def order(stack: Stack, name: str = "shop/infrastructure", commit: str = COMMIT) -> Any:
    """What a build is told to apply."""
    target = Targets.connect(stack.clients).built(part(name))
    recipe = target.recipe(ENVIRONMENT, part(name), replace(RELEASE, commit=commit, repository="acme/shop"), DEPLOYMENT)
    return json.loads(recipe.variables["KIRO_PULUMI"])


def test_a_stack_is_infrastructure_or_a_service() -> None:
    """Its preview is that of every part that a build changes; the rest only its target reads."""
    infrastructure = part()
    assert (infrastructure.way, infrastructure.preview) == ("build", "reports/preview-{environment}.json")
    assert infrastructure.settings == {
        "project": "shop",
        "projectFile": "infra/Pulumi.yaml",
        "stack": "{environment}",
        "config": {"shop:domain": "{DOMAIN}", "aws:region": "{region}"},
    }
    assert PulumiTarget.describe(ENVIRONMENT, infrastructure) == "Pulumi stack shop/production"
    assert PulumiTarget.describe(ENVIRONMENT, part("shop/site")) == "Pulumi stack site/site-production"
    assert PulumiTarget.names(ENVIRONMENT, infrastructure) == {}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("  project: ../x", "infrastructure.project"),
        ("  projectFile: ../Pulumi.yaml", "must be a path inside the repository"),
        ('  stack: "a/b"', "infrastructure.stack"),
        ('  config: {"a b": "c"}', "infrastructure.config"),
    ],
)
def test_mistakes_in_its_keys_are_reported(wrong: str, said: str) -> None:
    """Names become keys of a bucket, and words of a command."""
    key = wrong.partition(":")[0]
    lines = [line for line in MANIFEST.splitlines() if not line.startswith(f"{key}:")]
    lines.insert(lines.index("  kind: pulumi") + 1, wrong)
    with pytest.raises(ManifestError, match=said):
        read_manifest("\n".join(lines).encode())


def test_an_environment_without_states_is_refused_at_once() -> None:
    """Before anything is built, with the setting that an operator adds; unknown placeholders are found, too."""
    claim = Claim("acme/shop")
    with pytest.raises(ManifestError, match=r"infrastructure\.kind: production keeps no state of Pulumi stacks"):
        checked_manifest(MANIFEST.encode(), claim, (environment(),))
    assert checked_manifest(MANIFEST.encode(), claim, (ENVIRONMENT,)).name == "shop"
    unknown = MANIFEST.replace("{DOMAIN}", "{nobody}").encode()
    with pytest.raises(ManifestError, match=r"infrastructure\.config: '\{nobody\}' may contain only known"):
        checked_manifest(unknown, claim, (ENVIRONMENT,))


def test_the_build_is_told_what_to_apply(stack: Stack) -> None:
    """The state of the repository in the environment, the commit, and configuration without placeholders."""
    told = order(stack)
    assert told == {
        "backend": f"s3://states/production/acme/shop?region={REGION}",
        "bucket": "states",
        "region": REGION,
        "locks": "production/acme/shop/.pulumi/locks/organization/shop/production/",
        "runs": "production/acme/shop/runs/shop/production.json",
        "stack": "organization/shop/production",
        "folder": "infra",
        "config": {"shop:domain": "example.com", "aws:region": REGION},
        "message": f"Kiro Worker: commit {COMMIT}, deployment {DEPLOYMENT}",
    }
    site = order(stack, "shop/site", OLDER)
    assert (site["folder"], site["stack"]) == (".", "organization/site/site-production")
    assert OLDER in site["message"]


def test_what_runs_is_read_from_the_state(stack: Stack) -> None:
    """F8: the record is a way back, and never proof that a rollback has restored anything."""
    stack.client("s3").create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": REGION})
    target, stacked = PulumiTarget.connect(stack.clients), part()
    recorded = state(stacked, version(OLDER, OLDER, source="sources/acme/shop/s.zip"), repository="acme/shop")
    assert target.current(ENVIRONMENT, stacked, recorded) == OLDER
    assert target.current(ENVIRONMENT, stacked, None) is None
    assert target.read_back(ENVIRONMENT, stacked, recorded) is None, "the state is empty, whatever the record says"
    states.updated(stack, 1_769_846_400_000_000_000, COMMIT)
    assert target.read_back(ENVIRONMENT, stacked, recorded) == COMMIT
    assert target.read_back(ENVIRONMENT, stacked, replace(recorded, repository="")) == COMMIT
    assert target.read_back(ENVIRONMENT, stacked, None) is None
    assert target.read_back(environment(), stacked, recorded) is None
    assert target.outputs(Artifacts.connect(stack.clients), "o.zip", "") == {}


def test_a_source_or_artifact_that_is_gone_is_lost(stack: Stack) -> None:
    """A rollback runs the program of the earlier commit."""
    target, artifacts = PulumiTarget.connect(stack.clients), Artifacts.connect(stack.clients)
    to = version(source="sources/s.zip", artifact="")
    assert target.lost(ENVIRONMENT, part(), to, artifacts) == "sources/s.zip is no longer in the bucket"
    artifact(stack, "sources/s.zip", {})
    assert target.lost(ENVIRONMENT, part(), to, artifacts) == ""


def test_the_read_role_lists_states_and_reads_no_checkpoint() -> None:
    """I7: outputs are not encrypted in a checkpoint; an environment without states has no statement."""
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
    stored = {"name": "test", "pulumiBucket": "states", "pulumiKeyArn": key}
    given = EnvironmentSettings.model_validate_json(json.dumps(stored))
    found = {one.actions: one for one in PulumiTarget.read_permissions(given, NAMING)}
    assert found["s3:ListBucket",].condition == {"StringLike": {"s3:prefix": ["test/*"]}}
    assert found["s3:GetObject",].resources == ("arn:aws:s3:::states/test/*/.pulumi/history/*.history.json",)
    assert found["kms:Decrypt",].resources == (key,)
    assert PulumiTarget.read_permissions(EnvironmentSettings(name="test"), NAMING) == ()


def test_calls_change_no_stack(stack: Stack) -> None:
    """A part of another way has no recipe."""
    with pytest.raises(BadInputError, match="hello: kind lambda is changed by calls, not by a build"):
        Targets.connect(stack.clients).built(SERVICE)
