"""Faults: what is tried again, what is told, and what is never told."""

import json
import time
from collections.abc import Callable, Iterator

import pytest

from functions.adapters.github.client import GitHub
from functions.adapters.github.errors import GitHubRefusedError, GitHubUnavailableError
from local.github import LocalGitHub
from tests.local.github.support import REPOSITORY, TOKEN, WorkingCopy

_GET = f"/repos/{REPOSITORY}/branches/main$"
_POST = f"/repos/{REPOSITORY}/issues$"
_LIMIT = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}


@pytest.fixture(autouse=True)
def sha(copy: WorkingCopy) -> str:
    """The head of main."""
    made = copy.commit("first", {"a": "1"})
    copy.push()
    return made


@pytest.fixture
def connect(hub: LocalGitHub) -> Iterator[Callable[[str], GitHub]]:
    """Adapters with other credentials than the usual one."""
    made: list[GitHub] = []

    def one(credential: str) -> GitHub:
        made.append(GitHub(hub.api_url, lambda: credential))
        return made[-1]

    yield one
    for adapter in made:
        adapter.close()


def _calls(hub: LocalGitHub, method: str, end: str) -> int:
    return sum(one == method and path.endswith(end) for one, path in hub.requests)


def test_a_short_failure_is_ridden_out(github: GitHub, hub: LocalGitHub, sha: str) -> None:
    """A 502 in between is not seen by the caller."""
    hub.respond_with("GET", _GET, 502)
    assert github.branch_head(REPOSITORY, "main") == sha


def test_a_long_failure_is_told_as_unavailable(github: GitHub, hub: LocalGitHub) -> None:
    """After three tries the workflow has to wait."""
    hub.respond_with("GET", _GET, 503, body={"message": "Unicorn"}, times=9)
    with pytest.raises(GitHubUnavailableError, match=rf"{REPOSITORY}: branch main: 503 Unicorn"):
        github.branch_head(REPOSITORY, "main")
    assert _calls(hub, "GET", "/branches/main") == 3


def test_a_write_that_may_have_happened_is_not_repeated(github: GitHub, hub: LocalGitHub) -> None:
    """A POST that met a 502 is left to the workflow, which looks first."""
    hub.respond_with("POST", _POST, 502)
    with pytest.raises(GitHubUnavailableError):
        github.open_issue(REPOSITORY, "title", "body", [])
    assert _calls(hub, "POST", "/issues") == 1


def test_a_short_rate_limit_is_waited_for(github: GitHub, hub: LocalGitHub) -> None:
    """A POST refused for a second is sent again after that second."""
    hub.respond_with("POST", _POST, 403, {"Retry-After": "1"}, _LIMIT)
    started = time.monotonic()
    assert github.open_issue(REPOSITORY, "title", "body", []) == 1
    assert time.monotonic() - started >= 1


@pytest.mark.parametrize("status", [403, 429, 503])
def test_a_long_wait_is_handed_to_the_workflow(github: GitHub, hub: LocalGitHub, status: int) -> None:
    """A Lambda does not sleep for ten minutes; the fault says how long it would be."""
    hub.respond_with("GET", _GET, status, {"Retry-After": "600"}, _LIMIT, times=9)
    started = time.monotonic()
    with pytest.raises(GitHubUnavailableError) as fault:
        github.branch_head(REPOSITORY, "main")
    assert fault.value.retry_after_seconds == 600
    assert time.monotonic() - started < 2
    assert _calls(hub, "GET", "/branches/main") == 1


def test_a_secondary_limit_without_a_time_is_a_minute(github: GitHub, hub: LocalGitHub) -> None:
    """GitHub asks for at least one minute when it does not say more."""
    hub.respond_with("GET", _GET, 403, body=_LIMIT)
    with pytest.raises(GitHubUnavailableError) as fault:
        github.branch_head(REPOSITORY, "main")
    assert fault.value.retry_after_seconds == 60


def test_an_hourly_limit_lasts_until_its_reset(github: GitHub, hub: LocalGitHub) -> None:
    """The reset time of the primary limit becomes seconds to wait."""
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 1800)}
    hub.respond_with("GET", _GET, 403, headers, {"message": "API rate limit exceeded for user ID 1."})
    with pytest.raises(GitHubUnavailableError) as fault:
        github.branch_head(REPOSITORY, "main")
    assert fault.value.retry_after_seconds == pytest.approx(1800, abs=5)


def test_nobody_there_is_unavailable(hub: LocalGitHub, connect: Callable[[str], GitHub]) -> None:
    """A refused connection is a fault worth another try."""
    adapter = GitHub("http://127.0.0.1:1/api/v3", lambda: json.dumps({"token": TOKEN}))
    with pytest.raises(GitHubUnavailableError, match=r"no valid response \(ConnectionError\)"):
        adapter.branch_head(REPOSITORY, "main")
    adapter.close()


def test_a_wrong_token_is_refused_and_never_told(connect: Callable[[str], GitHub]) -> None:
    """The fault says what to do, without the credential, its cause included."""
    with pytest.raises(GitHubRefusedError, match=r"401 Bad credentials.*kiro-worker setup --secret github") as fault:
        connect('{"token": "ghp_wrong"}').branch_head(REPOSITORY, "main")
    assert "ghp_wrong" not in str(fault.value)
    assert fault.value.__cause__ is None


def test_a_missing_permission_is_named(hub: LocalGitHub, connect: Callable[[str], GitHub], sha: str) -> None:
    """A token that may not write statuses hears which permission to grant."""
    hub.add_token("reader", "eve", permissions={"contents": "read"})
    reader = connect('{"token": "reader"}')
    assert reader.branch_head(REPOSITORY, "main") == sha
    with pytest.raises(GitHubRefusedError, match=r"grant statuses=write"):
        reader.set_status(REPOSITORY, sha, "kiro", "pending", "")


def test_a_rotated_token_is_read_again(hub: LocalGitHub, sha: str) -> None:
    """A warm Lambda goes on when the old token is revoked and the secret holds the new one."""
    secret = {"token": TOKEN}
    adapter = GitHub(hub.api_url, lambda: json.dumps(secret))
    assert adapter.branch_head(REPOSITORY, "main") == sha
    hub.add_token("ghp_new", "ada")
    del hub.store.tokens[TOKEN]
    secret["token"] = "ghp_new"
    assert adapter.branch_head(REPOSITORY, "main") == sha
    adapter.close()


@pytest.mark.parametrize("credential", ["", "ghp_plain", "[]", "{}", '{"token": ""}', '{"token": 7}', '{"appId": "1"}'])
def test_a_secret_in_another_form_is_explained(connect: Callable[[str], GitHub], credential: str) -> None:
    """What the secret must hold is told; what it holds is not."""
    with pytest.raises(GitHubRefusedError, match="the GitHub credential secret is not") as fault:
        connect(credential).branch_head(REPOSITORY, "main")
    assert "ghp_plain" not in str(fault.value)
