"""moto's state, kept once and brought back for every test: to create it anew would cost each of them 30 ms."""

import pickle
from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.dynamodb.models import dynamodb_backends
from moto.events.models import events_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.stepfunctions.models import stepfunctions_backends

from tests.functions.stack import ACCOUNT, REGION

_SERVICES: tuple[tuple[BackendDict[Any], str], ...] = (
    (dynamodb_backends, REGION),
    (events_backends, REGION),
    (s3_backends, "aws"),
    (sns_backends, REGION),
    (stepfunctions_backends, REGION),
)


class Kept:
    """What these services hold now; within one `mock_aws` it can be had again and again."""

    def __init__(self) -> None:
        self._states = [pickle.dumps(backends[ACCOUNT][place]) for backends, place in _SERVICES]
        self._buckets = dict(s3_backends.bucket_accounts)

    def restore(self) -> None:
        """Forget all that moto holds, of every service, and hold again what was kept."""
        BackendDict.reset()
        reset_model_data()
        for (backends, place), state in zip(_SERVICES, self._states, strict=True):
            backends[ACCOUNT][place] = pickle.loads(state)  # noqa: S301 - written above
        s3_backends.bucket_accounts.clear()
        s3_backends.bucket_accounts.update(self._buckets)
