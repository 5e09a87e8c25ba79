import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from storefront import web
from storefront.api import Api
from storefront.store import MIGRATIONS, opened, prepare

APPLICATION = Path(__file__).parents[1]


@pytest.fixture
def api(database):  # noqa: ARG001 - wanted for its effect
    """The address of a running API with a database."""
    yield from _served(Api)


@pytest.fixture
def shop(api, monkeypatch):
    """The address of a running website in front of the API."""
    monkeypatch.setenv("API_URL", api)
    yield from _served(web.Web)


def _served(handler):
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def request(url, body=None, raw=None):
    """Status and text of an answer; with a body a POST."""
    data = raw if raw is not None else None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data), timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_an_order_is_kept(api):
    """What was ordered can be read again by its id."""
    status, text = request(f"{api}/orders", {"item": "mug", "quantity": 2})
    order = json.loads(text)
    assert (status, order["status"]) == (201, "received")
    assert json.loads(request(f"{api}/orders/{order['id']}")[1]) == {**order, "item": "mug", "quantity": 2}


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/orders", {"item": "boat"}, "item must be one of mug, shirt"),
        ("/orders", {"item": "mug", "quantity": 0}, "quantity must be"),
        ("/orders", {"item": "mug", "quantity": True}, "quantity must be"),
        ("/orders", ["mug"], "must be a JSON object"),
        ("/domains", {"name": "no domain"}, "name must be a domain"),
    ],
)
def test_a_wrong_body_is_named(api, path, body, said):
    """A mistake in a body is answered with 400 and what is allowed."""
    status, text = request(api + path, body)
    assert (status, said in text) == (400, True), text


def test_a_body_that_is_no_json_or_too_large_is_refused(api):
    """Neither reaches the database."""
    assert request(f"{api}/orders", raw=b"{")[0] == 400
    assert request(f"{api}/orders", raw=b"1" * 10_001)[0] == 400


def test_what_is_not_there_is_404(api):
    """Unknown orders, domains and paths."""
    for path in ("/orders/1", "/domains/a.example", "/products/1", "/"):
        assert request(api + path)[0] == 404
    assert request(f"{api}/carts", {})[0] == 404


def test_a_domain_waits_for_its_lookup(api):
    """A second request for a domain has it looked up again."""
    for _ in range(2):
        assert request(f"{api}/domains", {"name": "mugs.example"})[0] == 201
    assert json.loads(request(f"{api}/domains/mugs.example")[1])["status"] == "waiting"


def test_health_needs_the_database(api, tmp_path, monkeypatch):
    """Before the first migration it is good already; a database that is not there is not."""
    assert json.loads(request(f"{api}/health")[1]) == {"status": "ok", "version": "dev"}
    monkeypatch.setenv("DATABASE_FILE", str(tmp_path / "empty.db"))
    assert (request(f"{api}/health")[0], request(f"{api}/orders", {"item": "mug"})[0]) == (200, 503)
    monkeypatch.setenv("DATABASE_FILE", str(tmp_path / "nothing" / "shop.db"))
    assert request(f"{api}/health")[0] == 503


def opened_at(file, monkeypatch):
    """A new database, which the code finds from now on."""
    monkeypatch.setenv("DATABASE_FILE", str(file))
    return opened()


def test_a_migration_is_applied_once(tmp_path, monkeypatch):
    """A second run of the command changes nothing, and an error leaves nothing half done."""
    with opened_at(tmp_path / "new.db", monkeypatch) as store:
        assert store.migrate() == len(MIGRATIONS)
        store.add_order("mug", 1)
    with opened() as store:
        assert store.migrate() == 0
        assert store.accept_orders() == 1
    with pytest.raises(KeyError, match="stop"):
        _fail_after_an_order()
    with opened() as store:
        assert store.accept_orders() == 0


def test_a_new_environment_gets_its_tables_and_an_old_one_waits_for_its_release(tmp_path, monkeypatch):
    """An empty database is prepared at the start; missing migrations of another are left to `storefront.migrate`."""
    monkeypatch.setenv("DATABASE_FILE", str(tmp_path / "new.db"))
    prepare()
    with opened() as store:
        assert store.migrate() == 0
        store.run("DROP TABLE domains")
        store.run("DELETE FROM migrations WHERE number = 2")
    prepare()
    with opened() as store:
        assert store.migrate() == 1


def _fail_after_an_order():
    with opened() as store:
        store.add_order("mug", 1)
        raise KeyError("stop")


def test_the_page_shows_the_products_of_the_api(shop):
    """Names are escaped; the health of the page is its own."""
    assert "<li id='mug'>A mug</li>" in request(f"{shop}/")[1]
    assert "&lt;b&gt;" in web.page({"mug": "<b>"})
    assert json.loads(request(f"{shop}/health")[1])["status"] == "ok"
    assert request(f"{shop}/other")[0] == 404


def test_the_page_says_when_the_api_does_not_answer(shop, monkeypatch):
    """A fault of the API is a 502 here, and the health stays good."""
    monkeypatch.setenv("API_URL", "http://127.0.0.1:9")
    assert request(f"{shop}/")[0] == 502
    assert request(f"{shop}/health")[0] == 200


def test_a_request_under_way_is_answered_when_the_task_is_stopped(database):  # noqa: ARG001
    """SIGTERM ends the process only after the response; a new connection is refused."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = {**os.environ, "HOST": "127.0.0.1", "PORT": str(port)}
    with subprocess.Popen([sys.executable, "-m", "storefront.api"], cwd=APPLICATION, env=variables) as process:
        deadline = time.monotonic() + 20
        while True:
            try:
                under_way = socket.create_connection(("127.0.0.1", port))
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        with under_way:
            under_way.sendall(b"POST /orders HTTP/1.1\r\nContent-Length: 15\r\n\r\n")
            assert request(f"http://127.0.0.1:{port}/health")[0] == 200  # the first request is read by now
            process.send_signal(signal.SIGTERM)
            time.sleep(1)
            assert process.poll() is None
            under_way.sendall(b'{"item": "mug"}')
            assert under_way.recv(100).startswith(b"HTTP/1.0 201")
        assert process.wait(20) == 0
