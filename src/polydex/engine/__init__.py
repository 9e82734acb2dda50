"""Use cases: what happens between a request, the mirror and a provider."""
