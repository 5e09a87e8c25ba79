"""The resource monitor, which the Pulumi SDK calls for every resource, in the program's own process.

The SDK uses a monitor that is not a string directly, so neither gRPC nor a CLI is needed.
"""
# The monitor's methods carry the names of Pulumi's gRPC service.
# ruff: noqa: N802

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from google.protobuf import empty_pb2, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import engine_pb2, resource_pb2

from local.pulumi.declared import required_outputs
from local.pulumi.errors import DeploymentError, ResourceError
from local.pulumi.invokes import invoke
from local.pulumi.operations import Change, apply, plan
from local.pulumi.state import PROVIDER_PREFIX, Record, Records
from local.pulumi.values import decode, encode, has_unknown, strings

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.pulumi.handlers.base import Cloud
    from local.pulumi.project import Project
    from local.pulumi.report import Report

STACK_TYPE = "pulumi:pulumi:Stack"
# Without resource references the SDK sends a resource's id, which the handlers need.
FEATURES = [
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
]


@dataclass
class Provider:
    """The settings of a provider for its resources."""

    region: str
    tags: dict[str, str] = field(default_factory=dict)


class Engine:
    """One run of a program; `records` becomes the new state, and resources in `again` get their inputs again.

    `note` is called with each record whose resource has changed.
    """

    def __init__(
        self,
        project: Project,
        cloud: Cloud,
        old: Records,
        report: Report,
        note: Callable[[Record], None],
        *,
        preview: bool,
        again: frozenset[str] = frozenset(),
    ) -> None:
        self.project = project.name
        self.stack = project.stack
        self.cloud = cloud
        self.old = old
        self.report = report
        self._note = note
        self.preview = preview
        self._again = again
        self.records: Records = {}
        self._default = Provider(project.region, project.default_tags)
        self._providers: dict[str, Provider] = {}
        self._lock = threading.Lock()
        self._sequence = 0
        self._failed = False

    # -- the resource monitor ---------------------------------------------------------------------

    def GetDeploymentInfo(self, _: object) -> resource_pb2.DeploymentInfo:
        """Describe the run."""
        return resource_pb2.DeploymentInfo(
            supportedFeatures=FEATURES, project=self.project, stack=self.stack, dryRun=self.preview
        )

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        """Create, update, replace or keep one resource."""
        record = self._begin(request)
        try:
            if not request.custom:
                return resource_pb2.RegisterResourceResponse(urn=record.urn)
            if request.type.startswith(PROVIDER_PREFIX):
                return self._register_provider(request, record)
            return self._register(request, record)
        except Exception as error:
            raise self._fail(request, record, error) from error

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:
        """Store the stack's exports; outputs of components exist only in the program."""
        if request.urn.split("::")[2] == STACK_TYPE:
            outputs, secrets = decode(request.outputs)
            for name, value in sorted(outputs.items()):
                if has_unknown(value) and not self.preview and not self._failed:
                    self.report.error(f"export '{name}' uses an output that no handler computes")
                shown = "[unknown]" if has_unknown(value) else value
                self.report.outputs[name] = "[secret]" if name in secrets else shown
        return empty_pb2.Empty()

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:
        """Answer `Resource.get` from the emulator."""
        urn = self._urn(request.parent, request.type, request.name)
        state, secrets = decode(request.properties)
        provider = self._providers.get(request.provider, self._default)
        outputs = state
        if request.id:
            record = Record(urn, request.type, request.name, custom=True, id=request.id, region=provider.region)
            try:
                outputs = state | Change(self.cloud, record, state).read()
            except Exception as error:
                raise self._fail(request, record, error) from error
        missing = required_outputs(request.type) - outputs.keys()
        return resource_pb2.ReadResourceResponse(urn=urn, id=request.id, properties=encode(outputs, secrets, missing))

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:
        """Answer a provider function."""
        arguments, _ = decode(request.args)
        answer = struct_pb2.Struct()
        answer.update(invoke(request.tok, arguments, self.cloud))
        return resource_pb2.ResourceInvokeResponse(**{"return": answer})

    def RegisterPackage(self, request: resource_pb2.RegisterPackageRequest) -> resource_pb2.RegisterPackageResponse:
        """Accept any package: the handlers decide what works."""
        return resource_pb2.RegisterPackageResponse(ref=request.name)

    def SignalAndWaitForShutdown(self, _: object) -> empty_pb2.Empty:
        """Return at once: the program may end."""
        return empty_pb2.Empty()

    # -- the engine -------------------------------------------------------------------------------

    def Log(self, request: engine_pb2.LogRequest) -> empty_pb2.Empty:
        """Print a log message of the program; a logged error fails the run, as with Pulumi."""
        if request.severity == engine_pb2.ERROR:
            self.report.error(request.message)
        elif request.severity == engine_pb2.WARNING:
            self.report.warn(request.message)
        elif request.severity == engine_pb2.INFO:
            self.report.print(request.message)
        return empty_pb2.Empty()

    def RequirePulumiVersion(self, _: object) -> empty_pb2.Empty:
        """Accept every version: there is no CLI."""
        return empty_pb2.Empty()

    # -- inside -----------------------------------------------------------------------------------

    def _urn(self, parent: str, kind: str, name: str) -> str:
        parent_kind = parent.split("::")[2] if parent else STACK_TYPE
        qualified = kind if parent_kind == STACK_TYPE else f"{parent_kind}${kind}"
        return f"urn:pulumi:{self.stack}::{self.project}::{qualified}::{name}"

    def _begin(self, request: resource_pb2.RegisterResourceRequest) -> Record:
        urn = self._urn(request.parent, request.type, request.name)
        with self._lock:
            if self._failed:
                raise DeploymentError(f"{request.type} '{request.name}' was not started: another resource failed")
            if urn in self.records:
                self._failed = True
                message = f"{_describe(request)}: another resource of the same type has this name{_where(request)}"
                self.report.error(message)
                raise ResourceError(message)
            self._sequence += 1
            record = self.records[urn] = Record(
                urn,
                request.type,
                request.name,
                custom=request.custom,
                parent=request.parent,
                dependencies=sorted(request.dependencies),
                protect=request.protect,
                retain=request.retainOnDelete,
                sequence=self._sequence,
            )
        return record

    def _register_provider(
        self, request: resource_pb2.RegisterResourceRequest, record: Record
    ) -> resource_pb2.RegisterResourceResponse:
        inputs, _ = decode(request.object)
        record.id = f"{request.name}-provider"
        tags = inputs.get("defaultTags") or {}
        tags = json.loads(tags) if isinstance(tags, str) else tags  # providers take nested values as JSON
        self._providers[f"{record.urn}::{record.id}"] = Provider(
            inputs.get("region") or self._default.region, tags.get("tags") or {}
        )
        return resource_pb2.RegisterResourceResponse(urn=record.urn, id=record.id, object=request.object)

    def _register(
        self, request: resource_pb2.RegisterResourceRequest, record: Record
    ) -> resource_pb2.RegisterResourceResponse:
        inputs, secrets = decode(request.object)
        self.report.hide(text for name in secrets for text in strings(inputs.get(name)))
        record.secrets = sorted(secrets | set(request.additionalSecretOutputs))
        self._refuse_unknown(request, inputs)
        provider = self._providers.get(request.provider, self._default)
        record.region = inputs.get("region") or provider.region
        old = self.old.get(record.urn)
        change = plan(Change(self.cloud, record, inputs, old, self._note), provider.tags, request)
        if record.urn in self._again:
            change.repeat()
        if self.preview:
            outputs = change.foresee()
        else:
            outputs = apply(change, forget=lambda: self.old.pop(record.urn, None))
            if change.op != "same":
                self._note(record)
            if change.ignored and record.urn not in self._again:
                self.report.warn(f"{_describe(request)}: the emulator does not get {', '.join(change.ignored)}")
        self.report.step(change.op, record.type, record.name, change.changed if old else ())
        missing = required_outputs(record.type) - outputs.keys()
        return resource_pb2.RegisterResourceResponse(
            urn=record.urn, id=record.id, object=encode(outputs, record.secrets, missing)
        )

    def _refuse_unknown(self, request: resource_pb2.RegisterResourceRequest, inputs: dict[str, Any]) -> None:
        unknown = sorted(name for name, value in inputs.items() if has_unknown(value))
        if unknown and not self.preview:
            sources = {urn for name in unknown for urn in request.propertyDependencies[name].urns}
            culprits = ", ".join(sorted(urn.split("::", 2)[2] for urn in sources)) or "another resource"
            raise ResourceError(
                f"{', '.join(unknown)} uses an output that the handler of {culprits} does not compute; "
                "add it to that handler's read()"
            )

    def _fail(
        self,
        request: resource_pb2.RegisterResourceRequest | resource_pb2.ReadResourceRequest,
        record: Record,
        error: Exception,
    ) -> ResourceError:
        """Keep the known part of a failed resource in the state, and report its error."""
        kind = "" if isinstance(error, DeploymentError) else f"{type(error).__name__}: "
        message = f"{_describe(request)}: {kind}{error}{_where(request)}"
        with self._lock:
            self._failed = True
            if record.urn in self.old:
                self.records[record.urn] = self.old[record.urn]
            elif not record.id:
                self.records.pop(record.urn, None)
        self.report.error(message)
        return ResourceError(self.report.mask(message))


def _describe(request: resource_pb2.RegisterResourceRequest | resource_pb2.ReadResourceRequest) -> str:
    return f"{request.type} '{request.name}'"


def _where(request: resource_pb2.RegisterResourceRequest | resource_pb2.ReadResourceRequest) -> str:
    place = request.sourcePosition
    return f" (declared at {place.uri.removeprefix('file://')}:{place.line})" if place.uri else ""
