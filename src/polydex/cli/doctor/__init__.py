"""``polydex doctor``."""
