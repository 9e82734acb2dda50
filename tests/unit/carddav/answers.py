"""Answers of servers, made by hand or as recorded."""

from multidict import CIMultiDict, CIMultiDictProxy

from polydex.net.message import Answer


def answer(status: int, body: str = "", url: str = "https://dav.example.com/book/", **headers: str) -> Answer:
    named = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    return Answer(status, CIMultiDictProxy(named), body.encode(), url)
