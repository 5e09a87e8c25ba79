"""A build that pushes as a GitHub App: a new token for each command that reaches GitHub (W10)."""

import secrets
from pathlib import Path
from typing import Any

import pytest

from tests.functions.buildspecs.aws_endpoint import FUNCTION, AwsEndpoint
from tests.functions.buildspecs.conftest import Make
from tests.local.github.support import REPOSITORY


def test_each_push_has_a_token_of_its_own(make: Make) -> None:
    """A token that is older than the next one is refused here: the build keeps none while the agent runs."""
    build = make(tasks="- [ ] 1. Say it\n")
    tokens = list[str]()

    def lend(given: dict[str, Any]) -> dict[str, Any]:
        assert given == {"buildId": "kiro-worker-test-build-1a2b:5"}
        for old in tokens:
            build.hub.store.tokens.pop(old, None)
        tokens.append("ghs_" + secrets.token_hex(18))
        build.hub.add_token(tokens[-1], "app[bot]", permissions={"contents": "write"}, repositories=[REPOSITORY])
        return {"token": tokens[-1]}

    with AwsEndpoint(function=lend) as aws:
        build.variables = {
            **aws.environment(),
            "KIRO_GIT_TOKEN": "",
            "KIRO_TOKEN_FUNCTION": FUNCTION,
            "CODEBUILD_BUILD_ID": "kiro-worker-test-build-1a2b:5",
            # The agent repeats what it can find: the tokens before it are not in its environment.
            "KIRO_AGENT": "sh -c 'env; echo x > greeting.txt' {spec} {task}",
        }
        results = build.run()
    assert [one["outcome"] for one in results["tasks"]] == ["done"]
    assert build.log()[:2] == ["feat: Say it", "chore: steering files of version 1"]
    assert len(tokens) == 3, "for the checkout and two pushes"
    kept = "".join(file.read_text("utf-8") for file in Path(build.folder / "out").rglob("*") if file.is_file())
    assert not [token for token in tokens if token in kept]


@pytest.mark.long
def test_a_refused_token_is_a_problem_with_its_reason(make: Make) -> None:
    """What the function says is in the results."""
    build = make()
    with AwsEndpoint(function=lambda _: {"errorMessage": "the secret git is not {appId …}"}) as aws:
        build.variables = {**aws.environment(), "KIRO_TOKEN_FUNCTION": FUNCTION, "CODEBUILD_BUILD_ID": "b:1"}
        results = build.run()
    assert "events-git-token failed: the secret git is not" in results["problems"][0]
