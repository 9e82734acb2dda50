"""The one way out: every outbound request of the process goes through ``net.client.Net``."""
