"""ECS on a loopback port; SDKs find it through AWS_ENDPOINT_URL_ECS. Tasks are processes, and really serve."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

from local.ecs.balancer import Balancer
from local.ecs.context import Context
from local.ecs.definitions import Clusters, TaskDefinitions
from local.ecs.deployments import Deployments
from local.ecs.errors import InvalidParameterError
from local.ecs.images import Images
from local.ecs.metrics import Metrics
from local.ecs.reasons import reasons
from local.ecs.services import Services
from local.ecs.tags import Tags
from local.ecs.task_calls import Tasks
from local.json_service import JsonModel, JsonServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from local.clients import Clients

MODEL = JsonModel("ecs", "AmazonEC2ContainerServiceV20141113.", InvalidParameterError)
TICK_SECONDS = 0.03
MINUTE_SECONDS = 60.0


class EcsServer:
    """The endpoint, its balancer and its scheduler; all processes end with it, and with this process."""

    def __init__(
        self,
        aws: Clients,
        account: str,
        root: Path,
        publish: Callable[[dict[str, Any]], None],
        *,
        minute: float = MINUTE_SECONDS,
        port: int = 0,
    ) -> None:
        """Keep images and logs below `root`; one minute of ECS's times lasts `minute` seconds.

        `publish` gets every event while a deployment goes on: it may queue it, but must not call this endpoint. `aws`
        are clients of the emulated AWS, whose ECR has the images' manifests and whose ELB the target groups.
        """
        self.account = account
        self.images = Images(aws, root / "images", account, publish)
        logs = root / "tasks"
        logs.mkdir(parents=True, exist_ok=True)
        self._context = Context(aws.region, account, self.images, logs, publish, minute / 60)
        self._metrics = Metrics(aws)
        self.balancer = Balancer(self._metrics.note)
        clusters, definitions = Clusters(self._context), TaskDefinitions(self._context)
        self._services = Services(self._context, clusters, definitions, self.balancer, aws)
        self._tasks = Tasks(self._context, clusters, definitions, self._services)
        deployments = Deployments(self._context, self._services)
        tags = Tags(self._context, self._services, definitions)
        handlers = (clusters, definitions, self._services, deployments, self._tasks, tags)
        self._server = JsonServer(MODEL, handlers, aws.endpoint, port)
        self._stopping = threading.Event()
        self._scheduler = threading.Thread(target=self._schedule, name="ecs-scheduler", daemon=True)

    @property
    def endpoint(self) -> str:
        """The URL for AWS_ENDPOINT_URL_ECS; raises RuntimeError before `start`."""
        return self._server.endpoint

    def address(self, cluster: str, service: str) -> str:
        """The URL of a service behind the balancer, also before the service exists."""
        return f"{self.balancer.url}/{cluster}/{service}"

    def why(self, cluster: str, service: str) -> str:
        """Why a service is not as it should be: its deployment, its tasks, and what these printed last."""
        with self._context.lock:
            return reasons(self._services.find(cluster, service), self._context.root)

    def start(self) -> Self:
        """Listen, and let deployments go on."""
        self._metrics.__enter__()
        self.balancer.__enter__()
        self._scheduler.start()
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop listening and end all processes."""
        self._server.stop()
        self._stopping.set()
        self._scheduler.join()
        self.balancer.__exit__(None, None, None)
        self._metrics.__exit__(None, None, None)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _schedule(self) -> None:
        """Let everything go on; the processes of tasks belong to this thread."""
        while not self._stopping.wait(TICK_SECONDS):
            with self._context.lock:
                for service in [*self._services.all.values()]:
                    service.step()
                self._tasks.step()
        for service in self._services.all.values():
            service.kill()
        self._tasks.kill()
