"""Tables and texts of the data in `cli/facts.py`."""

from collections.abc import Iterable

from rich.console import Group
from rich.markup import escape

from cli.aws.checks import repairs
from cli.ends import EXIT_CODES
from cli.facts import Facts
from cli.grid import Grid, unfolded
from functions.domain.drift import Drift
from functions.domain.pins import Pin
from functions.handler import decode

_STYLES = {"RUNNING": "cyan", "SUCCEEDED": "green", "FAILED": "red", "ABORTED": "red", "TIMED_OUT": "red"}


def environments(found: list[Facts]) -> Group:
    """A line per part, then the address of each service, which is never folded."""
    table = Grid(
        *("environment", "part", "runs", "last good", "approved by", "since", "state"),
        prose=("runs", "approved by", "state"),
        wide=("approved by", "since"),
    )
    for one in found:
        state = "; ".join(_states(one)) or "[green]free[/green]"
        parts = one["parts"] or [{"part": "", "running": None, "good": None, "inDoubt": None, "approvedBy": []}]
        for number, part in enumerate(parts):
            running, good = part["running"], part["good"]
            runs = named(running) if running else "nothing"
            if part["inDoubt"]:
                runs = f"[red]{runs}?[/red] {part['inDoubt']} began to change it"
            elif running != good:
                runs = f"[yellow]{runs}[/yellow]"
            table.add_row(
                one["environment"],
                part["part"],
                runs,
                named(good) if good else "-",
                escape(", ".join(part["approvedBy"])),
                (running or {}).get("at", ""),
                state if number == 0 else "",
            )
    known = ((one["environment"], part["part"], part["address"]) for one in found for part in one["parts"])
    return Group(table, *(unfolded(f"{escape(part)} in {name}: {escape(url)}") for name, part, url in known if url))


def _states(one: Facts) -> Iterable[str]:
    if not one["inStack"]:
        runs = ", ".join(part["part"] for part in one["parts"] if part["running"] or part["inDoubt"])
        yield (
            f"[red]no longer in the stack[/red]; {f'still runs {escape(runs)}' if runs else 'nothing runs there'}: "
            f"`kiro-worker forget {one['environment']} --reason …` once it is gone"
        )
    if one["frozen"]:
        frozen = one["frozen"]
        yield f"[red]frozen[/red] since {frozen['since']} by {escape(frozen['by'])}: {escape(frozen['reason'])}"
    for pin in one["pins"]:
        yield f"[red]pinned[/red] {escape(decode(Pin, pin).describe())}"
    for part in one["parts"]:
        if part["drift"]:
            yield f"[red]drift[/red] {escape(decode(Drift, part['drift']).describe())}"
    for held in one["waiting"]:
        yield f"[yellow]{escape(held['deployment'])}[/yellow] {escape(held['reason'])}"
    if one["lock"]:
        back = "[red]rolling back[/red] " if one["rollingBack"] else ""
        yield f"{back}[cyan]{escape(one['deployment'])}[/cyan] ({escape(one['lock']['reason'])})"
    for alarm in (*one["alarms"], *one["outsideAlarms"]):
        if alarm["state"] == "ALARM":
            since = alarm.get("since") or alarm.get("at") or "an unknown time"
            yield f"[red]{escape(alarm['name'])}[/red] is in ALARM since {since}: {escape(alarm['reason'])}"
        elif alarm["state"] == "missing":
            yield f"[yellow]{escape(alarm['name'])}[/yellow] is an alarm that does not exist"
    if one["alarmsUnread"]:
        yield f"[yellow]its alarms could not be read[/yellow]: {escape(one['alarmsUnread'])}"


def history(found: list[Facts]) -> Grid:
    """A line per deployment."""
    table = Grid(
        *("deployment", "started", "by", "release", "title", "author", "status", "reason"),
        prose=("by", "title", "reason"),
        wide=("started", "author"),
    )
    for one in found:
        end = one["status"] if one["outcome"] == "rollback" else one["outcome"] or one["status"]
        style = "green" if EXIT_CODES.get(end) == 0 else "red" if one["outcome"] else "cyan"
        table.add_row(
            one["deployment"],
            one["startedAt"],
            escape(" ".join(filter(None, (one["trigger"], one["by"].rpartition("/")[2])))),
            one["commit"][:12],
            ("[red]EMERGENCY[/red] " if one["emergency"] else "") + escape(one["title"]),
            escape(one["author"]),
            f"[{style}]{end}[/{style}]",
            escape(one["reason"]),
        )
    return table


def locks(found: list[Facts]) -> Grid:
    """A line per environment, with its queue."""
    table = Grid(
        "environment",
        "held by",
        "reason",
        "since",
        "until",
        "state",
        "queue",
        prose=("reason", "queue"),
        wide=("state",),
    )
    for one in found:
        if not one["held"]:
            table.add_row(one["environment"], "[green]free[/green]", *[""] * 5)
            continue
        owner = escape(one["deployment"]) + (
            "" if one["alive"] else " [red](has ended: the next request gets the lock)[/red]"
        )
        line = "\n".join(f"{n}. {w['deployment']} since {w['since']}" for n, w in enumerate(one["queue"], 1))
        until = f"about {one['until']}" if one["until"] else "its execution ends"
        table.add_row(one["environment"], owner, escape(one["reason"]), one["since"], until, one["state"], line or "-")
    return table


