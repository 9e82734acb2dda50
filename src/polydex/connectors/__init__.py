"""Connectors: one package for each kind of provider, all behind :class:`polydex.connectors.base.Connector`."""
