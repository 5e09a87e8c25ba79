"""AWS Security Hub: importing findings under the account's own product."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients

# What BatchImportFindings takes in one call.
_BATCH = 100


class SecurityHub:
    """The product that findings are imported under; its ARN is empty where the stack imports none (setting `off`)."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("SECURITY_HUB",)
    IMPORT: ClassVar[tuple[Allow, ...]] = (Allow(("securityhub:BatchImportFindings",), on="security-hub"),)

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws
        self.product_arn = aws.setting("SECURITY_HUB").removeprefix("off")

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """No client is made before there is something to import."""
        return cls(aws)

    def bring(self, findings: Sequence[dict[str, Any]]) -> tuple[int, list[str]]:
        """Import findings; how many were taken, and why some were not. A repetition updates what it finds."""
        taken, refused = 0, list[str]()
        client = self._aws.client("securityhub")
        for first in range(0, len(findings), _BATCH):
            try:
                answer = client.batch_import_findings(Findings=findings[first : first + _BATCH])
            except client.exceptions.InvalidAccessException as error:
                said = error.response["Error"]["Message"]
                return 0, [f"Security Hub: {said}; enable it in this account and region, or set securityHub: false"]
            taken += answer["SuccessCount"]
            refused += [f"{one['Id']}: {one['ErrorCode']}: {one['ErrorMessage']}" for one in answer["FailedFindings"]]
        return taken, refused
