"""Texts for mistakes in `delivery.yml`."""

import pytest

from functions.adapters.manifest_file import read_manifest
from functions.domain.errors import ManifestError

MANIFEST = """version: 1
name: hello
build:
  buildspec: build.yml
  junit: [junit.xml]
  cobertura: coverage.xml
services:
  hello:
    kind: lambda
    function: hello
    artifact: hello.zip
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: hello\n", "name: Hello\n", "delivery.yml:2:1: name: Hello is not a name: begin with a small letter"),
        (
            "kind: lambda",
            "kind: lamda",
            "delivery.yml:8:3: services.hello: kind is lamda: write lambda, command, ecs or pulumi",
        ),
        ("    function: hello\n", "", "delivery.yml:8:3: services.hello.function: is missing: add `function: …`"),
        ("  junit: [junit.xml]", "  junit: []", "delivery.yml:5:3: build.junit: is empty: name at least one"),
        ("  junit: [junit.xml]", "  junit: junit.xml", "delivery.yml:5:3: build.junit: must be a list"),
        ("  cobertura: coverage.xml", "  coberture: coverage.xml", "build.coberture: is unknown: is it cobertura?"),
        ("artifact: hello.zip", "artifact: a b.zip", "' ' is not allowed in a path (a b.zip)"),
    ],
)
def test_a_mistake_has_its_place_its_reason_and_the_next_step(old: str, new: str, said: str) -> None:
    """A mistake has line, column, key, reason and next step."""
    with pytest.raises(ManifestError) as refused:
        read_manifest(MANIFEST.replace(old, new, 1).encode())
    assert said in str(refused.value)
