"""A CodeBuild endpoint for the embedded AWS: it keeps projects and really runs their buildspecs as processes."""

from local.codebuild.server import CodeBuildServer

__all__ = ["CodeBuildServer"]
