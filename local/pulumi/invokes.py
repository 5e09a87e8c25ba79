"""The provider functions that a program may call."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from datetime import UTC
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from local.pulumi.errors import DeploymentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.pulumi.handlers.base import Cloud

Properties = dict[str, Any]


def invoke(token: str, arguments: Properties, cloud: Cloud) -> Properties:
    """Answer a provider function; raises DeploymentError naming one that is not handled."""
    function = FUNCTIONS.get(token.rpartition(":")[2])
    if function is None:
        raise DeploymentError(f"the embedded deployer does not support {token}; use {', '.join(sorted(FUNCTIONS))}")
    return function(arguments, cloud)


def _caller(_: Properties, cloud: Cloud) -> Properties:
    account = cloud.account
    return {"accountId": account, "arn": f"arn:aws:iam::{account}:root", "userId": account, "id": account}


def _region(arguments: Properties, cloud: Cloud) -> Properties:
    region = arguments.get("region") or cloud.region
    return {
        "region": region,
        "name": region,
        "id": region,
        "description": region,
        "endpoint": f"ec2.{region}.amazonaws.com",
    }


def _partition(_: Properties, __: Cloud) -> Properties:
    return {"partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws", "id": "aws"}


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def _statement(given: Properties) -> Properties:
    names = {"actions": "Action", "notActions": "NotAction", "resources": "Resource", "notResources": "NotResource"}
    shaped: Properties = {"Sid": given["sid"]} if given.get("sid") else {}
    shaped["Effect"] = given.get("effect", "Allow")
    shaped |= {aws: _one_or_all(given[name]) for name, aws in names.items() if given.get(name)}
    for name, aws in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if given.get(name):
            anyone = any(item["type"] == "*" for item in given[name])
            shaped[aws] = "*" if anyone else _principals(given[name])
    conditions: Properties = {}
    for item in given.get("conditions") or []:
        conditions.setdefault(item["test"], {})[item["variable"]] = _one_or_all(item["values"])
    return shaped | ({"Condition": conditions} if conditions else {})


def _principals(given: list[Properties]) -> Properties:
    merged: dict[str, list[str]] = {}
    for item in given:
        merged.setdefault(item["type"], []).extend(item["identifiers"])
    return {kind: _one_or_all(identifiers) for kind, identifiers in merged.items()}


def _policy_document(arguments: Properties, _: Cloud) -> Properties:
    for unsupported in ("sourcePolicyDocuments", "overridePolicyDocuments"):
        if arguments.get(unsupported):
            raise DeploymentError(f"get_policy_document: {unsupported} is not supported; merge the statements yourself")
    document: Properties = {"Version": arguments.get("version", "2012-10-17")}
    if arguments.get("policyId"):
        document["Id"] = arguments["policyId"]
    document["Statement"] = [_statement(item) for item in arguments.get("statements") or []]
    text = json.dumps(document, indent=2)
    return {
        "json": text,
        "minifiedJson": json.dumps(document, separators=(",", ":")),
        "id": hashlib.sha256(text.encode()).hexdigest()[:10],
    }


def _public_key(arguments: Properties, cloud: Cloud) -> Properties:
    """As the provider: https://www.pulumi.com/registry/packages/aws/api-docs/kms/getpublickey/."""
    found = (
        cloud.clients(arguments.get("region") or cloud.region).client("kms").get_public_key(KeyId=arguments["keyId"])
    )
    encoded = b64encode(found["PublicKey"]).decode()
    lines = "\n".join(wrap(encoded, 64))
    pem = f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"
    return {"arn": found["KeyId"], "id": found["KeyId"], "publicKey": encoded, "publicKeyPem": pem}


def _key(arguments: Properties, cloud: Cloud) -> Properties:
    found = (
        cloud.clients(arguments.get("region") or cloud.region)
        .client("kms")
        .describe_key(KeyId=arguments["keyId"])["KeyMetadata"]
    )
    created = found["CreationDate"].astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"arn": found["Arn"], "id": found["KeyId"], "creationDate": created}


FUNCTIONS: dict[str, Callable[[Properties, Cloud], Properties]] = {
    "getCallerIdentity": _caller,
    "getRegion": _region,
    "getPartition": _partition,
    "getPolicyDocument": _policy_document,
    "getPublicKey": _public_key,
    "getKey": _key,
}
