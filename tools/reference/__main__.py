"""`python -m tools.reference` writes the pages of `docs/reference`, and `benchmarks.md`, `messages.md` and `scale.md`.

With `--check` it lists those that are stale.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.reference import (
    benchmarks,
    commands,
    configuration,
    formats,
    gates,
    limits,
    manifest,
    messages,
    permissions,
    scale,
)

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
PAGES: Mapping[str, Callable[[], str]] = {
    "../benchmarks.md": benchmarks.page,
    "../messages.md": messages.page,
    "../scale.md": scale.page,
    "cli.md": commands.page,
    "configuration.md": configuration.page,
    "delivery.schema.json": manifest.page,
    "gates.md": gates.page,
    "formats.md": formats.page,
    "limits.md": limits.page,
    "permissions.md": permissions.page,
}


def stale(folder: Path = FOLDER) -> dict[str, str]:
    """The pages that are missing or differ from what the code generates: file name → generated text."""
    wanted = {name: page() for name, page in PAGES.items()}
    return {name: text for name, text in wanted.items() if _current(folder / name) != text}


def _current(page: Path) -> str:
    return page.read_text("utf-8") if page.exists() else ""


def main(arguments: list[str], folder: Path = FOLDER) -> int:
    """Write stale pages; with `--check` list them and return the exit code 1 if there are any."""
    found = stale(folder)
    if "--check" in arguments:
        for name in found:
            sys.stderr.write(f"docs/reference/{name} is stale; run `make reference`\n")
        return int(bool(found))
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in found.items():
        (folder / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
