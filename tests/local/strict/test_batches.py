"""A batch is answered in part, and what was left out is named."""

from local.clients import Clients
from tests.local.strict.conftest import Connect


def test_the_last_item_of_a_batch_is_left_unprocessed(aws: Clients, connect: Connect) -> None:
    """The rest can be asked for as it is named; a batch of one is whole."""
    aws.client("dynamodb").create_table(
        TableName="batch",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
    )
    keys = [{"k": {"S": str(number)}} for number in range(3)]
    for key in keys:
        aws.client("dynamodb").put_item(TableName="batch", Item={**key, "v": {"S": "x"}})
    client = connect("dynamodb")
    first = client.batch_get_item(RequestItems={"batch": {"Keys": keys, "ConsistentRead": True}})
    assert len(first["Responses"]["batch"]) == 2
    rest = client.batch_get_item(RequestItems=first["UnprocessedKeys"])
    assert not rest["UnprocessedKeys"]
    found = [item["k"] for answer in (first, rest) for item in answer["Responses"]["batch"]]
    assert sorted(key["S"] for key in found) == ["0", "1", "2"]
