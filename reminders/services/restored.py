"""After the database was put back to an earlier state: what may have left since then is not sent again (F36)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from backend.access import NOBODY
from backend.db import programs
from backend.services import audit
from reminders.providers.registry import sms_provider
from reminders.services import planning

WHY = "restored"
HELD = "message.held_after_restore"

# The attempt stands for one that the lost rows may have held. It has no fingerprint of number and text, so the
# reconciler looks for it at the provider and never sends it again.
_HOLD = """
WITH held AS (
  UPDATE reminders_message SET state = 'unknown', why = %(why)s, attempts = attempts + 1, looks = 0,
    next_look_at = %(now)s, lease_until = NULL, claimed_by = '', question_open = false, provider = %(provider)s
  WHERE state IN ('planned', 'claimed', 'sending') AND send_after <= %(now)s AND expires_at > %(since)s
  RETURNING id, program_id, patient_id, attempts
)
INSERT INTO reminders_attempt (program_id, patient_id, message_id, number, token_digest, provider, started_at, result,
  error_code, sid)
SELECT program_id, patient_id, id, attempts, sha256(uuid_send(gen_random_uuid())), %(provider)s, %(since)s, '', '', ''
FROM held RETURNING message_id, patient_id
"""


def hold_since(*, program_ids: Sequence[int], since: datetime, now: datetime) -> int:
    """Call every text that was due between ``since`` (when the backup was made) and now ``unknown``; returns how many.

    Run before the first sweep of the restored database. Slots of the lost time are planned first, so that one that
    is made again cannot go out again. The reconciler then finds at the provider what left; the rest stays unknown
    until it expires: a text twice is worse than a text less (M 1.4). Safe to repeat.
    """
    ids = list(program_ids)
    planning.plan_messages(program_ids=ids, now=now)
    held = 0
    for program_id in ids:
        with programs([program_id]), connection.cursor() as cursor:
            cursor.execute(_HOLD, {"why": WHY, "now": now, "since": since, "provider": sms_provider().name})
            rows = cursor.fetchall()
            # A number may have been texted: the event that said so may be among what was lost (I6).
            audit.record_many(
                actor=NOBODY,
                action=HELD,
                program_id=program_id,
                objects=[(patient_id, "message", message_id) for message_id, patient_id in rows],
            )
            held += len(rows)
    return held
