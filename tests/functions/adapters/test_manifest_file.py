"""`delivery.yml`: every mistake with its place."""

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
    """Infrastructure comes first, then the services, named with the manifest's name; omitted keys have defaults."""
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


def test_files_and_patterns_are_looked_for_where_the_files_are_known() -> None:
    """Of the repository, not of the build's artifact; all that are missing are named."""
    files = {"ci/build.yml", "infra/build.yml", "infra/stack.py"}
    assert read_manifest(GOOD.encode(), committed=files) == read_manifest(GOOD.encode())
    with pytest.raises(ManifestError) as raised:
        read_manifest(GOOD.encode(), committed={"README.md"})
    build, infrastructure, pattern = sorted(raised.value.mistakes, key=lambda mistake: int(mistake.split(":")[1]))
    assert build == (
        "delivery.yml:4:3: build.buildspec: ci/build.yml is not in the repository: add the file, or correct its path"
    )
    assert infrastructure.startswith("delivery.yml:9:3: infrastructure.buildspec: infra/build.yml is not in the repo")
    assert pattern == (
        "delivery.yml:10:11: infrastructure.paths.0: infra/* fits no file of the repository: correct it, or take it out"
    )


def test_steps_are_settings_of_their_kind() -> None:
    """R12: a part without steps keeps the definition that it had before there were steps."""
    stepped = GOOD.replace("    alarms:", "    steps: [10, 50]\n    alarms:")
    (_, without), (_, part) = (read_manifest(text.encode()).parts for text in (GOOD, stepped))
    assert "steps" not in without.settings
    assert part.settings == {**without.settings, "steps": [10, 50]}


