"""Previews of `pulumi preview --json`, and documents that are none."""

import json
from typing import Any

import pytest

from functions.adapters.previews import read_preview
from functions.domain.gates import Unreadable
from functions.domain.limits import JSON
from functions.domain.previews import Preview, ResourceStep
from tests.functions.adapters.test_hostile_reports import packed

BUCKET = "urn:pulumi:test::shop::aws:s3/bucket:Bucket::logs"
STACK = "urn:pulumi:test::shop::pulumi:pulumi:Stack::shop-test"
STEP = {
    "op": "update",
    "urn": BUCKET,
    "provider": "urn:pulumi:test::shop::pulumi:providers:aws::default::id",
    "oldState": {"urn": BUCKET, "custom": True, "type": "aws:s3/bucket:Bucket"},
    "newState": {"urn": BUCKET, "custom": True, "type": "aws:s3/bucket:Bucket"},
    "diffReasons": ["tags"],
    "detailedDiff": {"tags.Owner": {"kind": "update", "inputDiff": False}},
}
DIGEST: dict[str, Any] = {
    "config": {"aws:region": "eu-central-1"},
    "steps": [{"op": "same", "urn": STACK, "detailedDiff": None}, STEP],
    "diagnostics": [{"message": "a hint", "severity": "info"}],
    "duration": 1520000000,
    "changeSummary": {"same": 1, "update": 1},
}


def read(document: Any) -> Preview | Unreadable:
    """The preview in a document, which is JSON or a text."""
    text = document if isinstance(document, (str, bytes)) else json.dumps(document)
    with packed(text) as archive:
        return read_preview(archive, "report.xml")


def test_steps_are_read_with_what_differs() -> None:
    """Operation, resource and changed properties are read; states and values are not."""
    assert read(DIGEST) == Preview(
        "report.xml", (ResourceStep("same", STACK), ResourceStep("update", BUCKET, ("tags.Owner", "tags")))
    )


@pytest.mark.parametrize(
    "change", [{"detailedDiff": {"tags": {"kind": "update-replace"}}}, {"replaceReasons": ["bucket"]}]
)
def test_a_replacement_is_seen(change: dict[str, Any]) -> None:
    """A replacement is recognised by the kind of the difference or by its reasons."""
    found = read({**DIGEST, "steps": [{**STEP, **change}]})
    assert isinstance(found, Preview)
    assert found.steps[0].replaces


def test_nothing_to_change_is_a_preview() -> None:
    """A preview without `steps` is valid: Pulumi leaves empty lists out."""
    assert read({"changeSummary": {"same": 4}}) == Preview("report.xml", ())


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{", "Expecting property name"),
        ("[]", "not a preview: the document is not an object"),
        (b"\xff\xfe{}", "not UTF-8"),
        ("[" * 200_000, "nested too deep"),
        ('{"changeSummary": NaN}', "NaN is not a JSON number"),
        ({}, "changeSummary is missing; write it with `pulumi preview --json`"),
        ({**DIGEST, "changeSummary": None}, "changeSummary is missing"),
        ({"changeSummary": {"create": 2}}, "has changes, but there are no steps"),
        ({**DIGEST, "maybeCorrupt": True}, "may be corrupt"),
        ({**DIGEST, "diagnostics": [{"severity": "error", "message": "no provider\n"}]}, "failed: no provider"),
        ({**DIGEST, "diagnostics": {}}, "diagnostics is not a list of objects"),
        ({**DIGEST, "steps": {"op": "same"}}, "steps is not a list of objects"),
        ({**DIGEST, "steps": ["create"]}, "steps is not a list of objects"),
        ({**DIGEST, "steps": [{"op": "create"}]}, "steps[0]: op or urn is missing"),
        ({**DIGEST, "steps": [{**STEP, "detailedDiff": [1]}]}, "steps[0]: detailedDiff is not an object"),
        ({**DIGEST, "steps": [{**STEP, "detailedDiff": {"tags": 1}}]}, "steps[0].detailedDiff is not a list of"),
        ({**DIGEST, "steps": [{**STEP, "diffReasons": [1]}]}, "steps[0].diffReasons is not a list of texts"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_what_can_not_be_believed_is_refused(document: Any, said: str) -> None:
    """Q3: an invalid preview is Unreadable, with file and reason."""
    found = read(document)
    assert isinstance(found, Unreadable)
    assert found.reason.startswith("report.xml: ")
    assert said in found.reason


def test_a_missing_or_huge_one_is_refused() -> None:
    """A missing preview is Unreadable; a huge one is refused before it is unpacked."""
    with packed(" " * (JSON.size + 1)) as archive:
        huge, missing = read_preview(archive, "report.xml"), read_preview(archive, "other.json")
    assert isinstance(huge, Unreadable)
    assert huge.reason == f"report.xml unpacks to {JSON.size + 1} bytes, {JSON.size} allowed"
    assert isinstance(missing, Unreadable)
    assert missing.reason.startswith("other.json: not in the build's artifact")
