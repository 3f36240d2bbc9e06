"""Make again the two partial unique indexes of messages that 0003 took away.

Django drops every index of a column whose ``db_index`` ends, also the one behind a UniqueConstraint with a condition
(it is no constraint to PostgreSQL, and not among ``Meta.indexes``). What may have come about meanwhile is put in order
by moves that the states allow: a claim is planned again, since nothing was sent; of several ``sending`` of one
patient all but the last are ``unknown``, so that reconcile asks the provider; of several open questions the last
one stays open.
"""

from django.db import migrations

from backend import quick_migration

ORDER = """
UPDATE reminders_message SET state = 'planned', claimed_by = '', lease_until = NULL WHERE state = 'claimed';
UPDATE reminders_message m SET state = 'unknown', claimed_by = '', lease_until = NULL, looks = 0,
  next_look_at = COALESCE(m.sending_at, m.due_at)
WHERE m.state = 'sending' AND EXISTS (
  SELECT 1 FROM reminders_message o WHERE o.patient_id = m.patient_id AND o.state = 'sending' AND o.id > m.id);
UPDATE reminders_message m SET question_open = false
WHERE m.question_open AND EXISTS (
  SELECT 1 FROM reminders_message o WHERE o.patient_id = m.patient_id AND o.question_open AND o.id > m.id);
"""

INDEXES = """
CREATE UNIQUE INDEX IF NOT EXISTS message_one_in_hand_per_patient ON reminders_message (patient_id)
  WHERE state IN ('claimed', 'sending');
CREATE UNIQUE INDEX IF NOT EXISTS message_one_open_question_per_patient ON reminders_message (patient_id)
  WHERE question_open;
"""


class Migration(quick_migration.Migration):
    dependencies = [("reminders", "0004_rota_notices")]

    operations = [
        migrations.RunSQL([ORDER], migrations.RunSQL.noop, elidable=True),
        migrations.RunSQL([INDEXES], migrations.RunSQL.noop),
    ]
