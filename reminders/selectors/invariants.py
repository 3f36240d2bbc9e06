"""What must hold at any moment (M 5.3, I1 to I10), asked of the rows themselves.

Plain SQL on purpose, across the tables of all apps and by none of the code that writes them: a
check that shares a function with what it checks shares its mistakes. Needs an open scope. Each
function returns what breaks its invariant; an empty list is the good answer.

I9 (nothing personal in the broker) is about another server: see the command ``verify_messages``.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from reminders.rules.dispatch import ANY_HOUR, LIMITS
from reminders.rules.states import CapGroup, MessageClass
from reminders.rules.window import WINDOW, in_window

OUTCOME_WITHIN = timedelta(minutes=5)
"""A slot that is due owes its outcome within this time (I2)."""
OPT_OUT_WITHIN = timedelta(seconds=5)
"""What left within this time of an opt-out was on its way already (M REL-6)."""
SEALED_WITHIN = timedelta(minutes=1)
LOOK_BACK = timedelta(days=9)
"""How far back what left is looked at: the longest cap is a week of local days."""
LIMIT = 200
"""At most this many of a kind are named; one is too many."""

_UNASKED = [one.value for one in MessageClass if one.cap_group is not CapGroup.NONE]
_ANY_HOUR = [one.value for one in ANY_HOUR]
_CONSENTED = sorted({one.value for one in MessageClass} - {"crisis", "opt_out_confirm", "staff_notice", "sign_in_code"})


@dataclass(frozen=True, slots=True)
class Violation:
    """One row that breaks an invariant. ``about`` says how, without a word of what is personal."""

    invariant: str
    about: str
    object_kind: str
    object_id: int


def _ask(sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {**values, "limit": LIMIT})
        return cursor.fetchall()


def _messages(invariant: str, about: str, sql: str, values: Mapping[str, Any]) -> list[Violation]:
    return [Violation(invariant, about, "message", row[0]) for row in _ask(sql, values)]


# --- I1: once -------------------------------------------------------------------------------------

# A receipt proves acceptance as much as an answer does. A first try that provably failed may be followed by
# a second one.
_TAKEN_TWICE = """
SELECT message_id FROM (
  SELECT message_id, sid FROM reminders_attempt WHERE sid <> '' AND started_at > %(since)s
  UNION
  SELECT message_id, sid FROM reminders_providerevent WHERE received_at > %(since)s
) taken
WHERE NOT EXISTS (
  SELECT 1 FROM reminders_providerevent failed
  WHERE failed.sid = taken.sid AND failed.status IN ('undelivered', 'failed', 'canceled'))
GROUP BY message_id HAVING count(DISTINCT sid) > 1 LIMIT %(limit)s
"""

_ONE_TEXT_TWO_SLOTS = """
SELECT min(id) FROM reminders_message WHERE provider_sid <> '' AND created_at > %(since)s
GROUP BY provider_sid HAVING count(*) > 1 LIMIT %(limit)s
"""

# A slot's key allows one row per channel; its text may leave beside its wake-up only if that was not seen (F61).
_TWO_CHANNELS = """
SELECT b.id FROM reminders_message a JOIN reminders_message b
  ON (a.subject_kind, a.subject_id, a.slot_on, a.step) = (b.subject_kind, b.subject_id, b.slot_on, b.step)
  AND a.recipient_id IS NOT DISTINCT FROM b.recipient_id AND a.channel < b.channel
WHERE a.state = 'delivered' AND b.state = 'delivered' AND a.channel <> 'push' AND b.channel <> 'push'
  AND a.due_at > %(since)s LIMIT %(limit)s
"""


_TEXT_AFTER_SEEN = """
SELECT DISTINCT m.id FROM reminders_attempt a JOIN reminders_message m ON m.id = a.message_id
JOIN reminders_message w ON (w.subject_kind, w.subject_id, w.slot_on, w.step, w.channel)
  = (m.subject_kind, m.subject_id, m.slot_on, m.step, m.instead_of) AND w.recipient_id IS NULL
