"""Credentials: a GitHub App, and the secret in Secrets Manager."""

import json
import subprocess
import sys
from collections.abc import Iterator

import boto3
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from moto import mock_aws

from functions.adapters.github.client import GitHub
from functions.adapters.github.errors import GitHubRefusedError
from functions.runtime import Clients
from local.github import LocalGitHub
from tests.local.github.support import REPOSITORY, TOKEN, WorkingCopy


@pytest.fixture(scope="module")
def key() -> tuple[str, str]:
    """A private key and its public half, PEM."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    secret = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return secret.decode(), public.decode()


@pytest.fixture
def aws(hub: LocalGitHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    """The clients of a function with an empty credential secret."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        boto3.client("secretsmanager").create_secret(Name="kiro/github")
        settings = {"GITHUB_API_URL": hub.api_url, "GITHUB_CREDENTIAL_SECRET": "kiro/github"}
        yield Clients(settings)


def test_an_app_asks_for_a_token_of_its_installation(hub: LocalGitHub, copy: WorkingCopy, key: tuple[str, str]) -> None:
    """App id, installation id and private key are enough, and one token serves many calls."""
    sha = copy.commit("first", {"a": "1"})
    copy.push()
    hub.add_app("42", 77, key[1])
    credential = {"appId": "42", "installationId": "77", "privateKey": key[0]}
    adapter = GitHub(hub.api_url, lambda: json.dumps(credential))
    assert [adapter.branch_head(REPOSITORY, "main") for _ in range(2)] == [sha, sha]
    assert sum(path.endswith("/access_tokens") for _, path in hub.requests) == 1
    adapter.close()


def test_what_an_app_wrote_is_its_own(hub: LocalGitHub, github: GitHub, key: tuple[str, str]) -> None:
    """A marker in a comment of the App counts, one of another account does not.

    `viewerDidAuthor` of https://docs.github.com/graphql/reference/interfaces#comment serves installations, too.
    """
    hub.add_app("42", 77, key[1])
    credential = {"appId": "42", "installationId": "77", "privateKey": key[0]}
    app = GitHub(hub.api_url, lambda: json.dumps(credential))
    number = app.open_issue(REPOSITORY, "Add a feature", "", [])
    github.comment(REPOSITORY, number, "<!-- one -->")
    app.comment(REPOSITORY, number, "<!-- two -->")
    assert [app.has_comment(REPOSITORY, number, one) for one in ("<!-- one -->", "<!-- two -->")] == [False, True]
    assert [github.has_comment(REPOSITORY, number, one) for one in ("<!-- one -->", "<!-- two -->")] == [True, False]
    app.close()


@pytest.mark.parametrize(
    "private", ["not a key", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"]
)
def test_a_broken_app_key_is_refused_and_never_told(hub: LocalGitHub, private: str) -> None:
    """The fault says that the key cannot sign."""
    adapter = GitHub(hub.api_url, lambda: json.dumps({"appId": 1, "installationId": 7, "privateKey": private}))
    with pytest.raises(GitHubRefusedError, match="privateKey cannot sign") as fault:
        adapter.branch_head(REPOSITORY, "main")
    assert private not in str(fault.value)
    adapter.close()


def test_the_key_of_another_app_is_refused(hub: LocalGitHub, key: tuple[str, str]) -> None:
    """GitHub's 401 about the JWT is a refused credential too."""
    hub.add_app("43", 77, key[1])
    credential = {"appId": "42", "installationId": "77", "privateKey": key[0]}
    adapter = GitHub(hub.api_url, lambda: json.dumps(credential))
    with pytest.raises(GitHubRefusedError, match="401"):
        adapter.branch_head(REPOSITORY, "main")
    adapter.close()


def test_the_secret_is_read_when_it_is_needed(aws: Clients, copy: WorkingCopy) -> None:
    """Connecting reads nothing, so a secret filled after the deployment is found."""
    sha = copy.commit("first", {"a": "1"})
    copy.push()
    github = GitHub.connect(aws)
    aws.client("secretsmanager").put_secret_value(SecretId="kiro/github", SecretString=json.dumps({"token": TOKEN}))
    assert github.branch_head(REPOSITORY, "main") == sha
    github.close()


def test_an_empty_secret_says_what_to_put_in(aws: Clients) -> None:
    """A stack is created with empty secrets; the first call names the one to fill."""
    with pytest.raises(GitHubRefusedError, match=r"kiro/github .*store the GitHub credential"):
        GitHub.connect(aws).branch_head(REPOSITORY, "main")


def test_importing_the_adapter_imports_no_client_library() -> None:
    """A handler's declarations are read without PyGithub, requests or boto3 being there."""
    modules = ", ".join(f"functions.adapters.github.{name}" for name in ("client", "connection", "errors"))
    code = f"import sys, {modules}; print([n for n in ('github', 'requests', 'boto3', 'jwt') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
