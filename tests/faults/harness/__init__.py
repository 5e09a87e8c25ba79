"""Faults put into a run on purpose, and the matrix that proves what is left behind: nothing."""
