"""Google's authorization server, simulated: OAuth 2.0 and OpenID Connect.

On one port lies what Google spreads over accounts.google.com, oauth2.googleapis.com, www.googleapis.com and
openidconnect.googleapis.com; the paths are the same.
"""
