"""Reading the allow-list of a repository: a YAML list under `allowed`, each with id, reason, owner and expiry."""

from datetime import date, datetime
from typing import Any

import yaml

from functions.domain.errors import BadInputError
from functions.domain.findings import Allowance
from functions.domain.gates import Unreadable

_SIZE_LIMIT = 256 * 1024
_KEYS = ("id", "reason", "owner", "expires", "place")


def read_allow_list(raw: bytes | None, path: str) -> tuple[Allowance, ...] | Unreadable:
    """Every entry, also those that will not count; a file that can't be read allows nothing and closes the gate."""
    if raw is None:
        return Unreadable(f"{path}: not in the repository; add it, or take allowList out of the manifest")
    if len(raw) > _SIZE_LIMIT:
        return Unreadable(f"{path}: {len(raw)} bytes, {_SIZE_LIMIT} allowed")
    try:
        entries = (yaml.safe_load(raw.decode("utf-8")) or {}).get("allowed", [])
        if not isinstance(entries, list):
            return Unreadable(f"{path}: allowed must be a list")
        return tuple(_entry(number, entry) for number, entry in enumerate(entries, 1))
    except (yaml.YAMLError, BadInputError, RecursionError, ValueError, TypeError, KeyError, AttributeError) as error:
        return Unreadable(f"{path}: {error}")


def _entry(number: int, entry: Any) -> Allowance:
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str) or not entry["id"].strip():
        raise ValueError(f"entry {number} needs an id (a text)")
    unknown = sorted(str(key) for key in entry if key not in _KEYS)
    if unknown:
        raise ValueError(f"entry {number} ({entry['id']}): {unknown[0]} is unknown; known: {', '.join(_KEYS)}")
    expires = entry.get("expires")
    if isinstance(expires, str):
        expires = date.fromisoformat(expires)
    if isinstance(expires, datetime) or not isinstance(expires, date | None):
        raise BadInputError(f"entry {number} ({entry['id']}): expires must be a date: YYYY-MM-DD")
    reason, owner = str(entry.get("reason") or ""), str(entry.get("owner") or "")
    return Allowance(
        entry["id"].strip(), reason, owner, expires.isoformat() if expires else "", str(entry.get("place") or "*")
    )
