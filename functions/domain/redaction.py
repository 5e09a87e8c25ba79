"""Secrets in texts that people or other systems read: recognised by their shape, and left out (I4).

The last line of defence: nothing of ours writes a secret into a text, but exceptions, builds and commit messages may.
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
        (r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,})", 0),
        (r"\b(?:AKIA|ASIA|AIDA|AROA)[A-Z0-9]{12,}\b", 0),
        (r"\bxox[abeoprs]-[\w-]{8,}|\bxapp-[\w-]{8,}", 0),
        (r"(?<=hooks\.slack\.com/)[\w/-]+", 0),
        (
            r"\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{8,}|\bsk-[A-Za-z0-9_-]{20,}|\bnpm_[A-Za-z0-9]{20,}|\bpypi-[\w-]{20,}",
            0,
        ),
        (r"\bAIza[\w-]{30,}|\bSG\.[\w-]{16,}\.[\w-]{16,}|\bhv[sb]\.[\w-]{20,}|\bdckr_pat_[\w-]{20,}", 0),
        (r"\beyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*", 0),
        (r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)", 0),
        (r"(?<=\bBearer )[\w.~+/=-]{8,}|(?<=\bBasic )[\w+/=-]{8,}|(?<=\btoken )[\w.-]{16,}", re.IGNORECASE),
        # name = value, name: "value", ?name=value, --name value; the quotes may be escaped, and the name has a prefix
        (
            rf"(?<![a-z])((?:[\w.-]*{_WORD})\\?[\"']?\s*(?:=|:)\s*\\?[\"']?)(?!\[redacted\])[^\s\"'\\&,;)}}]{{6,}}",
            re.IGNORECASE,
        ),
        (rf"(--{_WORD}\s+)[^\s\"'-][^\s\"']{{5,}}", re.IGNORECASE),
    )
)


def redact(text: str) -> str:
    """The text with every secret that can be told by its shape replaced; what stood before a value stays."""
    for shape in _SHAPES:
        text = shape.sub(lambda found: f"{found[1] if found.re.groups else ''}{_LEFT_OUT}", text)
    return text
