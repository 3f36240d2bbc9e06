"""How medicines are taken: started, changed as a new version, stopped; and the doses that follow from it.

Doses are rows, made ahead, because a reminder, a report and a flag must mean the same one.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from django.db import transaction

from backend.access import Actor
from backend.db import programs
from backend.errors import Conflict, DomainError, NotFound
from backend.rules import wall_time
from backend.services import audit
from recovery.models import Dose, Regimen, Treatment
from recovery.rules.medicines import CATALOGUE, Cadence
from recovery.rules.policy import Policy
from recovery.rules.schedule import Regimen as Schedule
from recovery.rules.schedule import RegimenError, Slot, dose_slots, regimen_from_catalogue
from recovery.rules.states import DoseState
from recovery.selectors.clinic import clinics
from recovery.selectors.policy import policies_for
from recovery.services import sql

NEVER_AGAIN = date.max
"""``planned_until`` of a regimen of which no further dose can follow."""

_DEFAULT_TIMES = {1: ("08:00",), 2: ("08:00", "20:00"), 3: ("08:00", "14:00", "20:00")}
_WINDOW = (time(8), time(21))
_LONGEST_PAST_DAYS = 31
_BATCH = 10_000


class BadRegimen(DomainError):
    code = "bad-regimen"


class OutsideWindow(DomainError):
    """A time at which no text may go, without the patient's recorded choice (contract 4)."""

    code = "outside-window"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRegimen:
    """A regimen to start. ``kind`` is a key of the catalogue; ``times`` are local ("08:00"), None for the usual ones.

    ``plan_overrides`` replaces parts of the catalogue's plan (steps, weekday_doses, every_days, windows, ...).
    """

    treatment_id: int
    kind: str
    starts_on: date
    times: tuple[str, ...] | None = None
    last_day: date | None = None
    plan_overrides: Mapping[str, Any] | None = None
    reminders: bool = True
    outside_window_ok: bool = False


def start_regimen(
    *,
    actor: Actor,
    treatment: Treatment,
    kind: str,
    starts_on: date,
    now: datetime,
    times: Sequence[str] | None = None,
    last_day: date | None = None,
    plan_overrides: Mapping[str, Any] | None = None,
    reminders: bool = True,
    outside_window_ok: bool = False,
) -> Regimen:
    """Start one regimen; see ``start_regimens``."""
    [row] = start_regimens(
        actor=actor,
        regimens=[
            NewRegimen(
                treatment_id=treatment.pk,
                kind=kind,
                starts_on=starts_on,
                times=None if times is None else tuple(times),
                last_day=last_day,
                plan_overrides=plan_overrides,
                reminders=reminders,
                outside_window_ok=outside_window_ok,
            )
        ],
        now=now,
    )
    return row


@transaction.atomic
def start_regimens(*, actor: Actor, regimens: Sequence[NewRegimen], now: datetime) -> list[Regimen]:
    """Start regimens, in the order given, and make the doses of the next 72 hours.

    A start in the past makes the doses of at most 31 days before today, so that they can be reported;
    nobody is called silent for them. Raises NotFound for a treatment that is not there or is closed,
    BadRegimen naming the field, Conflict while the same medicine has an open regimen, OutsideWindow.
    """
    if not regimens:
        return []
    found = {
        row.pk: row
        for row in Treatment.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk__in={new.treatment_id for new in regimens}, ended_on__isnull=True)
        .select_related("patient")
        .order_by("pk")
    }
    if any(new.treatment_id not in found for new in regimens):
        raise NotFound
    last_version, open_medicines = _standing(list(found))
    policies = policies_for({row.program_id for row in found.values()})
    rows = []
    for new in regimens:
        treatment = found[new.treatment_id]
        schedule = _schedule(new, treatment.patient.zone, policies[treatment.program_id])
        if (treatment.pk, schedule.medicine.value) in open_medicines:
            raise Conflict("This medicine has a regimen already. Change that one.", field="kind")
        open_medicines.add((treatment.pk, schedule.medicine.value))
        last_version[treatment.pk] = version = last_version.get(treatment.pk, 0) + 1
        rows.append(
            Regimen(
                program_id=treatment.program_id,
                patient_id=treatment.patient_id,
                treatment_id=treatment.pk,
                version=version,
                kind=new.kind,
                medicine=schedule.medicine.value,
                plan=schedule.plan(),
                starts_on=new.starts_on,
                last_day=new.last_day,
                reminders=new.reminders and CATALOGUE[new.kind].reminders,
                outside_window_ok=new.outside_window_ok,
                ordered_by_id=actor.user_id,
                ordered_at=now,
            )
        )
    Regimen.objects.bulk_create(rows, batch_size=1000)
    _note(actor, "regimen.started", rows)
    _extend([row.pk for row in rows], now=now, ahead=_ahead(policies))
    return rows


