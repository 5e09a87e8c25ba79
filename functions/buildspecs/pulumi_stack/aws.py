"""Calls of S3, CodeBuild and STS, signed by the standard library as those of the worker's program.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html (the path is encoded once, and the header
x-amz-content-sha256 is needed)
"""

import hashlib
import json
import os
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from ..work_item.aws import credentials, sign
from ..work_item.errors import WorkError

_TIMEOUT_SECONDS = 20
_PAUSES_SECONDS = (0.5, 2.0, 5.0)
_PASSING = ("Throttl", "TooManyRequests", "SlowDown")
_S3 = "{http://s3.amazonaws.com/doc/2006-03-01/}"
_STS = "{https://sts.amazonaws.com/doc/2011-06-15/}"
Credentials = Mapping[str, str]


class Aws:
    """Services of one region, with the credentials in `environment`."""

    def __init__(self, region: str, environment: Mapping[str, str] = os.environ) -> None:
        self._region = region
        self._environment = environment

    def assumed(self, role_arn: str, session: str) -> Credentials:
        """The variables with the credentials of a role, valid for an hour.

        https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        """
        form = {"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": role_arn, "RoleSessionName": session}
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = self._send("sts", "POST", "/", urlencode(form).encode(), headers)
        said = ET.fromstring(answer or b"<none/>")  # noqa: S314  # nosec B314 - AWS's own answer
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        found = [said.findtext(f".//{_STS}{name}") or "" for name in names]
        return dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), found, strict=True))

    def has_ended(self, build_id: str) -> bool:
        """Whether CodeBuild says that a build has ended; one that it does not know may still run.

        https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BatchGetBuilds.html
        """
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": "CodeBuild_20161006.BatchGetBuilds",
        }
        asked = json.dumps({"ids": [build_id]}).encode()
        said = json.loads(self._send("codebuild", "POST", "/", asked, headers) or b"{}")
        return any(build["buildComplete"] for build in said.get("builds", []))

    def keys(self, bucket: str, prefix: str) -> Iterator[str]:
        """The keys of all objects below a prefix.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
        """
        token = ""
        while True:
            query = {"list-type": "2", "prefix": prefix, **({"continuation-token": token} if token else {})}
            answer = self._send("s3", "GET", f"/{bucket}?{_query(query)}")
            said = ET.fromstring(answer or b"<none/>")  # noqa: S314  # nosec B314 - AWS's own answer
            yield from (one.text or "" for one in said.iterfind(f"{_S3}Contents/{_S3}Key"))
            token = said.findtext(f"{_S3}NextContinuationToken") or ""
            if not token:
                return

    def get(self, bucket: str, key: str) -> bytes | None:
        """The content of an object, None if there is none."""
        return self._send("s3", "GET", f"/{bucket}/{quote(key)}")

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Write an object."""
        self._send("s3", "PUT", f"/{bucket}/{quote(key)}", content)

    def _send(
        self, service: str, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> bytes | None:
        """The answer of a service, None for what is not found; faults that may pass are tried again."""
        url = self._base(service) + path
        given = {**(headers or {}), "x-amz-content-sha256": hashlib.sha256(body).hexdigest()}
        for pause in (*_PAUSES_SECONDS, None):
            now, held = datetime.now(UTC), credentials(self._environment)
            signed = sign(url, body, given, service, self._region, held, now, method)
            request = urllib.request.Request(url, body or None, signed, method=method)  # noqa: S310 - https, or set
            try:
                with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
                    content: bytes = answer.read()
                    return content
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    return None
                said = error.read(2000).decode(errors="replace")
                if pause is None or (error.code < 500 and not any(word in said for word in _PASSING)):
                    raise WorkError(f"{service} refused {method} {path}: {error.code} {said}") from None
            except OSError as error:
                if pause is None:
                    raise WorkError(f"{service} can't be reached for {path}: {error}") from None
            time.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def _base(self, service: str) -> str:
        known = self._environment
        suffix = "amazonaws.com.cn" if self._region.startswith("cn-") else "amazonaws.com"
        given = known.get(f"AWS_ENDPOINT_URL_{service.upper()}") or known.get("AWS_ENDPOINT_URL")
        return given or f"https://{service}.{self._region}.{suffix}"


def _query(values: Mapping[str, str]) -> str:
    """Sorted, and encoded as the signature needs it."""
    return urlencode(sorted(values.items()), quote_via=quote, safe="-_.~")
