"""Calls of AWS with the build's role, signed by the standard library: an image need not have an SDK for Python.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (Signature Version 4)
https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html (where the role's credentials are)
"""

import hashlib
import hmac
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from .errors import WorkError

_CONTAINER = "http://169.254.170.2"
_TIMEOUT_SECONDS = 10
_PAUSES_SECONDS = (0.5, 2.0)
_SUFFIXES = {"aws-cn": "amazonaws.com.cn"}


def read_secret(arn: str, environment: Mapping[str, str] = os.environ) -> str:
    """The text of a secret; a WorkError without it names the secret and the reason.

    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
    """
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "secretsmanager.GetSecretValue"}
    found = _post("secretsmanager", arn, "/", json.dumps({"SecretId": arn}).encode(), headers, environment)
    text = str(found.get("SecretString", "")).strip()
    if not text:
        raise WorkError(f"the secret {arn.rpartition(':')[2]} is empty or binary")
    return text


def invoke(arn: str, payload: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The answer of a function; a WorkError with its message if it failed.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """
    name = arn.rpartition(":")[2]
    body, headers = json.dumps(payload).encode(), {"content-type": "application/json"}
    found = _post("lambda", arn, f"/2015-03-31/functions/{name}/invocations", body, headers, environment)
    if "errorMessage" in found:
        raise WorkError(f"the function {name} failed: {found['errorMessage']}")
    return found


def _post(
    service: str, arn: str, path: str, body: bytes, headers: Mapping[str, str], environment: Mapping[str, str]
) -> dict[str, Any]:
    """The JSON answer of a service in the region of a resource; faults that may pass are tried again."""
    _, partition, _, region, *_ = arn.split(":")
    suffix = _SUFFIXES.get(partition, "amazonaws.com")
    base = environment.get("AWS_ENDPOINT_URL") or f"https://{service}.{region}.{suffix}"
    for pause in (*_PAUSES_SECONDS, None):
        signed = sign(base + path, body, headers, service, region, credentials(environment), datetime.now(UTC))
        request = urllib.request.Request(base + path, body, signed)  # noqa: S310 - https, or the endpoint that is set
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
                found: dict[str, Any] = json.loads(answer.read())
                return found
        except urllib.error.HTTPError as error:
            said = error.read(2000).decode(errors="replace")
            if pause is None or (error.code < 500 and "Throttl" not in said and "TooManyRequests" not in said):
                raise WorkError(f"{service} refused {arn.rpartition(':')[2]}: {error.code} {said}") from None
        except OSError as error:
            if pause is None:
                raise WorkError(f"{service} can't be reached for {arn.rpartition(':')[2]}: {error}") from None
        time.sleep(pause)
    raise AssertionError("the last try returns or raises")


def credentials(environment: Mapping[str, str]) -> tuple[str, str, str]:
    """Key id, secret key and session token of the build's role; "" where there is none."""
    if "AWS_ACCESS_KEY_ID" in environment:
        token = environment.get("AWS_SESSION_TOKEN", "")
        return environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], token
    path = environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    if not path:
        raise WorkError("this machine has no credentials of a role: neither AWS_ACCESS_KEY_ID nor those of a container")
    try:
        with urllib.request.urlopen(_CONTAINER + path, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            found = json.loads(answer.read())
    except OSError as error:
        raise WorkError(f"the credentials of the build's role can't be read: {error}") from None
    return found["AccessKeyId"], found["SecretAccessKey"], found["Token"]


def sign(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    service: str,
    region: str,
    held: tuple[str, str, str],
    now: datetime,
    method: str = "POST",
) -> dict[str, str]:
    """The headers of a request with its signature; `held` are credentials, names in `headers` are lower case.

    Path and query of the URL are encoded, and the query is sorted.
    """
    key_id, secret, token = held
    moment, where = f"{now:%Y%m%dT%H%M%SZ}", urlsplit(url)
    signed = {**headers, "host": where.netloc, "x-amz-date": moment}
    if token:
        signed["x-amz-security-token"] = token
    names = sorted(signed)
    listed = ";".join(names)
    lines = [method, where.path, where.query, *(f"{name}:{signed[name]}" for name in names), "", listed, _hash(body)]
    scope = f"{now:%Y%m%d}/{region}/{service}/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", moment, scope, _hash("\n".join(lines).encode())))
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    form = f"AWS4-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={listed}, Signature={signature}"
    return {**signed, "authorization": form}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
