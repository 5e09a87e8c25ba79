"""A small load run; writes its totals as JSON: `python checks/load.py reports/load.json`."""

import json
import sys
import time
from pathlib import Path

from service import get

REQUESTS = 50
# A shared machine may take this long for nothing: shorter times say nothing about the service, and count as this long.
LEAST_SECONDS = 0.1


def main(report: str) -> None:
    """Greet one person after the other, and count errors and seconds."""
    failures, seconds = 0, 0.0
    for number in range(REQUESTS):
        started = time.monotonic()
        try:
            get(f"/?name=visitor-{number}")
        except OSError:
            failures += 1
        seconds += max(time.monotonic() - started, LEAST_SECONDS)
    totals = {"requests": REQUESTS, "failures": failures, "meanSeconds": seconds / REQUESTS}
    Path(report).write_text(json.dumps(totals), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