def test_the_limits_of_a_comparison_are_settings_of_their_kind() -> None:
    """R13: a part without them keeps the definition that it had before; whole numbers are numbers."""
    limited = GOOD.replace("    alarms:", "    worseErrorPercent: 5\n    comparedRequests: 20\n    alarms:")
    (_, without), (_, part) = (read_manifest(text.encode()).parts for text in (GOOD, limited))
    assert part.settings == {**without.settings, "worseErrorPercent": 5, "comparedRequests": 20}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("version: 1", "version: 2", "delivery.yml:1:1: version: is 2: write 1"),
        ("version: 1", "version: true", "delivery.yml:1:1: version: is a truth value: write 1"),
        ("version: 1", "version: '1'", "delivery.yml:1:1: version: is 1, which is a text: write 1 without"),
        (
            "name: hello-service",
            "name: Hello Service",
            "delivery.yml:2:1: name: Hello Service is not a name: begin",
        ),
        ("name: hello-service", "title: x", "delivery.yml:1:1: name: is missing: add `name: …`"),
        ("name: hello-service", "name: 2026", "delivery.yml:2:1: name: must be a text, YAML reads 2026 as a number"),
        ("name: hello-service", "name: off", "delivery.yml:2:1: name: must be a text, YAML reads off as a truth value"),
        ("  junit: [reports/junit.xml]", "  junit: []", "delivery.yml:5:3: build.junit: is empty: name at least one"),
        (
            "[reports/junit.xml]",
            "reports/junit.xml",
            "delivery.yml:5:3: build.junit: must be a list: put it in brackets",
        ),
        ("[reports/junit.xml]", "[reports/@x/j.xml]", "delivery.yml:5:11: build.junit.0: '@' is not allowed in a path"),
        ("[reports/junit.xml]", "[{a: b}]", "delivery.yml:5:11: build.junit.0: must be a text, it is a mapping"),
        ("ci/build.yml", "/etc/passwd", "delivery.yml:4:3: build.buildspec: must be a path inside the repository"),
        ("ci/build.yml", "../x.yml", "delivery.yml:4:3: build.buildspec: must be a path inside the repository"),
        ("ci/build.yml", '"a b; rm"', "delivery.yml:4:3: build.buildspec: ' ' is not allowed in a path (a b; rm)"),
        ("ci/build.yml", "", "delivery.yml:4:3: build.buildspec: must be a text, it is empty"),
        (
            '["infra/*"]',
            '["infra/["]',
            "delivery.yml:10:11: infrastructure.paths.0: it matches no path: close the bracket",
        ),
        ('["infra/*"]', '["!infra/*"]', "delivery.yml:10:3: infrastructure.paths: the first one, !infra/*, takes out"),
        ('["infra/*"]', "infra", "delivery.yml:10:3: infrastructure.paths: must be a list"),
        ('["infra/*"]', '[""]', "delivery.yml:10:11: infrastructure.paths.0: is empty: write a text"),
        (
            "kind: lambda",
            "kind: rocket",
            "delivery.yml:12:3: services.hello: kind is rocket: write lambda, command, ecs or pulumi",
        ),
        (
            "    kind: lambda\n",
            "",
            "delivery.yml:12:3: services.hello: kind is missing: add `kind:` with command, ecs, lambda or pulumi",
        ),
        (
            "    artifact: dist/hello.zip\n",
            "",
            "delivery.yml:12:3: services.hello.artifact: is missing: add `artifact: …`",
        ),
        (
            "    artifact:",
            "    color: red\n    artifact:",
            "delivery.yml:15:5: services.hello.color: is unknown: take it out",
        ),
        (
            "    alarms:",
            "    steps: [0]\n    alarms:",
            "delivery.yml:18:13: services.hello.steps.0: is 0: write 1",
        ),
        ("    alarms:", "    steps: [100]\n    alarms:", "services.hello.steps.0: is 100: write 99 or less"),
        ("    alarms:", "    steps: [1.5]\n    alarms:", "services.hello.steps.0: must be a number"),
        ("    alarms:", "    steps: 10\n    alarms:", "services.hello.steps: must be a list"),
        (
            "    alarms:",
            "    steps: [1, 2, 3, 4, 5, 6]\n    alarms:",
            "services.hello.steps: has 6 entries, of which 5 are allowed: take 1 out",
        ),
        (
            "services:\n",
            "services:\n" + "".join(f"  s{n}: {{kind: lambda, function: f{n}, artifact: a.zip}}\n" for n in range(12)),
            "delivery.yml:11:1: services: has 13 entries, of which 11 are allowed: take 2 out",
        ),
        (
            "    alarms:",
            "    steps: [50, 10]\n    alarms:",
            "services.hello.steps: must rise from step to step",
        ),
        ("    alarms:", "    worseErrorPercent: 0\n    alarms:", "worseErrorPercent: is 0: write more than 0"),
        ("    alarms:", "    worseLatencyPercent: high\n    alarms:", "worseLatencyPercent: must be a number"),
        ("    alarms:", "    comparedRequests: 1.5\n    alarms:", "comparedRequests: must be a number"),
        ("  paths:", "  comparedRequests: 5\n  paths:", "infrastructure.comparedRequests: is unknown"),
        ("    alarms:", "    stepSeconds: 59\n    alarms:", "services.hello.stepSeconds: is 59: write 60 or more"),
        ("    alarms:", "    stepSeconds: 60\n    alarms:", "services.hello.stepSeconds: there are no steps to watch"),
        ("    alarms:", "    stepSeconds: 901\n    alarms:", "services.hello.stepSeconds: is 901: write 900 or less"),
        ("    alarms:", "    alarm:", "delivery.yml:18:5: services.hello.alarm: is unknown: is it alarms?"),
        ("  hello:\n", "  infrastructure:\n", "delivery.yml:12:3: services.infrastructure: is reserved for the infra"),
        ("  hello:\n", "  7:\n", "delivery.yml:12:3: services.7: 7 is not a name"),
        ("  hello:\n", "  on:\n    color: red\n", "delivery.yml:13:5: services.on.color: is unknown"),
        (
            "environments: [test, production]",
            "environments: [test, 7]",
            "delivery.yml:20:22: environments.1: must be a",
        ),
        ("environments: [test, production]", "name: again", "delivery.yml:20:1: name stands twice, first in line 2"),
        ("version: 1", "version: [", "delivery.yml:1:10: not YAML: a list or mapping in brackets is not closed"),
        ("name: hello-service", "name: 'hello", "delivery.yml:2:7: not YAML: a text in quotes is not closed"),
        ("version: 1", "version: 2001-99-99", "delivery.yml:1:1: version: is 2001-99-99, which is a text"),
        ("version: 1", "version: !!int x", "delivery.yml:1:10: 'x' is not a valid int"),
        ("version: 1", "version: !!timestamp x", "delivery.yml:1:1: version: is x, which is a text"),
        ("version: 1", "version: !!python/object/apply:os.system [x]", "delivery.yml:1:10: tags are refused"),
        ("version: 1", "? {a: 1}\n: x", "delivery.yml:1:3: a key must be a text"),
        ("version: 1", "version: 1\n---\nversion: 1", "delivery.yml:2:1: a second document begins here"),
    ],
)
def test_every_mistake_is_named_with_its_place(old: str, new: str, said: str) -> None:
    """Each mistake has file, line, column, key, reason and next step."""
    with pytest.raises(ManifestError) as raised:
        read_manifest(GOOD.replace(old, new, 1).encode())
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "word", ["DeliveryManifest", "discriminator", "pattern", "[key]", "lambda.", "Input", "pydantic"]
)
def test_no_mistake_is_told_in_the_words_of_a_library(word: str) -> None:
    """No error contains names of classes or regular expressions."""
    said = []
    for raw in (b"", b"[]", b"7", *(GOOD.replace(line, "x", 1).encode() for line in GOOD.splitlines())):
        with pytest.raises(ManifestError) as raised:
            read_manifest(raw)
        said.append(str(raised.value))
    assert not [text for text in said if word in text]


