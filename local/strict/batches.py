"""Batches are answered in part, so code that does not ask for the rest fails its tests.

"BatchGetItem returns a partial result if the response size limit is exceeded, the table's provisioned throughput is
exceeded, more than 1MB per partition is requested, or an internal processing failure occurs."
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
"""

from typing import Any

from botocore.model import OperationModel


def cut(operation: OperationModel, params: dict[str, Any], parsed: dict[str, Any]) -> None:
    """Leave the last item that a BatchGetItem finds in a table unprocessed, if it finds others."""
    if operation.name != "BatchGetItem" or "Error" in parsed:
        return
    for table, items in parsed["Responses"].items():
        if len(items) > 1:
            names, item = params["RequestItems"][table]["Keys"][0], items.pop()
            key = {name: item[name] for name in names}
            parsed.setdefault("UnprocessedKeys", {})[table] = {**params["RequestItems"][table], "Keys": [key]}