@transaction.atomic
def change_regimen(
    *,
    actor: Actor,
    regimen: Regimen,
    now: datetime,
    kind: str | None = None,
    times: Sequence[str] | None = None,
    starts_on: date | None = None,
    last_day: date | None = None,
    plan_overrides: Mapping[str, Any] | None = None,
    reminders: bool | None = None,
    outside_window_ok: bool | None = None,
) -> Regimen:
    """Replace a regimen by a new version: what is not named stays as it was.

    Doses that lie ahead and that nobody reported are cancelled and replaced; what was reported stays with the
    version it was taken under. Today's dose, not reported yet, moves when its new time is later or its old one
    is still to come; a time that has passed is not put in its place. Without ``starts_on`` and ``kind`` the
    change counts from now and the cycle (steps, every second day) goes on; with either of them the cycle begins
    on ``starts_on`` (default: today). Raises like ``start_regimens``; Conflict when this version has ended.
    """
    treatment = (
        Treatment.objects.select_for_update(no_key=True, of=("self",))
        .select_related("patient")
        .filter(pk=regimen.treatment_id, ended_on__isnull=True)
        .first()
    )
    if treatment is None:
        raise NotFound
    old = Regimen.objects.select_for_update(no_key=True).get(pk=regimen.pk)
    if old.ends_at is not None:
        raise Conflict("This version of the regimen has ended.")
    policy = policies_for([old.program_id])[old.program_id]
    today = wall_time.dosing_day(now, treatment.patient.zone)
    new_cycle = starts_on is not None or (kind is not None and kind != old.kind)
    from_day = max(starts_on or today, today)
    new = NewRegimen(
        treatment_id=treatment.pk,
        kind=kind or old.kind,
        starts_on=from_day if new_cycle else old.starts_on,
        times=tuple(times) if times is not None else (tuple(old.plan["times"]) or None),
        last_day=last_day or old.last_day,
        plan_overrides=plan_overrides,
        reminders=old.reminders if reminders is None else reminders,
        outside_window_ok=old.outside_window_ok if outside_window_ok is None else outside_window_ok,
    )
    if kind is None or kind == old.kind:
        kept = {key: value for key, value in old.plan.items() if key not in ("times", "medicine", "cadence")}
        new = replace(new, plan_overrides={**kept, **(plan_overrides or {})})
    elif times is None and len(old.plan["times"]) != _times_a_day(new.kind):
        new = replace(new, times=None)
    schedule = _schedule(new, treatment.patient.zone, policy)
    if from_day > today:
        # The old version runs on until then, further ahead than the tick has planned.
        _extend([old.pk], now=now, ahead=timedelta(days=(from_day - today).days + 1))
    _end(old, reason="changed", last_day=_earlier(old, from_day), now=now)
    _cancel_ahead(old, schedule, from_day=from_day, now=now)
    last_version, open_medicines = _standing([treatment.pk])
    if (treatment.pk, schedule.medicine.value) in open_medicines:
        raise Conflict("This medicine has a regimen already. Change that one.", field="kind")
    row = Regimen.objects.create(
        program_id=old.program_id,
        patient_id=old.patient_id,
        treatment_id=treatment.pk,
        version=last_version[treatment.pk] + 1,
        kind=new.kind,
        medicine=schedule.medicine.value,
        plan=schedule.plan(),
        starts_on=new.starts_on,
        last_day=new.last_day,
        reminders=new.reminders and CATALOGUE[new.kind].reminders,
        outside_window_ok=new.outside_window_ok,
        ordered_by_id=actor.user_id,
        ordered_at=now,
        planned_until=from_day - timedelta(days=1),
    )
    _note(actor, "regimen.changed", [row])
    _extend([row.pk], now=now, ahead=_ahead({row.program_id: policy}))
    return row