WHERE a.started_at > %(since)s AND m.instead_of <> '' AND a.started_at > w.seen_at + %(grace)s LIMIT %(limit)s
"""

_TWO_TEXTS = """
SELECT min(m.id) FROM reminders_message m JOIN reminders_attempt a ON a.message_id = m.id
WHERE a.started_at > %(since)s AND m.channel = 'sms' AND m.recipient_id IS NULL
GROUP BY m.subject_kind, m.subject_id, m.slot_on, m.step HAVING count(DISTINCT m.id) > 1 LIMIT %(limit)s
"""

_WAKE_BESIDE_TEXT = """
SELECT w.id FROM reminders_message w JOIN reminders_message m
  ON (m.subject_kind, m.subject_id, m.slot_on, m.step, m.channel)
  = (w.subject_kind, w.subject_id, w.slot_on, w.step, 'sms') AND m.recipient_id IS NULL
WHERE w.channel <> 'sms' AND w.due_at > %(since)s AND w.sending_at > m.sending_at + %(grace)s LIMIT %(limit)s
"""


def taken_twice(*, now: datetime) -> list[Violation]:
    """I1: one acceptance per slot and channel, but for a second try after a proven non-delivery."""
    values = {"since": now - LOOK_BACK, "grace": OPT_OUT_WITHIN}
    return (
        _messages("I1", "texted although its wake-up was seen", _TEXT_AFTER_SEEN, values)
        + _messages("I1", "two texts for one slot", _TWO_TEXTS, values)
        + _messages("I1", "woken up after the text", _WAKE_BESIDE_TEXT, values)
        + _messages("I1", "two texts of the provider's for one slot", _TAKEN_TWICE, values)
        + _messages("I1", "one text of the provider's for two slots", _ONE_TEXT_TWO_SLOTS, values)
        + _messages("I1", "one slot delivered on two channels", _TWO_CHANNELS, values)
    )


# --- I2: an outcome -------------------------------------------------------------------------------

_WAITING = """
SELECT id FROM reminders_message WHERE state = 'planned' AND send_after < %(before)s LIMIT %(limit)s
"""
_IN_HAND = """
SELECT id FROM reminders_message WHERE state IN ('claimed', 'sending') AND lease_until < %(before)s LIMIT %(limit)s
"""
_UNCLEAR = """
SELECT id FROM reminders_message
WHERE state = 'unknown' AND ended_at IS NULL AND LEAST(next_look_at, expires_at) < %(before)s LIMIT %(limit)s
"""
_NO_RECEIPT = """
SELECT id FROM reminders_message
WHERE state IN ('accepted', 'sent') AND ended_at IS NULL AND accepted_at < %(before)s - interval '24 hours'
LIMIT %(limit)s
"""
_FORGOTTEN = """
SELECT id FROM reminders_message
WHERE state = 'unknown' AND ended_at IS NULL AND next_look_at IS NULL AND expires_at > %(before)s
  AND sending_at < %(before)s LIMIT %(limit)s
"""


def without_outcome(*, now: datetime, within: timedelta = OUTCOME_WITHIN) -> list[Violation]:
    """I2: no due slot without an outcome ``within`` a time; texts in somebody's hand end with their lease."""
    values = {"before": now - within}
    return (
        _messages("I2", "due and neither sent nor ended", _WAITING, values)
        + _messages("I2", "its lease is over and nobody took it back", _IN_HAND, values)
        + _messages("I2", "unknown and not looked after", _UNCLEAR, values)
        + _messages("I2", "unknown without a next look", _FORGOTTEN, values)
        + _messages("I2", "no receipt for a day and not called sent", _NO_RECEIPT, values)
    )


# --- I3: in time, in the window, not after an opt-out ---------------------------------------------

_LATE = """
SELECT DISTINCT m.id FROM reminders_attempt a JOIN reminders_message m ON m.id = a.message_id
WHERE a.started_at > %(since)s AND a.started_at >= m.expires_at LIMIT %(limit)s
"""

