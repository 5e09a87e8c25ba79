import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

import hello


def test_greets_by_name():
    """A person is greeted by the name they give."""
    reply = hello.handler({"rawPath": "/", "queryStringParameters": {"name": "Ada"}}, None)
    assert (reply["statusCode"], json.loads(reply["body"])["message"]) == (200, "Hello, Ada!")


def test_greets_the_world():
    """A request without a name is greeted as the world."""
    assert json.loads(hello.handler({"rawPath": "/"}, None)["body"])["message"] == "Hello, world!"


def test_health_tells_the_release():
    """The health endpoint names the release that runs."""
    assert json.loads(hello.handler({"rawPath": "/health"}, None)["body"]) == {"status": "ok", "version": "dev"}


def test_an_error_is_answered_and_counted(monkeypatch, capsys):
    """An error in the service becomes a 500 response and counts one in the metric."""
    monkeypatch.setattr(hello, "greet", lambda name: 1 / 0)
    reply = hello.handler({"rawPath": "/"}, None)
    assert reply["statusCode"] == 500
    assert json.loads(capsys.readouterr().out)["Errors"] == 1


def test_version_is_the_built_one(tmp_path, monkeypatch):
    """A built service names the commit that it was built from."""
    (tmp_path / "version.txt").write_text("abc123")
    monkeypatch.setattr(hello, "__file__", str(tmp_path / "hello.py"))
    assert hello.version() == "abc123"