@transaction.atomic
def stop_regimen(*, actor: Actor, regimen: Regimen, reason: str, now: datetime) -> Regimen:
    """End a regimen: the doses that lie ahead are cancelled, what was due stays to be reported.

    Raises BadRegimen without a reason, Conflict when it has ended.
    """
    if not reason.strip() or len(reason.strip()) > 40:
        raise BadRegimen("Give a reason of 1 to 40 characters.", field="reason")
    row = Regimen.objects.select_for_update(no_key=True).get(pk=regimen.pk)
    if row.ends_at is not None:
        raise Conflict("This version of the regimen has ended.")
    _end(row, reason=reason.strip(), last_day=None, now=now)
    sql.run(_CANCEL_FROM, {"regimen": row.pk, "now": now, "from_day": None})
    _note(actor, "regimen.stopped", [row])
    return row


def extend_doses(*, program_ids: Iterable[int], now: datetime, ahead_hours: int = 72, limit: int = 1_000_000) -> int:
    """Make the doses of the next ``ahead_hours`` as rows; returns how many were made.

    Works in batches of a transaction each, up to ``limit`` regimens. Safe to run twice, late, or in several
    places at once: a regimen in another runner's hands is left to it, and a slot exists once. A run that is
    days late also makes the days that it missed.
    """
    ids = list(program_ids)
    if not ids:
        return 0
    ahead = timedelta(hours=ahead_hours)
    made = done = 0
    while done < limit:
        with programs(ids):
            claimed, rows = _extend(None, now=now, ahead=ahead, limit=min(_BATCH, limit - done))
        made += rows
        done += claimed
        if not claimed:
            break
    return made


_ZONES = """
SELECT DISTINCT p.zone FROM recovery_regimen r JOIN recovery_patient p ON p.id = r.patient_id
WHERE r.ends_at IS NULL AND (r.planned_until IS NULL OR r.planned_until < %(latest)s)
"""
_CLAIM = """
SELECT r.id, r.program_id, r.plan::text, r.starts_on, r.last_day, r.planned_until, r.ordered_at, p.zone
FROM recovery_regimen r
JOIN recovery_patient p ON p.id = r.patient_id
JOIN unnest(%(zones)s::text[], %(until)s::date[]) AS z (zone, until) ON z.zone = p.zone
WHERE r.ends_at IS NULL AND (r.planned_until IS NULL OR r.planned_until < z.until)
  AND (%(ids)s::bigint[] IS NULL OR r.id = ANY (%(ids)s::bigint[]))
ORDER BY r.id LIMIT %(limit)s
FOR NO KEY UPDATE OF r SKIP LOCKED
"""
_INSERT = """
INSERT INTO recovery_dose (program_id, patient_id, treatment_id, regimen_id, dosing_day, ordinal, due_at, opens_at,
  closes_at, day_ends_at, dose_mg, coverage_hours, state, timeliness, source, backfilled, sources_differ, closed_at)
SELECT r.program_id, r.patient_id, r.treatment_id, r.id, s.day, s.ordinal, s.due_at, s.opens_at, s.closes_at, s.ends_at,
  s.mg, s.hours, CASE WHEN s.closed THEN 'cancelled' ELSE 'scheduled' END, 'unknown', '', false, false,
  CASE WHEN s.closed THEN %(now)s::timestamptz END
FROM unnest(%(regimens)s::bigint[], %(groups)s::int[]) AS g (id, grp)
JOIN recovery_regimen r ON r.id = g.id
JOIN unnest(%(slot_group)s::int[], %(day)s::date[], %(ordinal)s::smallint[], %(due)s::timestamptz[],
  %(opens)s::timestamptz[], %(closes)s::timestamptz[], %(ends)s::timestamptz[], %(mg)s::numeric[],
  %(hours)s::smallint[], %(closed)s::boolean[])
  AS s (grp, day, ordinal, due_at, opens_at, closes_at, ends_at, mg, hours, closed)
  ON s.grp = g.grp
WHERE NOT s.closed OR NOT EXISTS (
  SELECT 1 FROM recovery_dose d WHERE d.program_id = r.program_id AND d.patient_id = r.patient_id
    AND d.dosing_day = s.day AND d.regimen_id = r.id AND d.ordinal = s.ordinal)
ORDER BY r.id, s.day, s.ordinal
ON CONFLICT (treatment_id, dosing_day, ordinal) WHERE state <> 'cancelled' DO NOTHING
"""
_PLANNED = """
UPDATE recovery_regimen r SET planned_until = u.until
FROM unnest(%(ids)s::bigint[], %(until)s::date[]) AS u (id, until) WHERE r.id = u.id
"""


