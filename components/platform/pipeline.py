"""A function for every handler, a workflow for every definition, and the rules and routes that invoke them."""

from collections.abc import Mapping

import pulumi

from components.functions.deploy_access import DeployAccess
from components.functions.handlers import FoundHandler
from components.functions.package import Package
from components.functions.python_function import PythonFunction
from components.functions.resources import StackResources
from components.functions.workflow import Workflow, depth
from components.platform.endpoints import Endpoints
from components.platform.event_rules import EventRules, rule_arns
from statemachines.definitions import WORKFLOWS


class Pipeline(pulumi.ComponentResource):
    """All functions by module and all workflows by name."""

    functions: Mapping[str, PythonFunction]
    workflows: Mapping[str, Workflow]

    def __init__(
        self,
        *,
        stack: StackResources,
        handlers: Mapping[str, FoundHandler],
        package: Package,
        endpoints: Endpoints,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("kiro:index:Pipeline", "pipeline", None, opts)
        inner = pulumi.ResourceOptions(parent=self)
        self.functions = {
            module: PythonFunction(
                handler, stack=stack, package=package, rule_arns=rule_arns(handler, stack), opts=inner
            )
            for module, handler in handlers.items()
        }
        DeployAccess(stack=stack, functions=self.functions.values(), opts=inner)
        made: dict[str, Workflow] = {}
        for name in sorted(WORKFLOWS, key=depth):
            made[name] = Workflow(name, stack=stack, functions=self.functions, nested=made, opts=inner)
        self.workflows = {name: made[name] for name in WORKFLOWS}
        events = {one.handler.name: one for module, one in self.functions.items() if ".events." in module}
        endpoints.connect(events)
        EventRules(stack=stack, handlers=events, opts=inner)
        self.register_outputs({})
