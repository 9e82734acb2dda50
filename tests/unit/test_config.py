import dataclasses
from pathlib import Path

import pytest

from polydex.config import Config
from polydex.core.errors import ConfigInvalid


def test_nothing_has_to_be_set() -> None:
    config = Config.load({"PATH": "/bin", "HOME": "/home/ada"})
    assert config == Config()
    assert config.unknown == ()
    assert (config.host, config.port, config.database_url) == ("127.0.0.1", 8080, None)
    assert config.database_path == Path("polydex-data/polydex.db")


def test_every_setting_is_read_from_its_variable(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    given = {
        "POLYDEX_DATA_DIR": ("/srv/polydex", Path("/srv/polydex")),
        "POLYDEX_DATABASE_URL": ("postgresql://polydex@db/contacts", "postgresql://polydex@db/contacts"),
        "POLYDEX_KEYS_FILE": ("/run/secrets/keys", Path("/run/secrets/keys")),
        "POLYDEX_HOST": ("::", "::"),
        "POLYDEX_PORT": ("0", 0),
        "POLYDEX_FRESHNESS": ("0.5", 0.5),
        "POLYDEX_POLL_INTERVAL": ("900", 900.0),
        "POLYDEX_WATCHED_POLL_INTERVAL": ("3600", 3600.0),
        "POLYDEX_PUBLIC_URL": ("https://contacts.example.com/polydex/", "https://contacts.example.com/polydex"),
        "POLYDEX_STREAMS": ("50", 50),
        "POLYDEX_PARALLEL_PULLS": ("2", 2),
        "POLYDEX_REQUIRE_IF_MATCH": ("Yes", True),
        "POLYDEX_MAX_BODY_BYTES": ("1048576", 1_048_576),
        "POLYDEX_REQUEST_TIMEOUT": ("12", 12.0),
        "POLYDEX_SHUTDOWN_TIMEOUT": ("5", 5.0),
        "POLYDEX_ALLOW_PRIVATE_NETWORKS": ("10.0.0.0/8, 127.0.0.1", "10.0.0.0/8, 127.0.0.1"),
        "POLYDEX_CA_BUNDLE": (str(bundle), bundle),
        "POLYDEX_LOG_LEVEL": ("DEBUG", "debug"),
        "POLYDEX_GOOGLE_CLIENT_ID": ("1234-x.apps.example.com", "1234-x.apps.example.com"),
        "POLYDEX_GOOGLE_CLIENT_SECRET": ("hush-hush", "hush-hush"),
        "POLYDEX_GOOGLE_API_URL": ("http://127.0.0.1:8090/", "http://127.0.0.1:8090"),
        "POLYDEX_GOOGLE_AUTH_URL": ("https://example.com/auth", "https://example.com/auth"),
        "POLYDEX_GOOGLE_TOKEN_URL": ("http://sandbox.example.com/token", "http://sandbox.example.com/token"),
        "POLYDEX_GOOGLE_REVOKE_URL": ("https://example.com/revoke", "https://example.com/revoke"),
        "POLYDEX_GOOGLE_READS_PER_MINUTE": ("120", 120.0),
        "POLYDEX_GOOGLE_WRITES_PER_MINUTE": ("30", 30.0),
        "POLYDEX_MICROSOFT_CLIENT_ID": ("0000-1111", "0000-1111"),
        "POLYDEX_MICROSOFT_CLIENT_SECRET": ("hush-hush", "hush-hush"),
        "POLYDEX_MICROSOFT_AUTH_URL": ("https://example.com/t/authorize", "https://example.com/t/authorize"),
        "POLYDEX_MICROSOFT_TOKEN_URL": ("http://127.0.0.1:8090/t/token", "http://127.0.0.1:8090/t/token"),
        "POLYDEX_GRAPH_API_URL": ("http://127.0.0.1:8090/v1.0/", "http://127.0.0.1:8090"),
        "POLYDEX_EXCHANGE_AUTODISCOVER_URL": ("https://mail.example.com/a.xml", "https://mail.example.com/a.xml"),
    }
    config = Config.load({name: f" {text} " for name, (text, _) in given.items()})
    settings = config.describe()
    assert [setting.variable for setting in settings] == list(given)
    assert [getattr(config, name.removeprefix("POLYDEX_").lower()) for name in given] == [v for _, v in given.values()]
    assert all(setting.given and setting.doc for setting in settings)


def test_an_empty_variable_is_an_absent_one() -> None:
    assert Config.load({"POLYDEX_PORT": "", "POLYDEX_HOST": "  "}) == Config()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "http"),
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("PORT", "٨"),
        ("FRESHNESS", "-1"),
        ("FRESHNESS", "nan"),
        ("FRESHNESS", "inf"),
        ("FRESHNESS", "a minute"),
        ("POLL_INTERVAL", "0"),
        ("PARALLEL_PULLS", "0"),
        ("PARALLEL_PULLS", "1.5"),
        ("REQUIRE_IF_MATCH", "maybe"),
        ("MAX_BODY_BYTES", "1MB"),
        ("LOG_LEVEL", "loud"),
        ("HOST", "http://localhost"),
        ("DATABASE_URL", "mysql://db/contacts"),
        ("CA_BUNDLE", "/nonexistent/ca.pem"),
        ("ALLOW_PRIVATE_NETWORKS", "home"),
        ("GOOGLE_API_URL", "people.example.com"),
        ("GOOGLE_API_URL", "https://"),
        ("GOOGLE_TOKEN_URL", "https://ada:secret@example.com/token"),
        ("GOOGLE_TOKEN_URL", "https://example.com/token?key=1"),
        ("GOOGLE_TOKEN_URL", "http://example.com/token"),
        ("GOOGLE_REVOKE_URL", "http://127.0.0.1/revoke"),
        ("GRAPH_API_URL", "graph.example.com"),
        ("GRAPH_API_URL", "http://graph.example.com"),
        ("MICROSOFT_TOKEN_URL", "http://example.com/token"),
        ("PUBLIC_URL", "http://contacts.example.com"),
        ("PUBLIC_URL", "contacts.example.com"),
        ("PUBLIC_URL", "https://ada@contacts.example.com"),
        ("PUBLIC_URL", "https://contacts.example.com/?a=b"),
        ("PUBLIC_URL", "https://contacts.example.com#here"),
        ("WATCHED_POLL_INTERVAL", "0"),
        ("WATCHED_POLL_INTERVAL", "86401"),
        ("GOOGLE_CLIENT_ID", "two words"),
        ("GOOGLE_READS_PER_MINUTE", "0"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_the_name_of_its_variable(variable: str, value: str) -> None:
    with pytest.raises(ConfigInvalid, match=f"^POLYDEX_{variable} must be "):
        Config.load({f"POLYDEX_{variable}": value})


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ConfigInvalid) as caught:
        Config.load({"POLYDEX_PORT": "x", "POLYDEX_LOG_LEVEL": "x", "POLYDEX_HOST": "localhost"})
    assert caught.value.message == (
        "POLYDEX_PORT must be a whole number from 0 to 65535; "
        "POLYDEX_LOG_LEVEL must be one of debug, info, warning, error"
    )


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "postgresql://ada:hunter2@db.example.org:5432/contacts",
            "postgresql://ada:[hidden]@db.example.org:5432/contacts",
        ),
        ("postgresql://ada:hun@ter2@db/contacts?password=hunter2", "postgresql://ada:[hidden]@db/contacts?[hidden]"),
        ("postgresql://ada@db/contacts", "postgresql://ada@db/contacts"),
        ("postgres:///contacts", "postgres:///contacts"),
    ],
)
def test_no_password_is_listed(url: str, shown: str) -> None:
    config = Config.load({"POLYDEX_DATABASE_URL": url})
    assert config.database_url == url
    listed = {setting.variable: setting for setting in config.describe()}
    assert listed["POLYDEX_DATABASE_URL"].value == shown
    assert not any("hunter2" in str(dataclasses.astuple(setting)) for setting in listed.values())


