"""The page of gates."""

from functions.gates.registry import GATES
from tools.reference.gates import page


def test_every_gate_is_on_the_page_in_its_own_words() -> None:
    """By name, in the order of judging, with its docstring."""
    text = page()
    headings = [line.strip("# `") for line in text.splitlines() if line.startswith("## ")]
    assert headings == [gate.name for gate in GATES]
    for gate in GATES:
        assert gate.documentation.split(".")[0].partition(":")[0][:60] in " ".join(text.split()), gate.name


def test_keys_and_metrics_stand_with_their_gate() -> None:
    """Keys by their full path in the manifest, metrics by their published name."""
    parts = {part.split("`")[1]: part for part in page().split("\n## ")[1:]}
    for key in ("`build.junit`", "`gates.afterDeploy.<environment>.junit`", "`TestsRun`"):
        assert key in parts["tests"]
    assert "`gates.allowList`" in parts["security"]
    assert "before any deployment" in parts["coverage"]
    assert "Keys" not in parts["build"]
    assert "in an environment" in parts["performance"]
