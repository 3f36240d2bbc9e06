"""SQL that migrations use to put tables behind row-level security, with keys that stay in a program (contract 6).

What a function here returns is part of every migration that has run: never change one, add another beside it.
"""

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
    DO $$ BEGIN EXECUTE format(
      'CREATE POLICY owner_all ON {table} TO %I USING (true) WITH CHECK (true)', current_user);
    END $$;
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
