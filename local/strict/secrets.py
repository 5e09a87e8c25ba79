"""Secrets Manager: a secret without a value has no version.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
"""

from collections.abc import Callable
from typing import Any

from ministack.core.responses import json_response
from ministack.services import secretsmanager

from local.strict.around import Answer, around


@around(secretsmanager, "_create_secret")
def create_no_empty_version(original: Callable[..., Answer], request: dict[str, Any]) -> Answer:
    """ministack would create a current version without a value, whose age would be that of the secret."""
    answer = original(request)
    if answer[0] != 200 or "SecretString" in request or "SecretBinary" in request:
        return answer
    secret = secretsmanager._secrets[request["Name"]]
    secret["Versions"].clear()
    return json_response({"ARN": secret["ARN"], "Name": secret["Name"]})
