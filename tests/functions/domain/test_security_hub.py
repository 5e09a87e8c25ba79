"""Findings in the AWS Security Finding Format."""

from hypothesis import given
from hypothesis import strategies as st

from functions.domain.findings import Finding
from functions.domain.security_hub import MOST, imports
from tests.functions.samples import NOW, RELEASE

PRODUCT = "arn:aws:securityhub:eu-central-1:123456789012:product/123456789012/default"
FINDINGS = st.builds(
    Finding,
    st.text(min_size=1),
    st.text(min_size=1, max_size=2000),
    st.sampled_from(["critical", "high", "medium", "low"]),
    st.text(max_size=2000),
)


@given(st.lists(FINDINGS))
def test_every_finding_keeps_the_formats_bounds(findings: list[Finding]) -> None:
    """Any finding keeps the length limits and has a unique id; the worst come first."""
    made = imports(findings, RELEASE, PRODUCT, NOW)
    assert len({one["Id"] for one in made}) == len(made) <= MOST
    for one in made:
        assert len(one["Title"]) <= 256
        assert len(one["Description"]) <= 1024
        assert max(len(one["Id"]), len(one["GeneratorId"]), len(one["Resources"][0]["Id"])) <= 512
        assert one["Resources"][0]["Region"] == "eu-central-1"
    labels = [one["FindingProviderFields"]["Severity"]["Label"] for one in made]
    assert labels == sorted(labels, key=["CRITICAL", "HIGH", "MEDIUM", "LOW"].index)


def test_the_same_finding_of_another_commit_has_the_same_id() -> None:
    """A finding keeps its id in a later commit; the same finding of another repository has another id."""
    finding = Finding("bandit", "B602", "high", "a.py:5")
    assert (
        imports([finding], RELEASE, PRODUCT, NOW)[0]["Id"] == imports([finding] * 2, RELEASE, PRODUCT, "later")[0]["Id"]
    )
