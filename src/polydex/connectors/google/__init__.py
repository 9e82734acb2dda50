"""Google Contacts through the People API, version 1."""
