"""What lets an account in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from polydex_sandbox.accounts import Account

Method = Literal["negotiate", "ntlm", "basic", "bearer"]
METHODS: Final[tuple[Method, ...]] = ("negotiate", "ntlm", "basic", "bearer")
"""In the order in which IIS offers them."""

Binding = Literal["none", "allow", "require"]
BINDINGS: Final[tuple[Binding, ...]] = ("none", "allow", "require")
"""Extended Protection: ignored, checked where a proof has a channel binding, demanded.

Source: https://learn.microsoft.com/exchange/plan-and-deploy/post-installation-tasks/security-best-practices/exchange-extended-protection.
"""


@dataclass(frozen=True)
class Login:
    r"""A login of an account.

    Attributes:
        account: whose.
        names: what it may call itself, in lower case: ``domain\user``, ``user@domain``, ``user``.
        password: of all of them; for NTLM one without a colon and of one line, as the file of the acceptor has it.
        methods: by which it is let in.
        binding: Extended Protection, of proofs by NTLM.
    """

    account: Account
    names: frozenset[str]
    password: str
    methods: frozenset[Method] = frozenset({"negotiate", "ntlm", "basic"})
    binding: Binding = "none"
