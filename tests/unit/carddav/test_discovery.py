import socket
from collections.abc import AsyncIterator

import pytest

from polydex.connectors.base import Identity, SourceInfo
from polydex.connectors.carddav.dav import Dav, trusted_hosts
from polydex.connectors.carddav.discovery import Discovery
from polydex.connectors.carddav.provider import CARDDAV
from polydex.connectors.provider import Credentials
from polydex.core.errors import (
    BadRequest,
    ProviderError,
    ProviderRejected,
    ProviderUnauthorized,
    ProviderUnavailable,
)
from polydex.net.auth import PasswordAuth
from polydex.net.dns import Dns
from tests.unit.carddav import scripted
from tests.unit.carddav.scripted import Records, Resource, Scripted

PRINCIPAL = "<D:current-user-principal><D:href>{}</D:href></D:current-user-principal>"
HOME = "<C:addressbook-home-set><D:href>{}</D:href></C:addressbook-home-set>"
COLLECTION = "<D:resourcetype><D:collection/></D:resourcetype>"
BOOK = "<D:resourcetype><D:collection/><C:addressbook/></D:resourcetype><D:displayname>{}</D:displayname>"
READ = "<D:current-user-privilege-set><D:privilege><D:read/></D:privilege></D:current-user-privilege-set>"
WRITE = "<D:current-user-privilege-set><D:privilege><D:read/></D:privilege><D:privilege><D:write-content/></D:privilege></D:current-user-privilege-set>"


@pytest.fixture
async def server() -> AsyncIterator[Scripted]:
    async with scripted.scripted() as server:
        server.resources = {
            "/dav/": Resource(COLLECTION + PRINCIPAL.format("/dav/users/alice/")),
            "/dav/users/alice/": Resource(HOME.format("/dav/books/alice/") + "<D:displayname>Alice A.</D:displayname>"),
            "/dav/books/alice/": Resource(COLLECTION, ("/dav/books/alice/", "/dav/books/alice/contacts/")),
            "/dav/books/alice/contacts/": Resource(BOOK.format("Contacts")),
        }
        yield server


async def discover(
    server: Scripted, url: str | None = None, dns: Dns | None = None
) -> tuple[Identity, tuple[SourceInfo, ...]]:
    credentials = Credentials("alice@example.com", "secret", url or server.url(path="/dav/"))
    async with scripted.net(dns) as net:
        return await CARDDAV.discover(net, credentials)


def add_books(server: Scripted, **books: str) -> None:
    """Add books to the home; the value is the XML of their properties."""
    for name, props in books.items():
        server.resources[f"/dav/books/alice/{name}/"] = Resource(props)
    members = tuple(path for path in server.resources if path.startswith("/dav/books/alice/"))
    server.resources["/dav/books/alice/"] = Resource(COLLECTION, members[1:])


async def test_from_the_given_address_to_the_books(server: Scripted) -> None:
    identity, sources = await discover(server)
    assert identity == Identity(f"dav.example.com:{server.port}/dav/users/alice/", "alice@example.com", "Alice A.")
    assert sources == (SourceInfo("/dav/books/alice/contacts/", "Contacts", default=True),)


async def test_the_default_book_comes_first_and_all_are_listed(server: Scripted) -> None:
    del server.resources["/dav/books/alice/contacts/"]
    add_books(
        server,
        team=BOOK.format("Team") + READ,
        zoo=BOOK.format("Zoo") + WRITE,
        Default=BOOK.format("") + WRITE,
        calendar=COLLECTION,
    )
    _, sources = await discover(server)
    assert [
        (source.key.rpartition("/")[0].rpartition("/")[2], source.default, source.read_only) for source in sources
    ] == [
        ("Default", True, False),
        ("team", False, True),
        ("zoo", False, False),
    ]
    assert [source.name for source in sources] == ["Default", "Team", "Zoo"]


async def test_a_read_only_book_is_not_the_default(server: Scripted) -> None:
    server.resources["/dav/books/alice/contacts/"] = Resource(BOOK.format("Contacts") + READ)
    add_books(server, other=BOOK.format("Other"))
    _, sources = await discover(server)
    assert [(source.name, source.default) for source in sources] == [("Other", True), ("Contacts", False)]


async def test_system_books_of_nextcloud_are_no_address_books_of_the_user(server: Scripted) -> None:
    add_books(
        server,
        **{
            "z-server-generated--system": BOOK.format("Accounts"),
            "z-app-generated--contactsinteraction--recent": BOOK.format("Recently contacted"),
        },
    )
    _, sources = await discover(server)
    assert [source.name for source in sources] == ["Contacts"]


