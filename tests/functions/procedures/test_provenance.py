"""Evidence that somebody changed: no handler deploys, restores or asks for approval of it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.errors import ProvenanceError, SourceError
from functions.domain.gates import Verdict
from functions.domain.provenance import place
from functions.domain.rollback import Step
from functions.handler import encode
from tests.functions.builds import BEGIN, create_project
from tests.functions.delivered import artifact, create_function, judged, lambdas, points_to, uploaded
from tests.functions.samples import (
    COMMAND,
    DEPLOYMENT,
    ENVIRONMENT,
    EXECUTION,
    LEASE,
    OLDER,
    RELEASE,
    SERVICE,
    archive,
    version,
)
from tests.functions.stack import BUCKET, Stack

KEY = f"builds/{RELEASE.repository}/build/{DEPLOYMENT}/build.zip"
OLD_KEY = f"builds/{RELEASE.repository}/build/main-{OLDER[:12]}/build.zip"
OLD_RELEASE = replace(RELEASE, commit=OLDER)
GIVEN = {"deploymentId": DEPLOYMENT, "release": RELEASE, "environment": ENVIRONMENT, "lease": LEASE, "artifact": KEY}


def apply(stack: Stack) -> Any:
    """A service enters."""
    return stack.run("stage.apply_service", {**GIVEN, "part": SERVICE})


def command(stack: Stack) -> Any:
    """A command enters."""
    more = {"purpose": "p", "project": BEGIN, "buildspec": "b.yml", "source": "s.zip", "part": COMMAND}
    return stack.run("shared.start_build", {**GIVEN, **more, "artifact": "o.zip", "inputArtifact": KEY})


def approval(stack: Stack) -> Any:
    """People are asked."""
    more = {"execution": EXECUTION, "parts": ["hello"], "gates": [], "purpose": "deploy", "reason": ""}
    return stack.run("stage.request_approval", {**GIVEN, **more})


WAYS_IN = [apply, command, approval]
Way = Callable[[Stack], Any]


@pytest.fixture(autouse=True)
def _changes_nothing(stack: Stack) -> Iterator[None]:
    """A release that was judged, of a function that runs version 2 and of a command; a refusal changes nothing."""
    create_function(stack, versions=2)
    create_project(stack)
    artifact(stack, KEY, {"hello.zip": archive({"app.py": "new"})})
    judged(stack, KEY)
    yield
    assert points_to(stack) == "2"
    assert stack.mails() == []
    assert not [call for call in stack.calls if call.action == "codebuild:StartBuild"]


@pytest.mark.parametrize("way", WAYS_IN)
def test_a_statement_that_was_overwritten_is_refused(stack: Stack, way: Way) -> None:
    """Whoever may write to the bucket can't speak for the gates."""
    key = place(DEPLOYMENT, stack.deployment()["statement"])
    stack.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"{}")
    with pytest.raises(ProvenanceError, match=r"^statement: .* was overwritten"):
        way(stack)


@pytest.mark.parametrize("way", WAYS_IN)
def test_a_statement_of_another_key_is_refused(stack: Stack, way: Way) -> None:
    """Also where the record was made to fit it."""
    stack.settings["PROVENANCE_PUBLIC_KEY"] = (
        "-----BEGIN PUBLIC KEY-----\n"
        # the example of https://www.rfc-editor.org/rfc/rfc7517#appendix-A.1: another P-256 key
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMKBCTNIcKUSDii11ySs3526iDZ8A\n"
        "iTo7Tu6KPAqv7D7gS2XpJFbZiItSs3m9+9Ue6GnvHw/GW2ZZaVtszggXIw==\n"
        "-----END PUBLIC KEY-----\n"
    )
    with pytest.raises(ProvenanceError, match=r"^signature: .* is not signed with the key of this stack"):
        way(stack)


@pytest.mark.parametrize("way", WAYS_IN)
@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"release": replace(RELEASE, commit=OLDER)}, "^record: .* commit"),
        ({"release": replace(RELEASE, repository="acme/other")}, "^record: .* repository"),
        ({"digest": "0" * 64}, "^record: .* SHA-256"),
        ({"artifact": "builds/other.zip"}, "^record: .* artifact"),
        ({"verdicts": (Verdict("tests", "failed", "1 failed"),)}, "^record: .* failed gates"),
    ],
)
def test_the_statement_of_another_release_is_refused(stack: Stack, way: Way, facts: Any, said: str) -> None:
    """One that the stack signed for something else, and a record that was made to name it."""
    judged(stack, KEY, **facts)
    with pytest.raises(ProvenanceError, match=said):
        way(stack)


@pytest.mark.parametrize("way", WAYS_IN)
def test_without_a_statement_nothing_enters(stack: Stack, way: Way) -> None:
    """A record that names none, whenever the release began."""
    DeploymentsTable.connect(stack.clients).note(DEPLOYMENT, statement="", startedAt="2020-01-01T00:00:00.000Z")
    with pytest.raises(ProvenanceError, match=r"^record: .* names no statement"):
        way(stack)


