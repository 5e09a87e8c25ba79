"""The defaults and derived properties of every gate."""

import pytest

from functions.domain.errors import SourceError
from functions.domain.manifests import AfterDeploy, Settings
from functions.gates.base import Gate, Judgement, ReleaseEvidence
from tests.functions.gates.evidence import STAGES, of_environment, of_release


class Licences(Gate):
    """Passes when every licence
    is known.
    """

    name = "licences"

    def judge_release(self, settings: Settings | None, evidence: ReleaseEvidence) -> Judgement:  # noqa: ARG002
        """It always passes."""
        return Judgement()


def test_a_minimal_gate_has_defaults() -> None:
    """No manifest keys, no verdict where it does not judge, no forecast."""
    gate = Licences()
    assert [dict(gate.manifest(section)) for section in ("build", "gates", "afterDeploy")] == [{}, {}, {}]
    assert gate.judge_environment(None, of_environment({})) == Judgement()
    assert (gate.forecast_release(None, STAGES), gate.forecast_environment(None, AfterDeploy("b"))) == ("", "")


def test_when_a_gate_judges_follows_from_its_methods() -> None:
    """Its docstring is one paragraph of the reference."""
    assert Licences().when == ("before",)
    assert Licences().documentation == "Passes when every licence is known."


def test_an_artifact_that_can_not_be_opened_says_why() -> None:
    """The error is raised when a gate reads it."""
    with pytest.raises(SourceError, match="s3://gone"):
        _ = of_release(None).archive
