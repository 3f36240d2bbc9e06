"""What a crash or a silent provider left behind, put in order (contract 4, M 1.4).

Dead claims are planned again, dead ``sending`` is ``unknown``; an unknown text is accepted when
the provider's list has it, and sent once more when two looks found nothing. The provider is asked
outside any transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import connection

from backend.db import programs
from reminders.models import Attempt, Message, ProviderEvent
from reminders.providers.base import Provider, Query
from reminders.providers.registry import sms_provider
from reminders.rules import reconcile as rule
from reminders.rules import wording
from reminders.rules.retry import RETRY, Outcome
from reminders.rules.states import RECEIPT_WAIT, Channel, MessageClass, MessageState
from reminders.selectors.facts import Address, Claimed, facts_of
from reminders.services import devices, dispatch, outcomes, slots
from reminders.services.slots import Ended

LIMIT = 500

log = structlog.get_logger("holdfast.reminders")


@dataclass(slots=True)
class Reconciled:
    """What one run put in order."""

    planned_again: int = 0
    poisoned: int = 0
    became_unknown: int = 0
    accepted: int = 0
    resent: int = 0
    looked: int = 0
    ended_unknown: int = 0
    sent: int = 0


def policy(channel: Channel = Channel.SMS) -> rule.ReconcilePolicy:
    """The rule's policy of a channel at this installation's pace (setting RECONCILE_LOOK_SECONDS)."""
    look = timedelta(seconds=settings.RECONCILE_LOOK_SECONDS)
    return replace(rule.RECONCILE_BY_CHANNEL[channel], look_after=look, again_after_failed_look=look)


def reconcile(*, program_ids: Iterable[int], now: datetime, provider: Provider | None = None) -> Reconciled:
    """Put in order what is overdue for it. Safe to run twice, late, or in several places at once."""
    ids = list(program_ids)
    done = Reconciled()
    if not ids:
        return done
    _end_dead_leases(ids, now, done)
    _settle_unknown(ids, now, provider or sms_provider(), done)
    _call_it_sent(ids, now, done)
    devices.end_unused(program_ids=ids, now=now)
    return done


# --- dead leases ----------------------------------------------------------------------------------------

_RETURN = (
    "m.id, m.program_id, m.patient_id, m.subject_kind, m.subject_id, m.slot_on, m.step, m.state, m.why, m.channel, "
    "m.instead_of"
)

_DEAD = """
WITH dead AS (
  SELECT id FROM reminders_message WHERE state = %(state)s AND lease_until <= %(now)s
  ORDER BY lease_until LIMIT 5000 FOR UPDATE SKIP LOCKED
)
"""

# A claim that died sent nothing. The third death of a worker on the same row is the row's fault.
_DEAD_CLAIMS = f"""{_DEAD}
UPDATE reminders_message m SET crashes = m.crashes + 1, lease_until = NULL, claimed_by = '',
  state = CASE WHEN m.crashes + 1 >= %(poison)s THEN 'failed' ELSE 'planned' END,
  why = CASE WHEN m.crashes + 1 >= %(poison)s THEN %(why)s ELSE m.why END,
  ended_at = CASE WHEN m.crashes + 1 >= %(poison)s THEN %(now)s::timestamptz END
FROM dead WHERE m.id = dead.id RETURNING {_RETURN}
"""  # noqa: S608 - constants

_DEAD_SENDING = f"""{_DEAD}
UPDATE reminders_message m SET crashes = m.crashes + 1, lease_until = NULL, claimed_by = '', state = 'unknown',
  looks = 0, next_look_at = %(now)s
