"""Row-level security, composite keys and append-only rights (contract 6).

Written as plain SQL and importing no app code: what it did stays what it did.
"""

from django.db import migrations

IN_PROGRAM = (
    "program_id = ANY ((SELECT string_to_array(NULLIF(current_setting('app.programs', true), ''), ',')"
    "::bigint[])::bigint[])"
)
# The owner migrates and backs up; without its exemption a data migration changes 0 rows in silence.
EVERY_PATIENT = "(SELECT current_setting('app.patient', true)) = '*'"
ONE_PATIENT = (
    "(SELECT CASE WHEN current_setting('app.patient', true) ~ '^[0-9]+$' "
    "THEN current_setting('app.patient', true)::bigint END)"
)


def protect(table: str, patient: str | None) -> str:
    """SQL that puts a table behind the program wall and, where it has a patient, the patient wall."""
    sql = f"""
    ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY in_program ON {table} USING ({IN_PROGRAM}) WITH CHECK ({IN_PROGRAM});
    DO $$ BEGIN EXECUTE format('CREATE POLICY owner_all ON {table} TO %I USING (true) WITH CHECK (true)', current_user); END $$;
    """
    if patient:
        rule = f"{EVERY_PATIENT} OR {patient} = {ONE_PATIENT}".replace("'", "''")
        sql += f"""
    DO $$ BEGIN EXECUTE format(
      'CREATE POLICY one_patient ON {table} AS RESTRICTIVE
         USING ((SELECT current_user = %L) OR {rule}) WITH CHECK ((SELECT current_user = %L) OR {rule})',
      current_user, current_user); END $$;
    """
    return sql


def revoke(table: str, rights: str) -> str:
    """SQL that takes rights from every role but the owner: what makes a table append-only."""
    schema, _, name = table.rpartition(".")
    schema = (schema or "public").strip('"')
    name = name.strip('"')
    return f"""
    DO $$ DECLARE g text; BEGIN
      FOR g IN SELECT DISTINCT grantee FROM information_schema.role_table_grants
               WHERE table_schema = '{schema}' AND table_name = '{name}' AND grantee <> current_user
      LOOP EXECUTE format('REVOKE {rights} ON {table} FROM %I', g); END LOOP;
    END $$;
    """


def link(table: str, column: str, parent: str) -> str:
    """SQL for a key that cannot point into another program."""
    name = f"{table.split('_', 1)[1]}_{column}_in_program"
    return (
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (program_id, {column}) "
        f"REFERENCES {parent} (program_id, id)"
    )


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
