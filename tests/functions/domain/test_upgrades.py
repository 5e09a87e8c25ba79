"""The registry of types that earlier versions stored in another format."""

import sys
from dataclasses import dataclass
from subprocess import run

import pytest

from functions.domain.upgrades import UPGRADES
from functions.handler import decode


@dataclass(frozen=True, slots=True)
class _Inner:
    name: str


@dataclass(frozen=True, slots=True)
class _Outer:
    inner: _Inner


def test_a_registered_type_is_converted_wherever_it_occurs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A conversion that is registered after the decoder was imported applies to values inside other types."""
    monkeypatch.setitem(UPGRADES, _Inner, lambda row: {"name": row["title"]} if "title" in row else row)
    assert decode(_Outer, {"inner": {"title": "before"}}) == decode(_Outer, {"inner": {"name": "before"}})


def test_the_decoder_imports_no_stored_type() -> None:
    """A function that reads no part does not pay for the manifest's types at its cold start."""
    code = "import sys, functions.handler; sys.exit('functions.domain.manifests' in sys.modules)"
    assert run([sys.executable, "-c", code], check=False).returncode == 0
