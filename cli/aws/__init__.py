"""Reads of AWS that only the operator's commands need: inventory, IAM simulation, forecasts."""
