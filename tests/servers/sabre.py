"""sabre/dav, from the system's packages, run by PHP's own web server over a SQLite file.

Nextcloud, ownCloud and Baikal are built on this library, in later versions: Debian's is 1.8, which has no
sync-collection. Under ``/digest/`` the same books ask for Digest authentication, as Baikal does by default.
"""

import contextlib
import hashlib
import itertools
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from subprocess import CalledProcessError

from tests.servers.dav import DavAccount, DavServer, request
from tests.servers.process import LOOPBACK, ServerUnavailableError, free_port, program, run, running, workspace

LIBRARY = "Sabre/autoload.php"
REALM = "sabre"
DIGEST = "digest/"

# As the library's examples have it.
SCHEMA = """
CREATE TABLE addressbooks (id INTEGER PRIMARY KEY ASC, principaluri TEXT, displayname TEXT, uri TEXT, description TEXT,
    ctag INTEGER);
CREATE TABLE cards (id INTEGER PRIMARY KEY ASC, addressbookid INTEGER, carddata BLOB, uri TEXT, lastmodified INTEGER);
CREATE TABLE principals (id INTEGER PRIMARY KEY ASC, uri TEXT UNIQUE, email TEXT, displayname TEXT, vcardurl TEXT);
CREATE TABLE groupmembers (id INTEGER PRIMARY KEY ASC, principal_id INTEGER, member_id INTEGER);
CREATE TABLE users (id INTEGER PRIMARY KEY ASC, username TEXT UNIQUE, digesta1 TEXT);
"""

SERVER = """<?php
// The library is older than this PHP and deprecated in parts.
error_reporting(E_ALL & ~E_DEPRECATED & ~E_USER_DEPRECATED);
ini_set('display_errors', '0');
date_default_timezone_set('UTC');
require_once 'Sabre/autoload.php';

class Passwords extends Sabre\\DAV\\Auth\\Backend\\AbstractBasic {
    function __construct(private PDO $pdo) {}
    protected function validateUserPass($username, $password) {
        $found = $this->pdo->prepare('SELECT digesta1 FROM users WHERE username = ?');
        $found->execute([$username]);
        return $found->fetchColumn() === md5("$username:sabre:$password");
    }
}

$pdo = new PDO('sqlite:' . getenv('SABRE_DATABASE'));
$pdo->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
$digest = str_starts_with($_SERVER['REQUEST_URI'], '/digest/');
$principals = new Sabre\\DAVACL\\PrincipalBackend\\PDO($pdo);
$server = new Sabre\\DAV\\Server([
    new Sabre\\DAVACL\\PrincipalCollection($principals),
    new Sabre\\CardDAV\\AddressBookRoot($principals, new Sabre\\CardDAV\\Backend\\PDO($pdo)),
]);
$server->setBaseUri($digest ? '/digest/' : '/');
$passwords = $digest ? new Sabre\\DAV\\Auth\\Backend\\PDO($pdo) : new Passwords($pdo);
$server->addPlugin(new Sabre\\DAV\\Auth\\Plugin($passwords, 'sabre'));
$server->addPlugin(new Sabre\\CardDAV\\Plugin());
$server->addPlugin(new Sabre\\DAVACL\\Plugin());
$server->exec();
"""


@contextlib.contextmanager
def serve() -> Iterator[DavServer]:
    php = program("php")
    _require_library(php)
    port = free_port()
    url = f"http://{LOOPBACK}:{port}/"
    with workspace("sabre") as directory:
        script, database = directory / "server.php", directory / "db.sqlite"
        script.write_text(SERVER, encoding="ascii")
        with contextlib.closing(sqlite3.connect(database)) as connection:
            connection.executescript(SCHEMA)
        numbers = itertools.count(1)

        def new_account() -> DavAccount:
            user = f"user{next(numbers)}"
            password = f"secret-{user}"
            _add(database, user, password)
            return DavAccount(user, password, f"{url}addressbooks/{user}/")

        with running(
            [php, "-S", f"{LOOPBACK}:{port}", str(script)],
            log=directory / "log",
            answers=lambda: request("OPTIONS", url).status < 500,
            environment={"SABRE_DATABASE": str(database), "PHP_CLI_SERVER_WORKERS": "4"},
        ) as pid:
            yield DavServer("sabre", url, new_account(), pid, new_account)


def _require_library(php: str) -> None:
    check = f"exit(extension_loaded('pdo_sqlite') && @include '{LIBRARY}' ? 0 : 3);"
    try:
        run([php, "-r", check])
    except CalledProcessError as error:
        raise ServerUnavailableError("php-sabre-dav or php-sqlite3 is not installed") from error


def _add(database: Path, user: str, password: str) -> None:
    digest = hashlib.md5(f"{user}:{REALM}:{password}".encode(), usedforsecurity=False).hexdigest()
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        connection.execute("INSERT INTO users (username, digesta1) VALUES (?, ?)", (user, digest))
        connection.execute(
            "INSERT INTO principals (uri, email, displayname) VALUES (?, ?, ?)",
            (f"principals/{user}", f"{user}@example.com", user.title()),
        )
