import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from storefront import dns_worker, listener

APPLICATION = Path(__file__).parents[1]


def test_the_listener_accepts_each_order_once(database):
    """Received orders become accepted ones."""
    with database() as store:
        order = store.add_order("shirt", 3)
    assert (listener.accept(), listener.accept()) == (1, 0)
    with database() as store:
        assert store.order(order)["status"] == "accepted"


def test_a_domain_is_connected_if_it_leads_to_the_shop(database, monkeypatch):
    """A domain with an address of the shop is connected; one without an address is elsewhere."""
    monkeypatch.setenv("SHOP_HOST", "localhost")
    with database() as store:
        store.add_domain("localhost")
        store.add_domain("nowhere.invalid")
    assert (dns_worker.look_up(), dns_worker.look_up()) == (2, 0)
    with database() as store:
        assert store.domain("localhost")["status"] == "connected"
        assert store.domain("nowhere.invalid")["status"] == "elsewhere"


def test_a_worker_ends_by_itself_when_its_task_is_stopped(database):
    """SIGTERM ends it between two pieces of work, with exit code 0."""
    with database() as store:
        store.add_order("mug", 1)
    variables = {**os.environ, "PAUSE_SECONDS": "0.05"}
    command = [sys.executable, "-m", "storefront.listener"]
    with subprocess.Popen(command, cwd=APPLICATION, env=variables, stdout=subprocess.PIPE, text=True) as process:
        assert [next(process.stdout) for _ in range(2)] == ["listener dev started\n", "listener dev: 1 done\n"]
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
