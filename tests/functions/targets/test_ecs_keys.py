"""The keys of kind `ecs`: what they name, and which image of a release they let in."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.manifest_file import read_manifest
from functions.domain.drift import Trace
from functions.domain.errors import ManifestError, SourceError
from functions.domain.images import Image
from functions.domain.manifests import Part
from functions.targets.base import Change
from functions.targets.ecs import EcsTarget
from functions.targets.ecs_keys import image_of
from tests.functions.samples import ENVIRONMENT, RELEASE

IMAGE = Image("r/api", "v1", f"sha256:{'0' * 64}")
PART = Part(
    "shop/api", "ecs", "call", settings={"cluster": "c", "service": "api", "container": "app", "image": "r/api"}
)
MANIFEST = """version: 1
name: shop
build: {{buildspec: b.yml, junit: [j.xml], cobertura: c.xml}}
services:
  api: {{kind: ecs, cluster: "c-{{environment}}", service: api, container: app, image: "r/api", {keys}}}
"""


def test_the_manifest() -> None:
    """Its keys become settings; the description names service and strategy."""
    text = MANIFEST.format(keys="strategy: linear, steps: [25, 50, 75], stepSeconds: 90")
    (part,) = read_manifest(text.encode()).parts
    assert part.settings["steps"] == [25, 50, 75]
    assert EcsTarget.describe(ENVIRONMENT, part) == "ECS service c-production/api, linear"
    assert EcsTarget.names(ENVIRONMENT, part) == {"service": "c-production/api"}
    named = {"cluster": "c-production", "service": "api"}
    moved, removed = EcsTarget.traces(ENVIRONMENT, part)
    assert moved == Trace("UpdateService", {**named, "taskDefinition": ""})
    assert removed == Trace("DeleteService", named)
    unknown = replace(part, settings={**part.settings, "cluster": "{stage}"})
    assert "may contain only known placeholders" in EcsTarget.describe(ENVIRONMENT, unknown)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("steps: [10]", "strategy rolling has no steps: leave them out"),
        ("stepSeconds: 90", "strategy rolling has nothing to watch before its end"),
        ("strategy: blue-green, steps: [10]", "strategy blue-green has no steps"),
        ("strategy: canary", "has one step: write a single percentage"),
        ("strategy: canary, steps: [10, 50]", "has one step: write a single percentage"),
        ("strategy: linear, steps: [10, 50]", "has equal steps up to 100"),
        ("strategy: linear", "has equal steps up to 100"),
    ],
)
def test_steps_that_do_not_fit_the_strategy(keys: str, message: str) -> None:
    """The error names the service, the reason and the next step."""
    with pytest.raises(ManifestError, match=rf"delivery\.yml:\d+:\d+: services\.api\.step\w+: .*{message}"):
        read_manifest(MANIFEST.format(keys=keys).encode())


def change(images: Mapping[str, str], **changes: Any) -> Change:
    """A release whose build names these images."""

    def unused(*_: object) -> Any:
        raise AssertionError("an image is looked for, and nothing is changed")

    made = Change(ENVIRONMENT, PART, RELEASE, lambda _: json.dumps(images).encode(), unused, unused)
    return replace(made, **changes)


def test_the_image_is_that_of_the_build_unless_one_is_requested() -> None:
    """M3: by its digest and of the manifest's repository; the error says who names another one."""
    assert image_of(change({"api": IMAGE.reference})) == IMAGE.reference
    assert image_of(change({}, image=IMAGE)) == IMAGE.reference
    other = replace(IMAGE, repository="r/other")
    with pytest.raises(SourceError, match=r"images.json names r/other@sha256:.*, which is not of r/api by its digest"):
        image_of(change({"api": other.reference}))
    with pytest.raises(SourceError, match=r"the request names r/other@sha256:.*, which is not of r/api"):
        image_of(change({}, image=other))
    with pytest.raises(SourceError, match=r"names no image for web: write \{\"web\""):
        image_of(change({"api": IMAGE.reference}, part=replace(PART, name="shop/web")))


def test_an_environment_may_bound_the_repositories() -> None:
    """M3: the error names those that it takes."""
    bounded = replace(ENVIRONMENT, image_repositories=["r/api-other"])
    with pytest.raises(SourceError, match=r"production takes no image of r/api, only of r/api-other: name one"):
        image_of(change({"api": IMAGE.reference}, environment=bounded))
