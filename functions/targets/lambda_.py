"""Kind `lambda`: a Lambda function; a deployment moves its alias to a new version, at once or in steps."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from msgspec import field
from msgspec.structs import replace

from functions.adapters.delivered_functions import DeliveredFunctions, Pointer
from functions.adapters.manifest_types import AnyText, Meaning, RepositoryPath, Steps, StepSeconds
from functions.domain.comparisons import Metrics, Versions, Whole
from functions.domain.drift import Trace
from functions.domain.environments import Environment, PartState, Version
from functions.domain.errors import ManifestError
from functions.domain.manifests import Part, fill
from functions.domain.rollback import Step
from functions.domain.rollouts import Rollout, next_step
from functions.handler import Allow, decode
from functions.targets.base import CallTarget, Change, ComparisonKeys, MistakenKeyError, Packages, Statement

if TYPE_CHECKING:
    from components.stack.environment_settings import EnvironmentSettings
    from components.stack.naming import Naming
    from functions.adapters.artifacts import Artifacts
    from functions.runtime import Clients

# GetFunction and GetFunctionConfiguration: a change waits until it has ended.
_DEPLOY = (
    "lambda:CreateAlias",
    "lambda:GetFunction",
    "lambda:GetFunctionConfiguration",
    "lambda:ListVersionsByFunction",
    "lambda:PublishVersion",
    "lambda:UpdateAlias",
    "lambda:UpdateFunctionCode",
)
_READ = ("lambda:GetAlias", "lambda:GetFunctionConfiguration")


class Keys(ComparisonKeys, frozen=True):
    """A Lambda function; a deployment moves its alias to a new version, at once or in steps."""

    function: Annotated[AnyText, Meaning("The function's name, with placeholders.", "hello-{environment}")]
    artifact: Annotated[RepositoryPath, Meaning("Its zip archive in the build's artifact.", "dist/hello.zip")]
    alias: Annotated[str, Meaning("The alias that a deployment moves.")] = "live"
    steps: Annotated[
        Steps, Meaning("Percentages of the requests that meet a new version; without any, all at once.", [10, 50])
    ] = field(default_factory=list)
    step_seconds: Annotated[
        StepSeconds | None, Meaning("How long each step is watched, in seconds; without it 60.", 300)
    ] = None


class LambdaTarget(CallTarget):
    """The version of the alias is what runs: changes move the alias, and it is read before and after them."""

    kind = "lambda"
    keys = Keys
    READ: ClassVar[tuple[Allow, ...]] = DeliveredFunctions.READ
    CHANGE: ClassVar[tuple[Allow, ...]] = DeliveredFunctions.CHANGE

    def __init__(self, functions: DeliveredFunctions) -> None:
        self._functions = functions

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The target with access to the functions of all environments."""
        return cls(DeliveredFunctions.connect(aws))

    @classmethod
    def complete(cls, part: Part, keys: Any) -> Part:
        """Without steps none is set: a part that was recorded before there were steps keeps its definition."""
        if keys.step_seconds and not keys.steps:
            raise MistakenKeyError(
                "stepSeconds", "there are no steps to watch: write steps, such as [10], or leave it out"
            )
        made = super().complete(part, keys)
        stepless = {key: value for key, value in made.settings.items() if key != "steps"}
        return made if keys.steps else replace(part, settings=stepless)

    @classmethod
    def describe(cls, environment: Environment, part: Part) -> str:
        """Such as `Lambda function hello-production, alias live`; or the error if the name has unknown placeholders.

        With the steps of its rollout: an approval is for all of them.
        """
        try:
            steps = "".join(f"{step} %, " for step in _keys(part).steps)
            return _named(environment, part) + (f", in steps: {steps}all requests" if steps else "")
        except ManifestError as error:
            return str(error)

    @classmethod
    def names(cls, environment: Environment, part: Part) -> dict[str, str]:
        """The function."""
        return {"function": _name(environment, part)}

    @classmethod
    def traces(cls, environment: Environment, part: Part) -> tuple[Trace, ...]:
        """Changes of the alias; CloudTrail names Lambda's calls with the version of its API.

        https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html
        """
        alias = {"functionName": _name(environment, part), "name": _keys(part).alias}
        return (Trace("UpdateAlias20150331", alias), Trace("DeleteAlias20150331", alias))

    @classmethod
    def files(cls, part: Part) -> tuple[str, ...]:
        """The package of the function."""
        return (_keys(part).artifact,)

    @classmethod
    def deploy_permissions(
        cls, settings: "EnvironmentSettings", naming: "Naming", packages: Packages
    ) -> tuple[Statement, ...]:
        """To change versions and aliases of the functions in the environment's settings, and to read large packages.

        Lambda reads a package in the name of the role that changes the function:
        https://docs.aws.amazon.com/lambda/latest/dg/configuration-function-zip.html
        """
        if not settings.functions:
            return ()
        return (
            _on_functions(_DEPLOY, settings, naming),
            _on_functions(("lambda:DeleteFunction",), settings, naming, ends=(":*",)),
            Statement(("s3:GetObject",), (packages.objects,), why="packages of releases, by their digest"),
            Statement(("kms:Decrypt",), (packages.key,)),
        )

    @classmethod
    def read_permissions(cls, settings: "EnvironmentSettings", naming: "Naming") -> tuple[Statement, ...]:
        """To read aliases and versions of the functions in the environment's settings; not their code."""
        return (_on_functions(_READ, settings, naming),) if settings.functions else ()

    def current(self, environment: Environment, part: Part, state: PartState | None) -> str | None:
        """The version of the alias, even if somebody moved it by hand; None for `$LATEST`, which is not fixed.

        Shares of other versions are left out: a change clears them, and a rollback restores this version for all.
        """
        found = self._alias(environment, part)
        return None if found is None or found.version == "$LATEST" else found.version

    def read_back(self, environment: Environment, part: Part, state: PartState | None) -> str | None:
        """The version of the alias; if a share of the requests meets others, which versions meet which share."""
        found = self._alias(environment, part)
        if found is None or found.version == "$LATEST":
            return None
        others = ", ".join(f"{version} for {share:.0%} of requests" for version, share in sorted(found.shares.items()))
        return f"{found.version}, but {others}" if others else found.version

    def _alias(self, environment: Environment, part: Part) -> Pointer | None:
        return self._functions.alias(environment, _name(environment, part), _keys(part).alias)

    def apply(self, change: Change) -> Rollout:
        """Publish code and configuration as a version, and let the first share of the requests meet it.

        Unchanged code and configuration keep their version. Without steps, and where no other version is published,
        all requests meet it. An emergency takes the steps, too: it is no less likely to be wrong. Old versions that no
        rollback needs are deleted.
        """
        environment, keys = change.environment, _keys(change.part)
        code = change.read(keys.artifact)
        name = _name(environment, change.part)
        version = self._functions.publish(environment, name, code, change.release.commit, change.keep)
        self._functions.prune(environment, name, {version, *change.recorded()})
        first, found = next_step(keys.steps, 0), self._alias(environment, change.part)
        if first and found and version in found.shares:
            return _paused(version, found)
        if first is None or found is None or found.version in ("$LATEST", version):
            return self._move(change, version)
        return self._split(change, version, first)

    def progress(self, environment: Environment, part: Part, rollout: Rollout) -> Rollout:
        """What the alias says; if it does not know the rollout, somebody else has moved it: the rollout has failed."""
        found, version = self._alias(environment, part), rollout.version
        if found and found.version == version and not found.shares:
            return Rollout("done", version)
        if found and version in found.shares:
            return _paused(version, found)
        runs = f"points to version {found.version}" if found else "is gone"
        reason = f"{_named(environment, part)} {runs}: somebody else ended the rollout of {version}"
        return Rollout("failed", version, 0, reason=reason)

    def proceed(self, change: Change, rollout: Rollout) -> Rollout:
        """Let the next share of the requests meet the version; after the last one the alias points to it."""
        now = self.progress(change.environment, change.part, rollout)
        step = next_step(_keys(change.part).steps, rollout.percent)
        if now.outcome != "paused" or (step and now.percent >= step):
            return now
        return self._split(change, rollout.version, step) if step else self._move(change, rollout.version)

    def _split(self, change: Change, version: str, percent: int) -> Rollout:
        change.fence()
        name, alias = _name(change.environment, change.part), _keys(change.part).alias
        self._functions.split(change.environment, name, alias, version, percent / 100)
        return Rollout("paused", version, percent)

    def _move(self, change: Change, version: str) -> Rollout:
        change.fence()
        name, alias = _name(change.environment, change.part), _keys(change.part).alias
        self._functions.point(change.environment, name, alias, version)
        return Rollout("done", version)

    def deployed(self, environment: Environment, step: Step) -> Mapping[str, str]:
        """The package of the earlier version, as Lambda has it."""
        digest = self._functions.digest(environment, _name(environment, step.part), step.to.version)
        return {_keys(step.part).artifact: digest} if digest else {}

    def versions(self, environment: Environment, part: Part, rollout: Rollout) -> Versions | None:
        """The invocations of each version by the alias; None if it does not share its requests with this version.

        https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html: the dimension ExecutedVersion is that
        of a version that an alias invoked. A function that returns an error status has not failed.
        """
        found, name, keys = self._alias(environment, part), _name(environment, part), _keys(part)
        if found is None or rollout.version not in found.shares:
            return None
        new, old = (_metrics(name, keys.alias, version) for version in (rollout.version, found.version))
        return Versions(new, old, keys.limits(environment))

    def whole(self, environment: Environment, part: Part) -> Whole | None:
        """The invocations of the alias, by the dimension Resource; None with steps."""
        keys = _keys(part)
        if keys.steps:
            return None
        name = _name(environment, part)
        return Whole((_metrics(name, keys.alias),), keys.limits(environment))

    def restore(self, environment: Environment, step: Step) -> Rollout:
        """Point the alias at the earlier version, which clears the shares of others."""
        name = _name(environment, step.part)
        self._functions.point(environment, name, _keys(step.part).alias, step.to.version)
        return Rollout("done", step.to.version)

    def lost(self, environment: Environment, part: Part, to: Version, artifacts: "Artifacts") -> str:
        """Whether the version was deleted; its artifact is not needed for a rollback."""
        name = _name(environment, part)
        there = self._functions.digest(environment, name, to.version)
        return "" if there else f"version {to.version} of {name} was deleted"

    def outputs(self, artifacts: "Artifacts", key: str, digest: str) -> dict[str, str]:
        """A function has no outputs."""
        return {}


