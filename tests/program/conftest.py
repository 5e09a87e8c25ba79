"""The program, run once per stack for all tests."""

from collections.abc import Iterator

import pytest

from components import package
from tests.components.recorder import Outcome, run_main

STACKS = ("test", "staging", "production")


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Outcome]]:
    """What every stack registers, over an empty layer."""
    layer = tmp_path_factory.mktemp("layer")
    (layer / "python").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "LAYER", layer)
        yield {stack: run_main(stack) for stack in STACKS}


@pytest.fixture(params=STACKS)
def outcome(request: pytest.FixtureRequest, outcomes: dict[str, Outcome]) -> Outcome:
    """Each stack in turn."""
    return outcomes[request.param]
