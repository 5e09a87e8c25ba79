"""SBOMs: CycloneDX and SPDX as JSON."""

import json
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from functions.adapters.sboms import read_sbom
from functions.domain.gates import Sbom, Unreadable
from tests.functions.samples import archive


def read(document: Any) -> Sbom | Unreadable:
    """The result for one document."""
    text = document if isinstance(document, str) else json.dumps(document)
    return read_sbom(ZipFile(BytesIO(archive({"sbom.json": text}))), "sbom.json")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        # https://cyclonedx.org/docs/1.6/json/: `components` may be missing
        ({"bomFormat": "CycloneDX", "specVersion": "1.6"}, Sbom("CycloneDX 1.6", 0)),
        ({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{}, {}]}, Sbom("CycloneDX 1.5", 2)),
        ({"spdxVersion": "SPDX-2.3", "packages": [{}]}, Sbom("SPDX 2.3", 1)),
    ],
)
def test_both_formats_are_read(document: Any, expected: Sbom) -> None:
    """With the version and the number of components."""
    assert read(document) == expected


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("{", "sbom.json: Expecting property name"),
        ([], "sbom.json: the document is missing or not an object"),
        ({}, "sbom.json: neither CycloneDX"),
        ({"spdxVersion": "SPDX-3.0"}, "sbom.json: neither CycloneDX"),
        ({"bomFormat": "CycloneDX", "components": {}}, "sbom.json: components is missing or not a list"),
    ],
)
def test_anything_else_is_named(document: Any, reason: str) -> None:
    """With the file and the reason."""
    found = read(document)
    assert isinstance(found, Unreadable)
    assert found.reason.startswith(reason)


def test_a_missing_sbom_is_named() -> None:
    """With the next step."""
    found = read_sbom(ZipFile(BytesIO(archive({}))), "sbom.json")
    assert found == Unreadable("sbom.json: not in the build's artifact; add it to the artifacts of the buildspec")
