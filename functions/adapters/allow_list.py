"""Reads the allow-list of a repository: a YAML list under `allowed`; each entry has id, reason, owner and expiry."""

import difflib
import re
from datetime import date

from functions.adapters.yaml_documents import Document, YamlError, read_yaml
from functions.domain.findings import Allowance, fault_of
from functions.domain.gates import Unreadable

_KEYS = ("id", "reason", "owner", "expires", "place")
_FORM = "write it as YYYY-MM-DD, for example 2026-12-31"


def read_allow_list(raw: bytes | None, path: str) -> tuple[Allowance, ...] | Unreadable:
    """All entries, including expired ones; a file that is missing or invalid is Unreadable, which fails the gate.

    The reason has all mistakes, each as `PATH:LINE:COLUMN: entry NUMBER (ID): mistake: next step`.
    """
    if raw is None:
        return Unreadable(f"{path}: not in the repository; add it, or remove allowList from the manifest")
    try:
        document = read_yaml(raw, path)
    except YamlError as error:
        return Unreadable(str(error))
    read, mistakes = _read(document)
    return Unreadable("; ".join(mistakes)) if mistakes else read


def allow_list_mistakes(raw: bytes, path: str, today: date) -> list[str]:
    """Each mistake of an allow-list, and each entry that does not count today, as in the reason above."""
    try:
        document = read_yaml(raw, path)
    except YamlError as error:
        return [str(error)]
    read, mistakes = _read(document)
    for number, entry in enumerate(read):
        if entry.id and (fault := fault_of(entry, today)):
            at = document.at(("allowed", number))
            mistakes.append(f"{at}: entry {number + 1} ({entry.id}) {fault} and does not count: correct or remove it")
    return mistakes


def _read(document: Document) -> tuple[tuple[Allowance, ...], list[str]]:
    """The entries, and the mistakes in them."""
    entries, mistakes = _entries(document), list[str]()
    if isinstance(entries, str):
        return (), [entries]
    return tuple(_entry(document, number, entry, mistakes) for number, entry in enumerate(entries)), mistakes


def _entries(document: Document) -> list[object] | str:
    """The list of entries, or the mistake as text."""
    value = document.value
    if value is None:
        return []
    if not isinstance(value, dict):
        return f"{document.at(())}: expected the key `allowed`: write `allowed:` above the list"
    unknown = next((key for key in value if key != "allowed"), None)
    if unknown is not None:
        return f"{document.at((unknown,))}: {unknown} is unknown: the list stands under `allowed`"
    entries = value.get("allowed")
    if entries is not None and not isinstance(entries, list):
        return f"{document.at(('allowed',))}: allowed must be a list: begin each entry with `- id: …`"
    return entries or []


def _entry(document: Document, number: int, entry: object, mistakes: list[str]) -> Allowance:
    path = ("allowed", number)
    known = entry if isinstance(entry, dict) else {}
    id_ = known.get("id")
    named = f"entry {number + 1}" + (f" ({id_})" if isinstance(id_, str) and id_.strip() else "")
    mistakes_before = len(mistakes)
    for key in known:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, 1)
            step = f"write {near[0]}" if near else f"known are {', '.join(_KEYS)}"
            mistakes.append(f"{document.at((*path, key))}: {named}: {key} is unknown: {step}")
    texts = {key: _text(document, (*path, key), known.get(key), named, mistakes) for key in _KEYS}
    if len(mistakes) == mistakes_before and not texts["id"]:
        mistakes.append(
            f"{document.at(path)}: {named} needs an id: name the rule or the advisory it allows (`- id: …`)"
        )
    expires = texts["expires"]
    if expires and not _is_date(expires):
        mistakes.append(
            f"{document.at((*path, 'expires'))}: {named}: expires must be a date, {expires} is none: {_FORM}"
        )
    return Allowance(texts["id"], texts["reason"], texts["owner"], expires, texts["place"] or "*")


def _text(document: Document, path: tuple[str | int, ...], value: object, named: str, mistakes: list[str]) -> str:
    """The text of a key, "" without one; any other YAML value is added to the mistakes."""
    if value is None or isinstance(value, str):
        return (value or "").strip()
    key, written = path[-1], document.written(path)
    if written:
        kind = "a truth value" if isinstance(value, bool) else "a number"
        step = f'YAML reads {written} as {kind}: quote it, or write a text ("{written}")'
    else:
        step = "it is a list or a mapping: write a text"
    where = f"{named} needs an id (a text)" if key == "id" else f"{named}: {key} must be a text"
    mistakes.append(f"{document.at(path)}: {where}, {step}")
    return ""


def _is_date(text: str) -> bool:
    try:
        return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False
