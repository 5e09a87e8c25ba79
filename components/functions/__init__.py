"""One Lambda function or workflow: its code, environment, role and permissions."""
