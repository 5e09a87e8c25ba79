"""Conversion between Pulumi's wire values and Python: secrets, unknowns, assets, whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from pulumi.asset import Archive, Asset, AssetArchive, FileArchive, FileAsset, StringAsset
from pulumi.runtime.rpc import (
    UNKNOWN,
    _special_archive_sig,
    _special_asset_sig,
    _special_secret_sig,
    _special_sig_key,
)

from local.pulumi.assets import content_digest
from local.pulumi.errors import DeploymentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Properties = dict[str, Any]


class Unknown:
    """A value that exists only after its resource was created."""

    def __repr__(self) -> str:
        return "<unknown>"


UNKNOWN_VALUE = Unknown()


def decode(message: struct_pb2.Struct) -> tuple[Properties, set[str]]:
    """Return the properties as Python values, and the names of those that contain a secret."""
    properties: Properties = {}
    secrets: set[str] = set()
    for name, raw in MessageToDict(message).items():
        found: list[bool] = []
        value = _decode(raw, found)
        if value is not None:
            properties[name] = value
        if found:
            secrets.add(name)
    return properties, secrets


def _decode(raw: Any, secrets: list[bool]) -> Any:
    if raw == UNKNOWN:
        return UNKNOWN_VALUE
    if isinstance(raw, list):
        return [_decode(item, secrets) for item in raw]
    if isinstance(raw, dict):
        return _decode_object(raw, secrets)
    # protobuf has no whole numbers; botocore requires them
    return int(raw) if isinstance(raw, float) and raw.is_integer() else raw


def _decode_object(raw: dict[str, Any], secrets: list[bool]) -> Any:
    signature = raw.get(_special_sig_key)
    if signature == _special_secret_sig:
        secrets.append(True)
        return _decode(raw.get("value"), secrets)
    if signature in (_special_asset_sig, _special_archive_sig):
        return _decode_asset(raw, secrets)
    values = {key: _decode(item, secrets) for key, item in raw.items()}
    return {key: item for key, item in values.items() if item is not None}


def _decode_asset(raw: dict[str, Any], secrets: list[bool]) -> Asset | Archive:
    if "uri" in raw:
        raise DeploymentError(f"asset {raw['uri']}: remote assets are not supported here; use a file")
    if "assets" in raw:
        return AssetArchive({name: _decode(item, secrets) for name, item in raw["assets"].items()})
    if "text" in raw:
        return StringAsset(raw["text"])
    return FileArchive(raw["path"]) if raw[_special_sig_key] == _special_archive_sig else FileAsset(raw["path"])


def encode(properties: Mapping[str, Any], secrets: Iterable[str], unknown: Iterable[str]) -> struct_pb2.Struct:
    """Return wire properties; `unknown` names outputs that no handler computed."""
    hidden = set(secrets)
    body: Properties = {}
    for name, value in properties.items():
        if isinstance(value, Unknown):
            body[name] = UNKNOWN
        elif value is not None:
            body[name] = {_special_sig_key: _special_secret_sig, "value": value} if name in hidden else value
    for name in unknown:
        body.setdefault(name, UNKNOWN)
    message = struct_pb2.Struct()
    message.update(body)
    return message


def has_unknown(value: Any) -> bool:
    """Whether a value is or contains an unknown."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return isinstance(value, Unknown)


def canonical(value: Any) -> Any:
    """Return a JSON form for comparing by content: an asset becomes its digest."""
    if isinstance(value, Asset | Archive):
        return {"sha256": content_digest(value)}
    if isinstance(value, Unknown):
        return {"unknown": True}
    if isinstance(value, dict):
        return {key: canonical(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    return value


def without_assets(properties: Mapping[str, Any]) -> Properties:
    """Return the properties that can be outputs: all but assets."""
    return {k: v for k, v in properties.items() if not isinstance(v, Asset | Archive)}


def strings(value: Any) -> set[str]:
    """Return every string inside a value, to mask it in messages."""
    if isinstance(value, dict):
        return set().union(*(strings(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(strings(item) for item in value))
    return {value} if isinstance(value, str) else set()
