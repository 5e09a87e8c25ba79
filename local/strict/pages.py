"""Lists come in pages, and the first page has one entry, so code that reads one page only fails its tests.

On AWS a page ends where the service likes: after 1 MB (DynamoDB Query, Scan), 50 entries (DescribeAlarms), 100
(ListSubscriptionsByTopic), or earlier: "the actual number of results returned per call might be fewer than the
specified maximum" (ListExecutions). A size that the caller names is a maximum, so it is lowered, too. Further pages are
as the caller wants them, which keeps a run cheap.
"""

from hashlib import sha256
from typing import Any

from botocore.model import OperationModel

# How the operations that are called here name the place where a page begins, and its size.
_TOKENS = ("NextToken", "nextToken", "Marker", "ContinuationToken", "ExclusiveStartKey")
_SIZES = ("MaxResults", "maxResults", "Limit", "limit", "MaxRecords", "MaxItems", "MaxKeys", "PageSize")
# Here a token is good for the size that it was made with: "Keep all other arguments unchanged."
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
_ONE_SIZE = frozenset({"GetExecutionHistory"})
# How the token of the second page begins where the operation knows no size, or whoever answers does not heed it; the
# digest of the first page's entry follows.
_SECOND = "kiro-strict-second-page-"
_CUT = "kiro-strict-cut"


def shape(operation: OperationModel, params: dict[str, Any], context: dict[str, Any]) -> None:
    """Ask for a first page of one entry."""
    members = operation.input_shape.members if operation.input_shape else {}
    token = next((name for name in _TOKENS if name in members), None)
    if token is None:
        return
    size = next((name for name in _SIZES if name in members), None)
    ours = str(params.get(token, "")).startswith(_SECOND)
    # API Gateway's sizes are texts.
    one: int | str = 1 if size is None or members[size].type_name != "string" else "1"
    if token in params and not ours:
        if size is not None and operation.name in _ONE_SIZE:
            params[size] = one
        return
    seen = params.pop(token).removeprefix(_SECOND) if ours else ""
    if size is not None and not ours:
        params[size] = one
    context[_CUT] = token, seen


def cut(operation: OperationModel, parsed: dict[str, Any], context: dict[str, Any]) -> None:
    """Cut the list after the page's entries, and add the token of the next page."""
    if _CUT not in context or "Error" in parsed or operation.output_shape is None:
        return
    token, seen = context.pop(_CUT)
    members = operation.output_shape.members
    lists = [name for name, one in members.items() if one.type_name == "list"]
    entries = [(name, entry) for name in lists for entry in parsed.get(name, ())]
    if seen:
        kept = entries[1:] if entries and _digest(entries[0]) == seen else entries
    elif len(entries) > 1:
        kept = entries[:1]
        parsed[token if token in members else f"Next{token}"] = _SECOND + _digest(kept[0])
        if "IsTruncated" in members:
            parsed["IsTruncated"] = True
    else:
        return
    parsed.update({name: [entry for at, entry in kept if at == name] for name in lists if name in parsed})


def _digest(entry: Any) -> str:
    return sha256(repr(entry).encode()).hexdigest()