def test_an_artifact_that_was_overwritten_is_refused(stack: Stack) -> None:
    """Its bytes are compared with what the gates judged, and the package with the statement."""
    artifact(stack, KEY, {"hello.zip": archive({"app.py": "evil"})})
    for way in (apply, approval):
        with pytest.raises(SourceError, match="was overwritten"):
            way(stack)
    DeploymentsTable.connect(stack.clients).note(DEPLOYMENT, artifactDigest=uploaded(stack, KEY))
    with pytest.raises(ProvenanceError, match=r"^record: .* SHA-256"):
        apply(stack)


def test_a_package_that_the_statement_does_not_have_is_refused(stack: Stack) -> None:
    """The archive is that of the statement, a file in it is not."""
    judged(stack, KEY, files={"hello.zip": "0" * 64})
    with pytest.raises(ProvenanceError, match=r"^artifact: the SHA-256 of hello\.zip"):
        apply(stack)


def back(stack: Stack, **changes: Any) -> Any:
    """A service goes back to version 1, which a release before deployed."""
    to = version(deployment_id=f"main-{OLDER[:12]}", artifact=OLD_KEY, at="2026-07-01T00:00:00.000Z")
    step = Step(SERVICE, replace(to, **changes))
    return stack.run("rollback.restore_service", {**GIVEN, "step": step})


def command_back(stack: Stack, **changes: Any) -> Any:
    """A command runs again with the release before."""
    to = version(deployment_id=f"main-{OLDER[:12]}", artifact=OLD_KEY, at="2026-07-01T00:00:00.000Z")
    to = replace(to, **changes)
    more = {"purpose": "p", "project": BEGIN, "buildspec": "b.yml", "source": "s.zip", "artifact": "o.zip"}
    return stack.run("shared.start_build", {**GIVEN, **more, "to": to, "inputArtifact": to.artifact})


def earlier(stack: Stack, **facts: Any) -> str:
    """The release before, as the gates judged it; the digest of its statement. Its code is that of version 1."""
    artifact(stack, OLD_KEY, {"hello.zip": archive({"app.py": "1"})})
    return judged(stack, OLD_KEY, deployment_id=f"main-{OLDER[:12]}", release=OLD_RELEASE, **facts)


@pytest.mark.parametrize("way", [back, command_back])
def test_a_way_back_without_its_statement_is_refused(stack: Stack, way: Any) -> None:
    """Also when the record of the release has expired; a version that began before the key existed needs none."""
    with pytest.raises(ProvenanceError, match=r"^record: .* names no statement"):
        way(stack)
    DeploymentsTable.connect(stack.clients).note(f"main-{OLDER[:12]}", startedAt="2026-06-02T00:00:00.000Z")
    with pytest.raises(ProvenanceError, match=r"^record: .* names no statement"):
        way(stack, at="2026-01-01T00:00:00.000Z")


@pytest.mark.parametrize("way", [back, command_back])
def test_a_way_back_to_another_release_is_refused(stack: Stack, way: Any) -> None:
    """The record of what ran differs from the statement, or the statement is of another key or gone."""
    signed = earlier(stack)
    for changes, said in (
        ({"statement": signed, "commit": "0" * 40}, "^record: .* commit"),
        ({"statement": signed, "artifact": KEY}, "^record: .* artifact"),
        ({"statement": signed, "source": "sources/acme/other/s.zip"}, "^record: .* repository"),
        ({"statement": "0" * 64}, "^statement: .* is not in the bucket"),
    ):
        with pytest.raises(ProvenanceError, match=said):
            way(stack, **changes)


def test_a_version_with_other_code_is_refused(stack: Stack) -> None:
    """What Lambda has is compared with the statement: somebody published it, or the record names another version."""
    with pytest.raises(ProvenanceError, match=r"^artifact: the SHA-256 of hello\.zip"):
        back(stack, statement=earlier(stack), version="2")
    with pytest.raises(ProvenanceError, match=r"^artifact: the SHA-256 of hello\.zip"):
        back(stack, statement=earlier(stack, files={"hello.zip": "0" * 64}))


def test_what_was_signed_goes_back(stack: Stack) -> None:
    """And what ran before statements were signed, or was deployed by hand."""
    for changes in (
        {"statement": earlier(stack)},
        {"statement": "", "at": "2026-05-01T00:00:00.000Z", "deployment_id": "main-expired"},
        {"statement": "", "commit": ""},
    ):
        lambdas(stack).update_alias(FunctionName="hello-production", Name="live", FunctionVersion="2")
        rollout = encode(back(stack, **changes))
        assert (rollout["outcome"], rollout["version"]) == ("done", "1")
        assert points_to(stack) == "1"
    lambdas(stack).update_alias(FunctionName="hello-production", Name="live", FunctionVersion="2")
