"""What time does to questionnaires: they fall due, their time passes, an unfinished safety answer turns red (S 12)."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from backend.access import NOBODY
from backend.db import programs
from backend.rules.wall_time import dosing_day
from backend.selectors.keys import data_keys
from backend.selectors.people import patient_accounts
from recovery.models import Flag, InstrumentForm, Patient
from recovery.rules.instruments.catalogue import INSTRUMENTS, on_phone
from recovery.rules.instruments.definition import Filler, InstrumentKey
from recovery.rules.instruments.due import Person, due_today
from recovery.rules.instruments.safety import unfinished
from recovery.rules.policy import Policy
from recovery.rules.records import FormStatus
from recovery.rules.states import FlagKind, FlagStatus
from recovery.rules.words import Language
from recovery.selectors import instruments as selectors
from recovery.selectors.policy import policies_for
from recovery.selectors.records import open_treatments
from recovery.services import instruments_onward, silence, sql
from recovery.services.flag_rows import Concern, raise_many

_BATCH = 5000
_SILENT_LOOK = 30
"""How many of the latest daily minutes are looked at for days without an answer."""

# One row for each patient who is in treatment or in after-care, with what was asked of them so far.
_PEOPLE = """
SELECT p.id, p.zone, p.language, t.started_on, t.ended_on, COALESCE(f.kinds, '{}'), COALESCE(f.days, '{}'),
  COALESCE(f.waiting, '{}'), COALESCE(d.statuses, '{}')
FROM recovery_patient p
CROSS JOIN LATERAL (
  SELECT started_on, ended_on FROM recovery_treatment x
  WHERE x.program_id = p.program_id AND x.patient_id = p.id ORDER BY x.ended_on DESC NULLS FIRST, x.id DESC LIMIT 1
) t
LEFT JOIN LATERAL (
  SELECT array_agg(l.instrument ORDER BY l.instrument) AS kinds, array_agg(l.due_on ORDER BY l.instrument) AS days,
    array_agg(l.instrument) FILTER (WHERE l.waits) AS waiting
  FROM (SELECT instrument, max(due_on) AS due_on, bool_or(status IN ('due', 'started')) AS waits
        FROM recovery_instrumentform x
        WHERE x.program_id = p.program_id AND x.patient_id = p.id AND x.status <> 'withdrawn'
        GROUP BY instrument) l
) f ON true
LEFT JOIN LATERAL (
  SELECT array_agg(l.status ORDER BY l.due_on DESC) AS statuses
  FROM (SELECT status, due_on FROM recovery_instrumentform x
        WHERE 'daily' = ANY (f.kinds) AND x.program_id = p.program_id AND x.patient_id = p.id
          AND x.instrument = 'daily' AND x.due_on < %(today)s AND x.status <> 'withdrawn'
        ORDER BY x.due_on DESC LIMIT %(look)s) l
) d ON true
WHERE p.program_id = %(program)s AND p.zone = %(zone)s AND p.status IN ('active', 'aftercare') AND p.id > %(after)s
  AND NOT EXISTS (SELECT 1 FROM recovery_instrumentform x WHERE x.program_id = p.program_id AND x.patient_id = p.id
                  AND x.reason = 'scheduled' AND x.due_on = %(today)s)
ORDER BY p.id LIMIT %(limit)s
"""

_INSERT = """
INSERT INTO recovery_instrumentform (uid, program_id, patient_id, client_id, instrument, version, language, status,
  reason, due_on, asked_at, asked, facts, filled_by, source, passed_on, policy_version)
SELECT u.uid, %(program)s, u.patient_id, u.client_id, u.instrument, u.version, u.language, 'due', 'scheduled',
  %(today)s, %(now)s, '[]', '{}', '', '', '[]', ''
FROM unnest(%(uid)s::uuid[], %(patient)s::bigint[], %(client)s::uuid[], %(instrument)s::text[], %(version)s::text[],
  %(language)s::text[]) AS u (uid, patient_id, client_id, instrument, version, language)
