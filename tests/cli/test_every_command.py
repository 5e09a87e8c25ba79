"""Every command on terminals and pipes of any kind, and without a network (T1): no traceback, and no folded name."""

import io
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.httpsession import URLLib3Session
from typer.main import get_command

from cli.__main__ import app, main
from cli.aws.account import Account, Finding
from functions.adapters.secrets import SECRETS
from functions.runtime import Clients
from tests.cli.conftest import Kiro
from tests.cli.test_terminals import NAME, failed
from tests.functions.iam import ROLE, stand_in

__all__ = ["failed"]

ITEM, REASON = "acme/hello-service#7", ("--reason", "a reason")
ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "approvals": (),
    "approve": (NAME, *REASON),
    "cancel": (NAME, *REASON),
    "check": ("working-tree",),
    "cost": (),
    "deploy": ("acme/hello-service", "main"),
    "doctor": (),
    "dora": (),
    "evidence": (NAME,),
    "forget": ("moon", *REASON),
    "freeze": ("test", *REASON),
    "history": (),
    "items": (),
    "items retry": (ITEM,),
    "items show": (ITEM,),
    "items stop": (ITEM,),
    "locks": (),
    "logs": (NAME,),
    "open": (),
    "pin": ("test", *REASON),
    "plan": (),
    "reject": (NAME, *REASON),
    "retry": (NAME,),
    "rollback": ("production",),
    "setup": ("--secret", "webhook"),
    "show": (NAME,),
    "status": (),
    "stop-all": REASON,
    "unfreeze": ("production", *REASON),
    "unpin": ("test", *REASON),
    "validate": (),
    "version": (),
    "watch": (NAME,),
    "why": (NAME,),
}
WITHOUT_AWS = {"check", "version"}
# They name the deployment, whatever becomes of them.
NAMED = ("cancel", "history", "show", "watch", "why")


def names(group: Any, before: str = "") -> Iterator[str]:
    """The names of all commands."""
    for name, command in group.commands.items():
        yield f"{before}{name}"
        if hasattr(command, "commands"):
            yield from names(command, f"{before}{name} ")


@pytest.fixture
def ready(failed: Kiro, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Kiro:
    """Commands do not wait, write into an empty folder, and ask a stand-in what the caller may do."""
    for secret in SECRETS.values():  # moto fails for versions of a secret that it has not
        failed.clients.client("secretsmanager").create_secret(Name=f"kiro-pipeline-test-{secret.name}")
    monkeypatch.setattr("cli.stopping.time.sleep", lambda _: None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "working-tree").mkdir()
    return failed


def run(kiro: Kiro, name: str, *before: str, **environment: str) -> Any:
    """Run a command with its arguments; an exception that it does not explain fails the test."""
    done = kiro.run(*before, *name.split(), *ARGUMENTS[name], **environment)
    assert done.exception is None or isinstance(done.exception, SystemExit), (name, done.exception)
    return done


def test_every_command_has_its_arguments_here() -> None:
    """A new command is tried in all of these ways, too."""
    assert sorted(names(get_command(app))) == sorted(ARGUMENTS)


@pytest.mark.parametrize("width", ["20", *(pytest.param(one, marks=pytest.mark.long) for one in ("80", "200"))])
def test_a_pipe_gets_whole_names_and_no_escapes(ready: Kiro, monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    """At any width of the terminal that the shell speaks of."""
    for name in ARGUMENTS:
        with monkeypatch.context() as patch:
            asked(patch, name)
            done = run(ready, name, COLUMNS=width)
        assert "\x1b" not in done.output, name
        assert name not in NAMED or NAME in done.output, name


def test_a_narrow_terminal_without_colour_folds_no_name(ready: Kiro, monkeypatch: pytest.MonkeyPatch) -> None:
    """https://no-color.org: 80 columns, and no colour at all."""
    for name in ARGUMENTS:
        with monkeypatch.context() as patch:
            asked(patch, name)
            done = run(ready, name, FORCE_COLOR="1", TERM="xterm", COLUMNS="80", NO_COLOR="1")
        assert "\x1b[3" not in done.output, name
        assert name not in NAMED or NAME in done.output, name


def test_an_ascii_pipe_is_no_error(ready: Kiro, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ASCII lacks is replaced, in results and in errors."""
    for name, arguments in ARGUMENTS.items():
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="ascii") for _ in range(2))
        with monkeypatch.context() as patch:
            asked(patch, name)
            for stream, pipe in (("stdin", io.StringIO("")), ("stdout", out), ("stderr", err)):
                patch.setattr(sys, stream, pipe)
            patch.setattr(sys, "argv", ["kiro-worker", *name.split(), *arguments])
            with pytest.raises(SystemExit):
                main()
        out.flush()
        err.flush()
        assert out.buffer.getvalue() + err.buffer.getvalue(), name


def asked(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """moto neither simulates policies nor lists quotas: `doctor` asks a stand-in."""
    if name == "doctor":
        found = Finding("concurrent builds", "wrong", "no more than 1 …")
        monkeypatch.setattr(Account, "findings", lambda _: iter([found]))
        stand_in(monkeypatch, ROLE, allowed=":")


def test_a_dead_endpoint_is_asked_once_by_every_command(
    ready: Kiro, monkeypatch: pytest.MonkeyPatch, dead: tuple[str, list[str]]
) -> None:
    """The error is one line with the next step; the only try ends after two seconds at most (`test_terminals.py`)."""
    endpoint, tried = dead
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")  # the command sets it, for all that follows
    for name in ARGUMENTS.keys() - WITHOUT_AWS:
        tried.clear()
        done = run(ready, name, "--endpoint-url", endpoint)
        assert (done.exit_code, done.stdout) == (1, ""), name
        assert done.stderr.startswith("kiro-worker: AWS can't be reached: "), name
        assert len(done.stderr.splitlines()) == 1, name
        assert len(tried) == 1, name


@pytest.fixture
def dead(monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[str]]:
    """An address at which nobody listens, and the requests that a command sends to any address."""
    tried: list[str] = []
    send: Callable[..., Any] = URLLib3Session.send
    commanded = threading.get_ident()

    def count(session: URLLib3Session, request: Any) -> Any:
        if threading.get_ident() == commanded:  # platforms of other tests have threads in this process
            tried.append(request.url)
        return send(session, request)

    monkeypatch.setattr(URLLib3Session, "send", count)
    monkeypatch.setattr(Clients, "_session", property(lambda _: boto3.Session()))
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return f"http://127.0.0.1:{closed.getsockname()[1]}", tried
