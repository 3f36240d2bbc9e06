"""A person opened their page: whatever woke them up until now was seen (PUSH-6, F61)."""

from datetime import datetime

from django.db import connection, transaction

from backend.access import Actor
from backend.services import audit
from reminders.models import Device

# A wake-up that was seen has arrived, whatever its provider said or did not say; no receipt proves more. One that
# is just being posted keeps its state: whoever posts it writes it.
_SEEN = """
UPDATE reminders_message m SET seen_at = %(now)s, provider_rank = 5,
  state = CASE WHEN m.state IN ('accepted', 'sent', 'unknown') THEN 'delivered' ELSE m.state END,
  ended_at = CASE WHEN m.state IN ('accepted', 'sent', 'unknown') THEN %(now)s ELSE m.ended_at END,
  provider_sid = CASE WHEN m.provider_sid = '' AND m.state = 'unknown' THEN 'seen-' || m.id ELSE m.provider_sid END,
  accepted_at = CASE WHEN m.state = 'unknown' THEN COALESCE(m.accepted_at, m.sending_at) ELSE m.accepted_at END,
  next_look_at = NULL
WHERE m.program_id = %(program)s AND m.patient_id = %(patient)s AND m.channel <> 'sms' AND m.seen_at IS NULL
  AND m.sending_at <= %(now)s AND m.due_at > %(now)s::timestamptz - interval '3 days'
  AND m.state IN ('sending', 'accepted', 'sent', 'delivered', 'unknown')
RETURNING m.channel
"""


@transaction.atomic
def note_seen(*, actor: Actor, program_id: int, patient_id: int, now: datetime) -> int:
    """Call every wake-up of this person seen that has left; returns how many. Safe to repeat. Needs an open scope.

    The texts that waited behind them are left out when their time comes.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, {"now": now, "program": program_id, "patient": patient_id})
        channels = [row[0] for row in cursor.fetchall()]
    if channels:
        Device.objects.filter(patient_id=patient_id, channel__in=set(channels), ended_at__isnull=True).update(
            last_seen_at=now
        )
        audit.record(
            actor=actor,
            action="messages.seen",
            program_id=program_id,
            patient_id=patient_id,
            object_kind="message",
            fields=sorted(set(channels)),
        )
    return len(channels)