def test_a_refused_database_url_is_not_repeated() -> None:
    with pytest.raises(ConfigInvalid) as caught:
        Config.load({"POLYDEX_DATABASE_URL": "mysql://ada:hunter2@db/contacts"})
    assert "hunter2" not in caught.value.message


def test_the_list_tells_defaults_from_what_is_given() -> None:
    listed = {setting.variable: setting for setting in Config.load({"POLYDEX_PORT": "9000"}).describe()}
    port, freshness = listed["POLYDEX_PORT"], listed["POLYDEX_FRESHNESS"]
    assert (port.value, port.default, port.given) == ("9000", "8080", True)
    assert (freshness.value, freshness.default, freshness.given) == ("60", "60", False)
    assert listed["POLYDEX_REQUIRE_IF_MATCH"].value == "false"
    assert listed["POLYDEX_KEYS_FILE"].value == ""


def test_a_misspelt_variable_is_noticed() -> None:
    assert Config.load({"POLYDEX_PROT": "1", "POLYDEX_PORT": "1", "PORT": "2"}).unknown == ("POLYDEX_PROT",)


def test_addresses_over_http_lie_in_the_networks_that_are_allowed() -> None:
    allowed = {"POLYDEX_ALLOW_PRIVATE_NETWORKS": "10.0.0.0/8"}
    for host, fits in (("10.1.2.3", True), ("11.1.2.3", False), ("name.example.com", True)):
        env = {**allowed, "POLYDEX_GOOGLE_TOKEN_URL": f"http://{host}/token"}
        if fits:
            assert Config.load(env).google_token_url == f"http://{host}/token"
        else:
            with pytest.raises(ConfigInvalid, match=r"^POLYDEX_GOOGLE_TOKEN_URL must be https"):
                Config.load(env)


