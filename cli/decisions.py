"""Requests for approval: the open ones, and decisions by an operator's own AWS identity."""

from datetime import UTC, datetime, time, timedelta
from typing import Annotated

import typer

from cli import facts, show
from cli.aws.decisions import post
from cli.aws.operator import Operator, OutOfReachError
from cli.output import Form, Output
from cli.session import Deployment, Reason, Yes, confirm, do, report
from functions.domain.approvals import Approval

Where = Annotated[str, typer.Argument(metavar="[ENVIRONMENT]", help="needed if it waits in several environments")]

From = Annotated[
    str,
    typer.Option("--from", metavar="TIME", help="the approval counts from then: 22:00 here, or 2026-02-01T22:00+01:00"),
]


def approvals(context: typer.Context, output: Output = Form.TABLE) -> None:
    """Show the open requests for approval."""
    report(context, facts.approvals, show.approvals, output)


def approve(
    context: typer.Context,
    deployment: Deployment,
    reason: Reason,
    environment: Where = "",
    since: From = "",
    yes: Yes = False,
    output: Output = Form.TABLE,
) -> None:
    """Approve a release, or continue after a review, as the approver that your AWS identity stands for."""
    confirm(
        context,
        f"approve {deployment}",
        lambda aws: [aws.environment(_open(aws, deployment, environment).environment)],
        output,
        yes=yes,
    )
    begin = moment(since, datetime.now().astimezone())
    do(context, lambda aws: _decide(aws, deployment, environment, reason, approve=True, since=begin), _said, output)


def reject(
    context: typer.Context,
    deployment: Deployment,
    reason: Reason,
    environment: Where = "",
    output: Output = Form.TABLE,
) -> None:
    """Reject a release, or roll back after a review; your AWS identity is recorded."""
    do(context, lambda aws: _decide(aws, deployment, environment, reason, approve=False), _said, output)


def _said(done: facts.Facts) -> str:
    return f"{done['deployment']} in {done['environment']}: {done['message']}"


def _decide(
    aws: Operator, deployment: str, environment: str, reason: str, *, approve: bool, since: str = ""
) -> facts.Facts:
    """Post the decision to the approval page's function, which takes it by the same rules; a refusal is an error."""
    request = _open(aws, deployment, environment)
    status, answer = post(aws, request.approval_id, approve=approve, reason=reason, since=since)
    if status != 200:
        raise OutOfReachError(f"{deployment} in {request.environment}: {answer.get('message', f'HTTP {status}')}")
    return {"deployment": deployment, "environment": request.environment, **answer}


def _open(aws: Operator, deployment: str, environment: str) -> Approval:
    """The open request of a deployment; that of an environment, if one is named."""
    now = aws.clock.text()
    found = [
        one
        for _, one in aws.waits.open()
        if one and one.deployment_id == deployment and environment in ("", one.environment) and one.expires_at > now
    ]
    if not found:
        raise OutOfReachError(
            f"{deployment} waits for no decision{_in(environment)}; `kiro-worker approvals` lists what does"
        )
    if len(found) > 1:
        names = ", ".join(sorted(one.environment for one in found))
        raise OutOfReachError(f"{deployment} waits for decisions in {names}: name one of them")
    return found[0]


def moment(text: str, now: datetime) -> str:
    """A time of day, the next one in the zone of `now`, or a time with a date, as it is posted; "" stays ""."""
    if not text:
        return ""
    try:
        if len(text) <= len("22:00"):
            clock = time.fromisoformat(text)
            today = now.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
            return (today if today > now else today + timedelta(days=1)).astimezone(UTC).isoformat(timespec="minutes")
        given = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no time: 22:00, or 2026-02-01T22:00+01:00", param_hint="--from"
        ) from None
    given = given if given.tzinfo else given.replace(tzinfo=now.tzinfo)
    return given.astimezone(UTC).isoformat(timespec="minutes")


def _in(environment: str) -> str:
    return f" in {environment}" if environment else ""
