"""The configuration: every setting, from POLYDEX_* variables, with its type, its default and what it is for."""
# ruff: noqa: RUF009 - _setting() gives a field, as dataclasses.field() does

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from polydex.core.errors import ConfigInvalid
from polydex.net.addresses import is_allowed, parse_networks

PREFIX = "POLYDEX_"
HIDDEN = "[hidden]"
LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, as ``polydex config`` lists it.

    Attributes:
        variable: name of its environment variable.
        value: as text, without secrets.
        default: as text; empty for none.
        given: whether the environment sets it.
        doc: what it is for, with its unit.
    """

    variable: str
    value: str
    default: str
    given: bool
    doc: str


def _setting(
    default: Any,
    read: Callable[[str], Any],
    doc: str,
    show: Callable[[Any], str] | None = None,
    *,
    option: tuple[str, str] | None = None,
) -> Any:
    """A field of Config.

    Args:
        default: what counts when nothing is set.
        read: raises ValueError with what is expected.
        doc: see Setting.
        show: gives text without secrets.
        option: the provider that gets it, and its name there, where the field's own name does not say so.
    """
    metadata = {"read": read, "doc": doc, "show": show or _text, "option": option}
    return dataclasses.field(default=default, repr=show is None, metadata=metadata)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def _number(lowest: float, highest: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not lowest <= value <= highest:  # NaN, too
            raise ValueError(f"a number from {lowest:g} to {highest:g}")
        return value

    return read


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
            raise ValueError(f"a whole number from {lowest} to {highest}")
        return int(text)

    return read


def _switch(text: str) -> bool:
    match text.lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off":
            return False
    raise ValueError("true or false")


def _level(text: str) -> str:
    if text.lower() not in LOG_LEVELS:
        raise ValueError("one of " + ", ".join(LOG_LEVELS))
    return text.lower()


def _host(text: str) -> str:
    if any(character.isspace() or character in "/@?#" for character in text):
        raise ValueError("a host name or an IP address")
    return text


def _file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise ValueError("the path of an existing file")
    return path


def _database_url(text: str) -> str:
    if urlsplit(text).scheme not in ("postgresql", "postgres"):
        raise ValueError("a URL such as postgresql://user:password@host/database")
    return text


def _readable_on_the_way(values: Mapping[str, Any]) -> list[str]:
    """What is wrong with addresses that get secrets: over http they would travel in the clear.

    A name is judged again when it is called, by its address.
    """
    networks = parse_networks(values.get("allow_private_networks", ""))
    problems = []
    for name, value in values.items():
        if not name.endswith("_url") or not str(value).startswith("http://"):
            continue
        try:
            inside = is_allowed(ip_address(urlsplit(value).hostname or ""), "provider", networks)
        except ValueError:
            inside = bool(networks)
        if not inside:
            problems.append(f"{PREFIX}{name.upper()} must be https, or in POLYDEX_ALLOW_PRIVATE_NETWORKS")
    return problems


def _without_password(url: str | None) -> str:
    """A URL that libpq understands may carry its password in front of the host or in the query."""
    if url is None:
        return ""
    start, question, _ = url.partition("?")
    before, slashes, rest = start.partition("://")
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    name, colon, _ = user.partition(":")
    hidden = name + (colon and f":{HIDDEN}") + at + host
    return before + slashes + hidden + slash + path + (question and f"?{HIDDEN}")


def _endpoint(text: str) -> str:
    """The address of an interface, to which paths or parameters are added: without a slash at the end."""
    try:
        url = urlsplit(_word(text))
        usable = url.scheme in ("http", "https") and bool(url.hostname) and url.username is None and url.port != 0
    except ValueError:
        usable = False
    if not usable or "?" in text or "#" in text:
        raise ValueError("a URL such as https://accounts.example.com/token")
    return text.rstrip("/")


def _graph(text: str) -> str:
    """The address of Microsoft Graph; its version, which Microsoft's own examples write behind it, is ours to add."""
    return _endpoint(text).removesuffix("/v1.0").rstrip("/")


def _word(text: str) -> str:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("one word of ASCII characters")
    return text


def _secret(value: str | None) -> str:
    return HIDDEN if value else ""


