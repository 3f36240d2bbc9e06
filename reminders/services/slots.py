"""Storing planned messages: one row per slot, unique in the database before anything is sent."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from reminders.rules import wording
from reminders.rules.planning import PlannedMessage
from reminders.rules.states import Audience, Channel, MessageState


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A planned message with what the rule does not know: whose program, which language, who reads it."""

    program_id: int
    language: str
    planned: PlannedMessage
    audience: Audience = Audience.PATIENT


# A slot that is still planned follows an edited schedule; in any other state it stays as it is. A wake-up exists
# only beside its text, while that is planned and waits for it: the key of the text keeps two planners that see
# different devices from telling one slot twice. One whose text waits no more is left out at the wire.
_STORE = """
INSERT INTO reminders_message AS m (
  program_id, patient_id, audience, recipient_id, subject_kind, subject_id, slot_on, step, channel, message_class,
  acute, own_time, priority, template, template_version, language, "values", is_question, due_at, send_after,
  expires_at, state, why, attempts, crashes, claimed_by, provider, provider_sid, provider_rank, looks,
  question_open, instead_of, created_at)
SELECT u.program_id, u.patient_id, u.audience, u.recipient_id, u.subject_kind, u.subject_id, u.slot_on, u.step,
  u.channel, u.message_class, u.acute, u.own_time, u.priority, u.template, u.template_version, u.language,
  u.content::jsonb, u.is_question, u.send_after, u.send_after, u.expires_at, 'planned', '', 0, 0, '', '', '', 0, 0,
  false, u.instead_of, %(now)s
FROM unnest(
  %(program_id)s::bigint[], %(patient_id)s::bigint[], %(audience)s::text[], %(recipient_id)s::bigint[],
  %(subject_kind)s::text[], %(subject_id)s::bigint[], %(slot_on)s::date[], %(step)s::text[], %(channel)s::text[],
  %(message_class)s::text[], %(acute)s::boolean[], %(own_time)s::boolean[], %(priority)s::smallint[],
  %(template)s::text[], %(template_version)s::smallint[], %(language)s::text[], %(content)s::text[],
  %(is_question)s::boolean[], %(send_after)s::timestamptz[], %(expires_at)s::timestamptz[], %(instead_of)s::text[]
) AS u (program_id, patient_id, audience, recipient_id, subject_kind, subject_id, slot_on, step, channel,
  message_class, acute, own_time, priority, template, template_version, language, content, is_question, send_after,
  expires_at, instead_of)
WHERE u.channel = 'sms' OR u.subject_kind = 'enrolment' OR EXISTS (
  SELECT 1 FROM reminders_message text
  WHERE (text.subject_kind, text.subject_id, text.slot_on, text.step, text.channel)
    = (u.subject_kind, u.subject_id, u.slot_on, u.step, 'sms')
    AND text.recipient_id IS NULL AND text.state = 'planned' AND text.instead_of = u.channel)
ORDER BY u.subject_kind, u.subject_id, u.slot_on, u.step
ON CONFLICT (subject_kind, subject_id, slot_on, step, channel, recipient_id) DO UPDATE SET
  due_at = EXCLUDED.due_at, send_after = EXCLUDED.send_after, expires_at = EXCLUDED.expires_at,
  own_time = EXCLUDED.own_time, instead_of = EXCLUDED.instead_of, why = ''
WHERE m.state = 'planned' AND (m.due_at, m.expires_at, m.instead_of)
  IS DISTINCT FROM (EXCLUDED.due_at, EXCLUDED.expires_at, EXCLUDED.instead_of)
RETURNING m.id
"""


def store(messages: Sequence[NewMessage], *, now: datetime) -> list[int]:
    """Store planned messages; returns the ids of those that were made or moved. Safe to repeat.

    Needs an open scope. A slot that exists is moved to its new time while it is ``planned``, and is
    left alone in every other state: an edit of a schedule never makes a text go out twice. Rows that do
    not fit the table raise; nothing of the batch is stored then. Raises UnknownTemplate for words that are not
    registered in this version, or that were written for other readers (LAW-13).
    """
    rows = [one for one in messages if one.planned.send_after < one.planned.expires_at]
    for one in rows:
        chosen = wording.template(one.planned.template)
        if (chosen.version, chosen.audience) != (one.planned.template_version, one.audience):
            raise wording.UnknownTemplate(f"{chosen.key}, version {one.planned.template_version}")
    if not rows:
        return []
    texts = [one for one in rows if one.planned.slot.channel is Channel.SMS]
    wakes = [one for one in rows if one.planned.slot.channel is not Channel.SMS]
    return _insert(texts, now=now) + _insert(wakes, now=now)