async def test_a_given_book_is_the_default(server: Scripted) -> None:
    add_books(server, other=BOOK.format("Other") + PRINCIPAL.format("/dav/users/alice/"))
    _, sources = await discover(server, server.url(path="/dav/books/alice/other"))
    assert [source.name for source in sources] == ["Other", "Contacts"]


async def test_several_homes(server: Scripted) -> None:
    homes = "<C:addressbook-home-set><D:href>/dav/books/alice/</D:href><D:href>/dav/shared/</D:href></C:addressbook-home-set>"
    server.resources["/dav/users/alice/"] = Resource(homes)
    server.resources["/dav/shared/"] = Resource(COLLECTION, ("/dav/shared/club/",))
    server.resources["/dav/shared/club/"] = Resource(BOOK.format("Club"))
    _, sources = await discover(server)
    assert [source.key for source in sources] == ["/dav/books/alice/contacts/", "/dav/shared/club/"]


async def test_the_well_known_address_leads_on(server: Scripted) -> None:
    server.redirects["/.well-known/carddav"] = "/dav/"
    _, sources = await discover(server, server.url(path="/"))
    assert len(sources) == 1
    # The given address first, then the well-known one.
    assert [path for _, _, path in server.seen][:3] == ["/", "/.well-known/carddav", "/dav/"]


async def test_a_well_known_address_that_answers_200_and_the_root(server: Scripted) -> None:
    server.statuses["/.well-known/carddav"] = 200
    server.resources["/"] = server.resources.pop("/dav/")
    _, sources = await discover(server, server.url(path="/app/"))
    assert len(sources) == 1


async def test_the_home_on_another_host_of_the_same_domain(server: Scripted) -> None:
    home = server.url("p12.example.com", "/dav/books/alice/")
    server.resources["/dav/users/alice/"] = Resource(HOME.format(home))
    _, sources = await discover(server)
    assert [source.key for source in sources] == [server.url("p12.example.com", "/dav/books/alice/contacts/")]
    assert server.authorised == {"dav.example.com", "p12.example.com"}


async def test_credentials_do_not_go_to_a_home_in_another_domain(server: Scripted) -> None:
    """A server behind a proxy often gives an inner name: the same path is asked for where the user pointed."""
    home = server.url("dav.example.org", "/dav/books/alice/")
    server.resources["/dav/users/alice/"] = Resource(HOME.format(home))
    _, sources = await discover(server)
    assert [source.key for source in sources] == ["/dav/books/alice/contacts/"]
    assert {host for _, host, _ in server.seen} == {"dav.example.com"}


async def test_the_books_of_a_service_that_spreads_over_hosts() -> None:
    assert trusted_hosts("https://contacts.icloud.com/") == ("*.icloud.com",)
    assert trusted_hosts("https://icloud.com.example.com/") == ()


@pytest.mark.parametrize(
    ("path", "resource", "message"),
    [
        (
            "/dav/users/alice/",
            None,
            "CardDAV discovery: the principal ({url}/dav/users/alice/): The server has nothing",
        ),
        (
            "/dav/users/alice/",
            Resource(COLLECTION),
            "CardDAV discovery: no address book home (principal /dav/users/alice/)",
        ),
        (
            "/dav/books/alice/",
            None,
            "CardDAV discovery: the address book home ({url}/dav/books/alice/): The server has",
        ),
        (
            "/dav/books/alice/",
            Resource(COLLECTION),
            "CardDAV discovery: no address book in the home (/dav/books/alice/)",
        ),
    ],
)
async def test_the_step_that_failed_is_named(
    server: Scripted, path: str, resource: Resource | None, message: str
) -> None:
    server.resources.pop(path)
    if resource is not None:
        server.resources[path] = resource
    with pytest.raises(ProviderError) as caught:
        await discover(server)
    assert caught.value.message.startswith(message.format(url=server.url().rstrip("/")))
    assert "secret" not in caught.value.message


async def test_no_service_at_all(server: Scripted) -> None:
    server.resources.clear()
    with pytest.raises(ProviderError, match=r"^CardDAV discovery at dav\.example\.com:\d+/dav/: "):
        await discover(server)


async def test_a_refused_password_is_told_as_such(server: Scripted) -> None:
    server.resources.clear()
    server.statuses["/.well-known/carddav"] = 401
    with pytest.raises(ProviderUnauthorized):
        await discover(server)


