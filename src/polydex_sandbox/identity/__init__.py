"""Authorization servers, simulated: OAuth 2.0 and OpenID Connect, Google's and Microsoft's.

Each has a package of its own; what lies beside them is the same for both.
"""
