"""CloudWatch metrics in Embedded Metric Format: they are written to the log, which needs no permission."""

from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from functions.runtime import Clients

NAMESPACE = "KiroPipeline"


class Metrics:
    """Metrics about the platform itself."""

    SETTINGS: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def connect(cls, _aws: "Clients") -> Self:
        """No client is needed."""
        return cls()

    def count(self, name: str, value: int, **dimensions: str) -> None:
        """Publish a count; the platform's name is added as the dimension `service`."""
        from aws_lambda_powertools.metrics import MetricUnit, single_metric

        with single_metric(name=name, unit=MetricUnit.Count, value=value, namespace=NAMESPACE) as metric:
            for dimension, what in dimensions.items():
                metric.add_dimension(name=dimension, value=what)
