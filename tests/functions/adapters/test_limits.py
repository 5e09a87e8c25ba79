"""Foreign files at the edge of their limits: as much as allowed is read, one more is refused with the next step."""

import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from xml.etree import ElementTree
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from functions.adapters import yaml_documents, zip_archives
from functions.adapters.json_documents import parse_json
from functions.adapters.load_runs import read_performance
from functions.adapters.reports import read_coverage, read_tests
from functions.adapters.scans import read_pip_audit, read_scans
from functions.adapters.yaml_documents import YamlError, read_yaml
from functions.adapters.zip_archives import find_members, open_zip, read_member
from functions.buildspecs.work_item import limits as build_limits
from functions.buildspecs.work_item.junit import count_tests
from functions.buildspecs.work_item.xml_stream import XmlError, read_xml
from functions.domain.errors import SourceError
from functions.domain.findings import Scan, Scans
from functions.domain.gates import TestRun, Unreadable
from functions.domain.limits import (
    JSON,
    LOAD_RUN,
    LONGEST_NUMBER,
    LONGEST_TAG,
    OUTPUTS,
    RESULTS,
    XML,
    YAML,
    Budget,
    Limit,
)
from functions.domain.performance import Performance

SMALL = Limit(size=1000, elements=10, depth=5)


class _Nothing:
    """Elements of which nothing is kept."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        pass

    def text(self, text: str) -> None:
        pass

    def end(self) -> None:
        pass


def packed(content: bytes, name: str = "r") -> ZipFile:
    """An archive with one report."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as writer:
        writer.writestr(name, content)
    return ZipFile(buffer)


@pytest.mark.parametrize("limit", [SMALL, LOAD_RUN, OUTPUTS, RESULTS, JSON])
def test_json_ends_at_its_elements(limit: Limit) -> None:
    """A list with one element less than allowed, and its own bracket; one more is refused before it is parsed."""
    assert len(parse_json("[" + "1," * (limit.elements - 2) + "1]", limit)) == limit.elements - 1
    with pytest.raises(ValueError, match=f"{limit.elements + 1} elements .*, {limit.elements} allowed: split the file"):
        parse_json("[" + "{" + "1," * (limit.elements - 2) + "1]", limit)


@pytest.mark.parametrize("limit", [SMALL, JSON])
def test_json_ends_at_its_depth(limit: Limit) -> None:
    """Lists and objects may be nested so deep; one more level is refused."""
    assert parse_json("[" * limit.depth + "]" * limit.depth, limit)[0] is not None
    for text in ("[" * (limit.depth + 1) + "]" * (limit.depth + 1), '{"a":' * (limit.depth + 1) + "1"):
        with pytest.raises(ValueError, match=f"nested too deep: {limit.depth} levels|Expecting"):
            parse_json(text, limit)
    with pytest.raises(ValueError, match="nested too deep"):
        parse_json("[" * (limit.depth + 1) + "]" * (limit.depth + 1), limit)


@pytest.mark.parametrize(
    "limit",
    [build_limits.Limit(size=1000, elements=10, depth=5), pytest.param(build_limits.XML, marks=pytest.mark.long)],
)
def test_xml_ends_at_its_elements_and_depth(limit: build_limits.Limit) -> None:
    """So many elements, nested so deep, are read; one more is refused with its line."""
    within = b"<a>" + b"<b/>" * (limit.elements - 1) + b"</a>"
    assert read_xml(BytesIO(within), _Nothing(), limit) == limit.elements
    with pytest.raises(XmlError, match=f"more than {limit.elements} elements: split the report"):
        read_xml(BytesIO(within.replace(b"</a>", b"<b/></a>")), _Nothing(), limit)
    deep = b"<a>" * limit.depth + b"</a>" * limit.depth
    assert read_xml(BytesIO(deep), _Nothing(), limit) == limit.depth
    with pytest.raises(XmlError, match=f"nested more than {limit.depth} deep") as refused:
        read_xml(BytesIO(b"\n" + b"<a>" * (limit.depth + 1)), _Nothing(), limit)
    assert refused.value.line == 2


@pytest.mark.parametrize("piece", ['<a x="%s"/>', "<a><!--%s--></a>", "<a><?p %s?></a>"], ids=["tag", "comment", "pi"])
def test_a_tag_ends_at_its_length(piece: str) -> None:
    """A tag or comment of a MiB is read; one of several is refused while it is read, whatever follows."""
    assert read_xml(BytesIO((piece % ("x" * (LONGEST_TAG - 20))).encode()), _Nothing()) == 1
    with pytest.raises(XmlError, match=f"longer than {LONGEST_TAG} bytes: shorten it"):
        read_xml(BytesIO((piece % ("x" * 3 * LONGEST_TAG)).encode()), _Nothing())


