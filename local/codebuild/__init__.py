"""A CodeBuild endpoint for the embedded AWS, which runs buildspecs as real processes."""

from local.codebuild.server import CodeBuildServer

__all__ = ["CodeBuildServer"]
