"""The parameter of the board: an operator reads and replaces it (decision 054)."""

import json
from typing import Any

from cli.aws.expected import PROJECT_CONFIG
from cli.aws.operator import OutOfReachError
from functions.adapters.project_config import parsed
from functions.domain.errors import BadInputError
from functions.runtime import Clients

PARAMETER = "github-project-config"


class BoardParameter:
    """`/kiro-worker/{stack}/github-project-config` of one stack; `name` is its path."""

    def __init__(self, aws: Clients, stack: str) -> None:
        self._client = aws.client("ssm")
        self._key = f"alias/kiro-pipeline-{stack}-key"
        self.name = PROJECT_CONFIG.format(stack)

    def value(self) -> tuple[dict[str, Any], str]:
        """Its keys, and why functions can't read it: {} in that case, "" otherwise."""
        text = self._read()
        try:
            parsed(self.name, text)
        except BadInputError as mistake:
            return {}, str(mistake)
        return json.loads(text), ""

    def put(self, text: str) -> bool:
        """Store a text that functions can read; False if it is the current one. A mistake in it is a BadInputError.

        Without a key, AWS would encrypt it with the account's own:
        https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
        """
        parsed(self.name, text)
        if self._read() == text:
            return False
        self._client.put_parameter(Name=self.name, Value=text, Type="SecureString", KeyId=self._key, Overwrite=True)
        return True

    def _read(self) -> str:
        """Its text; a missing parameter is an OutOfReachError, because `pulumi up` refuses one that others made."""
        try:
            return str(self._client.get_parameter(Name=self.name, WithDecryption=True)["Parameter"]["Value"])
        except self._client.exceptions.ParameterNotFound:
            raise OutOfReachError(f"{self.name} is missing: `pulumi up` makes it") from None
