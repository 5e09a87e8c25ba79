"""JSON documents in an artifact."""

import gc
import json
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from functions.adapters.json_documents import list_of, object_of, objects, parse_json, read_json, read_text, uncollected
from functions.domain.errors import BadInputError, SourceError
from tests.functions.samples import archive


def opened(content: str | bytes) -> ZipFile:
    """An artifact with one report."""
    return ZipFile(BytesIO(archive({"report.json": content})))


def test_a_document_is_read_with_and_without_a_byte_order_mark() -> None:
    """A byte order mark, as tools on Windows write it, is accepted."""
    for content in ('{"a": 1}', b'\xef\xbb\xbf{"a": 1}'):
        assert read_json(opened(content), "report.json") == {"a": 1}


def test_what_is_missing_or_no_text_says_so() -> None:
    """A missing report is a SourceError, one that is not UTF-8 a ValueError."""
    with pytest.raises(SourceError, match=r"nowhere\.json"):
        read_text(opened("{}"), "nowhere.json")
    with pytest.raises(ValueError, match=r"not UTF-8: .*; it is UTF-16, as `>` of PowerShell writes it: let the tool"):
        read_text(opened('{"a": 1}'.encode("utf-16")), "report.json")
    with pytest.raises(ValueError, match=r"not UTF-8: [^;]*$"):
        read_text(opened(b"\xe9"), "report.json")


@pytest.mark.parametrize(
    ("text", "said"), [("NaN", "NaN is not a JSON number"), ("[" * 200_000, "nested too deep"), ("{", "line 1")]
)
def test_what_is_no_json_is_refused(text: str, said: str) -> None:
    """NaN, which is no JSON (RFC 8259, section 6), and very deep nesting are errors."""
    with pytest.raises(ValueError, match=said):
        parse_json(text)


@pytest.mark.parametrize("value", [None, 1, "text", {}])
def test_a_list_is_a_list(value: Any) -> None:
    """A value that is not a list is an error that names its key."""
    with pytest.raises(BadInputError, match="runs is missing or not a list"):
        list_of(value, "runs")
    assert list(objects({"runs": None}, "runs", missing=True)) == []
    assert list(objects({"runs": [{"a": 1}]}, "runs")) == [{"a": 1}]


@pytest.mark.parametrize("value", [None, 1, "text", []])
def test_an_object_is_an_object(value: Any) -> None:
    """A value that is not an object is an error that names it."""
    with pytest.raises(BadInputError, match="tool is missing or not an object"):
        object_of(value, "tool")


def test_a_document_is_parsed_without_a_search_for_cycles() -> None:
    """Each search visits all that was parsed until then, and would take longer than to parse it."""
    searches: list[str] = []
    text = json.dumps([[]] * 100_000)

    def search(phase: str, _: dict[str, int]) -> None:
        searches.append(phase)

    gc.enable()
    gc.callbacks.append(search)
    try:
        with uncollected():
            assert len(parse_json(text)) == 100_000
            assert not gc.isenabled()
        assert searches == []
        assert gc.isenabled()
        with pytest.raises(ValueError, match="line 1"):
            parse_json("{")
        assert gc.isenabled()
    finally:
        gc.callbacks.remove(search)
