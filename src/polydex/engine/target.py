"""Where observations are applied."""

from __future__ import annotations

from dataclasses import dataclass

from polydex.core.ids import AccountId, SourceId


@dataclass(frozen=True, slots=True)
class Target:
    """A source, as it was when the provider was asked.

    Attributes:
        generation: the account's, noted before the provider call; another one stops everything (J9).
        id_key: the installation's secret for public ids.
        context: what the documents were mapped with besides themselves; when the source has another one meanwhile, what
            is applied is to be mapped anew.
    """

    account: AccountId
    source: SourceId
    source_key: str
    generation: int
    mapping_version: int
    id_key: bytes
    context: bytes | None = None
