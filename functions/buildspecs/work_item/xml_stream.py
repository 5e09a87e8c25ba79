"""Reads XML as a stream, in memory that does not grow with the file: for JUnit and Cobertura reports.

Elements, their depth and the length of a tag are limited (`limits.py`). Entities and external references are refused:
a few hundred bytes of them expand to gigabytes. A DOCTYPE alone is accepted, because Cobertura's reports have one;
expat does not load it.
"""

from collections.abc import Mapping
from typing import BinaryIO, Protocol
from xml.parsers.expat import ExpatError, ParserCreate

from .limits import LONGEST_TAG, XML, Limit

_CHUNK = 64 * 1024
# How texts begin that are given for XML, what they are, and the next step.
_INSTEAD = (
    (b"{", "JSON", "name the report that the tool writes as XML"),
    (b"[", "JSON", "name the report that the tool writes as XML"),
    (b"TAP version", "a TAP report", "let the tool write JUnit XML, or convert it"),
    (b"mode:", "a coverage profile of Go", "convert it with gocover-cobertura"),
)


class Elements(Protocol):
    """What is called for each part of a file, in the order of the file; a ValueError ends the reading."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins; its name is without a namespace."""

    def text(self, text: str) -> None:
        """A piece of text; a long text comes in several."""

    def end(self) -> None:
        """The element that began last ends."""


class XmlError(ValueError):
    """A file is not XML, or is beyond a limit; `line` is where, from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def read_xml(file: BinaryIO, elements: Elements, limit: Limit = XML) -> int:
    """The number of elements in a file, after `elements` was called for each part; an XmlError at the first fault."""
    reader = _Reader(elements, limit)
    fed = 0
    while True:
        chunk = file.read(_CHUNK)
        fed += len(chunk)
        if fed == len(chunk):
            _refuse_other(chunk)
        reader.feed(chunk, fed)
        if not chunk:
            return reader.count


def _refuse_other(begin: bytes) -> None:
    """An XmlError if the file is empty, or begins as a known text that is no XML."""
    text = begin.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        raise XmlError(1, "not XML: the file is empty; the log of the build says why its tool wrote nothing")
    for start, what, step in _INSTEAD:
        if text.startswith(start):
            raise XmlError(1, f"not XML but {what}: {step}")


class _Reader:
    """expat, and the limits. Elements are passed on by calls: an object for each would take longer than expat."""

    def __init__(self, elements: Elements, limit: Limit) -> None:
        self.count = self._depth = 0
        self._begin, self._finish = elements.start, elements.end
        self._limit = limit
        # As in ElementTree, a name is `NAMESPACE}NAME`.
        self._parser = parser = ParserCreate(namespace_separator="}")
        parser.buffer_text = True  # else each line of a text is a call
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = elements.text
        parser.EntityDeclHandler = self._entity
        parser.UnparsedEntityDeclHandler = self._entity
        parser.ExternalEntityRefHandler = self._external

    def feed(self, chunk: bytes, fed: int) -> None:
        try:
            self._parser.Parse(chunk, not chunk)
        except ExpatError as error:
            raise XmlError(error.lineno, f"not XML: {error}") from None
        except XmlError:
            raise
        except (LookupError, ValueError) as error:
            if self.count:  # of `elements`: an encoding is refused before the first
                raise
            raise XmlError(1, f"not XML: {error}") from None
        if fed - self._parser.CurrentByteIndex > LONGEST_TAG + 2 * _CHUNK:
            raise self._fault(f"a tag or comment is longer than {LONGEST_TAG} bytes: shorten it")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        self._depth += 1
        if self.count > self._limit.elements:
            raise self._fault(f"more than {self._limit.elements} elements: split the report")
        if self._depth > self._limit.depth:
            raise self._fault(f"elements are nested more than {self._limit.depth} deep")
        self._begin(name.rpartition("}")[2] if "}" in name else name, attributes)

    def _end(self, _name: str) -> None:
        self._depth -= 1
        self._finish()

    def _entity(self, *declared: object) -> None:
        raise self._fault(f"entities and external references are refused: remove {str(declared[0])[:40]!r}")

    def _external(self, *referred: object) -> int:
        raise self._fault(f"entities and external references are refused: remove {str(referred[0])[:40]!r}")

    def _fault(self, reason: str) -> XmlError:
        return XmlError(self._parser.CurrentLineNumber, reason)
