"""Requests: query parameters and JSON bodies against the tables of `schema`, as Google's front end reads them.

The wording is that of Google's front end for JSON (ESF); https://protobuf.dev/programming-guides/json/ has the rules.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from polydex_sandbox.google.errors import ApiError, bad_request, invalid
from polydex_sandbox.google.methods import Method
from polydex_sandbox.google.schema import ENUMS, MESSAGES, Member

SYSTEM = frozenset(
    {
        "$.xgafv", "$alt", "$prettyPrint", "access_token", "alt", "callback", "fields", "key", "oauth_token",
        "prettyPrint", "quotaUser", "uploadType", "upload_protocol",
    }
)  # fmt: skip
"""Parameters of every method."""

_PACKAGE = "type.googleapis.com/google.people.v1."
_SNAKE = re.compile(r"_([a-z0-9])")
_INT = re.compile(r"-?[0-9]{1,10}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})")


def query(method: Method, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The parameters of a method, by name, converted; those of every method are left out.

    Raises:
        ApiError: one is unknown, given twice or malformed.
    """
    found: dict[str, Any] = {}
    for given, text in pairs:
        if given in SYSTEM:
            _system(given, text)
            continue
        name = camel(given)
        known = method.parameters.get(name)
        if known is None:
            raise bad_request(
                "",
                f'Invalid JSON payload received. Unknown name "{given}": Cannot bind query parameter. '
                f"Field '{given}' could not be found in request message.",
            )
        value = _scalar(known.type, _typed(known.type, text), snake(name), text)
        if known.form == "list":
            found.setdefault(name, []).append(value)
        elif name in found:
            # Unconfirmed wording; a parameter that is no list may be given once.
            raise bad_request(snake(name), f"Invalid value at '{snake(name)}', repeated query parameter.")
        else:
            found[name] = value
    return found


def body(method: Method, raw: bytes, content_type: str) -> dict[str, Any]:
    """The message of a body, under the discovery document's names; absent and null members are left out.

    Raises:
        ApiError: it is no JSON, or does not fit.
    """
    if method.body is None:
        # google-api-python-client sends no body there, other clients an empty object.
        if raw.strip() not in (b"", b"{}"):
            raise bad_request("", 'Invalid JSON payload received. Unknown name "": Request has no body.')
        return {}
    if raw and content_type.partition(";")[0].strip().lower() not in ("", "application/json", "text/plain"):
        raise _malformed(f'Unsupported content type "{content_type}".')
    if not raw and method.name == "people.createContact":
        # Seen by a client that sent nothing: https://github.com/rapidwebltd/php-google-people-api/issues/33. Where the
        # path has a resource name, that makes a person already.
        raise invalid("Request must contain a person.")
    try:
        value = json.loads(raw.decode() or "{}", parse_constant=_no_constant, object_pairs_hook=_once)
        # Half a surrogate pair can be escaped, but is no text. Raises UnicodeEncodeError, which is a ValueError.
        json.dumps(value, ensure_ascii=False).encode()
    except _Twice as error:
        raise _malformed(f"Duplicate name {error}.") from None
    except (ValueError, RecursionError):
        raise _malformed("Unexpected token.") from None
    if not isinstance(value, dict):
        raise bad_request("", "Invalid JSON payload received. Root element must be a message.")
    # A body that is one field of the request message is named by that field.
    return message(method.body, value, {"Person": "person"}.get(method.body, ""))


def camel(name: str) -> str:
    """``person_fields`` as ``personFields``: both are names of the same field."""
    return _SNAKE.sub(lambda match: match[1].upper(), name)


def snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda match: "_" + match[1].lower(), name)


