"""The description of the interface: /openapi.json, and a page that shows it and lets one try it."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

from polydex.api.operation import Answer, Call, Handler, Operation, Who
from polydex.api.reply import Reply

TAG = "Documentation"

# Everything comes from this server: no other host, nothing inline, nothing framed.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}


def _asset(name: str, media: str) -> Handler:
    content = (files("polydex.api") / "static" / name).read_bytes()

    async def give(_call: Call) -> Reply:
        return Reply(content, headers=_HEADERS, media=f"{media}; charset=utf-8")

    return give


def operations(document: Callable[[], bytes]) -> tuple[Operation, ...]:
    """The operations, given what makes the document."""

    async def openapi(_call: Call) -> Reply:
        return Reply(document())

    def page(path: str, operation_id: str, name: str, media: str, summary: str = "") -> Operation:
        answers = {200: Answer(None, f"{summary}.", media=media, example=f"(the content of {name})")}
        text = "Everything on the page comes from this server; nothing is loaded from anywhere else."
        handler = _asset(name, media)
        return Operation(
            "GET", path, operation_id, TAG, summary, handler, Who.ANYONE, answers=answers, text=text,
            documented=bool(summary),
        )  # fmt: skip

    return (
        Operation(
            "GET",
            "/openapi.json",
            "openapi",
            TAG,
            "This description",
            openapi,
            who=Who.ANYONE,
            answers={200: Answer("Document", "OpenAPI 3.1.")},
            text="Made from the routes themselves, so it describes exactly what this server serves.",
        ),
        page("/docs", "docs", "docs.html", "text/html", "This description as a page"),
        page("/docs/docs.css", "docsStyle", "docs.css", "text/css"),
        page("/docs/docs.js", "docsScript", "docs.js", "text/javascript"),
        page("/docs/icon.svg", "docsIcon", "icon.svg", "image/svg+xml"),
    )
