"""A provider that takes every text and sends none: a replay says nothing to anybody."""

from collections.abc import Sequence
from datetime import datetime

from reminders.providers.base import Outgoing, Query
from reminders.rules.reconcile import Listed
from reminders.rules.retry import Outcome, Result


class Silent:
    """Accepts each text as delivered, keeps nothing but how many there were."""

    name = "replay"
    receipt = "delivered"
    service = None

    def __init__(self) -> None:
        self.taken = 0

    def send_batch(self, batch: Sequence[Outgoing], *, now: datetime) -> list[Result]:
        self.taken += len(batch)
        # The token is one of a kind, and so is what is made of it.
        return [Result(Outcome.ACCEPTED, sid="RP" + one.token[:40]) for one in batch]

    def find(self, queries: Sequence[Query]) -> list[list[Listed] | None]:
        return [[] for _ in queries]

    def cancel(self, sids: Sequence[str]) -> list[bool]:
        return [False for _ in sids]
