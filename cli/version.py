"""The version of this program."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

import typer

from cli.output import Form, Output, dumped


def version(output: Output = Form.TABLE) -> None:
    """Print the version of this program."""
    try:
        found = installed("kiro-worker")
    except PackageNotFoundError:  # it runs from a checkout
        found = "not installed"
    typer.echo(dumped({"version": found}, output) if output.is_data else found)
