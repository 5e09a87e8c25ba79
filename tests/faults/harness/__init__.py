"""Injects faults into runs of the platform; the matrix checks that no fault leaves an orphan."""
