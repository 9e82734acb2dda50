"""The versions of Exchange that can be simulated: what they say of themselves, and what they understand.

See https://learn.microsoft.com/exchange/client-developer/web-service-reference/requestserverversion and
https://learn.microsoft.com/exchange/new-features/build-numbers-and-release-dates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Version:
    """One server.

    Attributes:
        info: attributes of ServerVersionInfo.
        newest: the newest version that a request may ask for.
        hanging: connections that an account may hold open (``HangingConnectionLimit``,
            https://learn.microsoft.com/exchange/client-developer/exchange-web-services/ews-throttling-in-exchange).
    """

    info: Mapping[str, str]
    newest: str
    hanging: int


def _version(major: int, minor: int, build: int, revision: int, word: str, newest: str, hanging: int = 10) -> Version:
    numbers = {"MajorVersion": major, "MinorVersion": minor, "MajorBuildNumber": build, "MinorBuildNumber": revision}
    return Version({**{name: str(number) for name, number in numbers.items()}, "Version": word}, newest, hanging)


VERSIONS = {
    "2013": _version(15, 0, 1497, 48, "V2_23", "Exchange2013_SP1", hanging=3),
    "2016": _version(15, 1, 2507, 39, "V2017_07_11", "Exchange2016"),
    "2019": _version(15, 2, 1544, 11, "V2018_01_08", "Exchange2016"),
    "SE": _version(15, 2, 2562, 17, "V2018_01_08", "Exchange2016"),
}
"""By the setting `version`. The words are those that servers were seen to send."""
