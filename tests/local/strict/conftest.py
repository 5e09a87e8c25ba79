"""The shared emulator, called as strictly as the processes of a run call it."""

from collections.abc import Callable
from typing import Any

import boto3
import botocore.session
import pytest

from local.clients import DUMMY_CREDENTIAL
from local.emulator import Emulator
from local.strict.hooks import HANDLERS

Connect = Callable[[str], Any]


@pytest.fixture(scope="module")
def session(emulator: Emulator) -> boto3.Session:
    """A session with the hooks of a run."""
    bare = botocore.session.Session()
    for event, handler in HANDLERS:
        bare.register(event, handler)
    return boto3.Session(DUMMY_CREDENTIAL, DUMMY_CREDENTIAL, region_name=emulator.region, botocore_session=bare)


@pytest.fixture(scope="module")
def connect(session: boto3.Session, emulator: Emulator) -> Connect:
    """A client of a service, by the service's name."""
    return lambda service: session.client(service, endpoint_url=emulator.endpoint)  # type: ignore[call-overload]