FROM dead WHERE m.id = dead.id RETURNING {_RETURN}
"""  # noqa: S608 - constants


def _end_dead_leases(ids: Sequence[int], now: datetime, done: Reconciled) -> None:
    with programs(ids), connection.cursor() as cursor:
        values: dict[str, Any] = {"now": now, "poison": RETRY.crashes_to_poison, "why": dispatch.POISON}
        cursor.execute(_DEAD_CLAIMS, values | {"state": MessageState.CLAIMED.value})
        rows = [Ended(*row) for row in cursor.fetchall()]
        poisoned = [row for row in rows if row.state == MessageState.FAILED.value]
        slots.bring_forward([row.message_id for row in poisoned if row.channel != Channel.SMS.value], now=now)
        outcomes.tell(poisoned, now=now)
        done.poisoned, done.planned_again = len(poisoned), len(rows) - len(poisoned)
        cursor.execute(_DEAD_SENDING, values | {"state": MessageState.SENDING.value})
        done.became_unknown = len(cursor.fetchall())
    for row in poisoned:
        log.error("a message broke its workers", message_id=row.message_id, program_id=row.program_id)


# --- unknown ---------------------------------------------------------------------------------------------

# Taking a look is noted before it is taken: two runners do not ask about one text at once, and the time of
# the next look is the time of this one plus the interval.
_TAKE = """
WITH waiting AS (
  SELECT id FROM reminders_message WHERE state = 'unknown' AND next_look_at <= %(now)s
  ORDER BY next_look_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE reminders_message m SET next_look_at = %(next)s
FROM (SELECT w.id, o.next_look_at FROM waiting w JOIN reminders_message o ON o.id = w.id) before
WHERE m.id = before.id
RETURNING m.id, before.next_look_at
"""


@dataclass(frozen=True, slots=True)
class _Unknown:
    message: Message
    claimed: Claimed
    address: Address
    body: str  # as it would be written now, '' when it cannot be
    attempts: tuple[Attempt, ...]  # those that may have left, the last one last
    facts: rule.UnknownFacts


def _settle_unknown(ids: Sequence[int], now: datetime, provider: Provider, done: Reconciled) -> None:
    pace = policy()
    with programs(ids):
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, {"now": now, "limit": LIMIT, "next": now + pace.look_after})
            taken = dict(cursor.fetchall())
        rows = _unknowns(taken, now=now, pace=pace)
        looking = []
        for row in rows:
            step = rule.next_step(row.facts, now=now, policy=policy(row.claimed.channel))
            if isinstance(step, rule.Look):
                looking.append(row)
            else:
                _apply(row, step, now=now, done=done)
    if not looking:
        return
    found = provider.find(
        [
            Query(
                message_id=row.message.pk,
                program_id=row.message.program_id,
                patient_id=row.message.patient_id,
                to=row.address.phone,
                since=row.facts.started_at,
                token_digests=tuple(bytes(attempt.token_digest) for attempt in row.attempts),
            )
            for row in looking
        ]
    )
    done.looked += len(looking)
    with programs(ids):
        known = _known_sids([one.sid for listed in found for one in listed or ()])
        for row, listed in zip(looking, found, strict=True):
            if listed is None:
                continue  # the list failed: no look, it waits for one that works
            sid = rule.match(
                listed,
                started_at=min(attempt.started_at for attempt in row.attempts),
                body=row.body,
                service=provider.service,
                known_sids=frozenset(known),
                policy=pace,
            )
            if sid is not None:
                known.add(sid)
            facts = replace(
                row.facts,
                sid_from_list=sid,
                empty_looks=row.facts.empty_looks + (sid is None),
                last_look_at=now,
            )
            _apply(row, rule.next_step(facts, now=now, policy=pace), now=now, done=done, looks=facts.empty_looks)


def _unknowns(taken: Mapping[int, datetime], *, now: datetime, pace: rule.ReconcilePolicy) -> list[_Unknown]:
    claimed = dispatch.read(sorted(taken))
    known = facts_of(claimed, now=now)
    messages = Message.objects.in_bulk(sorted(taken))
    tries: dict[int, list[Attempt]] = {}
    for attempt in Attempt.objects.filter(message_id__in=list(taken)).order_by("message_id", "number"):
        tries.setdefault(attempt.message_id, []).append(attempt)
    rows = []
    for one in claimed:
        message = messages[one.id]
        out = tuple(a for a in tries.get(one.id, ()) if a.result in ("", Outcome.UNKNOWN.value))
        if not out:
            continue
        address = known.addresses[one.id]
        try:
            body = wording.said(one.channel, one.template, one.language, one.values, word=address.word)
        except (wording.UnknownTemplate, wording.BadValue):
            body = ""
        same = bytes(out[-1].body_hash or b"") == dispatch.body_hash(address.phone, body)
        looked = message.looks > 0 or taken[one.id] > out[-1].started_at + pace.look_after
        rows.append(
            _Unknown(
                message=message,
                claimed=one,
                address=address,
                body=body,
                attempts=out,
                facts=rule.UnknownFacts(
                    started_at=out[-1].started_at,
                    expires_at=one.expires_at,
                    sid_from_callback=message.provider_sid or None,
                    empty_looks=message.looks,
                    last_look_at=taken[one.id] - pace.look_after if looked and message.looks else None,
                    resends=len(out) - 1,
                    # Not to a number that changed meanwhile (F55), not after an opt-out, not without an address.
                    # Not a wake-up whose text has left meanwhile.
                    may_resend=same
                    and bool(address.phone)
                    and not known.facts[one.id].opted_out
                    and not known.facts[one.id].told,
                    at_least_once=one.message_class is MessageClass.SIGN_IN_CODE,
                ),
            )
        )
    return rows


def _known_sids(sids: Sequence[str]) -> set[str]:
    return set(Attempt.objects.filter(sid__in=sids).values_list("sid", flat=True)) | set(
        ProviderEvent.objects.filter(sid__in=sids).values_list("sid", flat=True)
    )


def _apply(row: _Unknown, step: rule.Step, *, now: datetime, done: Reconciled, looks: int | None = None) -> None:
    """Write what the rule says, if a callback has not been faster."""
    mine = Message.objects.filter(pk=row.message.pk, state=MessageState.UNKNOWN.value)
    looks = row.message.looks if looks is None else looks
    if isinstance(step, rule.Accept):
        moved = mine.update(
            state=MessageState.ACCEPTED.value,
            provider_sid=step.sid,
            provider_rank=max(1, row.message.provider_rank),
            accepted_at=row.message.accepted_at or now,
            next_look_at=None,
            ended_at=None,
        )
        if moved:
            Attempt.objects.filter(pk=row.attempts[-1].pk).update(
                sid=step.sid, result=Outcome.ACCEPTED.value, finished_at=now
            )
        done.accepted += moved
    elif isinstance(step, rule.Resend):
        moved = mine.update(
            state=MessageState.PLANNED.value,
            send_after=now,
            next_look_at=None,
            looks=0,
            question_open=False,
            why="resend",
        )
        if moved:
            Attempt.objects.filter(pk=row.attempts[-1].pk, result="").update(
                result=Outcome.UNKNOWN.value, finished_at=now
            )
        done.resent += moved
    elif isinstance(step, rule.Wait):
        mine.update(looks=looks, next_look_at=step.until)
    elif isinstance(step, rule.StayUnknown) and now < row.claimed.expires_at:
        mine.update(looks=looks, next_look_at=row.claimed.expires_at)
    elif isinstance(step, rule.StayUnknown):
        moved = mine.update(looks=looks, next_look_at=None, ended_at=now, question_open=False)
        done.ended_unknown += moved
        if moved:
            log.warning(
                "nobody knows whether a text left", message_id=row.claimed.id, program_id=row.claimed.program_id
            )
            outcomes.tell([_ended(row)], now=now)


def _ended(row: _Unknown) -> Ended:
    message = row.message
    return Ended(
        message_id=message.pk,
        program_id=message.program_id,
        patient_id=message.patient_id,
        subject_kind=message.subject_kind,
        subject_id=message.subject_id,
        slot_on=message.slot_on,
        step=message.step,
        state=MessageState.UNKNOWN.value,
        why="",
        channel=message.channel,
        instead_of=message.instead_of,
    )


# --- accepted, and never heard of again -----------------------------------------------------------------------

_SENT = """
UPDATE reminders_message SET state = 'sent', ended_at = %(now)s
WHERE id IN (
  SELECT id FROM reminders_message
  WHERE state IN ('accepted', 'sent') AND ended_at IS NULL AND accepted_at <= %(before)s
  ORDER BY accepted_at LIMIT 5000 FOR UPDATE SKIP LOCKED
)
"""


def _call_it_sent(ids: Sequence[int], now: datetime, done: Reconciled) -> None:
    """After 24 h without a receipt an accepted text counts as sent: not every carrier answers (F13)."""
    with programs(ids), connection.cursor() as cursor:
        cursor.execute(_SENT, {"now": now, "before": now - RECEIPT_WAIT})
        done.sent = cursor.rowcount
