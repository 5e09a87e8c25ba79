"""The settings of the worker's build."""

import time

from functions.buildspecs.work_item import settings
from tests.functions.buildspecs.conftest import BRANCH


def test_the_last_quarter_of_the_time_is_for_tests_and_pushes() -> None:
    """P10: no task is started later, so that what is done is tested and pushed before CodeBuild ends the build."""
    given = dict.fromkeys(("KIRO_DEPLOYMENT", "KIRO_GIT_URL"), "x")
    given["KIRO_SPEC"] = f".kiro/specs/{BRANCH}"
    given |= {"KIRO_REPOSITORY": "acme/hello-service", "KIRO_BRANCH": BRANCH, "KIRO_NAMESPACE": "kiro/"}
    given |= {
        "KIRO_AGENT": "true",
        "KIRO_TASK_SECONDS": "1",
        "KIRO_BUILD_SECONDS": "1000",
        "KIRO_COVERAGE_PERCENT": "1",
    }
    before = time.monotonic()
    read = settings.read({**given, "KIRO_GIT_TOKEN": "token"})
    assert before + 750 <= read.deadline <= time.monotonic() + 750