def _insert(rows: Sequence[NewMessage], *, now: datetime) -> list[int]:
    if not rows:
        return []
    planned = [one.planned for one in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            _STORE,
            {
                "now": now,
                "program_id": [one.program_id for one in rows],
                "patient_id": [p.patient_id for p in planned],
                "audience": [one.audience.value for one in rows],
                "recipient_id": [p.recipient_id for p in planned],
                "subject_kind": [p.slot.subject_kind.value for p in planned],
                "subject_id": [p.slot.subject_id for p in planned],
                "slot_on": [p.slot.slot_date for p in planned],
                "step": [p.slot.step for p in planned],
                "channel": [p.slot.channel.value for p in planned],
                "message_class": [p.message_class.value for p in planned],
                "acute": [p.acute for p in planned],
                "own_time": [p.allowed_outside for p in planned],
                "priority": [p.priority for p in planned],
                "template": [p.template for p in planned],
                "template_version": [p.template_version for p in planned],
                "language": [one.language for one in rows],
                "content": [json.dumps(dict(p.values)) for p in planned],
                "is_question": [p.is_question for p in planned],
                "send_after": [p.send_after for p in planned],
                "expires_at": [p.expires_at for p in planned],
                "instead_of": [p.instead_of or "" for p in planned],
            },
        )
        return [row[0] for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Ended:
    """A message that has just got its outcome."""

    message_id: int
    program_id: int
    patient_id: int | None
    subject_kind: str
    subject_id: int
    slot_on: object
    step: str
    state: str
    why: str
    channel: str = Channel.SMS.value
    instead_of: str = ""


_END = """
UPDATE reminders_message m SET state = u.state, why = u.why, ended_at = %(now)s, lease_until = NULL, claimed_by = '',
  question_open = false, next_look_at = NULL
FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(whys)s::text[]) AS u (id, state, why)
WHERE m.id = u.id AND m.state = ANY (%(from_states)s::text[])
  AND (%(owner)s::text IS NULL OR m.claimed_by = %(owner)s)
RETURNING m.id, m.program_id, m.patient_id, m.subject_kind, m.subject_id, m.slot_on, m.step, m.state, m.why,
  m.channel, m.instead_of
"""

_FORWARD = """
UPDATE reminders_message text SET send_after = %(now)s
FROM reminders_message w
WHERE w.id = ANY (%(ids)s) AND text.recipient_id IS NULL
  AND (text.subject_kind, text.subject_id, text.slot_on, text.step, text.channel)
    = (w.subject_kind, w.subject_id, w.slot_on, w.step, 'sms')
  AND text.instead_of = w.channel AND text.state = 'planned' AND text.send_after > %(now)s
"""


def bring_forward(wake_ids: Sequence[int], *, now: datetime) -> int:
    """Let the texts behind these wake-ups leave now; returns how many were waiting. Needs an open scope."""
    if not wake_ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_FORWARD, {"ids": list(wake_ids), "now": now})
        return cursor.rowcount


def end(
    endings: Sequence[tuple[int, MessageState, str]],
    *,
    now: datetime,
    from_states: Sequence[MessageState] = (MessageState.PLANNED,),
    owner: str | None = None,
) -> list[Ended]:
    """Write outcomes: (message id, state, why) each, for rows still in one of ``from_states``.

    ``owner`` keeps it to the rows of one claim. A row that moved on meanwhile is left alone.
    """
    if not endings:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _END,
            {
                "now": now,
                "owner": owner,
                "ids": [row[0] for row in endings],
                "states": [row[1].value for row in endings],
                "whys": [row[2][:40] for row in endings],
                "from_states": [state.value for state in from_states],
            },
        )
        return [Ended(*row) for row in cursor.fetchall()]
