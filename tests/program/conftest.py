"""The program, run once per stack for all tests."""

from collections.abc import Iterator

import pytest

from components.functions import package
from tests.components import recorder
from tests.components.recorder import Outcome

STACKS = ("test", "staging", "production")
SWITCHED_ON = "switched on"


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Outcome]]:
    """The registered resources of every stack, with an empty layer of third-party code."""
    layer = tmp_path_factory.mktemp("layer")
    (layer / "python").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "LAYER", layer)
        yield {stack: recorder.stack(stack) for stack in STACKS}


@pytest.fixture(params=(*STACKS, SWITCHED_ON))
def outcome(request: pytest.FixtureRequest, outcomes: dict[str, Outcome]) -> Outcome:
    """The outcome of each stack, and of one with every optional setting and environments in several places."""
    return recorder.switched_on() if request.param == SWITCHED_ON else outcomes[request.param]


@pytest.fixture
def every(outcomes: dict[str, Outcome]) -> list[Outcome]:
    """The outcomes of each stack, and of one with every optional setting and environments in several places."""
    return [*outcomes.values(), recorder.switched_on()]