async def test_srv_and_txt_come_after_the_given_address_and_before_the_well_known_one() -> None:
    service = "_carddavs._tcp.example.com"
    records = Records(
        {service: [("dav.example.com", 443, 0, 1), ("b.example.com", 8443, 10, 1)]}, {service: ["path=/x/"]}
    )
    async with scripted.net(records) as net:
        dav = Dav(net, PasswordAuth("alice", "secret"))
        candidates = [url async for url in Discovery(dav, "https://example.com/", "alice")._candidates()]
    assert candidates == [
        "https://example.com/",
        "https://dav.example.com/x/",
        "https://dav.example.com/.well-known/carddav",
        "https://b.example.com:8443/x/",
        "https://b.example.com:8443/.well-known/carddav",
        "https://example.com/.well-known/carddav",
    ]


async def test_srv_does_not_lead_the_password_to_another_domain(server: Scripted) -> None:
    service = "_carddavs._tcp.dav.example.com"
    records = Records({service: [("dav.example.org", 443, 0, 1)]}, {})
    server.resources.clear()
    with pytest.raises(
        ProviderRejected, match=r"SRV of dav\.example\.com names a host of another domain \(dav\.example\.org\)"
    ):
        await discover(server, dns=records)
    assert {host for _, host, _ in server.seen} == {"dav.example.com"}


@pytest.mark.parametrize(
    ("service", "login", "given", "url"),
    [
        ("iCloud", "a@example.com", "", "https://contacts.icloud.com/"),
        ("Fastmail", "a@example.com", "https://elsewhere.example.com/", "https://carddav.fastmail.com/"),
        ("Nextcloud", "alice", "cloud.example.com", "https://cloud.example.com/remote.php/dav/"),
        ("Nextcloud", "alice", "https://example.com/cloud/", "https://example.com/cloud/remote.php/dav/"),
        (
            "Nextcloud",
            "alice",
            "https://example.com/remote.php/dav/addressbooks/users/alice/",
            "https://example.com/remote.php/dav/addressbooks/users/alice/",
        ),
        ("CardDAV", "alice", "dav.example.com:8443/x", "https://dav.example.com:8443/x"),
        ("CardDAV", "alice", "HTTP://Dav.example.com", "http://dav.example.com/"),
        ("CardDAV", "alice@example.com", "", "https://example.com/"),
    ],
)
def test_presets(service: str, login: str, given: str, url: str) -> None:
    prepared = CARDDAV.prepare(service, Credentials(login, "secret", given))
    assert (prepared.login, prepared.password, prepared.server_url) == (login, "secret", url)


@pytest.mark.parametrize(
    ("service", "credentials", "place"),
    [
        ("Nextcloud", Credentials("alice@example.com", "secret"), "serverUrl"),
        ("CardDAV", Credentials("alice", "secret"), "serverUrl"),
        ("CardDAV", Credentials("alice", "secret", "ftp://example.com/"), "serverUrl"),
        ("CardDAV", Credentials("alice", "secret", "https://alice:secret@example.com/"), "serverUrl"),
        ("CardDAV", Credentials("alice", "secret", "https://[bad/"), "serverUrl"),
        ("iCloud", Credentials("alice", ""), "password"),
    ],
)
def test_what_is_missing_is_named(service: str, credentials: Credentials, place: str) -> None:
    with pytest.raises(BadRequest, match=place) as caught:
        CARDDAV.prepare(service, credentials)
    assert "secret" not in caught.value.message


# --- places that a user may give ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/dav", "/dav/", "/dav/users/alice", "/dav/users/alice/", "/dav/books/alice", "/dav/books/alice/", "/"],
)
async def test_any_place_on_the_way_leads_to_the_books(server: Scripted, path: str) -> None:
    """With or without the slash; the principal and the home name the principal, as RFC 5397 wants of every resource."""
    server.redirects["/.well-known/carddav"] = "/dav/"
    for place in ("/dav/users/alice/", "/dav/books/alice/"):
        server.resources[place].props += PRINCIPAL.format("/dav/users/alice/")
    _, sources = await discover(server, server.url(path=path))
    assert [source.key for source in sources] == ["/dav/books/alice/contacts/"]


@pytest.mark.parametrize("path", ["/dav/users/alice/", "/dav/books/alice/", "/dav/books/alice/contacts/"])
async def test_the_same_on_a_server_that_tells_no_principal(server: Scripted, path: str) -> None:
    server.resources["/dav/"] = Resource(COLLECTION)
    _, sources = await discover(server, server.url(path=path))
    assert [source.key for source in sources] == ["/dav/books/alice/contacts/"]


