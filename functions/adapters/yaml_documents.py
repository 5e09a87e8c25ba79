"""Reads one YAML document: its values, and the line and column of each.

Refused with line and column: duplicate keys, aliases, anchors and merges (a few hundred bytes of them expand to
gigabytes), tags, keys that are not scalars, more than one document, and more depth or size than people write. A key is
always its text: `on:` is "on". Dates stay texts. Other values are read by the rules of YAML 1.1, like PyYAML does.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from yaml.constructor import ConstructorError, SafeConstructor
from yaml.reader import ReaderError

from functions.domain.limits import LONGEST_NUMBER, YAML
from functions.domain.values import Value

_TEXT, _NULL = "tag:yaml.org,2002:str", "tag:yaml.org,2002:null"
_PLAIN = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("bool", "int", "float"))
# Read as texts: dates are validated where they are expected, and `=` is an ordinary text.
_AS_TEXT = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "timestamp", "value"))
Path = tuple[str | int, ...]


class YamlError(ValueError):
    """A document is invalid or refused; the text is `NAME:LINE:COLUMN: mistake: next step`."""


class Position(Value, frozen=True):
    """The position of a value (line and column from 1), and the text of a scalar as it is written."""

    line: int
    column: int
    written: str = ""


class Document(Value, frozen=True):
    """The value of a file; and by path, the positions of its values and of its keys."""

    name: str
    value: Any
    values: Mapping[Path, Position]
    keys: Mapping[Path, Position]

    def position(self, path: Path) -> Position:
        """The position of a path: of its key, else of its value, else of the nearest path above."""
        for length in range(len(path), -1, -1):
            found = self.keys.get(path[:length]) or self.values.get(path[:length])
            if found:
                return found
        return Position(1, 1)

    def at(self, path: Path) -> str:
        """`NAME:LINE:COLUMN` of a path."""
        position = self.position(path)
        return f"{self.name}:{position.line}:{position.column}"

    def written(self, path: Path) -> str:
        """The text of a scalar as it is written in the file; empty for anything else."""
        found = self.values.get(path)
        return found.written if found else ""


def read_yaml(raw: bytes, name: str) -> Document:
    """The document, or a YamlError; the value of an empty file is None. `name` is the file's name in errors."""
    if len(raw) > YAML.size:
        raise YamlError(f"{name}: {len(raw)} bytes, {YAML.size} allowed: split the file")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _position(raw[: error.start].decode("utf-8", "replace"))
        raise YamlError(f"{name}:{line}:{column}: not UTF-8: save it as UTF-8") from error
    reader = _Reader(name)
    try:
        node = _compose(text, name)
        value = reader.read(node, ()) if node else None
    except ReaderError as error:
        line, column = _position(text[: error.position])
        raise YamlError(
            f"{name}:{line}:{column}: the character U+{_code(error):04X} is not allowed: remove it"
        ) from error
    except yaml.MarkedYAMLError as error:
        raise YamlError(_describe(name, error)) from error
    return Document(name, value, reader.values, reader.keys)


def _compose(text: str, name: str) -> yaml.Node | None:
    """The tree of nodes; aliases, depth and size are checked on PyYAML's events before the tree is built."""
    depth = nodes = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        at = _at(name, event.start_mark)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise YamlError(f"{at}: aliases and anchors are refused: write the value where it belongs")
        if isinstance(event, yaml.DocumentStartEvent) and event.explicit and nodes:
            raise YamlError(f"{at}: a second document begins here: keep one")
        if isinstance(event, (yaml.CollectionStartEvent, yaml.ScalarEvent)):
            nodes += 1
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > YAML.depth:
            raise YamlError(f"{at}: nested more than {YAML.depth} deep: {YAML.depth} levels are allowed")
        if nodes > YAML.elements:
            raise YamlError(f"{at}: more than {YAML.elements} values: split the file")
    composed: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    return composed


