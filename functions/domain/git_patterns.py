"""Patterns of paths, as in a `.gitignore` file at the root of the repository, matched in linear time.

What they mean is documented in https://git-scm.com/docs/gitignore#_pattern_format; the tests compare with
`git check-ignore`. Like git, this matches bytes: `?` stands for one byte of a name in UTF-8. Within this module, a byte
is the character of the same number.
"""

import string
from collections.abc import Sequence

from functions.domain.globs import Matcher, Part

_BYTES = frozenset(map(chr, range(256)))
_PRINTABLE = frozenset(map(chr, range(32, 127)))
# The classes in brackets; names beyond ASCII are in none. Git's `space` lacks the vertical tab and the form feed.
_NAMED: dict[str, frozenset[str]] = {
    "alnum": frozenset(string.ascii_letters + string.digits),
    "alpha": frozenset(string.ascii_letters),
    "blank": frozenset(" \t"),
    "cntrl": frozenset(map(chr, [*range(32), 127])),
    "digit": frozenset(string.digits),
    "graph": _PRINTABLE - {" "},
    "lower": frozenset(string.ascii_lowercase),
    "print": _PRINTABLE,
    "punct": frozenset(string.punctuation),
    "space": frozenset(" \t\n\r"),
    "upper": frozenset(string.ascii_uppercase),
    "xdigit": frozenset(string.hexdigits),
}
_WILD = "*?[\\"
_NEVER = "it matches no path"


class GitPatterns:
    """Which paths a list of patterns selects: the last pattern that matches decides, `!` takes a path out again.

    What lies below a selected folder is selected, whatever the patterns say of it.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._rules = [_Rule(one) for one in reversed(patterns) if not one.startswith("#")]

    def select(self, path: str) -> bool:
        """Whether a file of this path, without a leading `/`, is selected."""
        text = path.encode("utf-8", "surrogateescape").decode("latin-1")
        fitting = [(rule, rule.ends(text)) for rule in self._rules]
        # From the outermost folder to the file: the first one that is selected decides.
        for end in [at for at, character in enumerate(text) if character == "/"] + [len(text)]:
            folder = end < len(text)
            found = next((rule for rule, ends in fitting if end in ends and (folder or not rule.folders)), None)
            if found and not found.out:
                return True
        return False


class _Rule:
    """One pattern: what it matches (None for nothing), and whether it takes paths out, matches folders only, or names.

    A pattern without a `/` but at its end is for names in any folder.
    """

    __slots__ = ("anywhere", "folders", "matcher", "out")

    def __init__(self, pattern: str) -> None:
        text = _trimmed(pattern.encode().decode("latin-1"))
        self.out = text.startswith("!")
        text = text.removeprefix("!")
        self.folders = text.endswith("/")
        text = text.removesuffix("/")
        self.anywhere = "/" not in text
        parts = _parts(text.removeprefix("/"), anywhere=self.anywhere)
        self.matcher = Matcher(parts) if parts else None

    def ends(self, path: str) -> set[int]:
        """Where the folders and the file end that it matches."""
        if self.matcher is None:
            return set()
        if not self.anywhere:
            return {*self.matcher.ends(path)}
        found, end = set[int](), -1
        for name in path.split("/"):
            end += 1 + len(name)
            if self.matcher.matches(name):
                found.add(end)
        return found


def mistake_in(pattern: str) -> str:
    """Why a pattern can't be meant, and the next step; "" if it can."""
    if pattern.startswith("#"):
        return "a pattern that begins with # is a comment: write \\# for a name that begins so"
    if any(ord(character) < 32 or ord(character) == 127 for character in pattern):
        return "control characters are not allowed in a pattern: remove them"
    rule, text = _Rule(pattern), pattern.removeprefix("!").removeprefix("/").removesuffix("/")
    if rule.matcher is None:
        return f"{_NEVER}: close the bracket, name what follows a \\, or write what it is for"
    if any(name in ("", ".", "..") for name in text.split("/")):
        return f"{_NEVER}: write a path from the root of the repository, without . and .. and //"
    return ""


def _trimmed(text: str) -> str:
    """Without the spaces at its end, unless a `\\` is before them."""
    kept = text.rstrip(" ")
    escapes = len(kept) - len(kept.rstrip("\\"))
    return text[: len(kept) + 1] if escapes % 2 and kept != text else kept


def _parts(text: str, *, anywhere: bool) -> list[Part]:
    """The parts of a pattern; none if it can't match anything."""
    plain = next((at for at, character in enumerate(text) if character in _WILD), len(text))
    parts: list[Part] = [frozenset(character) for character in text[:plain]]
    at = plain
    while at < len(text):
        character, at = text[at], at + 1
        if character == "*":
            # Git compares what is before the first wildcard by itself, so a `**` behind it counts as a whole name.
            begins = at - 1 == plain or text[at - 2] == "/"
            stars = at - 1
            while text[at : at + 1] == "*":
                at += 1
            whole = at - stars > 1 and begins and not anywhere
            if whole and text[at : at + 1] == "/":
                at += 1
                parts += ["**/"] if parts[-1:] != ["**/"] else []
            elif whole and (at == len(text) or text[at : at + 2] == "\\/"):
                parts.append("**")
            else:
                parts.append("*")
        elif character == "?":
            parts.append("?")
        elif character == "[":
            brackets = _listed(text, at)
            if brackets is None:
                return []
            parts.append(brackets[0])
            at = brackets[1]
        elif character == "\\" and at == len(text):
            return []
        else:
            if character == "\\":
                character, at = text[at], at + 1
            parts.append(frozenset(character))
    return parts


def _listed(text: str, at: int) -> tuple[frozenset[str], int] | None:
    """The characters that the brackets stand for whose text begins at `at`, and where they end; None if they do not."""
    negated = text[at : at + 1] in {"!", "^"}
    at += negated
    first, found, before = at, set[str](), ""
    while at == first or text[at : at + 1] != "]":
        if text.startswith("[:", at) and (end := text.find("]", at)) > at + 2 and text[end - 1] == ":":
            named = _NAMED.get(text[at + 2 : end - 1])
            if named is None:
                return None
            found |= named
            at, before = end + 1, ""
        elif before and text[at : at + 1] == "-" and text[at + 1 : at + 2] not in {"", "]"}:
            last, at = _character(text, at + 1)
            found.update(map(chr, range(ord(before), ord(last or "\0") + 1)))
            before = ""
        else:
            before, at = _character(text, at)
            found.add(before)
        if at > len(text):
            return None
    return (_BYTES - found if negated else frozenset(found)) - {"/"}, at + 1


def _character(text: str, at: int) -> tuple[str, int]:
    """The character at a position, or the one after its `\\`, and the next position; "" beyond the end of the text."""
    at += text[at : at + 1] == "\\"
    return text[at : at + 1], at + 1
