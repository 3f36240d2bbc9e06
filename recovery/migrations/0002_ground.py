"""Row-level security, composite keys and append-only rights (contract 6).

Written as plain SQL: what it did stays what it did.
"""

from django.db import migrations

from backend.walls import link, protect, revoke

LINKS = [
    ("recovery_nameprefix", "patient_id", "recovery_patient"),
    ("recovery_treatment", "patient_id", "recovery_patient"),
    ("recovery_regimen", "patient_id", "recovery_patient"),
    ("recovery_dose", "patient_id", "recovery_patient"),
    ("recovery_dosereport", "patient_id", "recovery_patient"),
    ("recovery_injection", "patient_id", "recovery_patient"),
    ("recovery_appointment", "patient_id", "recovery_patient"),
    ("recovery_coverevent", "patient_id", "recovery_patient"),
    ("recovery_cravinglog", "patient_id", "recovery_patient"),
    ("recovery_triggerentry", "patient_id", "recovery_patient"),
    ("recovery_flag", "patient_id", "recovery_patient"),
    ("recovery_task", "patient_id", "recovery_patient"),
    ("recovery_outreach", "patient_id", "recovery_patient"),
    ("backend_consent", "patient_id", "recovery_patient"),
    ("backend_membership", "patient_id", "recovery_patient"),
    ("recovery_patient", "team_id", "backend_careteam"),
    ("recovery_regimen", "treatment_id", "recovery_treatment"),
    ("recovery_dose", "treatment_id", "recovery_treatment"),
    ("recovery_injection", "treatment_id", "recovery_treatment"),
    ("recovery_appointment", "treatment_id", "recovery_treatment"),
    ("recovery_coverevent", "treatment_id", "recovery_treatment"),
    ("recovery_flag", "treatment_id", "recovery_treatment"),
    ("recovery_treatment", "readmission_of_id", "recovery_treatment"),
    ("recovery_treatment", "cover_injection_id", "recovery_injection"),
    ("recovery_dose", "regimen_id", "recovery_regimen"),
    ("recovery_dosereport", "dose_id", "recovery_dose"),
    ("recovery_dosereport", "supersedes_id", "recovery_dosereport"),
    ("recovery_appointment", "after_injection_id", "recovery_injection"),
    ("recovery_coverevent", "injection_id", "recovery_injection"),
    ("recovery_task", "flag_id", "recovery_flag"),
    ("recovery_outreach", "flag_id", "recovery_flag"),
]
TABLES = [
    ("recovery_patient", "id"),
    ("recovery_patientevent", "id"),
    ("recovery_nameprefix", "patient_id"),
    ("recovery_treatment", "patient_id"),
    ("recovery_treatmentevent", "patient_id"),
    ("recovery_regimen", "patient_id"),
    ("recovery_regimenevent", "patient_id"),
    ("recovery_dose", "patient_id"),
    ("recovery_dosereport", "patient_id"),
    ("recovery_injection", "patient_id"),
    ("recovery_injectionevent", "patient_id"),
    ("recovery_appointment", "patient_id"),
    ("recovery_appointmentevent", "patient_id"),
    ("recovery_coverevent", "patient_id"),
    ("recovery_cravinglog", "patient_id"),
    ("recovery_triggerentry", "patient_id"),
    ("recovery_flag", "patient_id"),
    ("recovery_flagevent", "patient_id"),
    ("recovery_task", "patient_id"),
    ("recovery_outreach", "patient_id"),
]
APPEND_ONLY = [
    "recovery_patientevent",
    "recovery_treatmentevent",
    "recovery_regimenevent",
    "recovery_injectionevent",
    "recovery_appointmentevent",
    "recovery_flagevent",
    "recovery_dosereport",
    "recovery_coverevent",
    "recovery_cravinglog",
    "recovery_triggerentry",
    "recovery_outreach",
]
NEVER_DELETED = [
    "recovery_patient",
    "recovery_treatment",
    "recovery_regimen",
    "recovery_dose",
    "recovery_injection",
    "recovery_appointment",
    "recovery_flag",
    "recovery_task",
]

# A regimen is never edited in place: only its end and how far its doses are made may be written.
REGIMEN_COLUMNS = """
DO $$ DECLARE g text; BEGIN
  FOR g IN SELECT DISTINCT grantee FROM information_schema.role_table_grants
           WHERE table_schema = 'public' AND table_name = 'recovery_regimen' AND grantee <> current_user
  LOOP
    EXECUTE format('REVOKE UPDATE ON recovery_regimen FROM %I', g);
    EXECUTE format('GRANT UPDATE (last_day, planned_until, ends_at, ends_reason) ON recovery_regimen TO %I', g);
  END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("recovery", "0001_rows"), ("backend", "0002_ground")]

    operations = [
        *[migrations.RunSQL(link(*row), migrations.RunSQL.noop) for row in LINKS],
        *[migrations.RunSQL(protect(*row), migrations.RunSQL.noop) for row in TABLES],
        *[migrations.RunSQL(revoke(t, "UPDATE, DELETE, TRUNCATE"), migrations.RunSQL.noop) for t in APPEND_ONLY],
        *[migrations.RunSQL(revoke(t, "DELETE, TRUNCATE"), migrations.RunSQL.noop) for t in NEVER_DELETED],
        migrations.RunSQL(REGIMEN_COLUMNS, migrations.RunSQL.noop),
    ]
