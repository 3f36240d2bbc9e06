"""Every table with a patient's data stands behind both walls, and keys cannot cross programs (contract 6)."""

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from config.start import APPEND_ONLY, OUTSIDE_THE_WALL, database_faults

pytestmark = pytest.mark.django_db

# Tables that Django and pghistory bring; they hold ids, never a patient's data.
NO_PROGRAM = {
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "backend_loginindex",
    "backend_program",
    "backend_signinlink",
    "backend_user",
    "django_content_type",
    "django_migrations",
    "django_session",
    "pghistory_context",
    "reminders_circuit",
    "reminders_tickrun",
}
# Keys that look past the wall on purpose: a seal belongs to its event, which may be outside any program.
PLAIN_KEYS = {("backend_auditseal", "event_id")}


def rows(sql: str, *params: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def tables() -> list[str]:
    return [
        name
        for (name,) in rows(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname IN ('public', 'keys') AND c.relkind IN ('r', 'p') ORDER BY 1"
        )
    ]


def columns(table: str) -> set[str]:
    return {
        name
        for (name,) in rows(
            "SELECT attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " WHERE c.relname = %s AND a.attnum > 0 AND NOT attisdropped",
            table,
        )
    }


def test_every_table_is_known_and_belongs_to_a_program_or_is_listed():
    without = {table for table in tables() if "program_id" not in columns(table)}
    assert without == NO_PROGRAM


def test_every_table_of_a_program_has_a_forced_wall_and_an_owner_policy():
    bare = []
    for table in tables():
        if "program_id" not in columns(table) or table in OUTSIDE_THE_WALL:
            continue
        [(enabled, forced)] = rows("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = %s", table)
        policies = {name for (name,) in rows("SELECT policyname FROM pg_policies WHERE tablename = %s", table)}
        if not (enabled and forced and {"in_program", "owner_all"} <= policies):
            bare.append(table)
    assert bare == []


def test_every_table_of_a_patient_has_the_second_wall():
    bare = []
    for table in tables():
        patient_column = "id" if table in ("recovery_patient", "recovery_patientevent") else "patient_id"
        if patient_column not in columns(table) or table in OUTSIDE_THE_WALL or table in NO_PROGRAM:
            continue
        found = rows(
            "SELECT permissive FROM pg_policies WHERE tablename = %s AND policyname = 'one_patient' AND qual LIKE %s",
            table,
            f"%{patient_column}%",
        )
        if found != [("RESTRICTIVE",)]:
            bare.append(table)
    assert bare == []


def test_every_key_between_rows_of_a_program_is_composite():
    """A plain key check looks past row-level security and could point into another program."""
    walled = {t for t in tables() if "program_id" in columns(t)} - OUTSIDE_THE_WALL
    keys = rows(
        "SELECT c.conrelid::regclass::text, c.confrelid::regclass::text, array_agg(a.attname::text ORDER BY k.n)"
        " FROM pg_constraint c JOIN LATERAL unnest(c.conkey) WITH ORDINALITY k(attnum, n) ON true"
        " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum"
        " WHERE c.contype = 'f' GROUP BY c.oid, c.conrelid, c.confrelid"
    )
    crossing = [
        (source, names)
        for source, target, names in keys
        if target in walled and "program_id" not in names and (source, names[0]) not in PLAIN_KEYS
    ]
    assert crossing == []


def test_every_reference_between_models_has_its_key_in_the_database():
    from django.apps import apps
    from django.db.models import ForeignKey

    linked = {
        (table, column)
        for table, column in rows(
            "SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint c"
            " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) WHERE c.contype = 'f'"
        )
    }
    missing = [
        f"{model._meta.db_table}.{field.column}"
        for app in ("backend", "recovery", "reminders")
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.get_fields()
        if isinstance(field, ForeignKey)
        and not field.db_constraint
        and not model.__name__.endswith("Event")
        and (model._meta.db_table, field.column) not in linked
    ]
    assert missing == []


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("verb", ["UPDATE {} SET program_id = program_id", "DELETE FROM {}", "TRUNCATE {}"])
def test_what_is_append_only_is_so_by_right(table, verb):
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        rows(verb.format(table))


def test_a_regimen_cannot_be_edited_in_place():
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        rows("UPDATE recovery_regimen SET plan = '{}'")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE recovery_regimen SET ends_reason = 'x'")


def test_a_start_as_this_role_is_accepted():
    assert database_faults() == []


def test_every_key_and_index_of_the_models_is_there():
    """Django drops the index behind a conditional UniqueConstraint when its column's ``db_index`` ends."""
    there = {name for (name,) in rows("SELECT conname FROM pg_constraint UNION SELECT indexname FROM pg_indexes")}
    declared = {each.name for model in apps.get_models() for each in (*model._meta.constraints, *model._meta.indexes)}
    assert len(declared) > 100
    assert declared - there == set()
