"""Around an application: every request to Exchange Web Services and every answer, judged by Microsoft's schemas."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.exchange import contract
from tests.exchange.contract import Broken

PATH = "/ews/exchange.asmx"


@dataclass
class Judge:
    """An ASGI application around another. Without the schemas it judges nothing.

    Attributes:
        app: the application.
        version: of the set that requests are judged by, ``2013_SP1`` or ``2016``.
        lenient: requests that were refused may be anything (a client that is tested has to send none of them).
        faults: what was not as the schemas have it; a test demands at its end that there is nothing.
        seen: names of the operations that were answered with success or with an error of theirs, and no fault.
    """

    app: Any
    version: str = "2013_SP1"
    lenient: bool = False
    faults: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"].lower() != PATH or not contract.present():
            await self.app(scope, receive, send)
            return
        sent, taken = bytearray(), bytearray()
        start: dict[str, Any] = {}

        async def reading() -> Any:
            message = await receive()
            sent.extend(message.get("body", b""))
            return message

        async def writing(message: Any) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                taken.extend(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, reading, writing)
        finally:
            # A client that streams may hang up whenever it likes.
            if start and start["status"] in (200, 500):
                self._judge(bytes(sent), start["status"], bytes(taken))

    def _judge(self, sent: bytes, status: int, taken: bytes) -> None:
        try:
            if status == 200 or not self.lenient:
                found = contract.request(sent, self.version)
                if status == 200:
                    self.seen.add(found)
            contract.answer(taken)
        except Broken as error:
            self.faults.append(str(error))