def _networks(text: str) -> str:
    try:
        parse_networks(text)
    except ValueError as error:
        raise ValueError(f"a list of networks such as 10.0.0.0/8 ({error})") from None
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every setting. ``Config.load`` reads them from an environment; tests make one directly."""

    data_dir: Path = _setting(Path("polydex-data"), Path, "folder of the database, the key file and the backups")
    database_url: str | None = _setting(
        None, _database_url, "PostgreSQL database (a preview); without it, SQLite in the data folder", _without_password
    )
    keys_file: Path | None = _setting(None, Path, "key file; without it, keys.json in the data folder")
    host: str = _setting("127.0.0.1", _host, "address to listen on")
    port: int = _setting(8080, _whole(0, 65535), "port to listen on; 0 takes a free one")
    freshness: float = _setting(
        60.0, _number(0, 86_400), "seconds; a read of changes asks the provider first when the last pull is older"
    )
    poll_interval: float = _setting(
        300.0, _number(1, 604_800), "seconds between two pulls of an address book that nobody asked for"
    )
    watched_poll_interval: float = _setting(
        1800.0, _number(1, 86_400), "the same of an address book whose provider tells of changes by itself"
    )
    public_url: str | None = _setting(
        None,
        _endpoint,
        "https address under which providers reach this server, to tell it of changes; without it, polls",
    )
    streams: int = _setting(
        0,
        _whole(0, 10_000),
        "connections that one process holds open to providers that tell of changes over them (Exchange); 0: none, polls",
    )
    parallel_pulls: int = _setting(8, _whole(1, 1000), "address books pulled at once by one process")
    require_if_match: bool = _setting(False, _switch, "refuse a PATCH without If-Match (428)")
    max_body_bytes: int = _setting(
        8 * 2**20, _whole(1024, 2**30), "bytes of a request body; a photo of 4 MB in base64 fits in the default"
    )
    request_timeout: float = _setting(30.0, _number(1, 600), "seconds after which a request is given up")
    shutdown_timeout: float = _setting(20.0, _number(0, 600), "seconds that running requests and pulls get at the end")
    allow_private_networks: str = _setting(
        "", _networks, "networks that are not public and may be reached nevertheless, such as 192.168.1.0/24"
    )
    ca_bundle: Path | None = _setting(None, _file, "file of certificate authorities to trust besides the usual ones")
    log_level: str = _setting("info", _level, "least important events that are logged: " + ", ".join(LOG_LEVELS))
    google_client_id: str | None = _setting(None, _word, "client id of the OAuth client for Google accounts")
    google_client_secret: str | None = _setting(None, _word, "client secret of that OAuth client", _secret)
    google_api_url: str = _setting("https://people.googleapis.com", _endpoint, "address of the People API")
    google_auth_url: str = _setting(
        "https://accounts.google.com/o/oauth2/v2/auth", _endpoint, "where users grant access to their Google account"
    )
    google_token_url: str = _setting(
        "https://oauth2.googleapis.com/token", _endpoint, "where Google gives out access tokens"
    )
    google_revoke_url: str = _setting(
        "https://oauth2.googleapis.com/revoke", _endpoint, "where Google is told that a grant has ended"
    )
    google_reads_per_minute: float = _setting(
        90.0, _number(1, 100_000), "requests a minute that read from one Google account"
    )
    google_writes_per_minute: float = _setting(
        90.0, _number(1, 100_000), "requests a minute that change one Google account"
    )
    microsoft_client_id: str | None = _setting(
        None, _word, "application (client) id of the app registration for Microsoft accounts"
    )
    microsoft_client_secret: str | None = _setting(None, _word, "client secret of that app registration", _secret)
    microsoft_auth_url: str = _setting(
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        _endpoint,
        "where users grant access to their Microsoft account",
    )
    microsoft_token_url: str = _setting(
        "https://login.microsoftonline.com/common/oauth2/v2.0/token",
        _endpoint,
        "where Microsoft gives out access tokens",
    )
    graph_api_url: str = _setting(
        "https://graph.microsoft.com", _graph, "address of Microsoft Graph", option=("microsoft", "api_url")
    )
    exchange_autodiscover_url: str | None = _setting(
        None,
        _endpoint,
        "autodiscover service that is asked for the Exchange server of a mailbox before those of its domain",
    )

    given: frozenset[str] = frozenset()
    """Names of the fields that the environment sets."""
    unknown: tuple[str, ...] = ()
    """Variables that begin with POLYDEX_ and mean nothing: misspelt, most likely."""

    @classmethod
    def load(cls, env: Mapping[str, str]) -> Config:
        """Read the settings; an empty variable counts as absent.

        Raises:
            ConfigInvalid: one or more cannot be understood; the message names each and says what is expected.
        """
        values: dict[str, Any] = {}
        problems: list[str] = []
        fields = {PREFIX + field.name.upper(): field for field in dataclasses.fields(cls) if field.metadata}
        for variable, field in fields.items():
            text = env.get(variable, "").strip()
            if not text:
                continue
            try:
                values[field.name] = field.metadata["read"](text)
            except ValueError as error:
                problems.append(f"{variable} must be {error}")
        if not problems:
            problems = _readable_on_the_way(values)
        if problems:
            raise ConfigInvalid("; ".join(problems))
        unknown = tuple(sorted(name for name in env if name.startswith(PREFIX) and name not in fields))
        return cls(**values, given=frozenset(values), unknown=unknown)

    def provider_options(self, name: str) -> Mapping[str, str]:
        """The settings of one provider, see ``Provider.configured``: ``google_api_url`` is ``api_url`` of ``google``."""
        found: dict[str, str] = {}
        for field in dataclasses.fields(self):
            provider, _, key = field.name.partition("_")
            provider, key = field.metadata.get("option") or (provider, key)
            value = getattr(self, field.name)
            if provider == name and field.metadata and value is not None:
                found[key] = _text(value)
        return found

    @property
    def database_path(self) -> Path:
        """The file of the SQLite database."""
        return self.data_dir / "polydex.db"

    def describe(self) -> list[Setting]:
        """Every setting with its value, without secrets."""
        return [
            Setting(
                variable=PREFIX + field.name.upper(),
                value=field.metadata["show"](getattr(self, field.name)),
                default=_text(field.default),
                given=field.name in self.given,
                doc=field.metadata["doc"],
            )
            for field in dataclasses.fields(self)
            if field.metadata
        ]
