"""Who asks: Basic, NTLM, Negotiate and bearer tokens, as IIS lets them in to Exchange Web Services and to autodiscover.

See https://learn.microsoft.com/exchange/client-developer/exchange-web-services/authentication-and-ews-in-exchange.
"""

from __future__ import annotations

from polydex_sandbox.exchange.auth.gate import EWS_SCOPE, Gate
from polydex_sandbox.exchange.auth.login import BINDINGS, METHODS, Binding, Login, Method

__all__ = ["BINDINGS", "EWS_SCOPE", "METHODS", "Binding", "Gate", "Login", "Method"]
