"""Kind `command`: a buildspec whose version is recorded."""

from functions.adapters.artifacts import Artifacts
from functions.targets.command import CommandTarget
from tests.functions.delivered import artifact
from tests.functions.samples import COMMAND, DEPLOYMENT, ENVIRONMENT, OLDER, state, version
from tests.functions.stack import Stack


def test_a_command_is_described_by_its_buildspec() -> None:
    """Its path in the repository."""
    assert CommandTarget.describe(ENVIRONMENT, COMMAND) == "buildspec infra/buildspec.yml"


def test_the_record_has_the_version(stack: Stack) -> None:
    """A version in doubt may be a way back, but never counts as restored."""
    target = CommandTarget.connect(stack.clients)
    known, doubted = (state(COMMAND, version(OLDER, OLDER), in_doubt=doubt) for doubt in ("", DEPLOYMENT))
    assert target.current(ENVIRONMENT, COMMAND, None) is None
    assert target.read_back(ENVIRONMENT, COMMAND, None) is None
    assert [target.current(ENVIRONMENT, COMMAND, one) for one in (known, doubted)] == [OLDER, OLDER]
    assert [target.read_back(ENVIRONMENT, COMMAND, one) for one in (known, doubted)] == [OLDER, None]


def test_a_source_or_artifact_that_is_gone_is_lost(stack: Stack) -> None:
    """A rollback needs both; a version without an artifact lacks none."""
    target, artifacts = CommandTarget.connect(stack.clients), Artifacts.connect(stack.clients)
    to = version(source="sources/s.zip", artifact="")
    assert target.lost(ENVIRONMENT, COMMAND, to, artifacts) == "sources/s.zip is no longer in the bucket"
    artifact(stack, "sources/s.zip", {})
    assert target.lost(ENVIRONMENT, COMMAND, to, artifacts) == ""
    missing = target.lost(ENVIRONMENT, COMMAND, version(source="sources/s.zip", artifact="b.zip"), artifacts)
    assert missing == "b.zip is no longer in the bucket"
