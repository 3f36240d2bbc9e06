"""What a serving process checks before it serves (contract 6): a plain role, walls that stand, rights withheld."""

from collections.abc import Callable

from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, ProgrammingError, connection

from backend.db import programs
from backend.selectors.people import open_program_ids, programs_by_id
from recovery.rules.policy import PolicyError
from recovery.selectors.policy import unsigned_of

APPEND_ONLY = (
    "backend_auditevent",
    "backend_auditseal",
    "backend_policyoverride",
    "recovery_dosereport",
    "recovery_coverevent",
    "recovery_cravinglog",
    "recovery_triggerentry",
    "recovery_instrumentanswer",
    "recovery_outreach",
    "recovery_holdalarm",
    "recovery_statedfact",
    "recovery_checklistanswer",
    "recovery_journalentry",
    "recovery_skilluse",
    "recovery_readreceipt",
    "recovery_planversion",
    "recovery_sideeffectreport",
    "recovery_meetinglog",
    "recovery_therapyvisit",
    "recovery_need",
    "recovery_tabletcount",
    "recovery_oralbridge",
    "recovery_minorconsent",
    "recovery_rewardentry",
    "recovery_rota",
    "recovery_rotaturn",
    "reminders_providerevent",
)
# Doors by which a request finds its program; they hold no name and no number in clear (contract 6).
OUTSIDE_THE_WALL = frozenset(
    {
        "backend_membership",
        "reminders_sender",
        "reminders_statustoken",
    }
)

ROLE = """
SELECT rolsuper OR rolbypassrls,
       EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname IN ('public', 'keys') AND c.relkind IN ('r', 'p')
                 AND (c.relowner = r.oid OR pg_has_role(r.oid, c.relowner, 'MEMBER')))
FROM pg_roles r WHERE rolname = current_user
"""
WALLS = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('public', 'keys') AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
  AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped
              AND a.attname IN ('program_id', 'patient_id'))
ORDER BY 1
"""
RIGHTS = """
SELECT t FROM unnest(%s::text[]) AS t
WHERE to_regclass(t) IS NOT NULL AND (has_table_privilege(current_user, t, 'UPDATE')
   OR has_table_privilege(current_user, t, 'DELETE') OR has_table_privilege(current_user, t, 'TRUNCATE'))
"""
MISSING = "SELECT t FROM unnest(%s::text[]) AS t WHERE to_regclass(t) IS NULL"


def database_faults() -> list[tuple[str, str]]:
    """What is wrong with the database as this role sees it: ``(text, way out)`` each."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(ROLE)
            powerful, owner = cursor.fetchone() or (True, True)
            cursor.execute("SELECT to_regclass('public.backend_auditevent') IS NOT NULL")
            if not (cursor.fetchone() or (False,))[0]:
                return [("The database has no tables yet.", "Run: manage.py migrate")]
            cursor.execute(WALLS)
            open_tables = [name for (name,) in cursor.fetchall() if name not in OUTSIDE_THE_WALL]
            cursor.execute(RIGHTS, [list(APPEND_ONLY)])
            writable = [name for (name,) in cursor.fetchall()]
            cursor.execute(MISSING, [list(APPEND_ONLY)])
            missing = [name for (name,) in cursor.fetchall()]
    except OperationalError:
        return [("The database of DATABASE_URL does not answer.", "Is it running, and is the URL right?")]
    faults = []
    if missing:
        faults.append((f"The database lacks tables: {', '.join(missing)}.", "Run: manage.py migrate"))
    if powerful:
        faults.append(
            ("DATABASE_URL is a superuser or bypasses row-level security.", "manage.py db_roles makes a plain role.")
        )
    if owner:
        faults.append(
            ("DATABASE_URL owns tables or is a member of their owner.", "manage.py db_roles makes a plain role.")
        )
    if open_tables:
        faults.append((f"Tables without a forced wall: {', '.join(open_tables)}.", "Run: manage.py migrate"))
    if writable:
        faults.append(
            (
                f"The serving role may change append-only tables: {', '.join(writable)}.",
                "Make the roles with manage.py db_roles before the first migrate, or REVOKE UPDATE, DELETE, TRUNCATE.",
            )
        )
    return faults


def policy_faults() -> list[tuple[str, str]]:
    """What is wrong with the clinical numbers of the open programs: ``(text, way out)`` each.

    A number that cannot be stops every start; one that nobody signed stops production.
    """
    try:
        ids = open_program_ids()
        with programs(ids):
            unsigned = unsigned_of(ids)
    except (OperationalError, ProgrammingError):
        return []  # database_faults says what is the matter
    except PolicyError as error:
        return [(f"A program's own clinical number cannot be: {error.field}. {error}", "manage.py policy_unsigned")]
    if not settings.PRODUCTION or not any(unsigned.values()):
        return []
    slugs = {pk: row.slug for pk, row in programs_by_id(ids).items()}
    listed = "; ".join(f"{slugs[pk]} ({len(keys)}): {', '.join(keys)}" for pk, keys in unsigned.items() if keys)
    return [
        (
            f"Clinical numbers are unsigned, and production does not decide by them. {listed}.",
            "The medical director reads and signs them at /care/policy/ while HOLDFAST_MODE is staging.",
        )
    ]


def refuse_a_bad_start(out: Callable[[str], object] | None = None) -> None:
    """Run every check; raise ImproperlyConfigured with the first fault as one line."""
    errors = [m for m in run_checks(databases=["default"]) if m.is_serious()]
    connection.close()
    if errors:
        first = errors[0]
        raise ImproperlyConfigured(f"{first.msg} {first.hint or ''}".strip())
