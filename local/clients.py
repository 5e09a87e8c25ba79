"""The boto3 clients for an emulated AWS."""

from __future__ import annotations

import copy
import threading
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

DUMMY_CREDENTIAL = "test"


class Clients:
    """One boto3 client per service against the emulator; safe to share between threads.

    `account` is another account than the emulator's own: an access key of twelve digits belongs to that account.
    CodeBuild and ECS have endpoints of their own.
    """

    def __init__(
        self,
        endpoint: str,
        region: str,
        codebuild_endpoint: str | None = None,
        account: str = "",
        ecs_endpoint: str | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.region = region
        self.codebuild_endpoint = codebuild_endpoint
        self.ecs_endpoint = ecs_endpoint
        self.session = boto3.Session(
            aws_access_key_id=account or DUMMY_CREDENTIAL,
            aws_secret_access_key=DUMMY_CREDENTIAL,
            region_name=region,
        )
        self._config = Config(
            retries={"max_attempts": 2, "mode": "standard"},
            s3={"addressing_style": "path"},
            max_pool_connections=32,
            connect_timeout=5,
            read_timeout=120,
            # otherwise the SDK would compute its user agent anew for every call
            user_agent="kiro-local",
            # a proxy variable of the machine must never carry these calls away
            proxies={},
        )
        self._clients: dict[str, Any] = {}
        self._credentials: Mapping[str, str] = {}
        self._lock = threading.Lock()

    def acting_as(self, credentials: Mapping[str, str]) -> Clients:
        """Other clients of the same emulator for a role: `credentials` as the STS API answers them."""
        acting = copy.copy(self)
        acting.__dict__ |= {"_clients": {}, "_credentials": credentials}
        return acting

    def client(self, service: str) -> Any:
        """Return the client of `service`, created on first use (Session.client is not thread-safe)."""
        with self._lock:
            if service not in self._clients:
                elsewhere = {"codebuild": self.codebuild_endpoint, "ecs": self.ecs_endpoint}.get(service)
                self._clients[service] = self.session.client(
                    service,  # type: ignore[call-overload]
                    endpoint_url=elsewhere or self.endpoint,
                    config=self._config,
                    aws_access_key_id=self._credentials.get("AccessKeyId"),
                    aws_secret_access_key=self._credentials.get("SecretAccessKey"),
                    aws_session_token=self._credentials.get("SessionToken"),
                )
            return self._clients[service]

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def clients(endpoint: str, region: str, codebuild_endpoint: str | None = None) -> Clients:
    """Return clients for an emulator; CodeBuild has its own endpoint."""
    return Clients(endpoint, region, codebuild_endpoint)
