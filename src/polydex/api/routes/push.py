"""Where providers tell of changes. What they say is never believed: it makes a pull due, no more."""

from __future__ import annotations

import html

from polydex.api import parameters as p
from polydex.api.operation import Answer, Call, Operation, Who
from polydex.api.reply import Reply
from polydex.core.errors import BadRequest

TAG = "Push"
MAX_BODY = 2**20
"""Bytes of a notification, which has some hundred for each change."""

PROVIDER = p.path_text(
    "provider",
    "The provider's name in this server.",
    schema={"type": "string", "pattern": "^[a-z0-9-]{1,40}$"},
    example="microsoft",
)


async def tell(call: Call) -> Reply:
    """Answers without waiting for anything: providers wait three seconds, and drop who is slower."""
    query = {name: values[0] for name, values in call.query.items()}
    try:
        text = call.services.hints.hear(call[PROVIDER], query, call.body)
    except BadRequest:  # the provider's own words might repeat what was sent
        raise BadRequest("This is no notification") from None
    if text is None:
        return Reply(b"", 202, media="")
    # Whoever finds the address may send a text of their own, so nothing in it may mean anything to a browser. So
    # Microsoft demands (Graph, "Receive change notifications through webhooks"); its own texts have nothing to escape.
    return Reply(html.escape(text).encode("utf-8"), media="text/plain; charset=utf-8")


OPERATIONS = (
    Operation(
        "POST",
        "/push/{provider}",
        "pushTell",
        TAG,
        "Tell that something has changed",
        tell,
        who=Who.ANYONE,
        parameters=(PROVIDER,),
        body="Notification",
        max_body=MAX_BODY,
        answers={
            200: Answer(None, "The text by which the provider sees that the address is ours.", media="text/plain",
                        example="Validation: a text of the provider's"),
            202: Answer(None, "Taken, whether or not it is of any use.", media=""),
        },
        text="For providers alone, in whatever form each of them has; who sends is told by the secret in it. It makes a "
        "pull due, a few seconds apart at most, and has no other effect. Answered at once, also while the database "
        "cannot be used.",
    ),
)  # fmt: skip
