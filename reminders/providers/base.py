"""What a way of sending must be able to do: one interface, one file per outside system.

Services call it in plain Python; a provider is asynchronous inside. It is called outside any
transaction, and nothing that it raises or logs holds a number or a text.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from reminders.rules.reconcile import Listed
from reminders.rules.retry import Result


class ProviderError(Exception):
    """The provider cannot be used, or did not answer a question. ``permanent`` ones need a person."""

    def __init__(self, code: str, *, permanent: bool) -> None:
        super().__init__(code)
        self.code = code
        self.permanent = permanent


def stopwatch() -> float:
    """Seconds since some moment, also those in which the machine slept. Says how long a thing took, never when."""
    return time.clock_gettime(_STOPWATCH)


_STOPWATCH = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One text or wake-up for the wire. ``token`` goes into the callback address; ``valid_for_s`` is left to expiry.

    ``post_before`` is a reading of ``stopwatch``: half of the lease. A process that stood still for longer may
    find that its text was sent by another, so it posts no more (contract 4).
    """

    message_id: int
    program_id: int
    patient_id: int | None
    to: str  # E.164; of a wake-up what its device is reached by
    body: str
    token: str
    valid_for_s: int
    link: str = ""  # of a mail: where it leads instead of the start page
    topic: str = ""  # of a wake-up: the same for every step of its slot, so that a later one replaces it (PUSH-7)
    post_before: float = math.inf

    @property
    def too_late(self) -> bool:
        """Looked at right before the first byte leaves."""
        return stopwatch() > self.post_before

    def __repr__(self) -> str:
        return f"Outgoing(message_id={self.message_id})"


@dataclass(frozen=True, slots=True)
class Query:
    """A question about a text that may have left: everything listed for this number since then."""

    message_id: int
    program_id: int
    patient_id: int | None
    to: str
    since: datetime
    token_digests: tuple[bytes, ...] = ()

    def __repr__(self) -> str:
        return f"Query(message_id={self.message_id})"


class Provider(Protocol):
    """A way of sending texts."""

    @property
    def name(self) -> str:
        """Stored with each attempt."""

    @property
    def receipt(self) -> str:
        """The status that an accepted text has at once, '' when receipts come by themselves."""

    @property
    def service(self) -> str | None:
        """What the provider's list calls the sender that we use; None when it names none."""

    def send_batch(self, batch: Sequence[Outgoing], *, now: datetime) -> list[Result]:
        """Post every text at the same time; one result each, in the order of ``batch``. Raises nothing.

        A text that is ``too_late`` is not posted: NOT_PROCESSED, as if there had been no connection.
        """

    def find(self, queries: Sequence[Query]) -> list[list[Listed] | None]:
        """What the provider has for each question, in order; None where it could not be asked."""

    def cancel(self, sids: Sequence[str]) -> list[bool]:
        """Take back what still waits at the provider; tells for each whether it was in time."""


@runtime_checkable
class Overlapping(Protocol):
    """A provider with a loop of its own, which posts while the caller writes rows."""

    def start_batch(self, batch: Sequence[Outgoing], *, now: datetime) -> Callable[[], list[Result]]:
        """Put every text on the wire and return at once; what is returned waits for the results, as ``send_batch``."""