_AFTER_STOP = """
SELECT DISTINCT m.id FROM reminders_attempt a
JOIN reminders_message m ON m.id = a.message_id
JOIN recovery_patient p ON p.id = m.patient_id
JOIN reminders_optout o ON o.program_id = m.program_id AND o.phone_index = p.phone_index AND o.scope = 'sms'
WHERE a.started_at > %(since)s AND m.audience = 'patient' AND m.message_class <> 'opt_out_confirm'
  AND m.channel = 'sms'
  AND a.started_at > o.since + %(grace)s AND (o.ended_at IS NULL OR a.started_at < o.ended_at)
LIMIT %(limit)s
"""

_LEFT = """
SELECT m.id, a.started_at, p.zone FROM reminders_attempt a
JOIN reminders_message m ON m.id = a.message_id JOIN recovery_patient p ON p.id = m.patient_id
WHERE a.started_at > %(since)s AND m.audience = 'patient' AND NOT m.acute AND NOT m.own_time
  AND NOT m.message_class = ANY (%(any_hour)s::text[])
"""


def sent_wrongly(*, now: datetime) -> list[Violation]:
    """I3: nothing left outside the window without a recorded choice, after its expiry, or after an opt-out."""
    values = {"since": now - LOOK_BACK, "grace": OPT_OUT_WITHIN}
    found = _messages("I3", "left after its expiry", _LATE, values)
    found += _messages("I3", "left after an opt-out", _AFTER_STOP, values)
    outside = [
        pk
        for pk, started_at, zone in _ask(_LEFT, values | {"any_hour": _ANY_HOUR})
        if not in_window(started_at, zone=ZoneInfo(zone), policy=WINDOW)
    ]
    return found + [Violation("I3", "left outside the window", "message", pk) for pk in outside[:LIMIT]]


# --- I4: the provider knows it --------------------------------------------------------------------

_NO_SID = """
SELECT id FROM reminders_message
WHERE state IN ('accepted', 'sent', 'delivered', 'undelivered') AND (provider_sid = '' OR accepted_at IS NULL)
LIMIT %(limit)s
"""
_FOREIGN_RECEIPT = """
SELECT DISTINCT e.message_id FROM reminders_providerevent e JOIN reminders_message m ON m.id = e.message_id
WHERE e.received_at > %(since)s AND m.provider_sid <> e.sid
  AND NOT EXISTS (SELECT 1 FROM reminders_attempt a WHERE a.message_id = m.id AND a.sid = e.sid)
LIMIT %(limit)s
"""
_OURS = """
SELECT id, provider_sid FROM reminders_message
WHERE provider_sid = ANY (%(sids)s::text[])
  OR (provider_sid <> '' AND accepted_at > %(since)s AND accepted_at < %(until)s)
"""


def unknown_to_the_provider(
    *, now: datetime, listed: Collection[str] | None = None, listed_since: datetime | None = None
) -> list[Violation]:
    """I4: every accepted text has the provider's id, and receipts belong to it.

    ``listed`` is the provider's own list (nightly, and in the fault rig) of all texts since ``listed_since``:
    then every id of ours is on it, and every one on it is ours.
    """
    values: dict[str, Any] = {"since": now - LOOK_BACK}
    found = _messages("I4", "accepted without the provider's id", _NO_SID, values)
    found += _messages("I4", "a receipt of a text that is not this one", _FOREIGN_RECEIPT, values)
    if listed is None:
        return found
    since = listed_since or now - timedelta(days=1)
    rows = _ask(_OURS, {"sids": list(listed), "since": since, "until": now - OUTCOME_WITHIN})
    ours = {sid: pk for pk, sid in rows}
    found += [
        Violation("I4", "accepted and not on the provider's list", "message", pk)
        for sid, pk in ours.items()
        if sid not in listed
    ]
    return found + [Violation("I4", "on the provider's list and not ours", "provider_text", 0)] * len(
        [sid for sid in listed if sid not in ours]
    )


