"""AWS as only an operator reads it: inventory, IAM simulation, forecasts."""
