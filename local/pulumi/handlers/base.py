"""The base class of resource handlers, and helpers for writing them."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from local.clients import Clients
from local.pulumi.errors import GoneError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from botocore.exceptions import ClientError

Properties = dict[str, Any]


class Inputs(dict[str, Any]):
    """A resource's inputs, which record the names that a handler has read."""

    def __init__(self, values: Properties) -> None:
        super().__init__(values)
        # the engine handles these inputs itself
        self.seen = {"tags", "region"}

    def __getitem__(self, name: str) -> Any:
        self.seen.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return an input as a dict does, and record its name."""
        self.seen.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.seen.add(str(name))
        return super().__contains__(name)

    @property
    def ignored(self) -> list[str]:
        """The names of inputs that no handler has read."""
        return sorted(self.keys() - self.seen)


class Cloud:
    """The emulated account: clients by region, and the variables of every Lambda function.

    `credentials` are those of a role, as the STS API answers them; without them the account's owner calls.
    """

    def __init__(
        self,
        endpoint: str,
        codebuild_endpoint: str | None,
        region: str,
        function_environment: dict[str, str],
        warn: Callable[[str], None],
        credentials: Mapping[str, str] | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.region = region
        self.function_environment = function_environment
        self.warn = warn
        self._codebuild_endpoint = codebuild_endpoint
        self._credentials = credentials
        self._regions: dict[str, Clients] = {}
        self._lock = threading.Lock()
        self.account: str = self.clients(region).client("sts").get_caller_identity()["Account"]

    def clients(self, region: str) -> Clients:
        """Return the clients of a region."""
        with self._lock:
            if region not in self._regions:
                made = Clients(self.endpoint, region, self._codebuild_endpoint)
                self._regions[region] = made.acting_as(self._credentials) if self._credentials else made
            return self._regions[region]

    def close(self) -> None:
        """Close every connection."""
        for clients in self._regions.values():
            clients.close()


@dataclass
class Call:
    """One operation on one resource; `changed` names the inputs that differ from `old_inputs`."""

    cloud: Cloud
    type: str
    name: str
    urn: str
    region: str
    inputs: Inputs
    tags: dict[str, str] = field(default_factory=dict)
    id: str = ""
    outputs: Properties = field(default_factory=dict)
    old_inputs: Properties = field(default_factory=dict)
    changed: frozenset[str] = frozenset()

    def aws(self, service: str) -> Any:
        """Return the client of a service in the resource's region."""
        return self.cloud.clients(self.region).client(service)

    def arn(self, service: str, rest: str) -> str:
        """Return an ARN in the resource's region and account."""
        return f"arn:aws:{service}:{self.region}:{self.cloud.account}:{rest}"

    def auto_name(self, prop: str = "name", prefix: str = "namePrefix", suffix: str = "") -> str:
        """Return the declared name, or a generated one that is the same on every run."""
        if self.inputs.get(prop):
            return str(self.inputs[prop])
        digest = hashlib.sha256(self.urn.encode()).hexdigest()[:7]
        stem = self.inputs.get(prefix)
        return f"{stem}{digest}{suffix}" if stem else f"{self.name}-{digest}{suffix}"


@dataclass(frozen=True)
class Tagging:
    """The API calls that tag a resource; `target` is the parameter for its id or, by default, its ARN."""

    service: str
    target: str = "ResourceARN"
    tags: str = "Tags"
    keys: str = "TagKeys"
    pair: tuple[str, str] | None = ("Key", "Value")
    methods: tuple[str, str] = ("tag_resource", "untag_resource")
    by_id: bool = False
    extra: tuple[tuple[str, str], ...] = ()

    def apply(self, call: Call, tags: dict[str, str], gone: set[str]) -> None:
        """Set `tags` and remove the keys of `gone`."""
        client = call.aws(self.service)
        target = {self.target: call.id if self.by_id else call.outputs["arn"], **dict(self.extra)}
        if tags:
            shaped = pairs(tags, *self.pair) if self.pair else tags
            getattr(client, self.methods[0])(**target, **{self.tags: shaped})
        if gone:
            getattr(client, self.methods[1])(**target, **{self.keys: sorted(gone)})


class Handler:
    """Maps one resource type to API calls; every method may raise botocore's ClientError."""

    #: inputs that AWS can't change on an existing resource; None: it can change no input
    replace_on: ClassVar[frozenset[str] | None] = frozenset()
    tagging: ClassVar[Tagging | None] = None
    #: a handler without `tagging` that sends the tags itself
    tags_itself: ClassVar[bool] = False

    def create(self, call: Call) -> str:
        """Create the resource and return its id."""
        raise NotImplementedError

    def read(self, call: Call) -> Properties:  # noqa: ARG002 - for handlers that use it
        """Return the computed outputs of the resource `call.id`; raises when there is no such resource."""
        return {}

    def update(self, call: Call) -> None:
        """Change the resource `call.id` to `call.inputs`; by default with the call that creates it."""
        self.create(call)

    def delete(self, call: Call) -> None:
        """Delete the resource `call.id`."""
        raise NotImplementedError

    def salt(self, cloud: Cloud) -> Properties:  # noqa: ARG002 - for handlers that use it
        """Return other values, besides the inputs, that the resource depends on."""
        return {}

    def must_replace(self, changed: frozenset[str]) -> bool:
        """Tell whether a change of these inputs needs a new resource."""
        return self.replace_on is None or bool(self.replace_on & changed)


REGISTRY: dict[str, Handler] = {}
_H = TypeVar("_H", bound=type[Handler])


def handles(*types: str) -> Callable[[_H], _H]:
    """Register a handler class for resource types."""

    def register(handler: _H) -> _H:
        REGISTRY.update(dict.fromkeys(types, handler()))
        return handler

    return register


def pascal(name: str) -> str:
    """Return a camelCase name as AWS writes it in most services."""
    return name[:1].upper() + name[1:]


def deep(value: Any, rename: dict[str, str] | None = None) -> Any:
    """Return nested properties with AWS's names; `rename` holds the names that are not just PascalCase."""
    names = rename or {}
    if isinstance(value, dict):
        return {names.get(key) or pascal(key): deep(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [deep(item, names) for item in value]
    return value


def pick(inputs: Properties, *names: str, rename: dict[str, str] | None = None) -> Properties:
    """Return those of the named inputs that are set, with AWS's names on every level."""
    found = {name: inputs[name] for name in names if inputs.get(name) is not None}
    shaped: Properties = deep(found, rename)
    return shaped


def plain(inputs: Properties, *names: str) -> Properties:
    """Return those of the named inputs that are set, under their own names."""
    return {name: inputs[name] for name in names if inputs.get(name) is not None}


def pairs(mapping: dict[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Return a mapping as a list of pairs, as many APIs take it."""
    return [{key: name, value: item} for name, item in mapping.items()]


def is_gone(error: ClientError) -> bool:
    """Tell whether an API error means that the resource does not exist."""
    code = str(error.response["Error"]["Code"])
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status == 404 or any(word in code for word in ("NotFound", "NoSuch", "NonExistent", "DoesNotExist"))


def require(answer: Any, what: str) -> Any:
    """Return a value that a read must find; raises when it is empty."""
    if not answer:
        raise GoneError(f"{what} was not found after it was created; see the emulator's log")
    return answer
