"""Exchange Web Services: an operation and what it answers, or the error that its answer stands for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field, replace

from polydex.connectors.deadline import Deadline
from polydex.connectors.exchange import errors, soap
from polydex.connectors.exchange.channel import Channel, Sender
from polydex.connectors.exchange.envelopes import Envelopes
from polydex.connectors.exchange.errors import failure
from polydex.connectors.exchange.shared import Shared
from polydex.connectors.exchange.soap import Failure
from polydex.connectors.exchange.xml import Element
from polydex.core.errors import (
    ProviderError,
    ProviderMalformed,
    ProviderThrottled,
    ProviderUnauthorized,
    ProviderUnavailable,
)
from polydex.net.message import Answer, Call
from polydex.net.streaming import Stream

READ_SECONDS = 60.0
"""For a page of the list of changes, or for many contacts."""
FETCH_SECONDS = 20.0
WRITE_SECONDS = 24.0
"""For all requests of one write together (JOURNAL.md, J10: every write is answered within 25 s)."""
IDLE_SECONDS = 150.0
"""Without a byte of an answer that goes on: Exchange gives a sign of life every 45 seconds."""
_OK = 200


@dataclass(frozen=True, slots=True)
class Api:
    """One mailbox.

    Args:
        channel: to the server.
        url: of Exchange.asmx.
        shared: of the account.
        now: gives unix milliseconds.
        login: whose credentials the channel has.
        mailbox: SMTP address of the mailbox that a service account acts on; "": the one of who has logged in.
        sender: the connection, within ``opened``.
        turn: held by the request that is under way on it.
    """

    channel: Channel
    url: str
    shared: Shared
    now: Callable[[], int]
    login: str = ""
    mailbox: str = ""
    sender: Sender | None = field(default=None, repr=False)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[Api]:
        """The same with a connection that all its calls share, one after the other: NTLM logs a connection in, and
        sends three requests for that.
        """
        if self.sender is not None:
            yield self
            return
        async with self.channel.opened() as sender:
            yield replace(self, sender=sender, turn=asyncio.Lock())

    async def one(
        self, payload: Element, *, step: str, seconds: float = FETCH_SECONDS, idempotent: bool = False
    ) -> Element:
        """An operation on one thing; its response message. Arguments and errors as of ``whole``; what the message says
        went wrong is raised, too.
        """
        [message] = await self.many(payload, 1, step=step, seconds=seconds, idempotent=idempotent)
        if isinstance(message, ProviderError):
            raise message
        return message

    async def many(
        self, payload: Element, count: int, *, step: str, seconds: float = READ_SECONDS, idempotent: bool = False
    ) -> list[Element | ProviderError]:
        """As ``whole``, without the answer."""
        return (await self.whole(payload, count, step=step, seconds=seconds, idempotent=idempotent))[0]

    async def whole(
        self, payload: Element, count: int, *, step: str, seconds: float = READ_SECONDS, idempotent: bool = False
    ) -> tuple[list[Element | ProviderError], bytes]:
        """An operation on several things; for each, in their order, its response message or what went wrong with it, and
        the answer in which they stand, well-formed.

        Args:
            payload: the operation.
            count: of response messages that there have to be.
            step: what is done, for messages, as "Exchange update".
            seconds: for everything.
            idempotent: it may be sent twice. Never so for a create.

        Raises:
            ProviderMalformed: the answer is none of Exchange's, or of something else.
            ProviderError: nothing was answered, or all was refused; before the call was sent ``sent`` is False.
        """
        self.shared.pause.check()
        self.shared.lockout.check(self.channel.auth)
        deadline = Deadline(seconds)
        call = self._call(payload, idempotent=idempotent)
        async with self.opened() as here:
            assert here.sender is not None  # noqa: S101 - opened
            async with here.turn:
                answer = await here.sender.send(replace(call, deadline=deadline.left))
        messages, document = self._read(answer, step)
        if len(messages) != count:
            raise ProviderMalformed(f"{step}: Exchange has answered something else")
        return messages, document

    @contextlib.asynccontextmanager
    async def streamed(self, payload: Element, *, step: str) -> AsyncIterator[AsyncIterator[Element]]:
        """An operation whose answer goes on; its response messages as they come, until it ends in good order.

        It has a connection of its own. That there are too many such connections, or subscriptions, holds nobody else back.

        Raises ProviderError, while it is opened and while it is iterated over; what a message says went wrong is raised, too.
        """
        self.shared.pause.check()
        self.shared.lockout.check(self.channel.auth)
        call = replace(self._call(payload), deadline=FETCH_SECONDS)
        async with (
            self.channel.stream(call, IDLE_SECONDS) as stream,
            contextlib.aclosing(self._messages(stream, step)) as messages,
        ):
            yield messages

    async def _messages(self, stream: Stream, step: str) -> AsyncGenerator[Element, None]:
        if stream.answer.status != _OK:
            self._read(stream.answer, step)  # raises
        envelopes = Envelopes()
        while piece := await stream.read():
            for one in envelopes.feed(piece):
                for message in self._read(replace(stream.answer, body=one), step)[0]:
                    if isinstance(message, ProviderError):
                        raise message
                    yield message
        if envelopes.cut:
            raise ProviderUnavailable(f"{step}: Exchange's answer is cut off")

    def _call(self, payload: Element, *, idempotent: bool = False) -> Call:
        headers = {"Content-Type": soap.CONTENT_TYPE, "Accept": "text/xml"}
        if self.mailbox:
            headers["X-AnchorMailbox"] = self.mailbox  # leads to the server of the mailbox, and not to the account's
        return Call(
            method="POST",
            url=self.url,
            headers=headers,
            body=soap.envelope(payload, mailbox=self.mailbox),
            idempotent=idempotent,
            redirects=0,
            label="exchange",
        )

    def _read(self, answer: Answer, step: str) -> tuple[list[Element | ProviderError], bytes]:
        try:
            reply = soap.read(answer.body)
        except ProviderMalformed as error:
            if answer.status == _OK:
                raise ProviderMalformed(f"{step}: {error.message}", detail=error.detail) from None
            reply = soap.Reply()
        if answer.status != _OK or reply.fault is not None:
            raise self._refused(answer, reply.fault or Failure(), step)
        messages = [
            self._refused(answer, message, step) if isinstance(message, Failure) else message
            for message in reply.messages
        ]
        if not any(isinstance(message, ProviderThrottled) for message in messages):
            self.shared.pause.granted()
        return messages, reply.document

    def _refused(self, answer: Answer, found: Failure, step: str) -> ProviderError:
        """What a refusal stands for. One about too many requests holds everybody back."""
        error = failure(answer.status, found, step, headers=answer.headers, now=self.now())
        crowded = errors.holds_back(error, answer.status)
        if crowded and not any(code in errors.OF_STREAMS for code in found.codes):
            error.retry_after = self.shared.pause.refused(error.retry_after)
        if errors.leads_elsewhere(error):
            self.shared.default_folder = ""
        if isinstance(error, ProviderUnauthorized):
            self.shared.lockout.refused(self.channel.auth)
        if answer.repeated and isinstance(error, ProviderThrottled):  # the first sending may have been carried out
            return ProviderUnavailable(error.message, original=error.original, retry_after=error.retry_after)
        error.sent = error.sent or answer.repeated
        return error
