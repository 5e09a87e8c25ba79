"""The operator's commands, over a stack on moto."""
