"""Microsoft, simulated: the contacts of Microsoft Graph v1.0."""
