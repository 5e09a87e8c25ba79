"""A small load run; writes its totals as JSON: `python checks/load.py reports/load.json`."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from service import WEB, get, text

USERS, REQUESTS = 4, 60
# A shared machine may take this long for nothing: shorter times say nothing about the services, and count as this long.
LEAST_SECONDS = 0.1


def visit(number: int) -> tuple[bool, float]:
    """Ask the API or the website; whether it answered, and the seconds it took."""
    started = time.monotonic()
    try:
        text(f"{WEB}/") if number % 2 else get("/products")
        good = True
    except OSError:
        good = False
    return good, max(time.monotonic() - started, LEAST_SECONDS)


def main(report: str) -> None:
    """Several users ask at once; count errors and seconds."""
    with ThreadPoolExecutor(USERS) as users:
        visits = list(users.map(visit, range(REQUESTS)))
    seconds = sum(took for _, took in visits)
    failures = sum(not good for good, _ in visits)
    totals = {"requests": REQUESTS, "failures": failures, "meanSeconds": seconds / REQUESTS}
    Path(report).write_text(json.dumps(totals), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
