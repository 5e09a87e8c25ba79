"""`gates.md`: every gate, from its docstring, keys and metrics."""

from collections.abc import Iterator
from typing import get_args

from functions.gates.base import Gate, Moment, Section
from functions.gates.registry import GATES
from tools.reference.markdown import code, codes, item, paragraph

_INTRODUCTION = """
The gates of a release, in the order in which they judge. `make reference` generates this page from the files in
`functions/gates/`. The keys belong to the delivered repository's `delivery.yml`; `docs/gates.md` shows examples.
"""
_WHEN: dict[Moment, str] = {"before": "before any deployment", "after": "in an environment, before its watch"}
_PLACES: dict[Section, str] = {
    "build": "build.",
    "gates": "gates.",
    "afterDeploy": "gates.afterDeploy.<environment>.",
}


def page(gates: tuple[Gate, ...] = GATES) -> str:
    """The text of the page."""
    return (
        "\n\n".join(["# Gates", paragraph(_INTRODUCTION), *(part for gate in gates for part in _section(gate))]) + "\n"
    )


def _section(gate: Gate) -> Iterator[str]:
    yield f"## {code(gate.name)}"
    yield paragraph(gate.documentation)
    keys = [f"{_PLACES[section]}{key}" for section in get_args(Section) for key in gate.manifest(section)]
    metrics = [figure[0].upper() + figure[1:] for figure in gate.metrics]
    lines = [f"When: {'; '.join(_WHEN[moment] for moment in gate.when)}."]
    lines += [f"Keys: {codes(keys)}."] if keys else []
    lines += [f"Metrics: {codes(metrics)}."] if metrics else []
    yield "\n".join(item(line) for line in lines)
