"""The commands, settings and tables of a guide, read from its Markdown."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Guide:
    """The sections of a document by their headings, in their order; each reaches to the next heading of any level."""

    sections: dict[str, str]

    @classmethod
    def read(cls, file: Path) -> Self:
        """Headings in code blocks are comments of a shell, not headings."""
        text = file.read_text("utf-8")
        blocks = [found.span() for found in _BLOCK.finditer(text)]
        headings = [
            found for found in _HEADING.finditer(text) if not any(start <= found.start() < end for start, end in blocks)
        ]
        ends = [*(found.start() for found in headings[1:]), len(text)]
        return cls({found[1]: text[found.end() : end] for found, end in zip(headings, ends, strict=True)})

    def commands(self, heading: str) -> list[str]:
        """What follows `$ ` in the console blocks of a section; a line that ends with a backslash goes on."""
        blocks = (body for _, kind, body in _BLOCK.findall(self.sections[heading]) if kind == "console")
        lines = [line.strip() for block in blocks for line in re.sub(r"\\\n\s*", "", block).splitlines()]
        return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]

    def terminal(self) -> list[tuple[str, str]]:
        """The commands of all console blocks, each with what it prints."""
        found: list[tuple[str, str]] = []
        for section in self.sections.values():
            for _, kind, body in _BLOCK.findall(section):
                for prompt in body.split("$ ")[1:] if kind == "console" else ():
                    command, _, output = prompt.partition("\n")
                    found.append((command, output.strip()))
        return found

    def texts(self, heading: str) -> list[str]:
        """The text blocks of a section."""
        return [body for _, kind, body in _BLOCK.findall(self.sections[heading]) if kind == "text"]

    def settings(self, heading: str) -> dict[str, Any]:
        """The YAML block of a section."""
        (settings,) = self.documents(heading)
        return settings

    def documents(self, heading: str) -> list[dict[str, Any]]:
        """The YAML blocks of a section: settings, and manifests."""
        return [yaml.safe_load(body) for _, kind, body in _BLOCK.findall(self.sections[heading]) if kind == "yaml"]

    def table(self, heading: str) -> list[list[str]]:
        """The rows of a section's only table, without head and line."""
        lines = [line.strip("|") for line in self.sections[heading].splitlines() if line.startswith("|")]
        return [[cell.strip() for cell in line.split("|")] for line in lines[2:]]
