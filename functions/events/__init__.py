"""What wakes the product: webhooks, links, builds, alarms, executions and its own domain events."""
