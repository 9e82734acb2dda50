"""What clients ask beside contacts: GetUserConfiguration, GetServerTimeZones.

See [MS-OXWSUSRCFG] and [MS-OXWSGTZ].
"""

from __future__ import annotations

import base64

from polydex_sandbox.exchange import errors
from polydex_sandbox.exchange.call import Call
from polydex_sandbox.exchange.xml import Element, child, content, m, t

CATEGORIES = (
    '<?xml version="1.0"?>\r\n<categories default="Red Category" lastSavedSession="1" '
    'lastSavedTime="2026-01-01T00:00:00.000" xmlns="CategoryList.xsd">\r\n'
    '<category name="Red Category" color="0" keyboardShortcut="0" usageCount="0" '
    'lastTimeUsedNotes="1601-01-01T00:00:00.000" lastTimeUsedJournal="1601-01-01T00:00:00.000" '
    'lastTimeUsedContacts="1601-01-01T00:00:00.000" lastTimeUsedTasks="1601-01-01T00:00:00.000" '
    'lastTimeUsedCalendar="1601-01-01T00:00:00.000" lastTimeUsedMail="1601-01-01T00:00:00.000" '
    'lastTimeUsed="1601-01-01T00:00:00.000" lastSessionUsed="0" guid="{5A9DB0C5-0B1E-4C75-8D0E-000000000001}"/>\r\n'
    "</categories>"
)
"""The list of categories that a mailbox has ([MS-OXOCFG] 2.2.5.2), in the calendar's folder."""


def user(call: Call) -> Element:
    """The mailbox has its list of categories, and no other configuration."""

    def one(element: Element) -> list[Element]:
        mailbox, folder = call.folder(element[0])
        name = element.get("Name", "")
        if name != "CategoryList" or folder.key != mailbox.distinguished("calendar").key:
            raise errors.item_not_found()
        wanted = set(content(call.body, "UserConfigurationProperties").split())
        found = t("UserConfigurationName", t("FolderId", Id=mailbox.folder_id(folder.key)), Name=name)
        made = m("UserConfiguration", found)
        if wanted & {"Dictionary", "All"}:
            made.append(t("Dictionary"))
        if wanted & {"XmlData", "All"}:
            made.append(t("XmlData", text=base64.b64encode(CATEGORIES.encode()).decode()))
        return [made]

    return call.each([call.part("UserConfigurationName")], one)


ZONES = {
    "UTC": ("(UTC) Coordinated Universal Time", "PT0S"),
    "GMT Standard Time": ("(UTC+00:00) Dublin, Edinburgh, Lisbon, London", "PT0S"),
    "W. Europe Standard Time": ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "-PT1H"),
    "Eastern Standard Time": ("(UTC-05:00) Eastern Time (US & Canada)", "PT5H"),
    "Pacific Standard Time": ("(UTC-08:00) Pacific Time (US & Canada)", "PT8H"),
    "Tokyo Standard Time": ("(UTC+09:00) Osaka, Sapporo, Tokyo", "-PT9H"),
}
"""Some of those that Windows knows: id -> name and bias. Daylight saving is beyond this simulation."""


def zones(call: Call) -> Element:
    full = call.body.get("ReturnFullTimeZoneData", "true") in ("true", "1")
    asked = child(call.body, "Ids")
    names = list(ZONES) if asked is None else [(one.text or "").strip() for one in asked]

    def one(_element: Element) -> list[Element]:
        return [m("TimeZoneDefinitions", *(_zone(name, full=full) for name in names if name in ZONES))]

    return call.each([call.body], one)


def _zone(name: str, *, full: bool) -> Element:
    shown, bias = ZONES[name]
    made = t("TimeZoneDefinition", Id=name, Name=shown)
    if full:
        period = t("Period", Bias=bias, Name="Standard", Id=f"trule:Microsoft/Registry/{name}/1-Standard")
        target = t("To", text=period.get("Id", ""), Kind="Period")
        made.append(t("Periods", period))
        group = t("TransitionsGroup", t("Transition", target), Id="0")
        made.append(t("TransitionsGroups", group))
        made.append(t("Transitions", t("Transition", t("To", text="0", Kind="Group"))))
    return made
