"""Simulated providers for tests and demos. It imports nothing from `polydex`, nor the reverse."""
