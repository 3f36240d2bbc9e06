"""How much may leave now: the provider's circuit and the sender's room, shared by all runners in two rows.

The rules are in rules/retry; this keeps their values. Nothing is stored for a text. Both rows are locked in
one order, the circuit first, and only while they have something to say: a provider that works and a sender
without a limit cost one look for each sub-batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.conf import settings
from django.db import connection

from reminders.models import Circuit, Sender
from reminders.rules.retry import (
    RETRY,
    SENDER_SHARE,
    Action,
    Breaker,
    BreakerState,
    Bucket,
    FailureClass,
    Result,
    may_send,
    record,
    speed,
    take,
)
from reminders.selectors.senders import sender_digest

log = structlog.get_logger("holdfast.reminders")

NO_LIMIT = 1 << 30
_OF_THE_ACCOUNT = {FailureClass.CONFIG, FailureClass.NOT_SENT}


@dataclass(frozen=True, slots=True)
class Room:
    """What may leave now. ``slow``: an outage is just over, so half of what would be possible."""

    rows: int
    slow: bool


_LOOK = """
SELECT c.state, c.failures, c.since, c.recovered_at, s.segments_per_second, s.tokens, s.tokens_at, s.stopped_until
FROM (SELECT 1) AS one
LEFT JOIN reminders_circuit c ON c.provider = %s
LEFT JOIN reminders_sender s ON s.digest = %s
"""


class Flow:
    """One provider account and the sender that its texts leave from."""

    def __init__(self, *, provider: str, service: str | None) -> None:
        self._provider = provider
        self._digest = sender_digest(service) if service else b""
        self._clean = False  # at the last look, which is one sub-batch ago

    def room(self, *, now: datetime) -> Room:
        """How many rows are worth claiming now. Takes nothing and locks nothing."""
        breaker, limit = self._look(now)
        _, allowed = may_send(breaker, now=now)
        slow = speed(breaker, now=now) < 1
        rows = NO_LIMIT if allowed is None else allowed
        if limit is not None:
            _, free = take(limit, NO_LIMIT, now=now, speed=speed(breaker, now=now))
            rows = min(rows, free)
        return Room(rows, slow)

    def take(self, wanted: int, *, now: datetime) -> int:
        """Take room for up to ``wanted`` texts; returns how many may leave. Part of the caller's transaction.

        An open circuit lets one through as a probe when its time has come.
        """
        breaker, limit = self._look(now)
        if breaker.state is not BreakerState.CLOSED:
            wanted = min(wanted, self._probe(now))
        if limit is not None and wanted:
            wanted = self._tokens(wanted, breaker, now)
        return wanted

    def note(self, results: Sequence[Result], *, now: datetime) -> None:
        """Let the circuit and the sender learn from these answers. Part of the caller's transaction."""
        full = [one for one in results if Action.STOP_SENDER in one.actions]
        if full:
            self._stop_sender(full[-1], now)
        if self._clean and not any(one.failure in _OF_THE_ACCOUNT for one in results):
            return
        known = Circuit.objects.filter(provider=self._provider).first()
        before = _breaker(known)
        if _learn(before, results, now) == before:
            return
        if known is None:
            # Two runners that meet their first failure at once agree on one row.
            Circuit.objects.bulk_create([Circuit(provider=self._provider)], ignore_conflicts=True)
        row = Circuit.objects.select_for_update().get(provider=self._provider)
        before = _breaker(row)
        after = _learn(before, results, now)
        _keep(row, after)
        if before.state is not after.state:
            log.warning("circuit", provider=self._provider, state=after.state.value, failures=after.failures)

    # --- rows -------------------------------------------------------------------------------------------------

    def _look(self, now: datetime) -> tuple[Breaker, Bucket | None]:
        with connection.cursor() as cursor:
            cursor.execute(_LOOK, [self._provider, self._digest])
            row = cursor.fetchone()
        assert row is not None
        state, failures, since, recovered_at, rate, tokens, tokens_at, stopped_until = row
        breaker = Breaker(BreakerState(state), failures, since, recovered_at) if state else Breaker()
        self._clean = breaker.state is BreakerState.CLOSED and not breaker.failures
        return breaker, None if rate is None else _bucket(rate, tokens, tokens_at, stopped_until, now)

    def _probe(self, now: datetime) -> int:
        row = Circuit.objects.select_for_update().get(provider=self._provider)
        after, allowed = may_send(_breaker(row), now=now)
        if allowed is None:  # somebody's probe has come back meanwhile
            return NO_LIMIT
        if allowed:
            _keep(row, after)
        return allowed

    def _tokens(self, wanted: int, breaker: Breaker, now: datetime) -> int:
        row = Sender.objects.select_for_update().get(digest=self._digest)
        bucket = _bucket(row.segments_per_second, row.tokens, row.tokens_at, row.stopped_until, now)
        if bucket is None:
            return wanted
        bucket, taken = take(bucket, wanted, now=now, speed=speed(breaker, now=now))
        row.tokens, row.tokens_at = bucket.tokens, bucket.at
        row.save(update_fields=["tokens", "tokens_at"])
        return taken

    def _stop_sender(self, result: Result, now: datetime) -> None:
        Sender.objects.filter(digest=self._digest).update(
            stopped_until=now + RETRY.cap_wait, stopped_why=str(result.code or result.failure or "")[:20]
        )


def _bucket(
    rate: float, tokens: float | None, tokens_at: datetime | None, stopped_until: datetime | None, now: datetime
) -> Bucket | None:
    """The bucket as the row has it; None for a sender without a limit, an empty one while it is stopped.

    It holds what a tick's interval brings, or a runner that looks every five seconds could use a fifth of the
    rate: the carrier's own queue spreads that little over the seconds.
    """
    used = rate * SENDER_SHARE
    burst = max(1.0, used * max(1.0, settings.DISPATCH_SECONDS))
    if stopped_until is not None and stopped_until > now:
        return Bucket(rate=used or 1.0, burst=burst, tokens=0.0, at=stopped_until)
    if rate == 0:
        return None
    if tokens is None or tokens_at is None:
        return Bucket(rate=used, burst=burst, tokens=burst, at=now)
    return Bucket(rate=used, burst=burst, tokens=tokens, at=tokens_at)


def _breaker(row: Circuit | None) -> Breaker:
    if row is None:
        return Breaker()
    return Breaker(BreakerState(row.state), row.failures, row.since, row.recovered_at)


def _learn(breaker: Breaker, results: Sequence[Result], now: datetime) -> Breaker:
    for one in results:
        breaker = record(breaker, one, now=now)
    return breaker


def _keep(row: Circuit, breaker: Breaker) -> None:
    row.state, row.failures = breaker.state.value, breaker.failures
    row.since, row.recovered_at = breaker.since, breaker.recovered_at
    row.save(update_fields=["state", "failures", "since", "recovered_at"])
