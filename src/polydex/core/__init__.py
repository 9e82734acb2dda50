"""The pure core: values and rules. Standard library and msgspec only; no I/O, no clock, no randomness."""
