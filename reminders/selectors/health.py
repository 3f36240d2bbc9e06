"""What an operator must know of texts, as counts: no id, no name, nothing about anybody. Needs an open scope."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection

from reminders.selectors.devices import live_devices
from reminders.selectors.invariants import without_outcome
from reminders.selectors.sending import circuits

REFUSED_WITHIN = timedelta(minutes=15)
REFUSING_FROM = 5
SEAL_WITHIN = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class MessageHealth:
    """``waiting`` is due and not sent, by message class; ``answers`` what the providers said lately, by result;
    ``refusing`` those of them that took none of at least five; ``circuits`` by provider the state and since when;
    ``devices`` how many are in use, by channel."""

    without_outcome: int
    waiting: dict[str, int] = field(default_factory=dict)
    oldest_waiting_s: float = 0.0
    answers: dict[str, int] = field(default_factory=dict)
    refusing: tuple[str, ...] = ()
    circuits: dict[str, tuple[str, datetime | None]] = field(default_factory=dict)
    devices: dict[str, int] = field(default_factory=dict)
    unsealed: int = 0
    unread: int = 0
    oldest_unread_s: float = 0.0


_WAITING = """
SELECT message_class, count(*), min(send_after) FROM reminders_message
WHERE state = 'planned' AND send_after <= %(now)s GROUP BY message_class
"""
_ANSWERS = """
SELECT provider, CASE WHEN result = '' THEN 'none' ELSE result END, count(*) FROM reminders_attempt
WHERE started_at > %(since)s GROUP BY 1, 2
"""
_UNSEALED = """
SELECT count(*) FROM backend_auditevent e WHERE e.at < %(before)s AND e.at > %(since)s
  AND NOT EXISTS (SELECT 1 FROM backend_auditseal s WHERE s.event_id = e.id)
"""
_UNREAD = """
SELECT count(*), min(received_at) FROM reminders_inboundmessage WHERE handled_at IS NULL AND result <> ''
"""


def message_health(*, now: datetime) -> MessageHealth:
    """Counts over the open programs, at one moment."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {"now": now})
        waiting = cursor.fetchall()
        cursor.execute(_ANSWERS, {"since": now - REFUSED_WITHIN})
        said = cursor.fetchall()
        cursor.execute(_UNSEALED, {"before": now - SEAL_WITHIN, "since": now - timedelta(hours=1)})
        [(unsealed,)] = cursor.fetchall()
        cursor.execute(_UNREAD)
        [(unread, oldest)] = cursor.fetchall()
    answers: dict[str, int] = {}
    by_provider: dict[str, dict[str, int]] = {}
    for provider, result, count in said:
        answers[result] = answers.get(result, 0) + count
        by_provider.setdefault(provider, {})[result] = count
    return MessageHealth(
        without_outcome=len(without_outcome(now=now)),
        waiting={name: count for name, count, _ in waiting},
        oldest_waiting_s=max(((now - since).total_seconds() for _, _, since in waiting), default=0.0),
        answers=answers,
        refusing=tuple(
            sorted(
                name
                for name, results in by_provider.items()
                if sum(results.values()) >= REFUSING_FROM and not results.get("accepted")
            )
        ),
        circuits={row.provider: (row.state, row.since) for row in circuits()},
        devices=live_devices(),
        unsealed=unsealed,
        unread=unread,
        oldest_unread_s=(now - oldest).total_seconds() if oldest else 0.0,
    )
