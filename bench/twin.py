"""The same reads as most would write them: FastAPI with pydantic models of the records, on the same SQLite file."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from bench.bare import ONE, PAGE, reading, serve


class Model(BaseModel):
    """Members in camel case."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Name(Model):
    """The parts of a name."""

    display_name: str | None = None
    prefix: str | None = None
    given_name: str | None = None
    middle_name: str | None = None
    family_name: str | None = None
    suffix: str | None = None


class Company(Model):
    """The organisation."""

    name: str | None = None
    company_name: str | None = None
    department: str | None = None
    job_title: str | None = None


class Email(Model):
    """An e-mail address."""

    address: str | None = None
    name: str | None = None
    type: str | None = None


class Phone(Model):
    """A phone number."""

    number: str | None = None
    type: str | None = None
    canonical_form: str | None = None


class Address(Model):
    """A postal address."""

    street: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    type: str | None = None


class Url(Model):
    """A web address."""

    href: str | None = None
    value: str | None = None
    type: str | None = None


class Contact(Model):
    """A record."""

    id: str
    etag: str
    name: Name | None = None
    nick_name: str | None = None
    company: Company | None = None
    birthday: str | None = None
    keywords: list[str] | None = None
    notes: str | None = None
    email_addresses: list[Email] | None = None
    phone_numbers: list[Phone] | None = None
    addresses: list[Address] | None = None
    urls: list[Url] | None = None
    created_time: datetime | None = None
    last_modified_time: datetime | None = None


class Page(Model):
    """A page of records."""

    length: int
    records: list[Contact]


def application(path: str) -> FastAPI:
    """``GET /updated?after=&limit=`` and ``GET /contacts/{contact_id}``."""
    database = reading(path)
    app = FastAPI()

    @app.get("/updated", response_model_exclude_none=True)
    async def updated(after: int, limit: int) -> Page:
        rows: list[tuple[Any, ...]] = database.execute(PAGE, (after, limit)).fetchall()
        return Page(length=len(rows), records=[Contact.model_validate_json(row[1]) for row in rows])

    @app.get("/contacts/{contact_id}", response_model_exclude_none=True)
    async def contact(contact_id: str) -> Contact:
        return Contact.model_validate_json(database.execute(ONE, (contact_id,)).fetchone()[0])

    return app


if __name__ == "__main__":
    serve(application(sys.argv[2]), int(sys.argv[1]))
