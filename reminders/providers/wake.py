"""What the providers of wake-ups share: none has a list to ask, and none takes a message back."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256

from reminders.providers.base import Outgoing, Query
from reminders.rules.reconcile import Listed
from reminders.rules.retry import Result


class Waker(ABC):
    """A provider whose answer to a post is all that is ever heard."""

    @abstractmethod
    def start_batch(self, batch: Sequence[Outgoing], *, now: datetime) -> Callable[[], list[Result]]: ...

    def send_batch(self, batch: Sequence[Outgoing], *, now: datetime) -> list[Result]:
        return self.start_batch(batch, now=now)()

    def find(self, queries: Sequence[Query]) -> list[list[Listed] | None]:
        return [None for _ in queries]

    def cancel(self, sids: Sequence[str]) -> list[bool]:
        return [False for _ in sids]


def sid_of(prefix: str, token: str) -> str:
    """Our own id of a wake-up: a provider's may be long, or none. The token itself never leaves."""
    return prefix + sha256(f"wake|{token}".encode()).hexdigest()[:32]
