"""The commands up, preview and destroy."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from local.pulumi.engine import Engine
from local.pulumi.errors import ConfigurationError, DeploymentError
from local.pulumi.handlers.base import Cloud
from local.pulumi.operations import delete
from local.pulumi.program import run_program
from local.pulumi.refresh import refresh
from local.pulumi.state import Record, Records, StateStore, deletion_order, needed_by, real

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.pulumi.project import Project
    from local.pulumi.report import Report


@dataclass(frozen=True)
class Target:
    """The endpoints to deploy to, and the variables of every Lambda function there."""

    endpoint: str
    codebuild_endpoint: str | None = None
    function_environment: dict[str, str] = field(default_factory=dict)


def run(command: str, project: Project, target: Target, report: Report, *, refreshed: bool = False) -> None:
    """Run a command; errors go to the report, and the state is saved in every case.

    `refreshed`: what was changed or deleted by hand is made again (`refresh.py`).
    """
    for endpoint in filter(None, (target.endpoint, target.codebuild_endpoint)):
        require_loopback(endpoint)
    cloud = Cloud(target.endpoint, target.codebuild_endpoint, project.region, target.function_environment, report.warn)
    store = StateStore(cloud.clients(project.region), project.name, project.stack)
    try:
        if command == "destroy":
            _destroy(cloud, store, report)
        else:
            deploy(project, cloud, store, report, preview=command == "preview", refreshed=refreshed)
    finally:
        cloud.close()


def require_loopback(endpoint: str) -> None:
    """Raise ConfigurationError for an endpoint that is not on this machine and so could be AWS."""
    host = urlsplit(endpoint).hostname or ""
    try:
        if host == "localhost" or ipaddress.ip_address(host).is_loopback:
            return
    except ValueError:
        pass
    raise ConfigurationError(f"endpoint {endpoint} is not on this machine; the embedded deployer takes 127.0.0.1 only")


def deploy(
    project: Project, cloud: Cloud, store: StateStore, report: Report, *, preview: bool, refreshed: bool = False
) -> None:
    """Run the program and change what differs, or only report it; the state is saved in every case."""
    old = store.load()
    again = refresh(cloud, old) if refreshed else frozenset[str]()
    note: Callable[[Record], None] = (lambda _: None) if preview else store.begin(old)
    engine = Engine(project, cloud, dict(old), report, note, preview=preview, again=again)
    report.hide(project.config[key] for key in project.secret_keys)
    try:
        run_program(project, engine)
    except DeploymentError as error:
        # the failed resource is already in the report; errors that follow from it are not reported
        if not report.errors:
            report.error(str(error))
    finally:
        if not preview:
            # resources that the program did not reach still exist
            store.save(engine.old | engine.records)
    gone = {urn: record for urn, record in engine.old.items() if urn not in engine.records}
    if report.errors:
        return
    if preview:
        for record in deletion_order(real(gone.values())):
            report.step("delete", record.type, record.name)
        return
    kept = _delete_removed(cloud, gone, report)
    store.save(kept | engine.records)


def _delete_removed(cloud: Cloud, gone: Records, report: Report) -> Records:
    """Delete resources that the program no longer declares; return those that had to stay."""
    protected = [record for record in gone.values() if record.protect]
    for record in protected:
        report.error(
            f"{record.type} '{record.name}': removed from the program but protected; deploy it unprotected first"
        )
    stay = needed_by([record.urn for record in protected], gone)
    return _delete(cloud, gone, stay, report)


def _destroy(cloud: Cloud, store: StateStore, report: Report) -> None:
    records = store.load()
    stay = needed_by([record.urn for record in records.values() if record.protect], records)
    for record in real(records[urn] for urn in records if urn in stay):
        reason = "protected" if record.protect else "needed by a protected resource"
        report.retain(record.type, record.name, reason)
    left = records
    try:
        left = _delete(cloud, records, stay, report)
    finally:
        store.save(left)


def _delete(cloud: Cloud, records: Records, stay: set[str], report: Report) -> Records:
    """Delete all but `stay`; a failure keeps the resource and everything it needs."""
    kept = set(stay)
    for record in deletion_order(records.values()):
        if record.urn in kept:
            continue
        try:
            if record in real([record]):
                _delete_one(cloud, record, report)
        except Exception as error:
            report.error(f"{record.type} '{record.name}': not deleted: {type(error).__name__}: {error}")
            kept |= needed_by([record.urn], records)
    return {urn: record for urn, record in records.items() if urn in kept}


def _delete_one(cloud: Cloud, record: Record, report: Report) -> None:
    if record.retain:
        report.retain(record.type, record.name, "retain_on_delete")
        return
    delete(cloud, record)
    report.step("delete", record.type, record.name)
