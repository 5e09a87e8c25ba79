"""Configuration, secrets, and options of resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.pulumi.commands import require_loopback
from local.pulumi.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.clients import Clients
    from tests.local.pulumi.conftest import Sandbox

    Program = Callable[[str], Sandbox]

READ = """
import pulumi
from pulumi_aws import ssm
config = pulumi.Config()
secret = config.require_secret("token")
pulumi.export("sizes", config.require_object("sizes"))
pulumi.export("on", config.require_bool("on"))
pulumi.export("token", secret)
parameter = ssm.Parameter("p", name="/read/token", type="SecureString", value=secret)
pulumi.export("value", parameter.value)
"""


def test_configuration_reaches_the_program_typed(program: Program, aws: Clients) -> None:
    """Objects and booleans keep their types, --config takes precedence, and a secret is used but never shown."""
    sandbox = program(READ)
    sandbox.settings(f"  {sandbox_name(sandbox)}:sizes: {{dev: 1}}\n  {sandbox_name(sandbox)}:on: false\n")
    sandbox.settings(f"  {sandbox_name(sandbox)}:token: {{secure: AAAB}}\n")
    outcome = sandbox.run("up", "--config", "on=true", "--secret", "token=hunter2-secret")
    assert outcome.result["outputs"] == {
        "sizes": {"dev": 1}, "on": True, "token": "[secret]", "value": "[secret]",
    }  # fmt: skip
    assert "hunter2" not in outcome.progress
    found = aws.client("ssm").get_parameter(Name="/read/token", WithDecryption=True)
    assert found["Parameter"]["Value"] == "hunter2-secret"


def sandbox_name(sandbox: Sandbox) -> str:
    """The project's name."""
    return (sandbox.directory / "Pulumi.yaml").read_text().splitlines()[0].removeprefix("name: ")


def test_an_encrypted_setting_without_a_value_is_named(program: Program) -> None:
    """An encrypted setting ends the run before any change, and the error names the option --secret."""
    sandbox = program(READ)
    sandbox.settings("  other:token: {secure: AAAB}\n")
    outcome = sandbox.run("up", ok=False)
    assert outcome.code == 2
    assert "--secret other:token=" in outcome.errors


def test_a_required_setting_without_a_value_is_named(program: Program) -> None:
    """A required setting without a value is an error with the setting's name."""
    sandbox = program("")
    with (sandbox.directory / "Pulumi.yaml").open("a") as project:
        project.write("config:\n  size: {type: integer}\n")
    assert ":size" in sandbox.run("up", ok=False).errors


@pytest.mark.parametrize("endpoint", ["https://sqs.eu-central-1.amazonaws.com", "http://10.0.0.1:4566", "nonsense"])
def test_only_this_machine_is_deployed_to(endpoint: str) -> None:
    """An endpoint that is not on this machine is refused."""
    with pytest.raises(ConfigurationError, match="not on this machine"):
        require_loopback(endpoint)


def test_an_uncomputed_output_fails_its_consumer_by_name(program: Program) -> None:
    """The use of an output that no handler computes is an error that names both resources."""
    sandbox = program("""
from pulumi_aws import kms, sqs
key = kms.Key("key", deletion_window_in_days=7)
sqs.Queue("consumer", visibility_timeout_seconds=key.rotation_period_in_days)
""")
    errors = sandbox.run("up", ok=False).errors
    assert "aws:sqs/queue:Queue 'consumer'" in errors
    assert "visibilityTimeoutSeconds" in errors
    assert "aws:kms/key:Key::key" in errors


def test_options_of_resources_are_kept(program: Program) -> None:
    """ignore_changes, components, depends_on, explicit providers, get and invokes work as in Pulumi."""
    text = """
import pulumi
import pulumi_aws as aws
from pulumi_aws import sqs

class Pair(pulumi.ComponentResource):
    def __init__(self, name: str) -> None:
        super().__init__("demo:index:Pair", name)
        self.one = sqs.Queue(f"{{name}}-one", opts=pulumi.ResourceOptions(parent=self))
        self.two = sqs.Queue(f"{{name}}-two", opts=pulumi.ResourceOptions(parent=self, depends_on=[self.one]))
        self.register_outputs({{}})

pair = Pair("pair")
sqs.Queue("ignored", delay_seconds={delay}, tags={{"Version": "{delay}"}},
          opts=pulumi.ResourceOptions(ignore_changes=["delaySeconds", "tags"], depends_on=[pair]))
east = aws.Provider("east", region="us-east-1", default_tags={{"tags": {{"Where": "east"}}}})
far = sqs.Queue("far", opts=pulumi.ResourceOptions(provider=east))
pulumi.export("far", far.arn)
pulumi.export("tags", far.tags_all)
pulumi.export("got", sqs.Queue.get("got", pair.one.id).arn)
pulumi.export("account", aws.get_caller_identity().account_id)
pulumi.export("hidden", pulumi.Output.secret(pair.two.arn))
"""
    sandbox = program(text.format(delay=1))
    outputs = sandbox.run("up").result["outputs"]
    assert outputs["far"].startswith("arn:aws:sqs:us-east-1:123456789012:far-")
    assert outputs["tags"] == {"Where": "east"}
    assert outputs["got"].startswith("arn:aws:sqs:eu-central-1:123456789012:pair-one-")
    assert outputs["account"] == "123456789012"
    assert outputs["hidden"] == "[secret]"
    sandbox.write(text.format(delay=2))
    assert sandbox.run("up").changes == {"same": 4}
