"""`kiro-worker open`: a link whose access IAM granted, and that the console's function knows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

from functions.adapters.console_accesses import ConsoleAccesses
from functions.domain.console_access import begin
from tests.cli.conftest import Kiro
from tests.functions.samples import archive
from tests.functions.stack import ACCOUNT


def function(**variables: str) -> None:
    """The function of the console, with its settings."""
    trust: Any = '{"Version":"2012-10-17","Statement":[]}'
    role = boto3.client("iam").create_role(RoleName="console", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    boto3.client("lambda").create_function(
        FunctionName="kiro-pipeline-test-events-console",
        Runtime="python3.13",
        Role=role,
        Handler="functions.runtime.handler",
        Code={"ZipFile": archive({"a.py": ""})},
        Environment={"Variables": variables},
    )


def test_the_link_begins_a_session_of_the_caller(kiro: Kiro) -> None:
    """Who asked is recorded; the link ends after minutes."""
    function(CONSOLE_URL="https://api.example.com/console")
    found = kiro.json("open")
    address, _, link = found["link"].partition("?open=")
    assert address == "https://api.example.com/console"
    access_id, _, secret = link.partition(".")
    access = ConsoleAccesses(kiro.clients.table("WAITS_TABLE")).find(access_id)
    assert access
    assert ACCOUNT in access.by
    now = datetime.now(UTC)
    assert begin(access, secret, now) != ""
    assert begin(access, secret, now + timedelta(seconds=found["opensForSeconds"] + 1)) == ""
    assert "the session lasts 8 hours" in kiro.run("open").output


def test_a_stack_without_the_console_says_how_to_get_it(kiro: Kiro) -> None:
    """The setting is named."""
    done = kiro.run("open")
    assert (done.exit_code, "set `console: true`" in done.output) == (1, True)