# --- I5: in order ---------------------------------------------------------------------------------

_OVERTAKEN = """
WITH went AS (
  SELECT m.id, m.patient_id, m.subject_kind, m.subject_id, m.channel, m.recipient_id, m.due_at,
    min(a.started_at) AS first, max(a.started_at) AS last
  FROM reminders_attempt a JOIN reminders_message m ON m.id = a.message_id
  WHERE a.started_at > %(since)s AND a.result IN ('accepted', 'unknown', '') AND m.subject_kind IN ('dose', 'check_in')
  GROUP BY m.id
)
SELECT DISTINCT older.id FROM went older JOIN went newer
  ON newer.patient_id = older.patient_id AND newer.subject_kind = older.subject_kind
  AND newer.subject_id = older.subject_id AND newer.channel = older.channel
  AND newer.recipient_id IS NOT DISTINCT FROM older.recipient_id
WHERE older.due_at < newer.due_at AND older.last > newer.first LIMIT %(limit)s
"""


def out_of_order(*, now: datetime) -> list[Violation]:
    """I5: an older slot of a reminder never leaves after a newer one (M REL-4)."""
    return _messages("I5", "left after a newer one of its reminder", _OVERTAKEN, {"since": now - LOOK_BACK})


# --- I7: caps -------------------------------------------------------------------------------------

_UNASKED_SENT = """
SELECT m.id, m.patient_id, m.message_class, m.acute, min(a.started_at), p.zone, m.step
FROM reminders_attempt a JOIN reminders_message m ON m.id = a.message_id JOIN recovery_patient p ON p.id = m.patient_id
WHERE a.started_at > %(since)s AND a.result IN ('accepted', 'unknown', '')
  AND m.audience = 'patient' AND m.message_class = ANY (%(unasked)s::text[])
  AND NOT (m.instead_of <> '' AND EXISTS (
    SELECT 1 FROM reminders_message w JOIN reminders_attempt wa ON wa.message_id = w.id
    WHERE (w.subject_kind, w.subject_id, w.slot_on, w.step, w.channel)
      = (m.subject_kind, m.subject_id, m.slot_on, m.step, m.instead_of)
      AND wa.result IN ('accepted', 'unknown', '')))
GROUP BY m.id, p.zone ORDER BY min(a.started_at)
"""


def over_caps(*, now: datetime) -> list[Violation]:
    """I7: a patient's local day and week hold no more unasked texts than contract 4 allows. Acute red is no cap's."""
    a_day: dict[tuple[int, str, date], int] = {}
    a_week: dict[int, list[date]] = {}
    found = []
    for pk, patient_id, kind, acute, left_at, zone, step in _ask(
        _UNASKED_SENT, {"since": now - LOOK_BACK, "unasked": _UNASKED}
    ):
        if acute or step.endswith(".later"):
            continue
        day = left_at.astimezone(ZoneInfo(zone)).date()
        group = MessageClass(kind).cap_group
        cap = LIMITS.doses_per_day if group is CapGroup.DOSE else LIMITS.per_day
        key = (patient_id, group.value, day)
        a_day[key] = a_day.get(key, 0) + 1
        if a_day[key] > cap:
            found.append(Violation("I7", f"more than {cap} {group.value} texts in a day", "message", pk))
        if group is CapGroup.UNSOLICITED:
            days = a_week.setdefault(patient_id, [])
            days.append(day)
            if len([one for one in days if one > day - timedelta(days=7)]) > LIMITS.per_week:
                found.append(Violation("I7", f"more than {LIMITS.per_week} texts in a week", "message", pk))
    return found[:LIMIT]


# --- I8: consent ----------------------------------------------------------------------------------

_NOT_AGREED = """
SELECT DISTINCT m.id FROM reminders_attempt a JOIN reminders_message m ON m.id = a.message_id
WHERE a.started_at > %(since)s AND m.audience = 'patient' AND m.message_class = ANY (%(consented)s::text[])
  AND NOT EXISTS (
    SELECT 1 FROM backend_consent c
    WHERE c.program_id = m.program_id AND c.patient_id = m.patient_id
      AND c.kind = CASE m.channel WHEN 'app' THEN 'push' ELSE m.channel END
      AND c.given_at <= a.started_at + %(grace)s AND (c.revoked_at IS NULL OR c.revoked_at + %(grace)s > a.started_at))
LIMIT %(limit)s
"""


