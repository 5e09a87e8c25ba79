"""G7: in no world does a release enter with evidence that the stack's key did not sign, or that is of another release.

A world is a release with its statement, of which somebody has changed something: the record, the bytes in the bucket,
the key, or the file that is deployed. What verifies is the code that handlers call, with the real signature.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.adapters.signatures import Signatures
from functions.domain.errors import ProvenanceError
from functions.domain.gates import Verdict
from functions.domain.provenance import Built, Recorded, envelope, statement, to_sign, verified
from tests.functions.samples import COMMIT, OLDER, RELEASE
from tests.signing import KEY, PUBLIC_KEY

OTHER_KEY = generate_private_key(SECP256R1())
SIGNATURES = Signatures(PUBLIC_KEY, datetime(2026, 6, 1, tzinfo=UTC))
HONEST, EVIL = b"honest", b"evil"
PASSED = (Verdict("tests", "passed", "it passed"),)
FAILED = (Verdict("tests", "failed", "it failed"),)


def digest(content: bytes) -> str:
    """Of a file."""
    return sha256(content).hexdigest()


@dataclass(frozen=True)
class World:
    """What is signed by whom, what the record says, what lies in the bucket, and what would be deployed."""

    built: Built
    ours: bool
    recorded: Recorded
    raw: bytes | None
    deployed: bytes


@st.composite
def built(draw: st.DrawFn) -> Built:
    """A statement: its deployment, repository, commit, artifact, file and verdicts are those of a release or others."""
    deployment = draw(st.sampled_from(["main-1", "main-2"]))
    repository, commit = draw(st.sampled_from(["acme/one", "acme/two"])), draw(st.sampled_from([COMMIT, OLDER]))
    content = draw(st.sampled_from([HONEST, EVIL]))
    return Built(
        deployment,
        replace(RELEASE, repository=repository, commit=commit),
        "arn:aws:codebuild:eu-central-1:1:build/b:1",
        "build.yml",
        f"builds/{repository}/build/{deployment}/build.zip",
        digest(b"archive of " + content),
        {"hello.zip": digest(content)},
        {},
        "d" * 64,
        draw(st.sampled_from([PASSED, FAILED])),
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A statement, and a record, a bucket and a file that agree with it or with another one."""
    said = draw(built())
    payload, ours = statement(said), draw(st.booleans())
    signature = (KEY if ours else OTHER_KEY).sign(to_sign(payload), ECDSA(SHA256()))
    raw = envelope(payload, signature, "arn:key")
    if draw(st.booleans()):  # the payload of one statement under the signature of another
        raw = envelope(statement(draw(built())), signature, "arn:key")
    about = draw(st.one_of(st.just(said), built()))
    named = draw(st.sampled_from([digest(raw), "", digest(b"another")]))
    recorded = Recorded(
        about.deployment_id, about.release.repository, about.release.commit, about.artifact, about.digest, named
    )
    damaged = draw(st.sampled_from([raw, raw, raw, None, raw[:-1], raw.replace(b"A", b"B", 1)]))
    return World(said, ours, recorded, damaged, draw(st.sampled_from([HONEST, EVIL])))


def enters(world: World) -> Mapping[str, str] | None:
    """The digests of a release that enters, None if it is refused."""
    try:
        signed = verified(world.raw, world.recorded, SIGNATURES.valid)
        signed.demand("hello.zip", digest(world.deployed))
    except ProvenanceError:
        return None
    return signed.subjects


@given(worlds())
def test_what_enters_was_signed_for_this_release(world: World) -> None:
    """With the stack's key, after its gates had passed, with the bytes that are deployed."""
    if enters(world) is None:
        return
    said, recorded = world.built, world.recorded
    assert world.ours
    assert world.raw is not None
    assert digest(world.raw) == recorded.statement
    assert said.verdicts == PASSED
    assert (said.deployment_id, said.release.repository, said.release.commit, said.artifact, said.digest) == (
        recorded.deployment_id,
        recorded.repository,
        recorded.commit,
        recorded.artifact,
        recorded.digest,
    )
    assert said.files["hello.zip"] == digest(world.deployed)


@given(built(), st.integers(0, 9_999))
def test_an_honest_release_enters(said: Built, place: int) -> None:
    """Nothing else is demanded; with any byte changed it is refused, or says the same."""
    payload = statement(replace(said, verdicts=PASSED))
    raw = envelope(payload, KEY.sign(to_sign(payload), ECDSA(SHA256())), "arn:key")
    recorded = Recorded(
        said.deployment_id, said.release.repository, said.release.commit, said.artifact, said.digest, digest(raw)
    )
    content = HONEST if said.files["hello.zip"] == digest(HONEST) else EVIL
    subjects = enters(World(said, True, recorded, raw, content))
    assert subjects is not None
    at = place % len(raw)  # signatures differ in length
    changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
    assert enters(World(said, True, recorded, changed, content)) is None
    # Where the record was changed, too, the signature decides; it does not cover the hint which key made it.
    as_recorded = replace(recorded, statement=digest(changed))
    assert enters(World(said, True, as_recorded, changed, content)) in (None, subjects)
