"""The version of this program."""

import tomllib
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path

import typer

from cli.output import Form, Output, dumped


def version(output: Output = Form.TABLE) -> None:
    """Print the version of this program."""
    try:
        found = installed("kiro-worker")
    except PackageNotFoundError:
        project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
        found = f"{project['version']} (checkout)"
    typer.echo(dumped({"version": found}, output) if output.is_data else found)
