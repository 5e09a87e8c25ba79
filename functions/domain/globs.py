"""Globs of files in an archive, as in a buildspec's `files`, and the matcher of all path patterns.

A name is matched in time that grows with pattern times name. A regular expression would try every way to divide a name
among the wildcards, and repositories write both.
"""

import re
from collections.abc import Sequence

_PARTS = re.compile(r"\*\*/|\*\*|\*|.", re.DOTALL)
# Several ones at once mean no more than one, and so at most two wildcards follow one another.
_REPEATED = re.compile(r"(?:\*\*/)+(?=\*\*/)|\*+(?=\*\*)")

# A wildcard (`*` and `?` match characters except `/`, `**` any, `**/` any folders or none), or the set of characters
# one of which stands here.
Part = str | frozenset[str]


class Matcher:
    """A pattern as its parts.

    Each part has one bit. A set bit of a state means that the parts before it have matched so far.
    """

    __slots__ = ("_anything", "_end", "_files", "_folders", "_listed", "_one")

    def __init__(self, parts: Sequence[Part]) -> None:
        wild = {"**/": 0, "**": 0, "*": 0, "?": 0}
        self._listed: dict[str, int] = {}
        for at, part in enumerate(parts):
            if isinstance(part, str):
                wild[part] |= 1 << at
            else:
                for character in part:
                    self._listed[character] = self._listed.get(character, 0) | 1 << at
        self._folders, self._anything, self._files, self._one = wild.values()
        self._end = 1 << len(parts)

    def matches(self, name: str) -> bool:
        """Whether the whole name fits."""
        return self.ends(name)[-1:] == [len(name)]

    def ends(self, name: str) -> list[int]:
        """Where the folders of a path end that fit, each before its `/`, and the end of the name if all of it fits."""
        found = []
        state = self._passing(1, 1)
        for at, character in enumerate(name):
            slash = character == "/"
            if slash and state & self._end:
                found.append(at)
            moved = (state & (self._listed.get(character, 0) | (0 if slash else self._one))) << 1
            stayed = state & (self._anything | self._folders | (0 if slash else self._files))
            # A wildcard may end after each of its characters, and folders after a `/` only.
            state = self._passing(moved | stayed, moved | (stayed & ~(0 if slash else self._folders)))
            if not state:
                return found
        return [*found, len(name)] if state & self._end else found

    def _passing(self, state: int, begin: int) -> int:
        """The state with all that follows wildcards which may match nothing more, from the bits of `begin`."""
        wild = self._folders | self._anything | self._files
        while begin & wild:
            begin = (begin & wild) << 1
            state |= begin
        return state


def glob(pattern: str) -> Matcher:
    """The matcher of a glob, in which any other character stands for itself."""
    parts = _PARTS.findall(_REPEATED.sub("", pattern))
    return Matcher([part if part in ("**/", "**", "*", "?") else frozenset(part) for part in parts])
