"""Cyrus IMAP's CardDAV service, from the system's packages, with a configuration and a spool of its own.

The system's own Cyrus, if one runs, is neither used nor touched.
"""

import contextlib
import imaplib
import itertools
from collections.abc import Iterator
from pathlib import Path

from tests.servers.dav import DavAccount, DavServer, request
from tests.servers.process import LOOPBACK, free_port, listening, program, run, running, unprivileged, workspace

BIN = ("/usr/lib/cyrus/bin", "/usr/lib/cyrus-imapd", "/usr/libexec/cyrus-imapd", "/usr/cyrus/bin")

# Users and passwords lie in a SASL database of our own: no saslauthd, no PAM. Basic only: this httpd offers Digest, too,
# but takes no answer to its challenge ("Continue authentication exchange"), not even from curl.
IMAPD_CONF = """
configdirectory: {directory}/conf
defaultpartition: default
partition-default: {directory}/mail
proc_path: {directory}/proc
mboxname_lockpath: {directory}/lock
servername: localhost
unixhierarchysep: no
altnamespace: no
virtdomains: off
allowplaintext: yes
autocreate_quota: 0
httpmodules: carddav
httpallowcors: none
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {directory}/sasldb
sasl_mech_list: PLAIN
syslog_prefix: polydex-test
"""

CYRUS_CONF = """
START {{
  recover cmd="ctl_cyrusdb -C {directory}/imapd.conf -r"
}}
SERVICES {{
  http cmd="httpd -C {directory}/imapd.conf -U 100000" listen="{host}:{http}" prefork=2 maxchild=100
  imap cmd="imapd -C {directory}/imapd.conf" listen="{host}:{imap}" prefork=0 maxchild=10
}}
EVENTS {{
}}
"""


@contextlib.contextmanager
def serve() -> Iterator[DavServer]:
    master = program("master", *BIN)
    saslpasswd = program("saslpasswd2")
    owner = unprivileged("cyrus")
    http, imap = free_port(), free_port()
    url = f"http://{LOOPBACK}:{http}/"
    with workspace("cyrus", owner) as directory:
        for name in ("conf", "mail", "proc", "lock"):
            run(["mkdir", str(directory / name)], user=owner)
        places = {"directory": directory, "host": LOOPBACK, "http": http, "imap": imap}
        (directory / "imapd.conf").write_text(IMAPD_CONF.format_map(places), encoding="ascii")
        (directory / "cyrus.conf").write_text(CYRUS_CONF.format_map(places), encoding="ascii")
        numbers = itertools.count(1)

        def new_account() -> DavAccount:
            user = f"user{next(numbers)}"
            password = f"secret-{user}"
            sasldb = str(directory / "sasldb")
            run([saslpasswd, "-c", "-p", "-u", "localhost", "-f", sasldb, user], user=owner, stdin=password)
            # A first login makes the inbox, without which the user has no home for address books.
            with imaplib.IMAP4(LOOPBACK, imap) as client:
                client.login(user, password)
            return DavAccount(user, password, f"{url}dav/addressbooks/user/{user}/")

        with running(
            _argv(master, directory),
            log=directory / "log",
            answers=lambda: listening(imap) and request("OPTIONS", f"{url}dav/addressbooks/").status < 500,
            user=owner,
        ) as pid:
            yield DavServer("cyrus", url, new_account(), pid, new_account)


def _argv(master: str, directory: Path) -> list[str]:
    """The master in the foreground; it looks for httpd and imapd where it lies itself."""
    argv = [master, "-D", "-C", str(directory / "imapd.conf"), "-M", str(directory / "cyrus.conf")]
    return [*argv, "-p", str(directory / "master.pid")]
