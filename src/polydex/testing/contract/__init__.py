"""What every connector must do, as tests. A provider's own tests mix :class:`ConnectorContract` in.

The tests look at declared capabilities, never at names. A class that mixes the contract in defines one async fixture,
``world``, which yields a fresh, empty :class:`World` and closes it::

    class TestCardDav(ConnectorContract):
        @pytest.fixture
        async def world(self) -> AsyncIterator[World]: ...
"""

from polydex.testing.contract.batches import BatchContract
from polydex.testing.contract.lines import LineContract, LineWorld
from polydex.testing.contract.mirror import Mirror, Pulled
from polydex.testing.contract.pulls import PullContract
from polydex.testing.contract.samples import ALICE, BOB, FULL, PNG, content
from polydex.testing.contract.unreadable import UnreadableContract, UnreadableWorld
from polydex.testing.contract.watches import PushContract, WatchContract, WatchWorld
from polydex.testing.contract.world import World, seen
from polydex.testing.contract.writes import WriteContract

__all__ = [
    "ALICE",
    "BOB",
    "FULL",
    "PNG",
    "ConnectorContract",
    "LineContract",
    "LineWorld",
    "Mirror",
    "Pulled",
    "UnreadableContract",
    "UnreadableWorld",
    "WatchContract",
    "WatchWorld",
    "World",
    "content",
    "seen",
]


class ConnectorContract(WriteContract, BatchContract, PullContract, PushContract):
    """All that any connector must do."""
