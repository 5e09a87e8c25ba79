"""Terminals and pipes: of any width, without colours, in ASCII, and an AWS that does not answer."""

import io
import json
import socket
import sys
from typing import Any

import boto3
import pytest
import yaml
from botocore.httpsession import URLLib3Session

from cli.__main__ import main
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import execution_arn
from functions.domain.environments import Freeze
from functions.runtime import Clients
from tests.cli.conftest import Kiro, machine
from tests.functions.samples import NOW, RELEASE

# As long as a name of a deployment may be.
NAME = "main-with-a-long-branch-name-81c0b2a3-1a2b3c4d5e6f-20260101"
REASON = "the tests after the deployment have failed: a text that is longer than what fits on one line of any terminal"
READS = (
    ("status",),
    ("history",),
    ("locks",),
    ("items",),
    ("approvals",),
    ("dora",),
    ("show", NAME),
)


@pytest.fixture
def failed(kiro: Kiro) -> Kiro:
    """A deployment with a long name that failed with a long reason, and a freeze with foreign characters."""
    deployments = DeploymentsTable.connect(kiro.clients)
    execution = execution_arn(machine("deployment"), NAME)
    deployments.begin(NAME, RELEASE, execution, "push")
    deployments.conclude(NAME, "failed", REASON)
    frozen = Freeze("Käse \x1b[31m\tfair …", "ada", NOW)
    EnvironmentsTable.connect(kiro.clients).freeze("production", frozen)
    return kiro


def test_a_pipe_gets_one_line_for_each_record(failed: Kiro) -> None:
    """T1: grep finds the whole record by any of its words, at any width; no tab, colour or control character."""
    for width in ("20", "80", "200"):
        done = failed.run("history", COLUMNS=width)
        head, line = done.stdout.splitlines()
        assert head.split()[:1] == ["deployment"]
        assert (NAME in line, REASON in line, RELEASE.commit[:12] in line) == (True, True, True)
    (line,) = [one for one in failed.run("status").stdout.splitlines() if one.startswith("production")]
    assert "frozen since" in line
    assert not {"\t", "\x1b"} & {*line}


@pytest.mark.parametrize("width", ["40", "80", "200"])
def test_a_terminal_folds_texts_and_no_names(failed: Kiro, width: str) -> None:
    """T1: a name can be copied; the reason is folded where there is no room for it, and nothing is left out."""
    shown = failed.run("history", FORCE_COLOR="1", TERM="xterm", COLUMNS=width).stdout
    assert NAME in shown
    assert len(shown.splitlines()) > 2
    words = "".join(shown.split())
    assert all(word in words for word in ("failed", "terminal"))


def test_wide_adds_columns_and_folds_nothing(failed: Kiro) -> None:
    """Author and start are columns of `wide` only."""
    head, line = failed.run("history", "-o", "wide", FORCE_COLOR="1", TERM="xterm", NO_COLOR="1").stdout.splitlines()
    assert {"author", "started"} < {*head.replace("\x1b[1m", "").replace("\x1b[0m", "").split()}
    assert (RELEASE.author in line, REASON in line) == (True, True)
    assert "author" not in failed.run("history").stdout


def test_yaml_and_json_say_the_same(failed: Kiro) -> None:
    """Both have every field, also in errors."""
    assert yaml.safe_load(failed.run("history", "-o", "yaml").stdout) == failed.json("history")
    error = failed.run("watch", "main-x", "-o", "yaml")
    assert (error.exit_code, "no deployment is called" in yaml.safe_load(error.stderr)["error"]) == (1, True)


@pytest.mark.parametrize("command", READS, ids=lambda command: command[0])
def test_no_colour_is_written_where_none_is_wanted(failed: Kiro, command: tuple[str, ...]) -> None:
    """https://no-color.org: bold may stay on a terminal; a pipe gets no escape sequence at all."""
    assert "\x1b[3" not in failed.run(*command, NO_COLOR="1", FORCE_COLOR="1", TERM="xterm").stdout
    assert "\x1b" not in failed.run(*command).stdout


@pytest.mark.parametrize("command", READS, ids=lambda command: command[0])
def test_an_ascii_pipe_is_no_error(failed: Kiro, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    """T1: what ASCII lacks becomes its likeness or a question mark."""
    pipe = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", pipe)
    monkeypatch.setattr(sys, "argv", ["kiro-worker", *command])
    with pytest.raises(SystemExit) as ended:
        main()
    pipe.flush()
    assert (ended.value.code, bool(pipe.buffer.getvalue())) == (0, True)


def test_a_dead_endpoint_is_asked_once(kiro: Kiro, monkeypatch: pytest.MonkeyPatch) -> None:
    """T1: the first call connects within two seconds and is not repeated, and the error names the next step.

    Five tries of the SDK with its backoff take 14 s. The tries are counted, because a busy machine is slow.
    """
    tried: list[Any] = []
    original = URLLib3Session.send

    def count(self: URLLib3Session, request: Any) -> Any:
        tried.append(self._timeout.connect_timeout)  # type: ignore[attr-defined]
        return original(self, request)

    monkeypatch.setattr(URLLib3Session, "send", count)
    monkeypatch.setattr(Clients, "_session", property(lambda _: boto3.Session()))
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")  # the command sets it, for all that follows
    done = kiro.run("--endpoint-url", f"http://127.0.0.1:{port}", "status")
    assert (done.exit_code, "AWS can't be reached" in done.stderr, "check the network" in done.stderr) == (
        1,
        True,
        True,
    )
    assert tried == [2]


@pytest.mark.parametrize("endpoint", ["foo", "127.0.0.1:4566", "ftp://127.0.0.1", "http://"])
def test_a_wrong_endpoint_is_named(kiro: Kiro, endpoint: str) -> None:
    """T1: instead of a traceback of the SDK."""
    done = kiro.run("--endpoint-url", endpoint, "status", "--output", "json")
    assert done.exit_code == 1
    assert json.loads(done.stderr)["error"].endswith("write an address such as http://127.0.0.1:4566")
