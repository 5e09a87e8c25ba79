"""An ECS endpoint for the embedded AWS: tasks are real processes behind a balancer that shares requests by weight."""

from local.ecs.server import EcsServer

__all__ = ["EcsServer"]
