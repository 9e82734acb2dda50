"""Finding out what is wrong, step by step, without touching anything: it has to work on a broken installation."""