def _on_functions(
    actions: tuple[str, ...], settings: "EnvironmentSettings", naming: "Naming", ends: tuple[str, ...] = ("", ":*")
) -> Statement:
    arns = [naming.arn("lambda", f"function:{name}", settings.region) for name in settings.functions]
    on = tuple(arn + end for arn in arns for end in ends)
    return Statement(actions, on, why="versions and aliases of these functions only")


def _metrics(name: str, alias: str, version: str = "") -> Metrics:
    """The metrics of an alias, or of one version that it invoked."""
    executed = {"ExecutedVersion": version} if version else {}
    dimensions = {"FunctionName": name, "Resource": f"{name}:{alias}", **executed}
    return Metrics("AWS/Lambda", "Invocations", ("Errors",), "Duration", 1, dimensions)


def _paused(version: str, found: Pointer) -> Rollout:
    return Rollout("paused", version, round(found.shares[version] * 100, 4))


def _named(environment: Environment, part: Part) -> str:
    return f"Lambda function {_name(environment, part)}, alias {_keys(part).alias}"


def _keys(part: Part) -> Keys:
    return decode(Keys, part.settings)


def _name(environment: Environment, part: Part) -> str:
    values = {**environment.variables, "environment": environment.name}
    return fill(_keys(part).function, values, f"services.{part.name}.function")
