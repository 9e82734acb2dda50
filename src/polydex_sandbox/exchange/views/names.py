"""ResolveNames: who a name or address may mean, in the directory and in the contacts; GetUserPhoto.

See [MS-OXWSRSLNM] and [MS-OXWSCONT] 3.1.4.
"""

from __future__ import annotations

from polydex_sandbox.accounts import Account
from polydex_sandbox.exchange import answers, errors, properties, shape, show
from polydex_sandbox.exchange.call import Call
from polydex_sandbox.exchange.item import CONTACT, Item
from polydex_sandbox.exchange.mailbox import Mailbox
from polydex_sandbox.exchange.shape import Shape
from polydex_sandbox.exchange.show import View
from polydex_sandbox.exchange.xml import Element, child, content, m, t, text_of

MOST = 100
"""Candidates at most: https://learn.microsoft.com/exchange/client-developer/web-service-reference/resolvenames-operation."""


def resolve(call: Call) -> Element:
    entry = content(call.body, "UnresolvedEntry")
    scope = call.body.get("SearchScope", "ActiveDirectoryContacts")
    full = call.body.get("ReturnFullContactData") in ("true", "1")
    wanted = Shape(base=call.body.get("ContactDataShape", shape.ALL))
    wanted_text = entry.removeprefix("smtp:").removeprefix("SMTP:").strip().casefold()
    if wanted_text in ("", ",", "-"):
        raise errors.EwsError("ErrorInvalidNameForNameResolution", "The name is none to be looked for.")
    found: list[Element] = []
    contacts = _contacts(call, wanted_text, wanted, full=full)
    people = [_person(account, full=full) for account in call.accounts() if _is(account, wanted_text)]
    if scope == "ActiveDirectory":
        found = people
    elif scope == "Contacts":
        found = contacts
    else:
        found = contacts + people if scope == "ContactsActiveDirectory" else people + contacts
    if not found:
        raise errors.EwsError("ErrorNameResolutionNoResults", "No results were found.")
    last = len(found) <= MOST
    attributes = {"TotalItemsInView": str(len(found[:MOST])), "IncludesLastItemInRange": text_of(last)}
    answer = m("ResolutionSet", *found[:MOST], **attributes)
    if len(found) == 1:
        return answers.response(call.operation, [answers.success(call.operation, answer)])
    several = errors.EwsError("ErrorNameResolutionMultipleResults", "Multiple results were found.")
    return answers.response(call.operation, [answers.warning(call.operation, several, answer)])


def _is(account: Account, text: str) -> bool:
    words = [account.email.casefold(), account.name.casefold(), *account.name.casefold().split()]
    return any(word.startswith(text) for word in words)


def _person(account: Account, *, full: bool) -> Element:
    """Somebody of the directory."""
    box = _mailbox(account.name, account.email, "Mailbox")
    if not full:
        return t("Resolution", box)
    entry = t("Entry", text=f"SMTP:{account.email}", Key="EmailAddress1")
    source = t("ContactSource", text="ActiveDirectory")
    contact = t("Contact", t("DisplayName", text=account.name), t("EmailAddresses", entry), source)
    return t("Resolution", box, contact)


def _mailbox(name: str, address: str, kind: str) -> Element:
    return t(
        "Mailbox",
        t("Name", text=name),
        t("EmailAddress", text=address),
        t("RoutingType", text="SMTP"),
        t("MailboxType", text=kind),
    )


def _contacts(call: Call, text: str, wanted: Shape, *, full: bool) -> list[Element]:
    """Those of the folder that is named, or of the default one: each address on its own. Raises EwsError."""
    folders = child(call.body, "ParentFolderIds")
    if folders is not None and len(folders) > 1:
        message = "Only one contacts folder can be searched."
        raise errors.EwsError("ErrorResolveNamesOnlyOneContactsFolderAllowed", message)
    mailbox, folder = (
        (call.mailbox, call.mailbox.distinguished("contacts")) if folders is None else call.folder(folders[0])
    )
    if not folder.kind.startswith("IPF.Contact"):
        message = "The folder is no contacts folder."
        raise errors.EwsError("ErrorResolveNamesInvalidFolderType", message)
    return [
        one
        for item in mailbox.inside(folder.key)
        if item.kind == CONTACT and not item.unreadable
        for one in _resolutions(mailbox, item, text, wanted, full=full)
    ]


def _resolutions(mailbox: Mailbox, item: Item, text: str, wanted: Shape, *, full: bool) -> list[Element]:
    names = [
        item.properties.get(known, "")
        for known in (properties.DISPLAY_NAME, properties.GIVEN_NAME, properties.SURNAME, properties.NICKNAME)
    ]
    named = any(name.casefold().startswith(text) for name in names if name)
    found = []
    for slot in properties.EMAILS.values():
        address = item.properties.get(slot["address"])
        if address and (named or address.casefold().startswith(text)):
            box = _mailbox(names[0] or address, address, "Contact")
            box.append(show.id_of(mailbox, item))
            made = t("Resolution", box)
            if full:
                made.append(show.item(View(item, mailbox, wanted, partial=True)))
            found.append(made)
    return found


def photo(_call: Call) -> Element:
    """GetUserPhoto: nobody of the directory has one. Raises EwsError."""
    raise errors.EwsError("ErrorItemNotFound", "The photo was not found.")
