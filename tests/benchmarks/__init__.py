"""The short form of the benchmarks: every measure runs, and what can be counted is asserted."""
