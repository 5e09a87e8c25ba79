"""The package that every Lambda function has; an import path is a path in the zip archive."""
