"""One file for each measure. Its `MEASURE` says what is promised, what it is held against, and the goal."""
