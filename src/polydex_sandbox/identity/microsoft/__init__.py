"""Microsoft's identity platform (v2.0), simulated: OAuth 2.0 and OpenID Connect of login.microsoftonline.com."""
