"""Pictures of the workflows, drawn from the definitions into `docs/architecture.md` between markers.

`python -m statemachines.diagrams` draws; with `--check` it only says whether a picture is stale.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from statemachines.definitions import FOLDER, WORKFLOWS, State, load

PAGE = FOLDER.parent / "docs" / "architecture.md"
_SHAPES = {
    "Choice": ("{{", "}}"),
    "Succeed": ("([", "])"),
    "Fail": ("([", "])"),
    "Wait": ("[/", "/]"),
    "Pass": ("(", ")"),
}


def mermaid(workflow: str) -> str:
    """A definition as a Mermaid flowchart: solid lines are the way on, dotted ones are taken after a fault."""
    definition = load(workflow)
    lines = ["flowchart TD", f"  start((start)) --> {definition['StartAt']}"]
    for name, state in definition["States"].items():
        opening, closing = _SHAPES.get(state["Type"], ("[", "]"))
        lines.append(f'  {name}{opening}"{_words(name, state)}"{closing}')
        lines.extend(_arrows(name, state))
    return "\n".join(lines)


def _words(name: str, state: State) -> str:
    """A state that waits says so."""
    return f"{name} ⏳" if ".waitForTaskToken" in state.get("Resource", "") else name


def _arrows(name: str, state: State) -> Iterator[str]:
    drawn: set[tuple[str, str]] = set()
    solid = [choice["Next"] for choice in state.get("Choices", [])] + [state.get("Default"), state.get("Next")]
    for line, targets in (("-->", solid), ("-.->", [catcher["Next"] for catcher in state.get("Catch", [])])):
        for target in targets:
            if target and (line, target) not in drawn:
                drawn.add((line, target))
                yield f"  {name} {line} {target}"


def draw(page: str) -> str:
    """The page with every picture as the definitions are now."""
    for workflow in WORKFLOWS:
        block = f"<!-- {workflow}: drawn by make diagrams -->\n```mermaid\n{mermaid(workflow)}\n```\n<!-- end -->"
        pattern = rf"<!-- {workflow}: drawn by make diagrams -->.*?<!-- end -->"
        page, found = re.subn(pattern, lambda _, block=block: block, page, flags=re.DOTALL)  # type: ignore[misc]
        if not found:
            raise ValueError(f"{PAGE.name} has no place for the picture of {workflow}: add its two markers")
    return page


def main(page: Path = PAGE) -> int:
    """Draw, or check; exit code 1 when a picture is stale."""
    before = page.read_text("utf-8")
    after = draw(before)
    if "--check" in sys.argv:
        if after != before:
            sys.stderr.write(f"{page.name}: pictures are stale; run `make diagrams`\n")
        return int(after != before)
    page.write_text(after, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
