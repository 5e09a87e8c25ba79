"""`kiro-worker deploy` and `retry` look a commit up before they start anything."""

import pytest

from tests.cli.conftest import Kiro
from tests.cli.test_plan import copy, push
from tests.local.github.support import REPOSITORY, WorkingCopy

__all__ = ["copy"]


@pytest.mark.parametrize("ref", ["a" * 40, "refs/heads/nope", "nope"])
def test_a_commit_that_does_not_exist_is_refused(kiro: Kiro, copy: WorkingCopy, ref: str) -> None:
    """T1: nothing is started, and the error says what to do."""
    push(copy)
    done = kiro.run("deploy", REPOSITORY, ref)
    assert done.exit_code == 1
    assert "does not exist" in done.stderr
    assert "nothing was started; push it first" in done.stderr
    assert kiro.executions("deployment") == {}


def test_a_commit_that_exists_is_deployed(kiro: Kiro, copy: WorkingCopy) -> None:
    """By its id, its branch or its tag."""
    for ref in (push(copy), "main"):
        assert kiro.json("deploy", REPOSITORY, ref)["unchecked"] == ""
    assert "not checked" not in kiro.run("deploy", REPOSITORY, "main").output


def test_who_may_not_read_the_credential_deploys_without_the_check(kiro: Kiro) -> None:
    """Here even the function whose settings are read is out of reach; the output says that it was not checked."""
    done = kiro.run("deploy", REPOSITORY, "main")
    assert (done.exit_code, len(kiro.executions("deployment"))) == (0, 1)
    assert "whether its commit exists was not checked: " in done.output
