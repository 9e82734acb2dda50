"""Exchange Server (2013 SP1 to Subscription Edition), over Exchange Web Services."""
