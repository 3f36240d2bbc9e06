"""People, regimens and doses for benchmarks: many at once, by SQL, in the shape that the services give them.

Untimed. The rows are those of the services (the plan of a regimen comes from the catalogue); only the
way in is shorter.
"""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection
from django.db.models import Count

from backend.access import NOBODY
from backend.db import programs
from backend.models import Consent
from backend.rules import wall_time
from backend.rules.consent import ConsentKind
from backend.services.people import create_program
from bench.support import NOW as NOW
from recovery.models import Treatment
from recovery.rules.policy import default_policy
from recovery.rules.schedule import regimen_from_catalogue
from recovery.services.patients import NewPatient, enrol
from recovery.services.regimens import NewRegimen, start_regimens
from reminders.models import Message
from reminders.services.planning import plan_messages

ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")
DAYS_ENROLLED = 365
_PAGE = 20_000


def make_program(slug: str, *, now: datetime = NOW) -> int:
    return create_program(
        slug=slug, name=slug.capitalize(), neutral_name="Riverside", zone=ZONES[0], phone="+12025550100", now=now
    ).pk


def kind_of(index: int) -> tuple[str, tuple[str, ...]]:
    """The regimen of the person with this running number: mostly a tablet a day, at eight different times."""
    at = time(7 + (index // 7) % 4, 30 * ((index // 3) % 2)).strftime("%H:%M")
    at = max(at, "08:00")
    return ("oral_mwf" if index % 10 == 9 else "oral_daily"), (at,)


_PATIENTS = """
INSERT INTO recovery_patient (uid, program_id, number, zone, language, indication, opioid_history, status,
  phone_shared, enrolled_at, external_ref)
SELECT gen_random_uuid(), %(program)s, u.number, u.zone, 'en', 'opioid', 'unknown', 'active', false, %(now)s, ''
FROM unnest(%(number)s::int[], %(zone)s::text[]) AS u (number, zone)
"""
_TREATMENTS = """
INSERT INTO recovery_treatment (program_id, patient_id, indication, started_on, end_reason, cover_band)
SELECT p.program_id, p.id, 'opioid', u.started_on, '', ''
FROM unnest(%(number)s::int[], %(started_on)s::date[]) AS u (number, started_on)
JOIN recovery_patient p ON p.program_id = %(program)s AND p.number = u.number
"""
_REGIMENS = """
INSERT INTO recovery_regimen (program_id, patient_id, treatment_id, version, kind, medicine, plan, starts_on,
  reminders, outside_window_ok, ordered_at, planned_until, ends_reason)
SELECT p.program_id, p.id, t.id, 1, u.kind, u.plan::jsonb ->> 'medicine', u.plan::jsonb, u.started_on, true, false,
  u.ordered_at, %(planned_until)s, ''
FROM unnest(%(number)s::int[], %(kind)s::text[], %(plan)s::text[], %(started_on)s::date[],
  %(ordered_at)s::timestamptz[]) AS u (number, kind, plan, started_on, ordered_at)
JOIN recovery_patient p ON p.program_id = %(program)s AND p.number = u.number
JOIN recovery_treatment t ON t.patient_id = p.id
"""


def make_people(
    program_id: int, count: int, *, now: datetime = NOW, planned_until: date | None = None, daily: bool = False
) -> None:
    """Enrol ``count`` people with a treatment and a regimen each, begun on different days of the last year.

    ``planned_until``: doses are taken to exist up to that day. ``daily`` gives everybody a dose every day.
    """
    plans: dict[tuple[str, tuple[str, ...]], str] = {}
    today = now.date()
    for start in range(0, count, _PAGE):
        numbers = range(start, min(start + _PAGE, count))
        started = [today - timedelta(days=30 + index % DAYS_ENROLLED) for index in numbers]
        kinds = [("oral_daily", kind_of(index)[1]) if daily else kind_of(index) for index in numbers]
        for kind, times in set(kinds) - plans.keys():
            made = regimen_from_catalogue(kind, zone=ZONES[0], first_day=today, times=times, policy=default_policy())
            plans[kind, times] = json.dumps(made.plan())
        rows = {
            "program": program_id,
            "now": now,
            "number": [index + 1 for index in numbers],
            "zone": [ZONES[index % len(ZONES)] for index in numbers],
            "started_on": started,
            "ordered_at": [datetime.combine(day, time(12), UTC) for day in started],
            "kind": [kind for kind, _ in kinds],
            "plan": [plans[each] for each in kinds],
            "planned_until": planned_until,
        }
        with programs([program_id]), connection.cursor() as cursor:
            for statement in (_PATIENTS, _TREATMENTS, _REGIMENS):
                cursor.execute(statement, rows)


_DOSES = """
INSERT INTO recovery_dose (program_id, patient_id, treatment_id, regimen_id, dosing_day, ordinal, due_at, opens_at,
  closes_at, day_ends_at, dose_mg, coverage_hours, state, timeliness, source, backfilled, sources_differ, closed_at)
SELECT p.program_id, p.id, r.treatment_id, r.id, u.day, 1, u.due, u.due - interval '3 hours',
  u.due + interval '3 hours', u.ends, 50, 24,
  CASE WHEN NOT u.over THEN 'scheduled' WHEN p.number %% %(cycle)s = ANY (u.silent) THEN 'not_reported'
    ELSE 'taken' END,
  'unknown', CASE WHEN u.over AND p.number %% %(cycle)s <> ALL (u.silent) THEN 'app' ELSE '' END, false, false,
  CASE WHEN u.over AND p.number %% %(cycle)s = ANY (u.silent) THEN u.ends END
FROM (SELECT * FROM unnest(%(zone)s::text[], %(day)s::date[], %(due)s::timestamptz[], %(ends)s::timestamptz[],
  %(over)s::boolean[]) AS v (zone, day, due, ends, over)
  CROSS JOIN LATERAL (SELECT %(silent)s::int[] AS silent) s) u
JOIN recovery_patient p ON p.program_id = %(program)s AND p.zone = u.zone
JOIN recovery_regimen r ON r.program_id = p.program_id AND r.patient_id = p.id
"""


def make_doses(program_id: int, day: date, *, over: bool, silent: Sequence[int] = (), cycle: int = 20) -> None:
    """One dose for everybody on ``day`` at 09:00 local: still scheduled, or (``over``) said to be taken.

    ``silent`` are the remainders of running numbers by ``cycle`` that said nothing on that day.
    """
    with programs([program_id]), connection.cursor() as cursor:
        cursor.execute(
            _DOSES,
            {
                "program": program_id,
                "cycle": cycle,
                "silent": list(silent),
                "zone": list(ZONES),
                "day": [day] * len(ZONES),
                "due": [wall_time.to_utc(day, time(9), zone) for zone in ZONES],
                "ends": [wall_time.day_end(day, zone) for zone in ZONES],
                "over": [over] * len(ZONES),
            },
        )


_LATE = """
UPDATE recovery_dose d SET state = 'taken', source = 'app', backfilled = true
FROM recovery_patient p
WHERE p.program_id = %(program)s AND p.id = d.patient_id AND d.program_id = %(program)s AND d.dosing_day = %(day)s
  AND d.state = 'not_reported' AND p.number %% %(cycle)s <> ALL (%(silent)s::int[])
"""
_SPOKE = """
UPDATE recovery_flag f SET status = 'closed', closed_at = f.severity_since, outcome = 'reason_ended'
FROM recovery_patient p
WHERE p.program_id = %(program)s AND p.id = f.patient_id AND f.status = 'open'
  AND p.number %% %(cycle)s <> ALL (%(silent)s::int[])
"""


def report_late(program_id: int, day: date, *, silent: Sequence[int], cycle: int) -> None:
    """All but the silent say the next morning that they took it; what flags they had then end."""
    values = {"program": program_id, "day": day, "silent": list(silent), "cycle": cycle}
    with programs([program_id]), connection.cursor() as cursor:
        cursor.execute(_LATE, values)
        cursor.execute(_SPOKE, values)


_TEXTS_OVER = """
UPDATE reminders_message SET state = 'expired', ended_at = expires_at
WHERE program_id = %(program)s AND state = 'planned' AND send_after < %(now)s::timestamptz + interval '1 day'
"""
_DOSES_OVER = """
UPDATE recovery_dose SET state = 'taken', source = 'app' WHERE program_id = %(program)s AND state = 'scheduled'
"""


def end_day(program_id: int, now: datetime) -> None:
    """What was planned is over, and everybody has said that they took what was due."""
    with programs([program_id]), connection.cursor() as cursor:
        for statement in (_TEXTS_OVER, _DOSES_OVER):
            cursor.execute(statement, {"program": program_id, "now": now})


def written_doses(program_id: int, count: int) -> set[tuple]:
    """What was written about the doses of the first ``count`` people, comparable between programs."""
    return _written(
        "SELECT p.number, d.dosing_day, d.ordinal, d.due_at, d.opens_at, d.closes_at, d.day_ends_at, d.dose_mg, "
        "d.coverage_hours, d.state, d.timeliness, d.source, d.closed_at "
        "FROM recovery_dose d JOIN recovery_patient p ON p.id = d.patient_id",
        program_id,
        count,
    )


def written_flags(program_id: int, count: int) -> set[tuple]:
    """What was written about the flags of the first ``count`` people, comparable between programs."""
    return _written(
        "SELECT p.number, f.kind, f.severity, f.severity_rank, f.status, f.evidence::text, f.policy_version, "
        "f.opened_at, f.severity_since, f.respond_by "
        "FROM recovery_flag f JOIN recovery_patient p ON p.id = f.patient_id",
        program_id,
        count,
    )


def written_audit(program_id: int, count: int) -> list[tuple]:
    """What was audited about flags of the first ``count`` people, comparable between programs."""
    with programs([program_id]), connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.number, a.action, a.object_kind, count(*) FROM backend_auditevent a "
            "JOIN recovery_patient p ON p.id = a.patient_id "
            "WHERE p.program_id = %s AND p.number <= %s AND a.object_kind = 'flag' GROUP BY 1, 2, 3 ORDER BY 1, 2",
            [program_id, count],
        )
        return cursor.fetchall()


def _written(statement: str, program_id: int, count: int) -> set[tuple]:
    with programs([program_id]), connection.cursor() as cursor:
        cursor.execute(f"{statement} WHERE p.program_id = %s AND p.number <= %s", [program_id, count])
        return set(cursor.fetchall())


def make_reachable(program_id: int, count: int, *, now: datetime, first_number: int) -> None:
    """``count`` people with a number of their own who agreed to texts, and whose dose was due a moment before ``now``.

    Through the services, since every number must be sealed and indexed. Numbers count on from ``first_number`` in
    an area code that nobody has.
    """
    today = wall_time.local_date(now, ZONES[0])
    at = wall_time.to_utc(today, time(9), ZONES[0])
    with programs([program_id]):
        enrolled = enrol(
            actor=NOBODY,
            program_id=program_id,
            people=[
                NewPatient(
                    name="Al",
                    phone=f"+1999{first_number + index:07d}",
                    zone=ZONES[0],
                    indication="opioid",
                    treatment_from=today,
                )
                for index in range(count)
            ],
            now=at - timedelta(hours=12),
        )
        Consent.objects.bulk_create(
            (
                Consent(
                    program_id=program_id,
                    patient_id=row.pk,
                    kind=ConsentKind.SMS.value,
                    wording_version="bench",
                    given_at=now - timedelta(hours=12),
                )
                for row in enrolled
            ),
            batch_size=1000,
        )
        treatments = Treatment.objects.filter(patient_id__in=[row.pk for row in enrolled]).values_list("pk", flat=True)
        start_regimens(
            actor=NOBODY,
            regimens=[
                NewRegimen(treatment_id=pk, kind="oral_daily", starts_on=today, times=("09:00",)) for pk in treatments
            ],
            now=at - timedelta(hours=12),
        )


def plan_texts(program_id: int, *, now: datetime) -> int:
    """Plan the texts that are owed, and say how many of them are due at ``now``."""
    plan_messages(program_ids=[program_id], now=now - timedelta(minutes=30))
    with programs([program_id]):
        return Message.objects.filter(program_id=program_id, state="planned", send_after__lte=now).count()


def texts_by_state(program_id: int) -> dict[str, int]:
    with programs([program_id]):
        return dict(Message.objects.filter(program_id=program_id).values_list("state").annotate(number=Count("id")))


def written_texts(program_id: int) -> dict[str, set[tuple]]:
    """What sending wrote, comparable between programs: everything but ids, tokens and instants."""
    reads = {
        "message": "SELECT p.number, m.state, m.attempts, m.provider, m.provider_sid <> '', m.provider_rank, "
        "m.question_open, m.sending_at IS NULL, m.accepted_at IS NULL, m.lease_until, m.claimed_by, m.why "
        "FROM reminders_message m JOIN recovery_patient p ON p.id = m.patient_id",
        "attempt": "SELECT p.number, a.number, a.provider, a.result, a.error_code, a.sid <> '', a.finished_at IS NULL, "
        "a.body_hash IS NULL, length(a.token_digest) "
        "FROM reminders_attempt a JOIN recovery_patient p ON p.id = a.patient_id",
        "token": "SELECT p.number, length(t.digest) FROM reminders_statustoken t "
        "JOIN reminders_message m ON m.id = t.message_id JOIN recovery_patient p ON p.id = m.patient_id",
        "audit": "SELECT p.number, a.action, a.object_kind, a.actor_id, a.role FROM backend_auditevent a "
        "JOIN recovery_patient p ON p.id = a.patient_id AND a.action = 'message.sent'",
    }
    return {name: _written(statement, program_id, 1 << 30) for name, statement in reads.items()}
