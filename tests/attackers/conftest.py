"""The stack on moto and the local GitHub of the handlers' tests."""

from tests.functions.conftest import _moto, _session_stack, _unmeasured, copy, hub, plain_hub, service, stack

__all__ = ["_moto", "_session_stack", "_unmeasured", "copy", "hub", "plain_hub", "service", "stack"]