ORDER BY u.patient_id, u.instrument
ON CONFLICT DO NOTHING
"""

# A daily minute is for its day; other questions wait longer.
_TIME_OVER = """
WITH over AS (
  SELECT f.id FROM recovery_instrumentform f JOIN recovery_patient p ON p.id = f.patient_id
  WHERE f.status IN ('due', 'started') AND p.zone = %(zone)s
    AND f.due_on < CASE WHEN f.instrument = 'daily' THEN %(today)s::date ELSE %(today)s::date - %(wait)s END
  ORDER BY f.id LIMIT %(limit)s FOR NO KEY UPDATE OF f SKIP LOCKED
)
UPDATE recovery_instrumentform f
SET status = CASE WHEN f.status = 'started' THEN 'unfinished' ELSE 'passed' END
FROM over WHERE f.id = over.id
RETURNING f.patient_id, f.program_id, f.due_on, f.instrument = 'daily' AND f.status = 'passed'
"""


def make_due(*, program_ids: Iterable[int], now: datetime, limit: int = _BATCH) -> int:
    """Make the questionnaires that fall due today, by each person's phase, and let pass those whose time is over.

    Idempotent: one of a kind a day, one open of a kind. Returns how many were made. A patient without an account is
    asked by staff: no daily minute, the others all the same.
    """
    made = 0
    for program_id in program_ids:
        with programs([program_id]):
            policy = policies_for([program_id])[program_id]
            zones = sorted(set(Patient.objects.filter(program_id=program_id).values_list("zone", flat=True)))
        for zone in zones:
            today = dosing_day(now, zone)
            with programs([program_id]):
                over = sql.rows(
                    _TIME_OVER, {"zone": zone, "today": today, "wait": policy.questions_wait_days, "limit": 4 * limit}
                )
                silence.judge_check_ins(closed=[(row[0], row[1], row[2]) for row in over if row[3]], now=now)
            made += _make(program_id, zone, today, now, limit)
    return made


def _make(program_id: int, zone: str, today: date, now: datetime, limit: int) -> int:
    made, after = 0, 0
    while True:
        with programs([program_id]):
            found = sql.rows(
                _PEOPLE,
                {
                    "program": program_id,
                    "zone": zone,
                    "today": today,
                    "look": _SILENT_LOOK,
                    "after": after,
                    "limit": limit,
                },
            )
            if found:
                made += _insert(program_id, found, today, now)
                after = found[-1][0]
        if len(found) < limit:
            return made


def _insert(program_id: int, people: Sequence[tuple], today: date, now: datetime) -> int:
    policy = policies_for([program_id])[program_id]
    can_say = selectors.staffing_of(program_id=program_id, now=now).can_say_when
    accounts = patient_accounts(program_id=program_id)
    askable = {
        (language, has_account): _askable(language, has_account, policy, can_say)
        for language in Language
        for has_account in (True, False)
    }
    rows: list[tuple[int, InstrumentKey, str]] = []
    for patient_id, _, language, started_on, ended_on, kinds, days, waits, statuses in people:
        person = Person(
            started_on=started_on,
            ended_on=ended_on,
            last={InstrumentKey(kind): day for kind, day in zip(kinds, days, strict=True)},
            silent_days=_silent(statuses),
            askable=askable[Language(language), patient_id in accounts],
            open=frozenset(InstrumentKey(kind) for kind in waits),
        )
        rows += [(patient_id, key, language) for key in due_today(person, today=today, policy=policy)]
    if not rows:
        return 0
    return sql.run(
        _INSERT,
        {
            "program": program_id,
            "today": today,
            "now": now,
            "uid": [uuid.uuid4() for _ in rows],
            "patient": [patient_id for patient_id, _, _ in rows],
            "client": [uuid.uuid4() for _ in rows],
            "instrument": [key.value for _, key, _ in rows],
            "version": [INSTRUMENTS[key].version for _, key, _ in rows],
            "language": [
                language if Language(language) in INSTRUMENTS[key].languages else Language.ENGLISH.value
                for _, key, language in rows
            ],
        },
    )


def _askable(language: Language, has_account: bool, policy: Policy, can_say: bool) -> frozenset[InstrumentKey]:
    """What falls due for a person: what is asked on the phone; of somebody without an account, what staff ask.

    A form that only staff ask takes no place from those that the phone asks.
    """
    if has_account:
        asked = (
            key
            for key, instrument in INSTRUMENTS.items()
            if on_phone(instrument, language=language, policy=policy, is_read=can_say)
        )
    else:
        asked = (
            key
            for key, instrument in INSTRUMENTS.items()
            if Filler.STAFF in instrument.filled_by and key is not InstrumentKey.DAILY
        )
    return frozenset(asked)


def _silent(statuses: Sequence[str]) -> int:
    """How many daily minutes in a row, newest first, had no answer; "not today" is one."""
    count = 0
    for status in statuses:
        if status != FormStatus.PASSED.value:
            return count
        count += 1
    return count


def watch_forms(*, program_ids: Iterable[int], now: datetime, limit: int = 500) -> int:
    """Turn red what was not finished in time after a safety answer (S 12); returns how many forms turned.

    Idempotent by ``safety_red_at``. A concern that a person closed since the answer stays closed: it was dealt with.
    """
    ids = list(program_ids)
    if not ids:
        return 0
    with programs(ids):
        policies = policies_for(ids)
        least = min(policy.safety_form_minutes for policy in policies.values())
        rows = list(
            InstrumentForm.objects.select_for_update(no_key=True, skip_locked=True)
            .filter(
                status__in=[FormStatus.STARTED.value, FormStatus.UNFINISHED.value],
                safety_at__lte=now - timedelta(minutes=least),
                safety_red_at__isnull=True,
            )
            .order_by("safety_at", "pk")[:limit]
        )
        due = [
            row
            for row in rows
            if row.safety_at is not None
            and row.safety_at <= now - timedelta(minutes=policies[row.program_id].safety_form_minutes)
        ]
        _turn_red(due, policies, now)
        return len(due)


def _turn_red(forms: Sequence[InstrumentForm], policies: Mapping[int, Policy], now: datetime) -> None:
    if not forms:
        return
    dealt_with = {
        (patient_id, closed_at)
        for patient_id, closed_at in Flag.objects.filter(
            patient_id__in={form.patient_id for form in forms},
            kind=FlagKind.SUICIDE_THOUGHTS.value,
            status=FlagStatus.CLOSED.value,
            closed_by__isnull=False,
            closed_at__isnull=False,
        ).values_list("patient_id", "closed_at")
    }
    patients = {row.pk: row for row in Patient.objects.filter(pk__in={form.patient_id for form in forms})}
    treatments = open_treatments(patients)
    concerns = []
    for form in forms:
        since = form.safety_at
        assert since is not None  # the query asks for it
        if any(patient == form.patient_id and at is not None and at >= since for patient, at in dealt_with):
            continue
        policy = policies[form.program_id]
        found = unfinished(InstrumentKey(form.instrument), minutes=policy.safety_form_minutes)
        on = dosing_day(since, patients[form.patient_id].zone)
        concerns.append(
            Concern(
                program_id=form.program_id,
                patient_id=form.patient_id,
                treatment_id=treatments[form.patient_id].pk if form.patient_id in treatments else None,
                kind=found.kind,
                severity=found.severity,
                evidence=dict(found.evidence) | {"on": on.isoformat()},
                policy_version=policy.version,
            )
        )
    raise_many(actor=NOBODY, concerns=concerns, now=now)
    InstrumentForm.objects.filter(pk__in=[form.pk for form in forms]).update(safety_red_at=now)


def settle_forms(*, program_ids: Iterable[int], now: datetime, limit: int = 500) -> int:
    """Pass on what an abandoned daily minute said, once nothing was answered for a while; returns how many forms.

    A craving without its confidence is a reading all the same. Idempotent by ``settled_at``.
    """
    ids = list(program_ids)
    if not ids:
        return 0
    with programs(ids):
        policies = policies_for(ids)
        least = min(policy.form_pause_minutes for policy in policies.values())
        rows = list(
            InstrumentForm.objects.select_for_update(no_key=True, skip_locked=True)
            .filter(answered_at__lte=now - timedelta(minutes=least), settled_at__isnull=True)
            .order_by("answered_at", "pk")[:limit]
        )
        rows = [
            row
            for row in rows
            if row.answered_at is not None
            and row.answered_at <= now - timedelta(minutes=policies[row.program_id].form_pause_minutes)
        ]
        patients = {row.pk: row for row in Patient.objects.filter(pk__in={form.patient_id for form in rows})}
        keys = data_keys(patient_ids=patients)
        for form in rows:
            assert form.answered_at is not None
            answers = selectors.answers_of(form, key=keys.get(form.patient_id))
            instruments_onward.pass_on(
                actor=NOBODY,
                patient=patients[form.patient_id],
                form=form,
                answers=answers,
                now=form.answered_at,
                whole=True,
            )
            form.settled_at = now
            form.save(update_fields=["passed_on", "settled_at"])
        return len(rows)
