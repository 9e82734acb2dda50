"""Benchmarks: each measures against a floor in the same run and prints the ratio. ``python -m bench``."""