class _Reader:
    """Converts nodes to values, and records the places of keys and values."""

    def __init__(self, name: str) -> None:
        self.values: dict[Path, Position] = {}
        self.keys: dict[Path, Position] = {}
        self._name = name
        self._constructor = SafeConstructor()

    def read(self, node: yaml.Node, path: Path) -> Any:
        """A node's value."""
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        if isinstance(node, yaml.MappingNode):
            self.values[path] = Position(line, column)
            self._plain_tag(node, "tag:yaml.org,2002:map")
            return dict(self._items(node, path))
        if isinstance(node, yaml.SequenceNode):
            self.values[path] = Position(line, column)
            self._plain_tag(node, "tag:yaml.org,2002:seq")
            return [self.read(item, (*path, number)) for number, item in enumerate(node.value)]
        self.values[path] = Position(line, column, str(node.value))
        return self._scalar(node)

    def _items(self, node: yaml.MappingNode, path: Path) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for key, value in node.value:
            at = self._at(key)
            if not isinstance(key, yaml.ScalarNode):
                raise YamlError(f"{at}: a key must be a text: it is a list or a mapping")
            name = str(key.value)
            if key.tag == "tag:yaml.org,2002:merge":
                raise YamlError(f"{at}: merges (<<) are refused: write the keys where they belong")
            if name in seen:
                where = ".".join(str(part) for part in (*path, name))
                raise YamlError(
                    f"{at}: {where} stands twice, first in line {seen[name]}: merge them, or the first is lost"
                )
            seen[name] = key.start_mark.line + 1
            self.keys[(*path, name)] = Position(key.start_mark.line + 1, key.start_mark.column + 1, name)
            yield name, self.read(value, (*path, name))

    def _scalar(self, node: yaml.Node) -> Any:
        if node.tag in _AS_TEXT:
            return str(node.value)
        if node.tag == _NULL:
            return None
        if node.tag in _PLAIN:
            if len(node.value) > LONGEST_NUMBER:
                raise YamlError(f"{self._at(node)}: a number of {len(node.value)} characters, {LONGEST_NUMBER} allowed")
            try:
                return self._constructor.construct_object(node)
            except (ConstructorError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
                kind = node.tag.rpartition(":")[2]
                raise YamlError(f"{self._at(node)}: {node.value[:40]!r} is not a valid {kind}") from None
        raise YamlError(f"{self._at(node)}: tags are refused: remove {_tag(node.tag)}")

    def _plain_tag(self, node: yaml.Node, usual: str) -> None:
        if node.tag != usual:
            raise YamlError(f"{self._at(node)}: tags are refused: remove {_tag(node.tag)}")

    def _at(self, node: yaml.Node) -> str:
        return _at(self._name, node.start_mark)


def _tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")[:60]


def _describe(name: str, error: yaml.MarkedYAMLError) -> str:
    """A plain text for an error of PyYAML, with the place where the mistake begins."""
    context, problem = str(error.context), str(error.problem)
    mark = error.problem_mark
    if context == "while scanning a quoted scalar" or context.startswith("while parsing a flow"):
        mark = error.context_mark or mark
    return f"{_at(name, mark)}: not YAML: {_words(context, problem)}"


def _at(name: str, mark: Any) -> str:
    """`NAME:LINE:COLUMN` of a mark; PyYAML has two classes of marks with the same attributes."""
    return f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else f"{name}:1:1"


def _words(context: str, problem: str) -> str:
    if context == "while scanning a quoted scalar":
        return "a text in quotes is not closed: close it"
    if context.startswith("while parsing a flow"):
        return "a list or mapping in brackets is not closed, or lacks a comma: close it"
    if "\\t" in problem:
        return "a tab stands here: indent with spaces"
    if context == "while scanning for the next token":
        return "no text may begin with this sign: quote it"
    if "mapping values are not allowed" in problem:
        return "a second colon in one line: quote the text, or begin a new line"
    if "<block end>" in problem or "could not find expected ':'" in problem:
        return "this does not belong to the lines above: correct its indentation, or quote the text"
    return f"{problem}: correct it"


def _position(text: str) -> tuple[int, int]:
    return text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1


def _code(error: ReaderError) -> int:
    return error.character if isinstance(error.character, int) else ord(error.character)
