"""Benchmarks of the project's promises about speed and cost, each the ratio of two ways in one run."""
