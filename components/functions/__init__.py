"""Lambda functions and workflows: their code, environment variables, roles and permissions."""
