"""What runs inside CodeBuild."""
