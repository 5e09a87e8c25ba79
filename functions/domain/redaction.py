"""Secrets in texts that people or other systems read: recognised by their shape, and left out (I4).

The last line of defence: nothing of ours writes a secret into a text, but exceptions, builds and commit messages may.
The worker's program, which runs in a build without the rest of the product, ships this file too: standard library only.

Texts are written by strangers, so every shape is found in time that grows with the length of the text and no faster:
no shape may begin in the midst of what another attempt has read in vain.
"""

import re

_LEFT_OUT = "[redacted]"
_WORD = r"(?:pass(?:word|wd|phrase)?|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?|auth)"
_SHAPES = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        # PEM, also with its line ends escaped, and cut off before its end
        (
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|\Z)",
            re.DOTALL,
        ),
        # https://docs.gitlab.com/security/tokens/#token-prefixes
        (r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|gl[a-z]{2,5}-[\w-]{16,})", 0),
        (r"\b(?:AKIA|ASIA|AIDA|AROA)[A-Z0-9]{12,}\b", 0),
        (r"\bxox[abeoprs]-[\w-]{8,}|\bxapp-[\w-]{8,}", 0),
        (r"(?<=hooks\.slack\.com/)[\w/-]+", 0),
        (
            r"\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{8,}|\bsk-[A-Za-z0-9_-]{20,}|\bnpm_[A-Za-z0-9]{20,}|\bpypi-[\w-]{20,}",
            0,
        ),
        (r"\bAIza[\w-]{30,}|\bSG\.[\w-]{16,}\.[\w-]{16,}|\bhv[sb]\.[\w-]{20,}|\bdckr_pat_[\w-]{20,}", 0),
        (r"(?<=://)[^\s/@:\"'<>]*:[^\s/@\"'<>]+(?=@)", 0),
        (r"(?<=\bBearer )[\w.~+/=-]{8,}|(?<=\bBasic )[\w+/=-]{8,}|(?<=\btoken )[\w.-]{16,}", re.IGNORECASE),
        # name = value, name: "value", ?name=value, --name value; the quotes may be escaped, and the name have a prefix
        (
            rf"({_WORD}\\?[\"']?\s*(?:=|:)\s*\\?[\"']?)(?!\[redacted\])[^\s\"'\\&,;)}}]{{6,}}",
            re.IGNORECASE,
        ),
        (rf"(--{_WORD}\s+)[^\s\"'-][^\s\"']{{5,}}", re.IGNORECASE),
    )
)


# A web token is three runs of letters with dots between them; they are looked at once, as one.
_DOTTED = re.compile(r"[\w.-]{14,}")
_HEADER = re.compile(r"\beyJ")
_SHORTEST_HEADER, _SHORTEST_PAYLOAD = 11, 4


def redact(text: str) -> str:
    """The text with every secret that can be known by its shape replaced; what stood before a value stays."""
    for shape in _SHAPES:
        text = shape.sub(lambda found: f"{found[1] if found.re.groups else ''}{_LEFT_OUT}", text)
    return _DOTTED.sub(_without_web_tokens, text)


def _without_web_tokens(found: re.Match[str]) -> str:
    """Letters and dots without the JSON Web Tokens among them: a header that begins `{"`, a payload, a signature."""
    runs = found[0].split(".")
    kept, place = [], 0
    while place < len(runs):
        header = _HEADER.search(runs[place])
        rest = runs[place + 1 : place + 3]
        long_enough = header and len(runs[place]) - header.start() >= _SHORTEST_HEADER
        if header and long_enough and len(rest) == 2 and len(rest[0]) >= _SHORTEST_PAYLOAD:
            kept.append(runs[place][: header.start()] + _LEFT_OUT)
            place += 3
        else:
            kept.append(runs[place])
            place += 1
    return ".".join(kept)