def approvals(found: list[Facts]) -> Grid:
    """A line per open request."""
    table = Grid("environment", "deployment", "purpose", "title", "expires", prose=("title",))
    for one in found:
        row = (one["environment"], one["deployment"], one["purpose"], escape(one["title"]), one["expiresAt"])
        table.add_row(*row)
    return table


def plan(one: Facts) -> Group:
    """The outcome, then a line per part of each environment, with what would block the release there."""
    release, style = one["release"], "green" if one["outcome"] in ("deploy", "nothing") else "red"
    title = escape(release["message"].partition("\n")[0])
    table = Grid(
        *("environment", "part", "changes", "reason", "blocked now by", "required", "usual duration"),
        prose=("changes", "reason", "blocked now by", "required"),
    )
    for stage in one["stages"]:
        blocked, required = (
            "\n".join(_blocked_by(stage)) or "[green]nothing[/green]",
            "\n".join(_required(stage)) or "-",
        )
        first = (stage["environment"], blocked, required, _minutes(stage["expectedSeconds"]))
        parts = [(name, escape(stage["touches"][name]), why) for name, why in stage["parts"].items()]
        parts += [(name, "no", why) for name, why in stage["skipped"].items()]
        for number, (name, changes, why) in enumerate(parts):
            environment, blocks, demands, usual = first if number == 0 else (first[0], "", "", "")
            table.add_row(environment, name, changes, escape(why), blocks, demands, usual)
    return Group(
        f"{escape(release['repository'])} {release['commit'][:12]} {title} ({escape(release['author'])})",
        f"[{style}]{one['outcome']}[/{style}]: {escape(one['reason'])}",
        f"before any deployment: {escape('; '.join(one['gates']))}" if one["stages"] else "",
        table if one["stages"] else "",
        f"usual duration of the whole deployment: {_minutes(one['expectedSeconds'])}" if one["stages"] else "",
    )


def _blocked_by(stage: Facts) -> Iterable[str]:
    if stage["frozen"]:
        yield f"[red]frozen[/red] {escape(stage['frozen'])}"
    for part in stage["pinned"]:
        yield f"[red]pinned[/red] {escape(stage['skipped'][part])}"
    if stage["closed"]:
        opens = f"; opens {stage['opensAt']}" if stage["opensAt"] else ""
        yield f"[yellow]closed[/yellow] {escape(stage['closed'])}{opens}"
    if stage["lock"]:
        yield f"[cyan]locked[/cyan] {escape(stage['lock'])}"


def _required(stage: Facts) -> Iterable[str]:
    if stage["approvals"]:
        yield f"approval of {stage['approvals']}: {escape(', '.join(stage['approvers']) or 'anybody with the link')}"
    yield from (escape(gate) for gate in stage["gates"])


def _minutes(seconds: float | None) -> str:
    return "not known yet" if seconds is None else f"{seconds / 60:.1f} min"


def progress(one: Facts) -> Grid:
    """A line per execution."""
    table = Grid("status", "seconds", "state", "workflow", "execution")
    for execution in one["executions"]:
        style = _STYLES.get(execution["status"], "white")
        table.add_row(
            f"[{style}]{execution['status'].lower()}[/{style}]",
            f"{execution['seconds']:.0f}",
            execution["state"],
            execution["workflow"],
            execution["name"],
        )
    return table


def pieces(found: list[Facts]) -> Group:
    """A line per resource, with a mark per check, and the commands that repair what is wrong."""
    table = Grid("kind", "name", "checks", prose=("checks",))
    for one in found:
        table.add_row(one["kind"], one["name"], "  ".join(_ticked(check) for check in one["checks"]))
    commands = repairs(check["repair"] for one in found for check in one["checks"])
    if not commands:
        return Group(table)
    lines = (unfolded(f"  {escape(command)}") for command in commands)
    return Group(table, "", "These commands repair it, in this order:", *lines)


def findings(found: list[Facts]) -> Group:
    """A line per finding about the account."""
    return Group(*(_ticked(one) for one in found))


_MARKS = {
    "right": "[green]✓[/green]",
    "note": "[yellow]![/yellow]",
    "wrong": "[red]✗[/red]",
    "unknown": "[yellow]?[/yellow]",
}


def _ticked(check: Facts) -> str:
    mark = _MARKS[check["outcome"]]
    return f"{mark} {check['what']}" + (f": {escape(check['said'])}" if check["said"] else "")


def named(version: Facts) -> str:
    """The tag or digest of an image, else the commit."""
    image = version["image"]
    if image:
        return str(image["tag"] or image["digest"][:19])
    return version["commit"][:12] or f"version {version['version']}"
