"""AWS Security Hub: imports findings under the default product of the account."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients

# The most findings in one call of BatchImportFindings.
_BATCH = 100


class SecurityHub:
    """The product under which findings are imported; its ARN is empty if the stack imports none (setting `off`)."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("SECURITY_HUB",)
    IMPORT: ClassVar[tuple[Allow, ...]] = (Allow(("securityhub:BatchImportFindings",), on="security-hub"),)

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws
        self.product_arn = aws.setting("SECURITY_HUB").removeprefix("off")

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The client is created with the first import."""
        return cls(aws)

    def send(self, findings: Sequence[dict[str, Any]]) -> tuple[int, list[str]]:
        """Import findings; returns the number of imported ones, and the reasons of refused ones.

        A finding with the id of an earlier one updates it.
        """
        imported, refused = 0, list[str]()
        client = self._aws.client("securityhub")
        for first in range(0, len(findings), _BATCH):
            try:
                answer = client.batch_import_findings(Findings=findings[first : first + _BATCH])
            except client.exceptions.InvalidAccessException as error:
                reason = error.response["Error"]["Message"]
                return 0, [f"Security Hub: {reason}; enable it in this account and region, or set securityHub: false"]
            imported += answer["SuccessCount"]
            refused += [f"{one['Id']}: {one['ErrorCode']}: {one['ErrorMessage']}" for one in answer["FailedFindings"]]
        return imported, refused