def test_all_mistakes_are_told_at_once() -> None:
    """The error lists all mistakes, so that one push can correct them."""
    with pytest.raises(ManifestError, match=r"delivery\.yml:1:1: version: .*; delivery\.yml:2:1: name: "):
        read_manifest(GOOD.replace("version: 1", "version: x").replace("name: hello-service", "name: 7").encode())


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "delivery.yml:1:1: the file: it is empty: begin with `version: 1`"),
        (b"[]", "delivery.yml:1:1: the file: must be a mapping"),
        (b"\xff\xfe", "delivery.yml:1:1: not UTF-8"),
        (b"a" * (256 * 1024 + 1), "262145 bytes, 262144 allowed"),
        (b"[" * 5_000, "delivery.yml:1:51: nested more than 50 deep"),
        (b"&a [*a]", "delivery.yml:1:1: aliases and anchors are refused"),
        (b"a: \x01", "delivery.yml:1:4: the character U+0001 is not allowed"),
    ],
)
def test_what_is_no_manifest_at_all_is_said(raw: bytes, said: str) -> None:
    """Any other file is a ManifestError with its reason, never another exception."""
    with pytest.raises(ManifestError) as raised:
        read_manifest(raw)
    assert said in str(raised.value)


def test_a_bomb_of_aliases_goes_off_in_no_time() -> None:
    """Nested aliases that would expand to gigabytes are refused before they are expanded, with a short error."""
    lines = ["version: &a0 [x, x]"] + [f"k{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    began = time.monotonic()
    with pytest.raises(ManifestError) as raised:
        read_manifest("\n".join(lines).encode())
    assert time.monotonic() - began < 5
    assert len(str(raised.value)) < 20_000


@given(st.text(max_size=60) | st.text("[]{}&*!?:-|>%@,#'\" \n0123ab", max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Any text is read or is a ManifestError."""
    with pytest.raises(ManifestError, match=r"delivery\.yml"):
        read_manifest(text.encode("utf-8", "replace"))
