"""How sending stands: the circuit of each provider account, and whether a day fits its sender. Needs an open scope."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F

from reminders.models import Circuit, Message, Sender
from reminders.rules.fit import Fit, Waiting, fit
from reminders.rules.states import MessageState

AHEAD = timedelta(hours=24)
MOST = 500_000


@dataclass(frozen=True, slots=True)
class SenderFit:
    """One sender of a program and what it makes of the next day."""

    sender_id: int
    program_id: int
    provider: str
    per_second: float
    stopped_until: datetime | None
    fit: Fit


def circuits() -> list[Circuit]:
    """The circuits that ever failed, by provider. A provider without a row has not."""
    return list(Circuit.objects.order_by("provider"))


def day_ahead(program_id: int, *, now: datetime, ahead: timedelta = AHEAD) -> list[Waiting]:
    """The texts of a program that are planned up to then, what is overdue already included."""
    rows = Message.objects.filter(
        program_id=program_id,
        state=MessageState.PLANNED.value,
        send_after__lt=now + ahead,
        expires_at__gt=F("send_after"),
    ).values_list("send_after", "priority", "expires_at")[:MOST]
    return [Waiting(max(due, now), priority, expires) for due, priority, expires in rows if expires > now]


def sender_fits(program_id: int, *, now: datetime, per_second: float | None = None) -> list[SenderFit]:
    """What each sender of a program makes of the next 24 hours; ``per_second`` asks about another rate.

    A program's texts leave through one messaging service, so each of its senders is asked about all of them.
    """
    texts = day_ahead(program_id, now=now)
    return [
        SenderFit(
            sender_id=row.pk,
            program_id=program_id,
            provider=row.provider,
            per_second=row.segments_per_second if per_second is None else per_second,
            stopped_until=row.stopped_until if row.stopped_until and row.stopped_until > now else None,
            fit=fit(texts, per_second=row.segments_per_second if per_second is None else per_second),
        )
        for row in Sender.objects.filter(program_id=program_id).order_by("pk")
    ]
