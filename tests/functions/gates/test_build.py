"""The gate `build`."""

from functions.domain.gates import Verdict
from functions.gates.build import BuildGate
from tests.functions.gates.evidence import FAILED, SUCCEEDED, of_environment, of_release


def test_a_build_passes_when_it_succeeded() -> None:
    """With its own text before a deployment and in an environment; no artifact is needed."""
    before = BuildGate().judge_release(None, of_release(None, SUCCEEDED)).verdict
    after = BuildGate().judge_environment(None, of_environment(None, SUCCEEDED)).verdict
    assert before == Verdict("build", "passed", "the build succeeded")
    assert after == Verdict("build", "passed", "the tests ran to their end")


def test_a_failed_build_is_named_with_its_log() -> None:
    """With the same text in both cases."""
    expected = Verdict("build", "failed", "the build failed: BUILD: exit 1 https://log")
    assert BuildGate().judge_release(None, of_release(None, FAILED)).verdict == expected
    assert BuildGate().judge_environment(None, of_environment(None, FAILED)).verdict == expected
