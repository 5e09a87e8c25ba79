"""An error about a service says what its tasks printed before they ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.local.ecs.support import CLUSTER

if TYPE_CHECKING:
    from tests.local.ecs.support import Workbench


def test_the_last_lines_of_a_crashed_task_are_shown(bench: Workbench) -> None:
    """A service whose tasks end at once: exit code, and the end of what they printed."""
    name = bench.service(bench.image("old"), shifts=False)
    breaker = {"enable": True, "rollback": False}
    code = "import sys\nprint('starting')\nsys.exit('no such table: orders')\n"
    arn = bench.update(name, bench.image("bad", code=code), strategy="ROLLING", deploymentCircuitBreaker=breaker)
    bench.ended(arn, "STOPPED")
    why = bench.server.why(CLUSTER, name)
    assert f"{CLUSTER}/{name}: STOPPED " in why
    assert "Essential container in task exited, exit code 1" in why
    assert why.index("    starting") < why.index("    no such table: orders")


def test_a_failed_health_check_is_named(bench: Workbench) -> None:
    """A service whose tasks run and are never healthy."""
    name = bench.service(bench.image("old"), shifts=False)
    bench.update(name, bench.image("ill", health=500), strategy="ROLLING")
    bench.wait(lambda: "health check of the target group: unhealthy" in bench.server.why(CLUSTER, name), "an ill task")
