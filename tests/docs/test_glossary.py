"""The glossary: sorted, unambiguous, and complete for what the README says."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text("utf-8")
# Names of classes and modules that are everyday words wherever the README uses them.
EVERYDAY = frozenset(
    {
        "answer",
        "board item",
        "built",
        "end",
        "error",
        "link",
        "message",
        "overview",
        "pulumi stack",
        "refused",
        "start",
        "time",
    }
)


def defined() -> list[str]:
    """The terms in the order of the page; each begins a line as `**term**: `."""
    return re.findall(r"^\*\*(.+?)\*\*: ", GLOSSARY, re.MULTILINE)


def singular(word: str) -> str:
    """The word without the ending of a plural: `entries` is `entry`, `watches` is `watch`, `status` stays."""
    if word.endswith("ies"):
        return word.removesuffix("ies") + "y"
    if re.search(r"(ch|sh|ss|x)es$", word):
        return word.removesuffix("es")
    return word if word.endswith(("ss", "us")) else word.removesuffix("s")


def named_by_the_code() -> Iterator[str]:
    """What the product gives a name to: its workflows, and the modules and classes of the domain."""
    for definition in (ROOT / "statemachines").glob("*.asl.json"):
        yield definition.name.removesuffix(".asl.json").replace("_", " ")
    for module in (ROOT / "functions" / "domain").glob("[a-z]*.py"):
        yield singular(module.stem.replace("_", " "))
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                yield singular(" ".join(re.findall(r"[A-Z][a-z]*", node.name)).lower())


def words_of_the_readme() -> str:
    """Its prose, in singular words between spaces: without what is code, and without where links lead."""
    text = (ROOT / "README.md").read_text("utf-8")
    for hidden in (r"```.*?```", r"`[^`]*`", r"\]\([^)]*\)"):
        text = re.sub(hidden, " ", text, flags=re.DOTALL)
    return f" {' '.join(map(singular, re.findall('[a-z]+', text.lower())))} "


def test_terms_are_sorted_and_defined_once() -> None:
    """Whoever looks a term up finds one place, where the alphabet says."""
    assert defined() == sorted(set(defined()), key=str.casefold)


def test_every_entry_begins_with_its_term() -> None:
    """Each paragraph of the list defines one term, in one to four sentences."""
    terms = GLOSSARY.partition("## Terms\n")[2].partition("\n## ")[0]
    entries = terms.strip().split("\n\n")
    assert [entry for entry in entries if not re.match(r"\*\*[^*]+\*\*: [A-Z]", entry)] == []
    assert [entry for entry in entries if len(re.findall(r"[.:](?=\s|$)", entry)) > 5] == []


def test_the_readme_uses_defined_terms() -> None:
    """A word of the README that the code gives a name to is in the glossary, in the singular."""
    prose = words_of_the_readme()
    used = {name for name in named_by_the_code() if f" {name} " in prose}
    assert len(used) > 10  # else the rule finds nothing, and proves nothing
    assert used - set(defined()) - EVERYDAY == set()


def test_a_word_that_is_not_used_is_no_term() -> None:
    """What the second table replaces is defined nowhere above, unless another meaning is given in parentheses."""
    table = GLOSSARY.partition("## Words that are not used\n")[2]
    replaced = {word.strip() for cell in re.findall(r"^\| (.+?) \|", table, re.MULTILINE) for word in cell.split(",")}
    assert len(replaced) > 5
    assert replaced & set(defined()) == set()
