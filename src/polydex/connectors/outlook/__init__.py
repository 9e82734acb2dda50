"""What a contact of an Exchange mailbox is, whichever way it is reached: the same MAPI item through Graph and through EWS."""
