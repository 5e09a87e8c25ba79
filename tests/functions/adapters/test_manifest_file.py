"""`delivery.yml`: every mistake with its line."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.manifest_file import read_manifest
from functions.domain.errors import ManifestError
from functions.domain.manifests import Health, Manifest, Part

GOOD = """version: 1
name: hello-service
build:
  buildspec: ci/build.yml
  junit: [reports/junit.xml]
  cobertura: reports/coverage.xml
infrastructure:
  kind: command
  buildspec: infra/build.yml
  paths: ["infra/*"]
services:
  hello:
    kind: lambda
    function: hello-{environment}
    artifact: dist/hello.zip
    health:
      url: "{url}/health"
    alarms:
      critical: ["{environment}-errors"]
environments: [test, production]
"""


def test_a_manifest_is_read_in_the_order_of_application() -> None:
    """Infrastructure first, then the services, each known by its repository too; what is left out has its default."""
    assert read_manifest(GOOD.encode()) == Manifest(
        "hello-service",
        "ci/build.yml",
        [
            Part("hello-service/infrastructure", "command", "build", ["infra/*"], buildspec="infra/build.yml"),
            Part(
                "hello-service/hello",
                "lambda",
                "call",
                health=Health("{url}/health"),
                critical_alarms=["{environment}-errors"],
                settings={"function": "hello-{environment}", "artifact": "dist/hello.zip", "alias": "live"},
            ),
        ],
        ["test", "production"],
        {"tests": {"junit": ["reports/junit.xml"]}, "coverage": {"cobertura": "reports/coverage.xml"}},
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("version: 1", "version: 2", "delivery.yml:1: version:"),
        ("name: hello-service", "name: Hello Service", "delivery.yml:2: name:"),
        ("name: hello-service", "title: x", "delivery.yml:1: name: Field required"),
        ("  junit: [reports/junit.xml]", "  junit: []", "delivery.yml:5: build.junit:"),
        ("[reports/junit.xml]", "reports/junit.xml", "delivery.yml:5: build.junit:"),
        ("ci/build.yml", "/etc/passwd", "delivery.yml:4: build.buildspec:"),
        ("ci/build.yml", "../x.yml", "delivery.yml:4: build.buildspec:"),
        ("ci/build.yml", '"a b; rm"', "delivery.yml:4: build.buildspec:"),
        ("kind: lambda", "kind: rocket", "delivery.yml:12: services.hello:"),
        ("    artifact: dist/hello.zip\n", "", "delivery.yml:12: services.hello.lambda.artifact: Field required"),
        ("    artifact:", "    color: red\n    artifact:", "delivery.yml:15: services.hello.lambda.color:"),
        ("  hello:\n", "  infrastructure:\n", "delivery.yml:12: services.infrastructure"),
        ("  hello:\n", "  7:\n", "delivery.yml:12: services.7"),
        ("environments: [test, production]", "environments: [test, 7]", "delivery.yml:20: environments.1:"),
        ("version: 1", "version: [", "delivery.yml:3:"),
        ("version: 1", "version: 2001-99-99", "delivery.yml: not YAML: month must be"),
        ("version: 1", "version: !!int x", "delivery.yml: not YAML"),
        ("version: 1", "version: !!bool x", "delivery.yml: not YAML"),
        ("version: 1", "version: !!timestamp x", "delivery.yml: not YAML"),
        ("version: 1", "version: !!python/object/apply:os.system [x]", "delivery.yml:1:"),
        ("version: 1", "? {a: 1}\n: x", "delivery.yml:1:"),
        ("version: 1", "version: 1\n---\nversion: 1", "delivery.yml:"),
    ],
)
def test_every_mistake_is_named_with_its_line(old: str, new: str, said: str) -> None:
    """File, line, field and what is wrong."""
    with pytest.raises(ManifestError) as raised:
        read_manifest(GOOD.replace(old, new, 1).encode())
    assert said in str(raised.value)


def test_all_mistakes_are_told_at_once() -> None:
    """One push mends them all."""
    with pytest.raises(ManifestError, match=r"delivery\.yml:1: version: .*; delivery\.yml:2: name: "):
        read_manifest(GOOD.replace("version: 1", "version: x").replace("name: hello-service", "name: 7").encode())


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "the file: Input should be"),
        (b"[]", "the file: Input should be"),
        (b"\xff\xfe", "not UTF-8"),
        (b"a" * (256 * 1024 + 1), "262145 bytes, 262144 allowed"),
        (b"[" * 5_000, "delivery.yml"),
        (b"&a [*a]", "the file"),
        (b"a: \x01", "not YAML"),
    ],
)
def test_what_is_no_manifest_at_all_is_said(raw: bytes, said: str) -> None:
    """Never another fault."""
    with pytest.raises(ManifestError) as raised:
        read_manifest(raw)
    assert said in str(raised.value)


def test_a_bomb_of_aliases_goes_off_in_no_time() -> None:
    """A billion laughs are refused within a second, in few words."""
    lines = ["version: &a0 [x, x]"] + [f"k{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    began = time.monotonic()
    with pytest.raises(ManifestError) as raised:
        read_manifest("\n".join(lines).encode())
    assert time.monotonic() - began < 5
    assert len(str(raised.value)) < 20_000


@given(st.text(max_size=60) | st.text("[]{}&*!?:-|>%@,#'\" \n0123ab", max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Whatever stands in the file, the answer is a ManifestError."""
    with pytest.raises(ManifestError, match=r"delivery\.yml"):
        read_manifest(text.encode("utf-8", "replace"))
