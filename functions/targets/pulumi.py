"""Kind `pulumi`: a stack of a Pulumi program in the repository; `pulumi up` is run by a buildspec of the platform.

The state of each repository has a folder of its own in the environment's bucket. The record of the last update in that
state says which commit runs, so a rollback is believed only if Pulumi itself has recorded it (F8).
"""

import json
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Self

from msgspec import field
from msgspec.structs import replace

from functions.adapters.manifest_types import AnyText, CommittedFile, Meaning, Text
from functions.adapters.pulumi_states import PulumiStates
from functions.domain.environments import Environment, PartState, Version
from functions.domain.errors import ManifestError
from functions.domain.manifests import Part, fill
from functions.domain.pulumi_stacks import StateFolder, folder_of, message_of, running
from functions.domain.releases import Release
from functions.domain.values import Value
from functions.handler import decode, encode
from functions.targets.base import BuildTarget, Packages, Preview, Recipe, Statement, first_missing

if TYPE_CHECKING:
    from components.stack.environment_settings import EnvironmentSettings
    from components.stack.naming import Naming
    from functions.adapters.artifacts import Artifacts
    from functions.runtime import Clients

BUILDSPEC = Path(__file__).parents[1] / "buildspecs" / "pulumi_stack.yml"
# What Pulumi allows: https://www.pulumi.com/docs/iac/concepts/projects/ and …/stacks/.
ProjectName = Annotated[str, Text(pattern=r"^[A-Za-z0-9_.-]{1,100}$")]
StackName = Annotated[str, Text(pattern=r"^([A-Za-z0-9_.-]|\{\w+\})+$")]
ConfigKey = Annotated[str, Text(pattern=r"^([A-Za-z0-9_.-]+:)?[A-Za-z0-9_.-]+$")]


class Keys(Value, frozen=True):
    """A stack of a Pulumi program; a rollback runs `pulumi up` of the last known good release."""

    project: Annotated[ProjectName, Meaning("The `name` in its Pulumi.yaml.", "shop")]
    project_file: Annotated[CommittedFile, Meaning("Its Pulumi.yaml in the repository.", "infrastructure/Pulumi.yaml")]
    stack: Annotated[StackName, Meaning("The name of the stack, with placeholders.", "{environment}")] = "{environment}"
    config: Annotated[
        dict[ConfigKey, AnyText],
        Meaning("Configuration over that of the stack's file, with placeholders.", {"shop:domain": "{domain}"}),
    ] = field(default_factory=dict)
    preview: Preview = ""


class PulumiTarget(BuildTarget):
    """The way back is the record, as that of a command; what runs is read from the state of the stack."""

    kind = "pulumi"
    keys = Keys
    infrastructure = True
    SETTINGS = ("PULUMI_PROGRAM",)
    READ = PulumiStates.READ

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws
        self._states = PulumiStates.connect(aws)

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The client of an environment is created when its state is read."""
        return cls(aws)

    @classmethod
    def complete(cls, part: Part, keys: Any) -> Part:
        """Set `preview`, which is a field of all parts that a build changes."""
        settings = {key: value for key, value in encode(keys).items() if key != "preview"}
        return replace(part, settings=settings, preview=keys.preview)

    @classmethod
    def describe(cls, environment: Environment, part: Part) -> str:
        """The stack, such as `Pulumi stack shop/production`."""
        keys = _keys(part)
        return f"Pulumi stack {keys.project}/{keys.stack.replace('{environment}', environment.name)}"

    @classmethod
    def names(cls, environment: Environment, part: Part) -> dict[str, str]:
        """None: the program changes what the role of its project allows."""
        return {}

    @classmethod
    def lacking(cls, environment: Environment, part: Part) -> dict[str, str]:
        """The bucket of the state, and placeholders that the environment does not know."""
        if not environment.pulumi_bucket:
            why = f"{environment.name} keeps no state of Pulumi stacks: an operator sets its `pulumiBucket`"
            return {"kind": why}
        keys, found = _keys(part), {}
        for name, texts in (("stack", [keys.stack]), ("config", list(keys.config.values()))):
            for text in texts:
                try:
                    _filled(environment, part, text, name)
                except ManifestError as error:
                    found[name] = str(error).partition(f"{name}: ")[2]
        return found

    @classmethod
    def deploy_permissions(
        cls, settings: "EnvironmentSettings", naming: "Naming", packages: Packages
    ) -> tuple[Statement, ...]:
        """None: a build has the role of its project, never the deploy role."""
        return ()

    @classmethod
    def read_permissions(cls, settings: "EnvironmentSettings", naming: "Naming") -> tuple[Statement, ...]:
        """To list the states in the environment's bucket and to read the records of updates; no checkpoint."""
        if not settings.pulumi_bucket:
            return ()
        bucket = f"arn:{naming.partition}:s3:::{settings.pulumi_bucket}"
        return (
            Statement(("s3:ListBucket",), (bucket,), condition={"StringLike": {"s3:prefix": [f"{settings.name}/*"]}}),
            Statement(
                ("s3:GetObject",),
                (f"{bucket}/{settings.name}/*/.pulumi/history/*.history.json",),
                why="records of updates in the states of this environment only",
            ),
            Statement(("kms:Decrypt",), (str(settings.pulumi_key_arn),)),
        )

    def recipe(self, environment: Environment, part: Part, release: Release, deployment_id: str) -> Recipe:
        """The platform's buildspec and program, which read what to do from one variable."""
        keys = _keys(part)
        where = _state(environment, part, release.repository)
        order = {
            "backend": where.url,
            "bucket": where.bucket,
            "region": where.region,
            "locks": where.unfinished[0],
            "runs": f"{where.folder}/runs/{where.project}/{where.stack}.json",
            "stack": where.name,
            "folder": str(PurePosixPath(keys.project_file).parent),
            "config": {key: _filled(environment, part, text, "config") for key, text in keys.config.items()},
            "message": message_of(release.commit, deployment_id),
        }
        variables = {"KIRO_PULUMI": json.dumps(order)}
        return Recipe(BUILDSPEC.read_text("utf-8"), variables, self._aws.setting("PULUMI_PROGRAM"))

    def current(self, environment: Environment, part: Part, state: PartState | None) -> str | None:
        """The recorded version: only what the platform has recorded can be applied again."""
        return state.running.version if state and state.running else None

    def read_back(self, environment: Environment, part: Part, state: PartState | None) -> str | None:
        """The commit that the state of the stack names; None while an update runs, or after one that failed or died."""
        repository = (state.repository or (state.running.repository if state.running else "")) if state else ""
        if not repository or not environment.pulumi_bucket:
            return None
        return running(self._states.read(environment, _state(environment, part, repository)))

    def lost(self, environment: Environment, part: Part, to: Version, artifacts: "Artifacts") -> str:
        """The first of source and artifact that the bucket lacks: a rollback needs both."""
        return first_missing(to, artifacts)


def _state(environment: Environment, part: Part, repository: str) -> StateFolder:
    keys = _keys(part)
    stack = _filled(environment, part, keys.stack, "stack")
    return folder_of(environment.pulumi_bucket, environment.region, environment.name, repository, keys.project, stack)


def _filled(environment: Environment, part: Part, text: str, key: str) -> str:
    values = {**environment.fill_values, "account": environment.account, "region": environment.region}
    return fill(text, values, f"{part.name}.{key}")


def _keys(part: Part) -> Keys:
    return decode(Keys, part.settings)
