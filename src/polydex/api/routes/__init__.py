"""One module per noun of the interface; each lists its operations."""
