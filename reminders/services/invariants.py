"""Whether what we promise about texts holds right now: the invariants of M 5.3, in one answer."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from backend.db import programs
from backend.services.seal import event_digest
from reminders.selectors import invariants as ask
from reminders.selectors.invariants import Violation

CHECKED = ("I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I10")
_PAGE = 5_000


@dataclass(slots=True)
class Report:
    """What was checked and what was found. It holds ids, never what is personal."""

    checked: list[str] = field(default_factory=lambda: list(CHECKED))
    violations: list[Violation] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.violations


def verify_messages(
    *,
    program_ids: Iterable[int],
    now: datetime,
    outcome_within: timedelta = ask.OUTCOME_WITHIN,
    listed: Collection[str] | None = None,
    listed_since: datetime | None = None,
    hashes: bool = True,
) -> Report:
    """Check every invariant that rows can tell; changes nothing, and is safe beside everything else.

    ``listed`` is the provider's own list, for both directions of I4. ``hashes`` False leaves out the hashes
    of the audit chain, whose cost grows with its length. One read-only transaction: what it sees is one moment.
    """
    report = Report()
    ids = list(program_ids)
    if not ids:
        return report
    with programs(ids):
        report.violations += ask.taken_twice(now=now)
        report.violations += ask.without_outcome(now=now, within=outcome_within)
        report.violations += ask.sent_wrongly(now=now)
        report.violations += ask.unknown_to_the_provider(now=now, listed=listed, listed_since=listed_since)
        report.violations += ask.out_of_order(now=now)
        report.violations += ask.breaks_of_the_chain(now=now)
        if hashes:
            report.violations += _altered_events()
        report.violations += ask.over_caps(now=now)
        report.violations += ask.without_consent(now=now)
        report.violations += ask.groundless_flags(now=now)
    return report


@dataclass(slots=True)
class _Event:
    pk: int
    program_id: int | None
    patient_id: int | None
    actor_id: int | None
    role: str
    action: str
    object_kind: str
    object_id: int | None
    fields: Any
    route: str
    request_id: str
    at: datetime


def _altered_events() -> list[Violation]:
    """I6, the hashes: every sealed event is still what was sealed."""
    found: list[Violation] = []
    after = 0
    while page := ask.sealed_events(after=after, page=_PAGE):
        for pk, seq, before, digest, *columns in page:
            columns[7] = json.loads(columns[7])
            event = _Event(pk, *columns)
            if bytes(digest) != event_digest(cast(Any, event), bytes(before), seq):
                found.append(Violation("I6", "an audit event was changed after it was sealed", "audit_event", pk))
        after = page[-1][0]
    return found[: ask.LIMIT]
