"""CodeBuild's AWS JSON 1.1 protocol on a loopback port; SDKs find it through AWS_ENDPOINT_URL_CODEBUILD."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from local.clients import clients
from local.codebuild.builds import Builds
from local.codebuild.errors import InvalidInputError
from local.codebuild.projects import Projects
from local.codebuild.report_groups import ReportGroups
from local.codebuild.runner import Runner
from local.json_service import JsonModel, JsonServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

MODEL = JsonModel("codebuild", "CodeBuild_20161006.", InvalidInputError)
SECONDS_PER_MINUTE = 60.0


class CodeBuildServer:
    """The endpoint; it calls `publish` with every event and adds `build_environment` to every build."""

    def __init__(
        self,
        emulator_endpoint: str,
        region: str,
        account: str,
        root: Path,
        publish: Callable[[dict[str, Any]], None],
        build_environment: Mapping[str, str],
        *,
        concurrency: int = 4,
        minute: float = SECONDS_PER_MINUTE,
        port: int = 0,
    ) -> None:
        """Keep builds below `root`; one minute of a timeout lasts `minute` seconds.

        `publish` is called while a build changes: it may queue the event, but must not call this endpoint.
        """
        self._clients = clients(emulator_endpoint, region)
        projects, report_groups = Projects(region, account), ReportGroups(region, account)
        # a path without links, so that the paths that builds print are the real ones
        self._runner = Runner(self._clients, root.resolve(), report_groups, dict(build_environment))
        self._builds = Builds(projects, self._runner.run, publish, concurrency, minute, self._log_page)
        self._server = JsonServer(MODEL, (projects, self._builds, report_groups), emulator_endpoint, port, self._log)

    @property
    def endpoint(self) -> str:
        """The URL for AWS_ENDPOINT_URL_CODEBUILD; raises RuntimeError before `start`."""
        return self._server.endpoint

    def _log_page(self, group: str, stream: str) -> str:
        """On AWS a page of CloudWatch."""
        return f"{self.endpoint}/log?{urlencode({'group': group, 'stream': stream})}"

    def _log(self, address: str) -> str | None:
        """The lines of the log that an address of `_log_page` names; None if there is none."""
        parts = urlsplit(address)
        given = dict(parse_qsl(parts.query))
        logs = self._clients.client("logs")
        if parts.path != "/log" or given.keys() != {"group", "stream"}:
            return None
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=given["group"], logStreamNames=[given["stream"]]
        )
        try:
            return "\n".join(str(event["message"]).rstrip("\n") for page in pages for event in page["events"])
        except logs.exceptions.ResourceNotFoundException:
            return None

    def start(self) -> Self:
        """Listen on the loopback port, or on a free one if it is 0."""
        self._server.start()
        self._runner.build_environment["AWS_ENDPOINT_URL_CODEBUILD"] = self.endpoint
        return self

    def stop(self) -> None:
        """Stop listening and end every build with all its processes."""
        self._builds.close()
        self._server.stop()
        self._clients.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
