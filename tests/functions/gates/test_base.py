"""What every gate has, whether it says so or not."""

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
        """Never closed."""
        return Judgement()


def test_a_gate_that_says_little_has_defaults() -> None:
    """No key of the manifest, no verdict where it does not judge, nothing in the forecast."""
    gate = Licences()
    assert [dict(gate.manifest(section)) for section in ("build", "gates", "afterDeploy")] == [{}, {}, {}]
    assert gate.judge_environment(None, of_environment({})) == Judgement()
    assert (gate.forecast_release(None, STAGES), gate.forecast_environment(None, AfterDeploy("b"))) == ("", "")


def test_when_a_gate_judges_follows_from_its_methods() -> None:
    """Before a deployment here; and its docstring is one paragraph of the reference."""
    assert Licences().when == ("before",)
    assert Licences().documentation == "Passes when every licence is known."


def test_what_may_not_be_left_out_closes_the_gate_and_says_what_to_do() -> None:
    """A plan that names nothing was made by something else."""
    verdict = Licences().missing().verdict
    assert verdict
    assert (verdict.name, verdict.outcome) == ("licences", "failed")
    assert "start the deployment again" in verdict.reason


def test_an_artifact_that_can_not_be_opened_says_why() -> None:
    """To whoever reads it, and to nobody else."""
    with pytest.raises(SourceError, match="s3://gone"):
        _ = of_release(None).archive
