"""The HTML of the authorization pages."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("polydex_sandbox.identity"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **parts: Any) -> str:
    """A page of ``templates``; each sets ``instead_of``, whose it plays."""
    return _environment().get_template(template).render(**parts)


@cache
def style() -> str:
    return files("polydex_sandbox.identity").joinpath("templates/style.css").read_text(encoding="utf-8")


def headers(form_action: str) -> dict[str, str]:
    """What keeps a page to itself: nothing from elsewhere, no script, in no frame."""
    return {
        "cache-control": "no-store",
        "content-security-policy": (
            f"default-src 'none'; style-src 'self'; img-src data:; form-action {form_action}; base-uri 'none'; "
            "frame-ancestors 'none'"
        ),
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }
