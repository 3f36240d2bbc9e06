"""Row-level security, composite keys and append-only rights (contract 6).

Written as plain SQL: what it did stays what it did.
"""

from django.db import migrations

from backend.walls import link, protect, revoke

LINKS = [
    ("reminders_message", "patient_id", "recovery_patient"),
    ("reminders_attempt", "patient_id", "recovery_patient"),
    ("reminders_providerevent", "patient_id", "recovery_patient"),
    ("reminders_inboundmessage", "patient_id", "recovery_patient"),
    ("reminders_outboxtext", "patient_id", "recovery_patient"),
    ("reminders_attempt", "message_id", "reminders_message"),
    ("reminders_providerevent", "message_id", "reminders_message"),
    ("reminders_inboundmessage", "question_id", "reminders_message"),
    ("reminders_optout", "inbound_id", "reminders_inboundmessage"),
]
TABLES = [
    ("reminders_message", "patient_id"),
    ("reminders_attempt", "patient_id"),
    ("reminders_providerevent", "patient_id"),
    ("reminders_inboundmessage", "patient_id"),
    ("reminders_outboxtext", "patient_id"),
    ("reminders_optout", None),
]
APPEND_ONLY = [
    "reminders_providerevent",
]
NEVER_DELETED = [
    "reminders_message",
    "reminders_attempt",
    "reminders_inboundmessage",
    "reminders_optout",
]


class Migration(migrations.Migration):
    dependencies = [("reminders", "0001_rows"), ("recovery", "0002_ground")]

    operations = [
        *[migrations.RunSQL(link(*row), migrations.RunSQL.noop) for row in LINKS],
        *[migrations.RunSQL(protect(*row), migrations.RunSQL.noop) for row in TABLES],
        *[migrations.RunSQL(revoke(t, "UPDATE, DELETE, TRUNCATE"), migrations.RunSQL.noop) for t in APPEND_ONLY],
        *[migrations.RunSQL(revoke(t, "DELETE, TRUNCATE"), migrations.RunSQL.noop) for t in NEVER_DELETED],
    ]
