"""An account with a new account's quotas: what exceeds them is refused, and Service Quotas lists them.

That a full build queue refuses builds is in tests/local/codebuild/test_ending.py.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.clients import Clients, clients
from local.emulator import NEW_ACCOUNT, Emulator, Quotas
from tests.packages import packed
from tests.roles import new_role

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CODE = "import time\n\ndef handler(event, context):\n    time.sleep(8)\n"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    """An account that runs one function at a time."""
    log: Path = tmp_path_factory.mktemp("quotas") / "emulator.log"
    with (
        Emulator(log, role_seconds=0, quotas=Quotas(NEW_ACCOUNT.builds, functions=1)) as emulator,
        clients(emulator.endpoint, emulator.region) as made,
    ):
        yield made


@pytest.mark.long
def test_a_function_beyond_the_quota_is_throttled(aws: Clients) -> None:
    """Lambda queues no synchronous invocation: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html."""
    functions = aws.client("lambda")
    assert functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"] == 1
    functions.create_function(
        FunctionName="slow",
        Runtime="provided.al2023",
        Handler="main.handler",
        Timeout=60,
        Role=new_role(aws),
        Code={"ZipFile": packed(CODE)},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="slow", WaiterConfig={"Delay": 1})

    def outcome(_: int) -> str:
        try:
            functions.invoke(FunctionName="slow")
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "ran"

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(outcome, range(2))) == ["TooManyRequestsException", "ran"]


def test_service_quotas_lists_how_many_builds_run(aws: Clients) -> None:
    """By the names of the compute types, as `kiro-worker doctor` reads them; other services are not emulated."""
    client: Any = aws.client("service-quotas")
    quotas = client.list_service_quotas(ServiceCode="codebuild")["Quotas"]
    assert {one["QuotaName"]: one["Value"] for one in quotas}[
        "Concurrently running builds for Linux/Small environment"
    ] == NEW_ACCOUNT.builds
    with pytest.raises(client.exceptions.NoSuchResourceException, match="lambda is not emulated"):
        client.list_service_quotas(ServiceCode="lambda")
