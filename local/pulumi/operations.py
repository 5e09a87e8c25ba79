"""Changes one resource to its declaration: decide, apply, read back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from pulumi.asset import Archive, Asset

from local.pulumi.errors import ResourceError
from local.pulumi.handlers import REGISTRY
from local.pulumi.handlers.base import Call, Cloud, Handler, Inputs, is_gone
from local.pulumi.values import canonical, has_unknown, without_assets

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi.runtime.proto import resource_pb2

    from local.pulumi.state import Record

Properties = dict[str, Any]
# an input that only this module sets: the resource was created, but a later step failed
INCOMPLETE = "incomplete"


@dataclass
class Change:
    """The change of one resource; `record` becomes its entry in the state, which `note` keeps once it has an id."""

    cloud: Cloud
    record: Record
    inputs: Properties
    old: Record | None = None
    note: Callable[[Record], object] = lambda _: None
    op: str = "create"
    changed: frozenset[str] = frozenset()
    tags: dict[str, str] = field(default_factory=dict)
    wanted: Properties = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    repeated: bool = False

    @property
    def handler(self) -> Handler:
        """The handler of the resource's type; raises ResourceError naming a type that has none."""
        found = REGISTRY.get(self.record.type)
        if found is None:
            raise ResourceError(
                f"the embedded deployer has no handler for {self.record.type}; add one in local/pulumi/handlers"
            )
        return found

    @property
    def tagged(self) -> bool:
        """Whether the type takes tags."""
        return self.handler.tags_itself or self.handler.tagging is not None

    def call(self) -> Call:
        """Return the call a handler is given."""
        return Call(
            cloud=self.cloud,
            type=self.record.type,
            name=self.record.name,
            urn=self.record.urn,
            region=self.record.region,
            inputs=Inputs(self.inputs),
            tags=self.tags,
            id=self.record.id,
            outputs=self.record.outputs,
            old_inputs=self.old.inputs if self.old else {},
            changed=self.changed,
        )

    def read(self) -> Properties:
        """Return the outputs, read from the emulator."""
        computed = self.handler.read(self.call())
        outputs = {**without_assets(self.inputs), "region": self.record.region, **computed}
        return outputs | ({"tagsAll": self.tags} if self.tagged else {})

    def repeat(self) -> None:
        """Send the inputs of an unchanged resource again, all that AWS can change."""
        fixed = self.handler.replace_on
        if self.op == "same" and fixed is not None:
            self.op, self.changed, self.repeated = "update", frozenset(self.wanted) - fixed, True

    def foresee(self) -> Properties:
        """Return the outputs that a preview can know."""
        known = {k: v for k, v in without_assets(self.inputs).items() if not has_unknown(v)}
        known["region"] = self.record.region
        if self.tagged:
            known["tagsAll"] = self.tags
        if self.old is None or self.op == "replace":
            return known
        self.record.id = self.old.id
        return {**self.old.outputs, **known} if self.op == "update" else self.old.outputs


def plan(change: Change, default_tags: dict[str, str], request: resource_pb2.RegisterResourceRequest) -> Change:
    """Compare a declaration with the deployed resource; returns the completed change."""
    wanted = canonical({k: v for k, v in change.inputs.items() if k not in ("tags", "region")})
    if salt := change.handler.salt(change.cloud):
        wanted["salt"] = salt
    if change.tagged:
        change.tags = {**default_tags, **_known_tags(change.inputs)}
    if change.old:
        _ignore(request.ignoreChanges, change, wanted)
        change.changed = frozenset(_differences(change.old, wanted, change))
        change.op = _decide(change, frozenset(request.replaceOnChanges))
    change.wanted = wanted
    return change


def _known_tags(inputs: Properties) -> dict[str, str]:
    tags = inputs.get("tags")
    return {key: value for key, value in tags.items() if not has_unknown(value)} if isinstance(tags, dict) else {}


def _differences(old: Record, wanted: Properties, change: Change) -> set[str]:
    names = old.inputs.keys() | wanted.keys()
    found = {name for name in names if old.inputs.get(name) != wanted.get(name)}
    if change.tagged and (old.tags != change.tags or has_unknown(change.inputs.get("tags"))):
        found.add("tags")
    return found | ({"region"} if old.region != change.record.region else set())


def _decide(change: Change, replace_on_changes: frozenset[str]) -> str:
    changed = change.changed
    if not changed:
        return "same"
    forced = bool(changed & {"region", INCOMPLETE}) or bool(replace_on_changes & (changed | {"*"}))
    return "replace" if forced or change.handler.must_replace(changed - {"tags"}) else "update"


def _ignore(paths: object, change: Change, wanted: Properties) -> None:
    """Replace declared values by deployed ones where the program ignores changes."""
    old = change.old
    if old is None:
        return
    for path in paths:  # type: ignore[attr-defined]
        if path == "*":
            wanted.clear()
            wanted.update(old.inputs)
            change.tags = dict(old.tags)
        elif path.split(".")[0] in ("tags", "tagsAll"):
            _take_over(old.tags, change.tags, path.split(".")[1:])
        else:
            _take_over(old.inputs, wanted, path.split("."))
            if not isinstance(change.inputs.get(path), Asset | Archive):  # of an old asset only the digest is stored
                _take_over(old.inputs, change.inputs, path.split("."))


def _take_over(source: Any, target: Any, path: list[str]) -> None:
    if not path:
        target.clear()
        target.update(source)
        return
    head, *rest = path
    if rest and isinstance(source.get(head), dict) and isinstance(target.get(head), dict):
        _take_over(source[head], target[head], rest)
    elif head in source:
        target[head] = source[head]
    else:
        target.pop(head, None)


def apply(change: Change, forget: Callable[[], object]) -> Properties:
    """Apply the change and return the outputs; `forget` drops the old record once its resource is deleted."""
    record, old = change.record, change.old
    if change.op == "same" and old:
        record.id, record.outputs = old.id, old.outputs
    elif change.op == "update" and old:
        record.id, record.outputs = old.id, old.outputs
        _update(change)
    else:
        if old:
            if old.protect:
                raise ResourceError(
                    f"{', '.join(sorted(change.changed))} changed, which needs a new resource, but this one is "
                    "protected; remove `protect` first"
                )
            delete(change.cloud, old)
            forget()
        _create(change)
    record.inputs, record.tags = change.wanted, change.tags
    return record.outputs


def _create(change: Change) -> None:
    call, record = change.call(), change.record
    # if a step fails after the id exists, the next run finds this entry and creates the resource anew
    record.inputs, record.tags = {**change.wanted, INCOMPLETE: True}, change.tags
    record.id = change.handler.create(call)
    change.note(record)
    change.ignored = call.inputs.ignored
    record.outputs = change.read()
    _tag(change, {})


def _update(change: Change) -> None:
    call = change.call()
    if change.changed - {"tags"} or change.handler.tags_itself:
        change.handler.update(call)
        change.ignored = call.inputs.ignored
    if not change.repeated:  # else it was read a moment ago, and is what it was
        change.record.outputs = change.read()
    if change.old and "tags" in change.changed:
        _tag(change, change.old.tags)


def _tag(change: Change, old_tags: dict[str, str]) -> None:
    if change.handler.tagging:
        change.handler.tagging.apply(change.call(), change.tags, old_tags.keys() - change.tags.keys())


def delete(cloud: Cloud, record: Record) -> None:
    """Delete a resource; succeeds also when it no longer exists."""
    change = Change(cloud, record, record.inputs, tags=record.tags)
    try:
        change.handler.delete(change.call())
    except ClientError as error:
        if not is_gone(error):
            raise
