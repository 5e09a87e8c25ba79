"""The state-change event of a build ends the wait for it (P7)."""

from typing import Any

from functions.adapters.builds import Builds
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.errors import BadInputError
from functions.domain.waits import BuildKey
from functions.handler import Handler

HANDLER = Handler(allow=(*WaitsTable.END, *Builds.READ, *TaskTokens.COMPLETE))


def build_finished(event: dict[str, Any], waits: WaitsTable, builds: Builds, tokens: TaskTokens) -> dict[str, str]:
    """End the wait with the end that CodeBuild reports; a build without a wait is ignored."""
    build_id = _build_id(event)
    wait = waits.find(BuildKey(build_id))
    if wait is None:
        return {"outcome": "no wait", "buildId": build_id}
    end = builds.read(build_id)
    if end.outcome == "running":
        return {"outcome": "still running", "buildId": build_id}
    tokens.succeed(wait.token, end)
    waits.forget(wait.key)
    return {"outcome": end.outcome, "buildId": build_id}


def _build_id(event: dict[str, Any]) -> str:
    """`arn:aws:codebuild:…:build/project:uuid` → `project:uuid`."""
    arn = event.get("detail", {}).get("build-id", "")
    _, found, build_id = str(arn).partition(":build/")
    if not found:
        raise BadInputError(f"build event: detail.build-id is {arn!r}, expected the ARN of a build")
    return build_id