def without_consent(*, now: datetime) -> list[Violation]:
    """I8: nobody was texted who had not agreed at that time."""
    values = {"since": now - LOOK_BACK, "consented": _CONSENTED, "grace": OPT_OUT_WITHIN}
    return _messages("I8", "sent without consent", _NOT_AGREED, values)


# --- I6: the audit chain --------------------------------------------------------------------------

_BROKEN_CHAIN = """
SELECT s.event_id FROM backend_auditseal s
LEFT JOIN backend_auditseal b ON b.chain = s.chain AND b.seq = s.seq - 1
WHERE s.prev_hash IS DISTINCT FROM CASE WHEN s.seq = 1 THEN decode(repeat('00', 32), 'hex') ELSE b.hash END
LIMIT %(limit)s
"""
_UNSEALED = """
SELECT e.id FROM backend_auditevent e
WHERE e.at < clock_timestamp() - %(within)s AND e.at > clock_timestamp() - interval '1 hour'
  AND NOT EXISTS (SELECT 1 FROM backend_auditseal s WHERE s.event_id = e.id)
LIMIT %(limit)s
"""
_SENT_UNSEEN = """
SELECT DISTINCT a.message_id FROM reminders_attempt a
WHERE a.started_at > %(since)s AND NOT EXISTS (
  SELECT 1 FROM backend_auditevent e
  WHERE e.object_kind = 'message' AND e.object_id = a.message_id
    AND e.action IN ('message.sent', 'message.held_after_restore'))
LIMIT %(limit)s
"""
_SEALED = """
SELECT s.event_id, s.seq, s.prev_hash, s.hash, e.program_id, e.patient_id, e.actor_id, e.role, e.action, e.object_kind,
  e.object_id, e.fields::text, e.route, e.request_id, e.at
FROM backend_auditseal s JOIN backend_auditevent e ON e.id = s.event_id
WHERE s.event_id > %(after)s ORDER BY s.event_id LIMIT %(page)s
"""


def breaks_of_the_chain(*, now: datetime) -> list[Violation]:
    """I6, the links: each seal names the one before, everything is sealed, every text that left has its event.

    The database's own clock says how long an event has waited: it wrote the event's time.
    """
    values = {"since": now - LOOK_BACK, "within": SEALED_WITHIN}
    return [
        *(Violation("I6", "the link before is another", "audit_event", row[0]) for row in _ask(_BROKEN_CHAIN, values)),
        *(Violation("I6", "not sealed", "audit_event", row[0]) for row in _ask(_UNSEALED, values)),
        *_messages("I6", "left without an audit event", _SENT_UNSEEN, values),
    ]


def sealed_events(*, after: int, page: int) -> list[tuple[Any, ...]]:
    """A page of sealed events with their seals, by event id, for the check of their hashes."""
    with connection.cursor() as cursor:
        cursor.execute(_SEALED, {"after": after, "page": page})
        return cursor.fetchall()


# --- I10: flags -----------------------------------------------------------------------------------

_GROUNDLESS = """
SELECT f.id FROM recovery_flag f
WHERE f.opened_at > %(since)s AND (
  f.evidence = '{}'::jsonb OR f.evidence = 'null'::jsonb
  OR (f.treatment_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM recovery_treatment t WHERE t.id = f.treatment_id AND t.patient_id = f.patient_id)))
LIMIT %(limit)s
"""


def groundless_flags(*, now: datetime) -> list[Violation]:
    """I10: every flag points to facts."""
    return [
        Violation("I10", "a flag without facts", "flag", row[0])
        for row in _ask(_GROUNDLESS, {"since": now - LOOK_BACK})
    ]
