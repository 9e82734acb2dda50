"""The providers whose sandboxes misbehave alike, for the tests that hold for each of them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final

import pytest

from polydex.core.errors import ProviderTimeout, ProviderUnavailable
from polydex.engine.errand import Written
from polydex.testing.contract import PNG
from tests.exchange.home import exchange_home
from tests.google.home import google_home
from tests.microsoft.home import graph_home
from tests.pictures import jpeg
from tests.providers.home import SandboxHome


@dataclass(frozen=True)
class Side:
    """One provider.

    Attributes:
        home: makes an installation over it.
        quirks: what the names of its sandbox' quirks begin with.
        create: the operation that creates a contact, as the sandbox calls it; so are the others.
        refused: the quirk that refuses for good.
        photo: of a contact in a request, as the provider keeps it.
        once: what writes a photo and must not be sent twice: it is not repeated at once when nothing is answered.
    """

    home: Callable[..., AbstractAsyncContextManager[SandboxHome]]
    quirks: str
    create: str
    update: str
    delete: str
    photo_put: str
    photo_gone: str
    refused: str
    photo: dict[str, str]
    once: frozenset[str] = frozenset()

    def quirk(self, name: str) -> str:
        """A quirk that each sandbox has, as this one calls it."""
        return f"{self.quirks}-{name}"


GOOGLE: Final = Side(
    google_home,
    "google",
    create="people.createContact",
    update="people.updateContact",
    delete="people.deleteContact",
    photo_put="people.updateContactPhoto",
    photo_gone="people.deleteContactPhoto",
    refused="google-forbidden",
    photo={"content": b64encode(PNG).decode(), "mimeType": "image/png"},
)
MICROSOFT: Final = Side(
    graph_home,
    "graph",
    create="contacts.create",
    update="contacts.update",
    delete="contacts.delete",
    photo_put="photo.upload",
    photo_gone="photo.upload",  # Graph has no removal: an empty picture takes its place
    refused="graph-forbidden",
    photo={"content": b64encode(jpeg("red")).decode(), "mimeType": "image/jpeg"},
)
EXCHANGE: Final = Side(
    exchange_home,
    "exchange",
    create="CreateItem",
    update="UpdateItem",
    delete="DeleteItem",
    photo_put="CreateAttachment",
    photo_gone="DeleteAttachment",
    refused="exchange-version-refused",
    photo=MICROSOFT.photo,
    once=frozenset({"CreateAttachment"}),
)
SIDES: Final = {"google": GOOGLE, "microsoft": MICROSOFT, "exchange": EXCHANGE}
LOST: Final = ("drop-before", "drop-after", "unavailable")
"""Quirks that leave it open whether a request was carried out."""

each_side = pytest.mark.parametrize("side", SIDES.values(), ids=list(SIDES))


async def patiently(home: SandboxHome, **members: Any) -> Written:
    """As official clients do: the same POST again until there is an answer."""
    for _ in range(8):
        try:
            return await home.create(**members)
        except (ProviderTimeout, ProviderUnavailable):
            await home.later(200)
    raise AssertionError("there is never an answer")
