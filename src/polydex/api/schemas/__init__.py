"""JSON Schemas (draft 2020-12, as OpenAPI 3.1 uses them) of everything that the interface takes and gives.

Names of shapes and members are those of the Aurinko contract. Input and output differ where the interface is more
tolerant on the way in (null, other spellings, letter case) than on the way out; what is taken is exactly described, so
that whatever violates these schemas is refused. What no schema can tell (a contact without any content, a picture that
is none, two spellings that contradict each other) is refused besides.
"""

from __future__ import annotations

from polydex.api.schemas import accounts, contacts
from polydex.api.schemas.accounts import KNOWN_SERVICES
from polydex.api.schemas.parts import Json, ref

__all__ = ["KNOWN_SERVICES", "Json", "ref", "schemas"]


def schemas() -> dict[str, Json]:
    """Every component schema by name."""
    return {**contacts.given(), **contacts.taken(), **accounts.given(), **accounts.taken()}
