"""Globs of files in an archive, as in a buildspec's `files`, matched in time that grows with pattern times name.

A regular expression would try every way to divide a name among the wildcards, and repositories write both.
"""

import re
from dataclasses import dataclass, field

_PARTS = re.compile(r"\*\*/|\*\*|\*|.", re.DOTALL)
# Several ones at once mean no more than one, and so at most two wildcards follow one another.
_REPEATED = re.compile(r"(?:\*\*/)+(?=\*\*/)|\*+(?=\*\*)")


@dataclass(slots=True)
class Glob:
    """`*` and `?` match characters except `/`, `**` matches any, and `**/` any folders or none.

    Each part of the pattern has one bit. A set bit of a state means that the parts before it have matched so far.
    """

    pattern: str
    _end: int = 0
    _folders: int = 0
    _files: int = 0
    _anything: int = 0
    _one: int = 0
    _literal: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = _PARTS.findall(_REPEATED.sub("", self.pattern))
        for at, part in enumerate(parts):
            bit = 1 << at
            match part:
                case "**/":
                    self._folders |= bit
                case "**":
                    self._anything |= bit
                case "*":
                    self._files |= bit
                case "?":
                    self._one |= bit
                case _:
                    self._literal[part] = self._literal.get(part, 0) | bit
        self._end = 1 << len(parts)

    def matches(self, name: str) -> bool:
        """Whether the whole name fits."""
        state = self._passing(1, 1)
        for character in name:
            slash = character == "/"
            moved = (state & (self._literal.get(character, 0) | (0 if slash else self._one))) << 1
            stayed = state & (self._anything | self._folders | (0 if slash else self._files))
            # A wildcard may end after each of its characters, and folders after a `/` only.
            state = self._passing(moved | stayed, moved | (stayed & ~(0 if slash else self._folders)))
            if not state:
                return False
        return bool(state & self._end)

    def _passing(self, state: int, begin: int) -> int:
        """The state with all that follows wildcards which may match nothing more, from the bits of `begin`."""
        wild = self._folders | self._anything | self._files
        while begin & wild:
            begin = (begin & wild) << 1
            state |= begin
        return state
