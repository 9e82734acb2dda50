"""Exchange Web Services, as an Exchange server on the premises answers them."""
