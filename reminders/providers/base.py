"""What a way of sending must be able to do: one interface, one file per outside system.

Services call it in plain Python; a provider is asynchronous inside. It is called outside any
transaction, and nothing that it raises or logs holds a number or a text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from reminders.rules.reconcile import Listed
from reminders.rules.retry import Result


class ProviderError(Exception):
    """The provider cannot be used, or did not answer a question. ``permanent`` ones need a person."""

    def __init__(self, code: str, *, permanent: bool) -> None:
        super().__init__(code)
        self.code = code
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One text for the wire. ``token`` goes into the callback address; ``valid_for_s`` is what is left to expiry."""

    message_id: int
    program_id: int
    patient_id: int | None
    to: str  # E.164
    body: str
    token: str
    valid_for_s: int

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
        """Post every text at the same time; one result each, in the order of ``batch``. Raises nothing."""

    def find(self, queries: Sequence[Query]) -> list[list[Listed] | None]:
        """What the provider has for each question, in order; None where it could not be asked."""

    def cancel(self, sids: Sequence[str]) -> list[bool]:
        """Take back what still waits at the provider; tells for each whether it was in time."""