def _extend(
    regimen_ids: Sequence[int] | None, *, now: datetime, ahead: timedelta, limit: int = 1_000_000
) -> tuple[int, int]:
    """Make doses of these regimens, or of up to ``limit`` that need it; returns (regimens, doses made)."""
    # No zone is more than a day ahead of UTC.
    zones = [row[0] for row in sql.rows(_ZONES, {"latest": (now + ahead).date() + timedelta(days=1)})]
    if not zones:
        return 0, 0
    until = {zone: wall_time.dosing_day(now + ahead, zone) for zone in zones}
    claimed = sql.rows(
        _CLAIM,
        {
            "zones": list(until),
            "until": list(until.values()),
            "ids": None if regimen_ids is None else list(regimen_ids),
            "limit": limit,
        },
    )
    if not claimed:
        return 0, 0
    holidays = {pk: clinic.holidays for pk, clinic in clinics({row[1] for row in claimed}).items()}
    groups: dict[tuple[Any, ...], int] = {}
    slots: list[list[Slot]] = []
    of_regimen: list[int] = []
    planned: list[date] = []
    for _, program_id, plan, starts_on, last_day, planned_until, ordered_at, zone in claimed:
        schedule = _schedule_of(plan, zone, starts_on, last_day)
        if planned_until is None:
            oldest = wall_time.dosing_day(ordered_at, zone) - timedelta(days=_LONGEST_PAST_DAYS)
            first = max(starts_on, oldest)
        else:
            first = planned_until + timedelta(days=1)
        closed = holidays[program_id] if schedule.observed else frozenset()
        key = (plan, zone, starts_on, last_day, first, closed)
        if key not in groups:
            groups[key] = len(slots)
            slots.append(dose_slots(schedule, first_day=first, last_day=until[zone], closed_days=closed))
        of_regimen.append(groups[key])
        finished = not schedule.has_slots or (last_day is not None and last_day <= until[zone])
        planned.append(NEVER_AGAIN if finished else until[zone])
    flat = [(group, slot) for group, each in enumerate(slots) for slot in each]
    made = 0
    if flat:
        made = sql.run(
            _INSERT,
            {
                "regimens": [row[0] for row in claimed],
                "groups": of_regimen,
                "slot_group": [group for group, _ in flat],
                "day": [slot.dosing_day for _, slot in flat],
                "ordinal": [slot.ordinal for _, slot in flat],
                "due": [slot.due_at for _, slot in flat],
                "opens": [slot.opens_at for _, slot in flat],
                "closes": [slot.closes_at for _, slot in flat],
                "ends": [slot.day_ends_at for _, slot in flat],
                "mg": [slot.dose_mg for _, slot in flat],
                "hours": [round(slot.coverage_hours) for _, slot in flat],
                "closed": [slot.closed_by_clinic for _, slot in flat],
                "now": now,
            },
        )
    sql.run(_PLANNED, {"ids": [row[0] for row in claimed], "until": planned})
    return len(claimed), made


@lru_cache(maxsize=4096)
def _schedule_of(plan: str, zone: str, starts_on: date, last_day: date | None) -> Schedule:
    return Schedule.from_plan(json.loads(plan), zone=zone, first_day=starts_on, last_day=last_day)


def _schedule(new: NewRegimen, zone: str, policy: Policy) -> Schedule:
    try:
        base = regimen_from_catalogue(
            new.kind,
            zone=zone,
            first_day=new.starts_on,
            last_day=new.last_day,
            times=_times(new),
            policy=policy,
        )
        schedule = base
        if new.plan_overrides:
            schedule = Schedule.from_plan(
                base.plan() | dict(new.plan_overrides), zone=zone, first_day=new.starts_on, last_day=new.last_day
            )
    except RegimenError as error:
        raise BadRegimen(str(error), field=error.field) from error
    outside = any(not _WINDOW[0] <= at <= _WINDOW[1] for at in schedule.times)
    if outside and new.reminders and CATALOGUE[new.kind].reminders and not new.outside_window_ok:
        raise OutsideWindow(
            "Texts go from 08:00 to 21:00. Another time needs the patient's own choice, recorded.", field="times"
        )
    return schedule


