"""Benchmarks: each measures against a floor or a peer in the same run and prints the ratio. ``make bench``."""
