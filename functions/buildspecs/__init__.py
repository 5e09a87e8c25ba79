"""Programs and buildspecs that run in CodeBuild."""