def message(kind: str, value: dict[str, Any], path: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, inner in value.items():
        member = MESSAGES[kind].get(camel(name))
        if member is None:
            where = f" at '{path}'" if path else ""
            raise bad_request(path, f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.')
        below = f"{path}.{snake(camel(name))}" if path else snake(camel(name))
        if camel(name) in found:
            # As one name and as the other. Wording unconfirmed.
            raise bad_request(below, f"Invalid JSON payload received. '{below}' is set twice.")
        if inner is not None:
            found[camel(name)] = _member(member, inner, below)
    return found


def _member(member: Member, value: Any, path: str) -> Any:
    if member.form == "list":
        if not isinstance(value, list):
            raise _wrong(member.type, value, path)
        return [_one(member.type, one, f"{path}[{number}]") for number, one in enumerate(value)]
    if member.form == "map":
        if not isinstance(value, dict):
            raise _wrong(member.type, value, path)
        return {
            key: _one(member.type, one, f"{path}[{number}].value") for number, (key, one) in enumerate(value.items())
        }
    if isinstance(value, list):
        raise bad_request(path, "Invalid JSON payload received. Proto field is not repeating, cannot start list.")
    return _one(member.type, value, path)


def _one(kind: str, value: Any, path: str) -> Any:
    if kind in MESSAGES:
        if not isinstance(value, dict):
            raise _wrong(kind, value, path)
        return message(kind, value, path)
    return _scalar(kind, value, path, value)


def _typed(kind: str, text: str) -> Any:
    return {"true": True, "false": False}.get(text.lower(), text) if kind == "bool" else text


def _scalar(kind: str, value: Any, path: str, shown: Any) -> Any:
    """One value that is no message. An int32 may be a text, as in proto3's JSON; an enum may be its number."""
    if kind in ("text", "mask", "time", "bytes"):
        if not isinstance(value, str):
            raise _wrong(kind, shown, path)
        if kind == "time" and not _is_time(value):
            raise _illegal_time(path)
        return _bytes(value, path) if kind == "bytes" else value
    if kind == "bool":
        if not isinstance(value, bool):
            raise _wrong(kind, shown, path)
        return value
    if kind == "int32":
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, str) and _INT.fullmatch(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not -(2**31) <= value < 2**31:
            raise _wrong(kind, shown, path)
        return value
    names = ENUMS[kind]
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
        return names[value]
    if value not in names:
        raise _wrong(kind, shown, path)
    return value


def _is_time(text: str) -> bool:
    """Whether it is a time of RFC 3339, as a google.protobuf.Timestamp in JSON is."""
    if not _TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text[:19])
    except ValueError:
        return False
    return True


def _illegal_time(path: str) -> ApiError:
    """The second half of the sentence is that of https://github.com/protocolbuffers/protobuf; the first is unconfirmed."""
    return bad_request(
        path,
        f"Invalid value at '{path}' (type.googleapis.com/google.protobuf.Timestamp), Illegal timestamp format; "
        "timestamps must end with 'Z' or have a valid timezone offset.",
    )


def _bytes(value: str, path: str) -> bytes:
    """Base64, of either alphabet, with or without padding, as proto3's JSON has it."""
    plain = value.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        raise bad_request(
            path, f"Invalid value at '{path}' (TYPE_BYTES), Base64 decoding failed for \"{value[:20]}\""
        ) from None


def _wrong(kind: str, value: Any, path: str) -> ApiError:
    names = {
        "text": "TYPE_STRING", "bool": "TYPE_BOOL", "int32": "TYPE_INT32", "bytes": "TYPE_BYTES",
        "mask": "type.googleapis.com/google.protobuf.FieldMask",
        "time": "type.googleapis.com/google.protobuf.Timestamp",
    }  # fmt: skip
    shown = json.dumps(value, ensure_ascii=False)[:100] if not isinstance(value, dict | list) else "Starting an object"
    return bad_request(path, f"Invalid value at '{path}' ({names.get(kind, _PACKAGE + kind)}), {shown}")


def _malformed(what: str) -> ApiError:
    return ApiError("INVALID_ARGUMENT", f"Invalid JSON payload received. {what}")


class _Twice(Exception):
    pass


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Twice(json.dumps(name))
        found[name] = value
    return found


def _no_constant(text: str) -> None:
    raise ValueError(text)


def _system(name: str, text: str) -> None:
    """Parameters of every method that would change the answer are refused unless they ask for the usual."""
    refused = {
        "alt": text not in ("", "json"),
        "$alt": text not in ("", "json"),
        "$.xgafv": text not in ("1", "2"),
        "callback": True,
        "fields": True,
        "prettyPrint": text.lower() not in ("", "true", "false"),
    }
    if refused.get(name, False):
        raise bad_request(name, f"The sandbox does not serve {name}={text[:50]}.")


def mask(text: str | None) -> list[str]:
    """The paths of a field mask, in order, each once."""
    return list(dict.fromkeys(text.split(","))) if text else []


def older_mask(text: str | None) -> list[str]:
    """``requestMask.includeField``: each path is ``person.`` and a field, which may also be written with underscores."""
    return [camel(path.removeprefix("person.")) if path.startswith("person.") else f"?{path}" for path in mask(text)]
