"""The gate `preview`."""

import json

from msgspec.structs import replace

from functions.domain.plans import PartPlan
from functions.gates.preview import PreviewGate
from tests.functions.gates.evidence import STAGES, of_release
from tests.functions.samples import COMMAND

CHOSEN = PartPlan(replace(COMMAND, preview="{environment}.json"), "infra/a.py changed", by_path=True)
PREVIEWED = tuple(replace(stage, parts=(CHOSEN,)) for stage in STAGES)
SAME = json.dumps({"changeSummary": {"same": 1}})


def test_previews_that_can_be_read_have_no_verdict() -> None:
    """They are returned by environment and part."""
    judgement = PreviewGate().judge_release(
        None, of_release({"test.json": SAME, "production.json": SAME}, stages=PREVIEWED)
    )
    assert judgement.verdict is None
    assert set(judgement.previews) == {("test", "infrastructure"), ("production", "infrastructure")}


def test_a_preview_that_can_not_be_read_fails_the_gate() -> None:
    """With file and reason, for all at once."""
    verdict = PreviewGate().judge_release(None, of_release({"test.json": "{"}, stages=PREVIEWED)).verdict
    assert verdict
    assert verdict.outcome == "failed"
    assert "test.json: " in verdict.reason
    assert "production.json: not in the build's artifact" in verdict.reason


def test_parts_without_a_preview_need_no_artifact() -> None:
    """The artifact is not opened."""
    assert PreviewGate().judge_release(None, of_release(None)).verdict is None
