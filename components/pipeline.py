"""The pipeline itself: a function for every room, a workflow for every definition, and what wakes them."""

from collections.abc import Mapping

import pulumi

from components.deploy_access import DeployAccess
from components.endpoints import Endpoints
from components.estate import Estate
from components.package import Package
from components.python_function import PythonFunction
from components.rooms import FoundRoom
from components.wiring import Wiring, rule_arn
from components.workflow import Workflow
from statemachines.definitions import WORKFLOWS


class Pipeline(pulumi.ComponentResource):
    """Functions by module, workflows by name."""

    functions: Mapping[str, PythonFunction]
    workflows: Mapping[str, Workflow]

    def __init__(
        self,
        *,
        estate: Estate,
        rooms: Mapping[str, FoundRoom],
        package: Package,
        endpoints: Endpoints,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("kiro:index:Pipeline", "pipeline", None, opts)
        inner = pulumi.ResourceOptions(parent=self)
        self.functions = {
            module: PythonFunction(
                room, estate=estate, package=package, rule_arn=rule_arn(room, estate.site), opts=inner
            )
            for module, room in rooms.items()
        }
        DeployAccess(estate=estate, functions=self.functions.values(), opts=inner)
        self.workflows = {
            name: Workflow(name, estate=estate, functions=self.functions, opts=inner) for name in WORKFLOWS
        }
        events = {one.room.name: one for module, one in self.functions.items() if ".events." in module}
        endpoints.connect(events)
        Wiring(estate=estate, rooms=events, opts=inner)
        self.register_outputs({})