def check_regimen(new: NewRegimen, *, zone: str, policy: Policy) -> None:
    """Raise BadRegimen or OutsideWindow, naming the field, for a regimen that cannot be."""
    _schedule(new, zone, policy)


def _times(new: NewRegimen) -> tuple[str, ...]:
    return _DEFAULT_TIMES[_times_a_day(new.kind)] if new.times is None else new.times


def _times_a_day(kind: str) -> int:
    entry = CATALOGUE.get(kind)
    return 1 if entry is None or entry.cadence is Cadence.INTERVAL else entry.times_a_day


def _standing(treatment_ids: Sequence[int]) -> tuple[dict[int, int], set[tuple[int, str]]]:
    """The last version by treatment, and which medicines have an open regimen."""
    versions: dict[int, int] = {}
    running: set[tuple[int, str]] = set()
    for treatment_id, version, medicine, ends_at in Regimen.objects.filter(treatment_id__in=treatment_ids).values_list(
        "treatment_id", "version", "medicine", "ends_at"
    ):
        versions[treatment_id] = max(version, versions.get(treatment_id, 0))
        if ends_at is None:
            running.add((treatment_id, medicine))
    return versions, running


def _ahead(policies: Mapping[int, Policy]) -> timedelta:
    return timedelta(hours=max(policy.plan_ahead_hours for policy in policies.values()))


def _earlier(old: Regimen, from_day: date) -> date | None:
    """The last day of a version that another follows on ``from_day``; None when it had none yet to end on."""
    last = from_day - timedelta(days=1)
    if last < old.starts_on:
        return old.last_day
    return last if old.last_day is None else min(last, old.last_day)


def _end(row: Regimen, *, reason: str, last_day: date | None, now: datetime) -> None:
    row.ends_at, row.ends_reason = now, reason
    if last_day is not None:
        row.last_day = last_day
    # Only these columns: the serving role may write no other (a regimen is never edited in place).
    row.save(update_fields=["ends_at", "ends_reason", "last_day"])


_CANCEL_FROM = """
UPDATE recovery_dose SET state = 'cancelled', closed_at = %(now)s
WHERE regimen_id = %(regimen)s AND state = 'scheduled' AND due_at > %(now)s
  AND (%(from_day)s::date IS NULL OR dosing_day >= %(from_day)s::date)
"""


_CANCEL = """
UPDATE recovery_dose SET state = 'cancelled', closed_at = %(now)s WHERE id = ANY (%(ids)s::bigint[])
"""


def _cancel_ahead(old: Regimen, schedule: Schedule, *, from_day: date, now: datetime) -> None:
    """Cancel what the new version replaces from ``from_day`` on."""
    sql.run(_CANCEL_FROM, {"regimen": old.pk, "now": now, "from_day": from_day + timedelta(days=1)})
    todays = list(
        Dose.objects.select_for_update(no_key=True)
        .filter(regimen_id=old.pk, state=DoseState.SCHEDULED.value, dosing_day=from_day)
        .values_list("id", "ordinal", "due_at")
    )
    new = {slot.ordinal: slot for slot in dose_slots(schedule, first_day=from_day, last_day=from_day)}
    gone = []
    for pk, ordinal, due_at in todays:
        slot = new.get(ordinal)
        if due_at > now:
            replaced = slot is None or slot.closes_at > now
        else:
            replaced = slot is not None and slot.closes_at > now and slot.due_at > due_at
        if replaced:
            gone.append(pk)
    if gone:
        sql.run(_CANCEL, {"ids": gone, "now": now})


def _note(actor: Actor, action: str, rows: Sequence[Regimen]) -> None:
    by_program: dict[int, list[tuple[int | None, str, int | None]]] = {}
    for row in rows:
        by_program.setdefault(row.program_id, []).append((row.patient_id, "regimen", row.pk))
    for program_id, objects in by_program.items():
        audit.record_many(actor=actor, action=action, program_id=program_id, objects=objects)
