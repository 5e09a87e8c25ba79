"""Redaction: secrets are recognised by their patterns and removed from texts for people and other systems (I4).

The platform writes no secret into a text, but exceptions, builds and commit messages may contain one. The worker's
program in a build includes this file without the rest of the platform, so it uses the standard library only.

The texts come from outside, so every pattern must match in linear time: no match attempt may begin inside the text that
an earlier attempt has read without success, and within an attempt no two unbounded repetitions read the same text.
`functions.domain.texts` cuts what it redacts before; a log line and a build's own output are redacted whole.
"""

import re

_LEFT_OUT = "[redacted]"
_WORD = r"(?:pass(?:word|wd|phrase)?|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?|auth)"
# RFC 7468, section 13: the longest label in use is `ENCRYPTED PRIVATE KEY`; PGP's is `PGP PRIVATE KEY BLOCK`.
_LABEL = r"[A-Z0-9 ]{0,30}PRIVATE KEY[A-Z ]{0,30}"
_SHAPES = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        # PEM, also with escaped line ends, and without its end
        (
            rf"-----BEGIN {_LABEL}-----.*?(?:-----END {_LABEL}-----|\Z)",
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
        # name = value, name: "value", ?name=value, --name value; quotes may be escaped, a name may have a prefix
        (
            rf"({_WORD}\\?[\"']?\s*(?:=|:)\s*\\?[\"']?)(?!\[redacted\])[^\s\"'\\&,;)}}]{{6,}}",
            re.IGNORECASE,
        ),
        (rf"(--{_WORD}\s+)[^\s\"'-][^\s\"']{{5,}}", re.IGNORECASE),
    )
)


# A JSON Web Token is three runs of characters with dots between them. A whole run with its dots is examined at once.
_DOTTED = re.compile(r"[\w.-]{14,}")
_HEADER = re.compile(r"\beyJ")
_SHORTEST_HEADER, _SHORTEST_PAYLOAD = 11, 4


def redact(text: str) -> str:
    """The text with every recognised secret replaced by `[redacted]`; the name before a value is kept."""
    for shape in _SHAPES:
        text = shape.sub(lambda found: f"{found[1] if found.re.groups else ''}{_LEFT_OUT}", text)
    return _DOTTED.sub(_without_web_tokens, text)


def _without_web_tokens(found: re.Match[str]) -> str:
    """Characters and dots without JSON Web Tokens: a header that begins with `{"` in base64, a payload, a signature."""
    runs = found[0].split(".")
    kept, index = [], 0
    while index < len(runs):
        header = _HEADER.search(runs[index])
        rest = runs[index + 1 : index + 3]
        long_enough = header and len(runs[index]) - header.start() >= _SHORTEST_HEADER
        if header and long_enough and len(rest) == 2 and len(rest[0]) >= _SHORTEST_PAYLOAD:
            kept.append(runs[index][: header.start()] + _LEFT_OUT)
            index += 3
        else:
            kept.append(runs[index])
            index += 1
    return ".".join(kept)
