"""The report of a run: counts, steps, errors, and lines of progress."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SYMBOLS = {"create": "+", "update": "~", "replace": "+-", "delete": "-", "same": " "}
# shorter strings occur in many places; masking them would make messages unreadable
SHORTEST_SECRET = 8


class Report:
    """Collects the outcome of a run from any thread, without secrets."""

    def __init__(self, emit: Callable[[str], None]) -> None:
        self._emit = emit
        self._lock = threading.Lock()
        self._secrets: set[str] = set()
        self.changes = {"create": 0, "update": 0, "replace": 0, "delete": 0, "same": 0}
        self.steps: list[dict[str, Any]] = []
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self.retained: list[dict[str, str]] = []
        self.outputs: dict[str, Any] = {}

    def hide(self, values: Iterable[str]) -> None:
        """Mask these strings in all later messages."""
        with self._lock:
            self._secrets.update(value for value in values if len(value) >= SHORTEST_SECRET)

    def mask(self, text: str) -> str:
        """Return the text without secrets; the longest first, because one may contain another."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "[secret]")
        return text

    def step(self, op: str, kind: str, name: str, changed: Iterable[str] = ()) -> None:
        """Count one resource and print its change; an unchanged resource is only counted."""
        with self._lock:
            self.changes[op] += 1
            if op == "same":
                return
            reasons = sorted(changed)
            self.steps.append({"op": op, "type": kind, "name": name, "changed": reasons})
            why = f"  ({', '.join(reasons)})" if reasons else ""
            self._emit(f"{SYMBOLS[op]:>2} {op:<8}{kind}  {name}{why}")

    def error(self, text: str) -> None:
        """Record an error; the run has failed."""
        with self._lock:
            self.errors.append(self.mask(text))
            self._emit(f"error: {self.mask(text)}")

    def warn(self, text: str) -> None:
        """Print a warning, each text only once."""
        with self._lock:
            masked = self.mask(text)
            if masked not in self.warnings:
                self.warnings.append(masked)
                self._emit(f"warning: {masked}")

    def print(self, text: str) -> None:
        """Print a line of progress."""
        with self._lock:
            self._emit(self.mask(text))

    def retain(self, kind: str, name: str, reason: str) -> None:
        """Record a resource that stays in place on purpose."""
        self.retained.append({"type": kind, "name": name, "reason": reason})
        self._emit(f" = retain  {kind}  {name}  ({reason})")

    def as_json(self) -> dict[str, Any]:
        """Return the result object of `--json`."""
        return {
            "result": "failed" if self.errors else "succeeded",
            "changes": self.changes,
            "outputs": self.outputs,
            "steps": self.steps,
            "errors": self.errors,
            "warnings": self.warnings,
            "retained": self.retained,
        }