def test_a_long_text_is_no_tag() -> None:
    """The output of a test may have any length within the file's: it is not kept."""
    text = b"<testsuite><testcase name='a'><system-out><![CDATA[" + b"x\n" * LONGEST_TAG
    counts = count_tests(BytesIO(text + b"]]></system-out></testcase></testsuite>"), "a.xml")
    assert (counts.total, counts.failed) == (1, [])


def test_memory_does_not_grow_with_a_report() -> None:
    """Ten times the elements take no more memory; a tree would."""

    def peak(read: Callable[[bytes], object], elements: int) -> int:
        raw = b"<testsuite>" + b"<testcase name='a'/>" * elements + b"</testsuite>"
        tracemalloc.start()
        try:
            read(raw)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def stream(raw: bytes) -> object:
        return count_tests(BytesIO(raw), "a.xml")

    assert peak(stream, 20_000) < 3 * peak(stream, 2_000)
    assert peak(ElementTree.fromstring, 20_000) > 5 * peak(ElementTree.fromstring, 2_000)  # nosec B314


def test_a_file_ends_at_its_size() -> None:
    """A file of exactly the size is unpacked; one byte more is refused by the directory's figure."""
    content = b"x" * 1000
    assert read_member(packed(content), "r", 1000) == content
    with pytest.raises(SourceError, match="r unpacks to 1000 bytes, 999 allowed"):
        read_member(packed(content), "r", 999)


@pytest.mark.parametrize("read", [lambda one: read_tests(one, ["r"]), lambda one: read_coverage(one, "r")])
def test_a_report_beyond_its_size_is_named(read: Callable[[ZipFile], object]) -> None:
    """The readers of XML use the table's limit."""
    found = read(packed(b" " * (XML.size + 1)))
    assert found == Unreadable(f"r unpacks to {XML.size + 1} bytes, {XML.size} allowed")


