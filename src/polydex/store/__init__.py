"""All SQL of Polydex, as plain functions ``f(tx, ...)``; one file per aggregate."""
