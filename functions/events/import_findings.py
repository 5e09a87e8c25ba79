"""Imports the findings of scanners into AWS Security Hub, if the setting is on (G5)."""

import logging
from typing import Any

from functions.adapters.artifacts import Artifacts
from functions.adapters.bus import read_only
from functions.adapters.clock import Clock
from functions.adapters.scans import read_scans
from functions.adapters.security_hub import SecurityHub
from functions.domain.events import GatesJudged
from functions.domain.findings import Scan
from functions.domain.security_hub import imports
from functions.handler import Handler

_LOG = logging.getLogger(__name__)
HANDLER = Handler(allow=(*Artifacts.READ, *SecurityHub.IMPORT), memory_mb=1769, timeout_seconds=120)


def import_findings(event: dict[str, Any], artifacts: Artifacts, hub: SecurityHub, clock: Clock) -> dict[str, Any]:
    """Import the findings; EventBridge retries an error. Unreadable reports are left out: they failed their gate."""
    judged = read_only(GatesJudged, event)
    if not hub.product_arn or not judged.scans.reports or not judged.digest:
        return {"outcome": "nothing to import"}
    with artifacts.built(judged.artifact, judged.digest)[0] as archive:
        read = [scan for scan in read_scans(archive, judged.scans) if isinstance(scan, Scan)]
    found = [finding for scan in read for finding in scan.findings]
    imported, refused = hub.send(imports(found, judged.release, hub.product_arn, clock.text()))
    if refused:
        _LOG.warning("Security Hub refused findings", extra={"refused": refused[:10]})
    return {"outcome": f"imported {imported} of {len(found)}", "refused": refused}
