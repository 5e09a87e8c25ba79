"""Reads XML as a stream, in memory that does not grow with the file: for JUnit and Cobertura reports.

Elements, their depth and the length of a tag are limited (`limits.py`). Entities and external references are refused:
a few hundred bytes of them expand to gigabytes. A DOCTYPE alone is accepted, because Cobertura's reports have one;
expat does not load it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO
from xml.parsers.expat import ExpatError, ParserCreate

from .limits import LONGEST_TAG, XML, Limit

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Start:
    """The beginning of an element: its name without a namespace, and its attributes."""

    name: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text; a long text comes in several."""

    text: str


@dataclass(frozen=True, slots=True)
class End:
    """The end of the element that began last."""


Event = Start | Text | End


class XmlError(ValueError):
    """A file is not XML, or is beyond a limit; `line` is where, from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def read_xml(file: BinaryIO, limit: Limit = XML) -> Iterator[Event]:
    """The events of a file, or an XmlError after the events before the fault."""
    reader = _Reader(limit)
    fed = 0
    while True:
        chunk = file.read(_CHUNK)
        fed += len(chunk)
        yield from reader.feed(chunk, fed)
        if not chunk:
            return


class _Reader:
    """expat, and the events of one chunk."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._events: list[Event] = []
        self._elements = self._depth = 0
        # As in ElementTree, a name is `NAMESPACE}NAME`.
        self._parser = parser = ParserCreate(namespace_separator="}")
        parser.buffer_text = True  # else each line of a text is an event
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = lambda text: self._events.append(Text(text))
        parser.EntityDeclHandler = self._entity
        parser.UnparsedEntityDeclHandler = self._entity
        parser.ExternalEntityRefHandler = self._external

    def feed(self, chunk: bytes, fed: int) -> list[Event]:
        self._events = []
        try:
            self._parser.Parse(chunk, not chunk)
        except ExpatError as error:
            raise XmlError(error.lineno, f"not XML: {error}") from None
        except XmlError:
            raise
        except (LookupError, ValueError) as error:  # an encoding
            raise XmlError(1, f"not XML: {error}") from None
        if fed - self._parser.CurrentByteIndex > LONGEST_TAG + 2 * _CHUNK:
            raise self._fault(f"a tag or comment is longer than {LONGEST_TAG} bytes: shorten it")
        return self._events

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        self._depth += 1
        if self._elements > self._limit.elements:
            raise self._fault(f"more than {self._limit.elements} elements: split the report")
        if self._depth > self._limit.depth:
            raise self._fault(f"elements are nested more than {self._limit.depth} deep")
        self._events.append(Start(name.rpartition("}")[2], attributes))

    def _end(self, _name: str) -> None:
        self._depth -= 1
        self._events.append(End())

    def _entity(self, *declared: object) -> None:
        raise self._fault(f"entities and external references are refused: remove {str(declared[0])[:40]!r}")

    def _external(self, *referred: object) -> int:
        raise self._fault(f"entities and external references are refused: remove {str(referred[0])[:40]!r}")

    def _fault(self, reason: str) -> XmlError:
        return XmlError(self._parser.CurrentLineNumber, reason)