async def test_a_given_book_is_not_listed_to_find_books_in_it(server: Scripted) -> None:
    server.resources["/dav/books/alice/contacts/"].members = tuple(f"/dav/books/alice/contacts/{n}" for n in range(3))
    _, sources = await discover(server, server.url(path="/dav/books/alice/contacts/"))
    assert len(sources) == 1
    assert len([path for method, _, path in server.seen if method == "PROPFIND"]) == 1


async def test_a_given_book_whose_principal_is_closed_to_us(server: Scripted) -> None:
    """One that somebody shares."""
    server.resources["/dav/books/bob/"] = Resource(BOOK.format("Bob's") + PRINCIPAL.format("/dav/users/bob/"))
    server.statuses["/dav/users/bob/"] = 403
    identity, sources = await discover(server, server.url(path="/dav/books/bob/"))
    assert [(source.name, source.default) for source in sources] == [("Bob's", True)]
    assert identity.subject.endswith("/dav/users/bob/")


async def test_one_of_several_homes_that_is_closed_to_us(server: Scripted) -> None:
    homes = "<C:addressbook-home-set><D:href>/dav/shared/</D:href><D:href>/dav/books/alice/</D:href></C:addressbook-home-set>"
    server.resources["/dav/users/alice/"] = Resource(homes)
    server.statuses["/dav/shared/"] = 403
    _, sources = await discover(server)
    assert [source.key for source in sources] == ["/dav/books/alice/contacts/"]
    server.statuses["/dav/shared/"] = 503
    with pytest.raises(
        ProviderUnavailable, match=r"the address book home \(.*/dav/shared/\): The server failed \(503\)"
    ):
        await discover(server)


async def test_books_one_level_below_the_home(server: Scripted) -> None:
    server.resources["/dav/books/alice/"] = Resource(
        COLLECTION, ("/dav/books/alice/", "/dav/books/alice/private/", "/dav/books/alice/closed/")
    )
    server.resources["/dav/books/alice/private/"] = Resource(
        COLLECTION, ("/dav/books/alice/private/", "/dav/books/alice/private/friends/")
    )
    server.resources["/dav/books/alice/private/friends/"] = Resource(BOOK.format("Friends"))
    server.resources["/dav/books/alice/closed/"] = Resource(COLLECTION)
    server.statuses["/dav/books/alice/closed/"] = 403
    _, sources = await discover(server)
    assert [source.key for source in sources] == ["/dav/books/alice/private/friends/"]


async def test_only_read_only_books(server: Scripted) -> None:
    server.resources["/dav/books/alice/contacts/"] = Resource(BOOK.format("Contacts") + READ)
    _, sources = await discover(server)
    assert [(source.default, source.read_only) for source in sources] == [(True, True)]


# --- what goes wrong ------------------------------------------------------------------------------------------------


async def test_a_wrong_password_is_tried_twice_at_most(server: Scripted) -> None:
    """Servers lock accounts after a few: the given address, and the well-known one, which may lead somewhere else."""
    for path in ("/dav", "/dav/", "/.well-known/carddav", "/"):
        server.statuses[path] = 401
    with pytest.raises(ProviderUnauthorized, match=r"^CardDAV discovery at .*/dav: The server refused the credentials"):
        await discover(server, server.url(path="/dav"))
    assert [path for _, _, path in server.seen] == ["/dav", "/.well-known/carddav"]


async def test_a_loop_of_redirects(server: Scripted) -> None:
    server.resources.clear()
    server.redirects |= {"/.well-known/carddav": "/a/", "/a/": "/b/", "/b/": "/a/", "/dav/": "/a/"}
    with pytest.raises(ProviderError, match=r"^CardDAV discovery at .*/dav/: The provider redirects without end"):
        await discover(server)


async def test_a_server_that_is_down() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://dav.example.com:{nobody.getsockname()[1]}/dav"
        async with scripted.net() as net:
            with pytest.raises(
                ProviderUnavailable, match=r"^CardDAV discovery at dav\.example\.com:\d+/dav: The provider cannot be"
            ):
                await CARDDAV.discover(net, Credentials("alice", "secret", url))


async def test_no_secure_connection(server: Scripted) -> None:
    url = server.url(path="/dav/").replace("http:", "https:")
    with pytest.raises(
        ProviderUnavailable, match=r"^CardDAV discovery at dav\.example\.com:\d+/dav/: No secure connection"
    ):
        await discover(server, url)
    assert server.seen == []


async def test_a_secret_in_the_address_is_not_told(server: Scripted) -> None:
    server.resources.clear()
    with pytest.raises(ProviderError) as caught:
        await discover(server, server.url(path="/dav/?token=hush"))
    assert "hush" not in caught.value.message
