"""The program, run once per stack for all tests."""

from collections.abc import Iterator

import pytest

from components.functions import package
from tests.components import recorder
from tests.components.recorder import Outcome

STACKS = ("test", "staging", "production")


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Outcome]]:
    """What every stack registers; whoever runs the program again does it over an empty layer."""
    layer = tmp_path_factory.mktemp("layer")
    (layer / "python").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "LAYER", layer)
        yield {stack: recorder.stack(stack) for stack in STACKS}


@pytest.fixture(params=STACKS)
def outcome(request: pytest.FixtureRequest, outcomes: dict[str, Outcome]) -> Outcome:
    """Each stack in turn."""
    return outcomes[request.param]