def rows(count: int) -> bytes:
    """A table of Locust with so many cells, by its commas and line ends."""
    head = b"Type,Name,Request Count,Failure Count,Average Response Time\n"
    return head + b"GET,/,1,0,1\n" * ((count - 10) // 5) + b",Aggregated,1,0,1\n"


def test_a_load_run_ends_at_its_cells() -> None:
    """A table with as many cells as allowed is read; one row more is refused."""
    assert isinstance(read_performance(packed(rows(LOAD_RUN.elements), "r.csv"), "r.csv"), Performance)
    beyond = read_performance(packed(rows(LOAD_RUN.elements + 5), "r.csv"), "r.csv")
    assert isinstance(beyond, Unreadable)
    assert f"{LOAD_RUN.elements + 5} cells, {LOAD_RUN.elements} allowed" in beyond.reason


def test_yaml_ends_at_its_values_and_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document with as many keys and values as allowed is read; one more is refused with line and next step."""
    # PyYAML takes seconds for as many as the table allows.
    monkeypatch.setattr(yaml_documents, "YAML", replace(YAML, elements=SMALL.elements))
    pairs = b"".join(b"k%d: 1\n" % number for number in range(SMALL.elements // 2 - 1))
    assert len(read_yaml(pairs, "f.yml").value) == SMALL.elements // 2 - 1
    with pytest.raises(YamlError, match=rf"f\.yml:\d+:\d+: more than {SMALL.elements} values: split the file"):
        read_yaml(pairs + b"k: 1\n", "f.yml")
    monkeypatch.undo()
    assert read_yaml(b"[" * YAML.depth + b"]" * YAML.depth, "f.yml").value is not None
    with pytest.raises(YamlError, match=rf"nested more than {YAML.depth} deep"):
        read_yaml(b"[" * (YAML.depth + 1) + b"]" * (YAML.depth + 1), "f.yml")


@pytest.mark.parametrize("number", ["1:" * 49 + "11", "9" * LONGEST_NUMBER], ids=["base 60", "digits"])
def test_a_number_in_yaml_ends_at_its_length(number: str) -> None:
    """PyYAML reads a number in base 60 in time that grows with its square: a longer one is refused, not read."""
    assert len(number) == LONGEST_NUMBER
    assert isinstance(read_yaml(f"a: {number}".encode(), "f.yml").value["a"], int)
    with pytest.raises(YamlError, match=r"f\.yml:1:4: a number of 10[12] characters, 100 allowed"):
        read_yaml(f"a: {number[:2]}{number}".encode(), "f.yml")


@pytest.mark.parametrize("number", ["1" + ":1" * 40 + ".5", "9" * 99 + ".", "1e999", ".inf"])
def test_a_number_of_any_size_is_read_or_refused_by_its_place(number: str) -> None:
    """A number beyond what a float can hold is a value or a mistake in the file, and no fault of the function."""
    try:
        assert read_yaml(f"a: {number}".encode(), "f.yml").value
    except YamlError as error:
        refused = str(error)
    else:
        refused = "f.yml:1:4: "
    assert refused.startswith("f.yml:1:4: ")


def reports(elements: int) -> Iterator[tuple[str, bytes]]:
    """Two audits with so many elements in all."""
    head, item, tail = b'{"dependencies":[{"name":"x","version":"1","vulns":[', b'{"id":"a"},', b'{"id":"a"}]}]}'
    own = 1 + (head + tail).count(b",") + (head + tail).count(b"[") + (head + tail).count(b"{")
    for name, each in (("a", elements // 2), ("b", elements - elements // 2)):
        yield name, head + item * ((each - own) // 2) + tail


def test_all_files_of_a_gate_have_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many files that are each within their limit are refused when together they are beyond that of the gate."""
    monkeypatch.setattr(Budget.__init__, "__defaults__", (100,))
    buffer = BytesIO()
    with ZipFile(buffer, "w") as writer:
        for name, report in reports(120):
            writer.writestr(name, report)
    with ZipFile(buffer) as archive:
        assert isinstance(read_pip_audit(archive, "a"), Scan)
        first, second = read_scans(archive, Scans(pip_audit=("a", "b")))
    assert isinstance(first, Scan)
    assert isinstance(second, Unreadable)
    assert second.reason == "b: all files together have more than 100 elements: name fewer files"


def test_tests_have_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for the elements of all JUnit reports."""
    monkeypatch.setattr(Budget.__init__, "__defaults__", (10,))
    buffer = BytesIO()
    with ZipFile(buffer, "w") as writer:
        for number in range(3):
            writer.writestr(f"{number}.xml", "<testsuite>" + "<testcase name='a'/>" * 4 + "</testsuite>")
    with ZipFile(buffer) as archive:
        assert read_tests(archive, ["0.xml", "1.xml"]) == TestRun(8)
        beyond = read_tests(archive, ["*.xml"])
    assert beyond == Unreadable("2.xml: all files together have more than 10 elements: name fewer files")


def test_a_glob_ends_at_its_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A glob that matches as many files as allowed is read; one more is refused."""
    buffer = BytesIO()
    with ZipFile(buffer, "w") as writer:
        for number in range(4):
            writer.writestr(f"{number}.xml", "")
    monkeypatch.setattr(zip_archives, "MOST_FILES", 4)
    assert len(find_members(ZipFile(buffer), "*.xml")) == 4
    monkeypatch.setattr(zip_archives, "MOST_FILES", 3)
    with pytest.raises(SourceError, match=r"\*\.xml: matches 4 files, 3 allowed: name fewer"):
        find_members(ZipFile(buffer), "*.xml")


@pytest.mark.parametrize("comment", [b"", b"a comment"])
@pytest.mark.parametrize("large", [False, True], ids=["zip", "zip64"])
def test_an_archive_ends_at_its_directory(monkeypatch: pytest.MonkeyPatch, comment: bytes, large: bool) -> None:
    """A directory of exactly the size is read; one byte more is refused before the directory is read."""
    buffer = BytesIO()
    if large:  # more than 65,535 files need the larger records
        monkeypatch.setattr("zipfile.ZIP_FILECOUNT_LIMIT", 2)
    with ZipFile(buffer, "w") as writer:
        writer.comment = comment
        for number in range(4):
            writer.writestr(f"{number}.xml", "")
    size = 4 * (46 + len("0.xml"))
    monkeypatch.setattr(zip_archives, "DIRECTORY", size)
    assert len(open_zip(buffer, "a.zip").namelist()) == 4
    monkeypatch.setattr(zip_archives, "DIRECTORY", size - 1)
    with pytest.raises(SourceError, match=f"a.zip has a directory of {size} bytes, {size - 1} allowed"):
        open_zip(buffer, "a.zip")


@pytest.mark.parametrize("raw", [b"", b"x" * 100, b"PK\x05\x06", b"PK\x06\x07PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_archive_is_named(raw: bytes) -> None:
    """Any bytes are an archive or a SourceError with the name, never another fault."""
    with pytest.raises(SourceError, match=r"a\.zip"):
        open_zip(BytesIO(raw), "a.zip")
