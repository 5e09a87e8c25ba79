"""Releases by a version tag, and a rollback by a dispatch."""

from typing import Any

import pytest

from functions.domain.releases import execution_name
from local.dispatch import dispatch as send
from local.settings import REPOSITORY
from tests.scenarios.driver import PlatformDriver, eventually


def dispatch(driver: PlatformDriver, event: str, **payload: Any) -> tuple[int, str]:
    """Send a dispatch to GitHub; returns status and text of the webhook's answer."""
    platform = driver.platform
    return send(platform.github, platform.token, REPOSITORY, event, payload)


@pytest.mark.long
def test_a_candidate_of_a_branch_ends_in_staging_and_is_taken_back_by_a_dispatch(driver: PlatformDriver) -> None:
    """P1, R7: an annotated tag of an unmerged commit; the version tag of the same commit is refused for production."""
    driver.released()
    main, production = driver.version("staging"), driver.version("production")
    service = (driver.author.folder / "src" / "hello.py").read_text("utf-8")
    start = driver.author.commit_before(0)
    commit = driver.author.push_branch("hotfix/greeting", start, {"src/hello.py": f"{service}\n# hotfix\n"})
    driver.author.push_tag("v1.0.0-rc.1", commit)
    candidate = execution_name(REPOSITORY, "refs/tags/v1.0.0-rc.1", commit)
    driver.executions.await_end(candidate, 120, driver.approver.decide_next)
    record = driver.record_of(candidate)
    assert (record["outcome"], record["trigger"], record["request"]["until"]) == ("deployed", "tag", "staging")
    assert [driver.version(name) for name in ("test", "staging", "production")] == [commit, commit, production]
    driver.author.push_tag("v1.0.0", commit)
    release = execution_name(REPOSITORY, "refs/tags/v1.0.0", commit)
    driver.executions.await_end(release, 60, driver.approver.decide_next)
    assert "is not on main of" in driver.record_of(release)["reason"]
    assert dispatch(driver, "rollback", environment="moon")[0] == 400
    for environment in ("staging", "test"):
        status, said = dispatch(driver, "rollback", environment=environment)
        assert (status, said.startswith(f"started: rollback-{environment}-")) == (202, True), said
        eventually(lambda environment=environment: driver.version(environment) == main)  # type: ignore[misc]
    eventually(lambda: driver.left_behind() == {"locks": [], "waits": []})
