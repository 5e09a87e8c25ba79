"""Commands that freeze, unfreeze and forget environments."""

from typing import Annotated

import typer

from cli import changes, facts
from cli.output import Form, Output
from cli.session import Environment, Reason, Yes, confirm, do


def freeze(context: typer.Context, environment: Environment, reason: Reason, output: Output = Form.TABLE) -> None:
    """Freeze an environment: no deployment may enter it until it is unfrozen. Rollbacks may."""
    do(
        context,
        lambda aws: changes.freeze(aws, environment, reason),
        lambda done: (
            f"{environment} is frozen by {done['frozen']['by']}; "
            f"`kiro-worker unfreeze {environment} --reason …` ends it"
        ),
        output,
    )


def unfreeze(
    context: typer.Context, environment: Environment, reason: Reason, yes: Yes = False, output: Output = Form.TABLE
) -> None:
    """Unfreeze an environment. The next release deploys the parts that are in doubt again."""
    confirm(context, f"let releases into {environment}", lambda aws: [aws.environment(environment)], output, yes=yes)
    do(context, lambda aws: changes.unfreeze(aws, environment, reason), _unfrozen, output)


def _unfrozen(done: facts.Facts) -> str:
    doubts = "".join(
        f"\n{part} is in doubt: {deployment} began to change it and recorded no end; the next release deploys it again"
        for part, deployment in done["inDoubt"].items()
    )
    was = done["was"]
    return f"{done['environment']} is unfrozen; it was frozen since {was['since']}: {was['reason']}{doubts}"


def forget(
    context: typer.Context,
    environment: Annotated[str, typer.Argument(help="an environment that the stack has no longer")],
    reason: Reason,
    output: Output = Form.TABLE,
) -> None:
    """Delete what is recorded of an environment that the stack has no longer. It changes nothing that runs there."""
    do(context, lambda aws: changes.forget(aws, environment, reason), _forgotten, output)


def _forgotten(done: facts.Facts) -> str:
    ran = ", ".join(one["part"] for one in done["parts"] if one["running"]) or "nothing"
    return f"{done['environment']} is forgotten; recorded as running there was: {ran}"
