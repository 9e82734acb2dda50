"""Microsoft 365 and Outlook.com: contacts by Microsoft Graph v1.0."""
