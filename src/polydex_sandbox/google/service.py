"""Google's part of the sandbox: from an HTTP request to an answer."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from polydex_sandbox.accounts import Account
from polydex_sandbox.connection import drop
from polydex_sandbox.google import control, errors, listing, methods, parse, pictures, quirks
from polydex_sandbox.google.book import Book
from polydex_sandbox.google.call import Call
from polydex_sandbox.google.contact import Photo, Profile
from polydex_sandbox.google.errors import ApiError
from polydex_sandbox.google.methods import ALL_OF, Method
from polydex_sandbox.google.views import VIEWS
from polydex_sandbox.sandbox import Sandbox
from polydex_sandbox.tokens import Grant


class Google:
    """The simulator for all accounts."""

    default_scopes = frozenset(
        f"{methods.SCOPE}{name}"
        for name in ("contacts", "contacts.other.readonly", "userinfo.email", "userinfo.profile")
    )

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.books: dict[str, Book] = {}
        self._reads: dict[str, quirks.Reads] = {}
        sandbox.quirks.add(quirks.CATALOGUE)

    def routes(self) -> list[BaseRoute]:
        """Everything below the root that no other provider has taken."""
        verbs = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
        return [
            Route("/photos/{name}", self.photo, methods=["GET"]),
            Route("/{path:path}", self.answer, methods=verbs),
        ]

    def control_routes(self) -> list[BaseRoute]:
        return control.routes(self)

    def opened(self, account: Account, given: dict[str, Any]) -> dict[str, Any]:
        """Takes ``google`` out of the body: settings of the book."""
        fields = {
            "names": [{"unstructuredName": account.name}],
            "emailAddresses": [{"value": account.email}],
        }
        book = Book(Profile(account.subject, fields), self.sandbox.clock.now, self.sandbox.random)
        control.settle(book, given.pop("google", {}))
        self.books[account.id] = book
        return {}

    def closed(self, account: Account) -> None:
        self.books.pop(account.id, None)
        self._reads.pop(account.id, None)

    async def photo(self, request: Request) -> Response:
        """A picture, without authentication as at Google: ``/photos/KEY=s100``, also with ``?sz=100``."""
        key, _, suffix = request.path_params["name"].partition("=s")
        size = request.query_params.get("sz", suffix or "0")
        found = self._picture(key, int(size)) if size.isdecimal() and len(size) < 6 else None
        if found is None:
            return errors.unknown_path(request.url.path)
        data, media_type = found
        return Response(data, media_type=media_type)

    def _picture(self, key: str, size: int) -> tuple[bytes, str] | None:
        for book in self.books.values():
            if (photo := book.photos.get(key)) is not None:
                return pictures.sized(photo, size), photo.media_type
        tile = pictures.letter(key, size)
        return None if tile is None else (tile, "image/png")

    def take_photo(self, data: bytes, *, recompress: bool = False) -> Photo:
        """A picture to keep. Raises ApiError."""
        return pictures.photo(data, self.sandbox.random, recompress=recompress)

    async def answer(self, request: Request) -> Response:
        path = request.scope.get("raw_path", request.scope["path"].encode()).decode("latin-1")
        found = methods.find(_verb(request), path)
        if found is None:
            return errors.unknown_path(path)
        method, target = found
        request.state.operation = method.name
        try:
            return await self._answer(request, method, target)
        except ApiError as error:
            return error.response()

    async def _answer(self, request: Request, method: Method, target: str) -> Response:
        grant = self._grant(request, method)
        account = self.sandbox.accounts.get(grant.account_id)
        form = await _form(request)
        request.state.account = account.id
        call = Call(
            method=method,
            target=target,
            query=parse.query(method, request.query_params.multi_items() + form),
            body={} if form else parse.body(method, await request.body(), request.headers.get("content-type", "")),
            account=account,
            grant=grant,
            book=self.books[account.id],
            base=str(request.base_url).rstrip("/"),
            random=self.sandbox.random,
            strike=lambda quirk: self.sandbox.quirks.strike(account.id, quirk, method.name),
            setting=lambda quirk: self._setting(account, quirk),
        )
        if (slow := call.strike("google-slow")) is not None:
            await asyncio.sleep(slow["seconds"])
        if call.strike("google-drop-before") is not None:
            raise drop(request.scope)
        quirks.refuse(
            call.strike,
            full_sync=listing.is_full_sync(call.query),
            reads=self._reads.setdefault(account.id, quirks.Reads()),
            now=self.sandbox.clock.now(),
        )
        if method.refused is not None:
            raise ApiError("PERMISSION_DENIED", method.refused)
        found = quirks.bend(call.strike, VIEWS[method.name](call))
        if call.strike("google-drop-after") is not None:
            raise drop(request.scope)
        return JSONResponse(found, media_type="application/json; charset=UTF-8")

    def _grant(self, request: Request, method: Method) -> Grant:
        """Who asks. Raises ApiError: nobody, or one who may not."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = request.query_params.get("access_token") or request.query_params.get("oauth_token") or ""
        if not token.strip():
            raise errors.unauthenticated("CREDENTIALS_MISSING", method.rpc)
        grant = self.sandbox.tokens.access(token.strip())
        if grant is None or grant.tenant:
            raise errors.unauthenticated("ACCESS_TOKEN_TYPE_UNSUPPORTED", method.rpc)
        if grant.expires <= self.sandbox.clock.now():
            raise errors.unauthenticated("ACCESS_TOKEN_EXPIRED", method.rpc)
        enough = all if method.name == ALL_OF else any
        if not enough(scope in grant.scopes for scope in method.scopes):
            raise errors.insufficient_scope(method.scopes, method.rpc)
        return grant

    def _setting(self, account: Account, quirk: str) -> dict[str, Any]:
        given = self.sandbox.quirks.parameters(account.id, quirk)
        return dict(self.sandbox.quirks.catalogue[quirk].parameters) if given is None else given


def _verb(request: Request) -> str:
    """Of HTTP, or what stands in its place: clients send long reads as POST, with the parameters as a form."""
    if request.method == "POST":
        return request.headers.get("x-http-method-override", "POST").upper()
    return request.method


async def _form(request: Request) -> list[tuple[str, str]]:
    """The parameters in the body of such a read."""
    if "x-http-method-override" not in request.headers or _verb(request) != "GET":
        return []
    return parse_qsl((await request.body()).decode("latin-1"), keep_blank_values=True)
