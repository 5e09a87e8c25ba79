"""Reading the alarms of an environment."""

from functions.adapters.alarms import Alarms
from tests.functions.delivered import alarm
from tests.functions.samples import ENVIRONMENT
from tests.functions.stack import Stack


def test_every_named_alarm_is_read_in_order(stack: Stack) -> None:
    """An alarm that does not exist is `missing`; one that is named twice has the worse severity."""
    alarm(stack, "b", "ALARM", "why")
    alarm(stack, "a")
    read = Alarms.connect(stack.clients).read(ENVIRONMENT, ["b", "gone"], ["a", "b"])
    assert [(one.name, one.severity, one.state) for one in read] == [
        ("a", "warning", "OK"),
        ("b", "critical", "ALARM"),
        ("gone", "critical", "missing"),
    ]
    assert read[1].reason == "why"
    assert read[1].since.endswith("Z")


def test_no_names_no_question(stack: Stack) -> None:
    """Without alarm names, CloudWatch is not called."""
    assert Alarms.connect(stack.clients).read(ENVIRONMENT, [], []) == ()