def test_a_provider_gets_its_own_settings_and_no_others() -> None:
    config = Config.load({"POLYDEX_GOOGLE_CLIENT_ID": "me", "POLYDEX_GOOGLE_READS_PER_MINUTE": "7.5"})
    assert config.provider_options("google") == {
        "client_id": "me",
        "api_url": "https://people.googleapis.com",
        "auth_url": "https://accounts.google.com/o/oauth2/v2/auth",
        "token_url": "https://oauth2.googleapis.com/token",
        "revoke_url": "https://oauth2.googleapis.com/revoke",
        "reads_per_minute": "7.5",
        "writes_per_minute": "90",
    }
    assert config.provider_options("carddav") == {}
    config = Config.load({"POLYDEX_MICROSOFT_CLIENT_ID": "me", "POLYDEX_GRAPH_API_URL": "https://graph.example.com"})
    assert config.provider_options("microsoft") == {
        "client_id": "me",
        "api_url": "https://graph.example.com",
        "auth_url": "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        "token_url": "https://login.microsoftonline.com/common/oauth2/v2.0/token",
    }
    assert config.provider_options("graph") == {}


@pytest.mark.parametrize(
    "url", ["https://graph.example.com", "https://graph.example.com/v1.0/", "https://graph.example.com/v1.0"]
)
def test_the_version_of_graph_may_stand_in_its_address_or_not(url: str) -> None:
    assert Config.load({"POLYDEX_GRAPH_API_URL": url}).graph_api_url == "https://graph.example.com"


def test_a_client_secret_is_never_shown() -> None:
    names = ("POLYDEX_GOOGLE_CLIENT_SECRET", "POLYDEX_MICROSOFT_CLIENT_SECRET")
    config = Config.load(dict.fromkeys(names, "hush-hush"))
    shown = {setting.variable: setting.value for setting in config.describe()}
    assert [shown[name] for name in names] == ["[hidden]"] * 2
    assert "hush-hush" not in repr(config)
