"""What a place's clock means for what is planned: a patient moves, or the rules of a zone change."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from backend.access import Actor
from backend.db import programs
from backend.rules import wall_time
from backend.services import audit
from backend.services.people import known_zone
from recovery.models import Dose, Patient, Regimen, Treatment
from recovery.rules.schedule import Regimen as Schedule
from recovery.rules.schedule import Slot, due_instant, moved_to_zone
from recovery.rules.states import Band, DoseState
from recovery.selectors.policy import policies_for, policy_for
from recovery.services import sql
from recovery.services.cover import look_again_at


@transaction.atomic
def set_zone(*, actor: Actor, patient: Patient, zone: str, now: datetime) -> Patient:
    """Move a patient to another zone.

    Slots more than two hours ahead keep their (dosing day, ordinal) and get the new instants; nearer ones
    stay. A cover band never goes back, and the next one begins at midnight in the new zone (S W1).
    Raises BadZone.
    """
    known_zone(zone)
    row = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    if row.zone == zone:
        return row
    policy = policy_for(row.program_id)
    notice = timedelta(minutes=policy.zone_move_notice_minutes)
    row.zone = zone
    row.save(update_fields=["zone"])
    patient.zone = zone
    doses: dict[int, list[Dose]] = {}
    for dose in Dose.objects.select_for_update(no_key=True).filter(
        program_id=row.program_id, patient_id=row.pk, state=DoseState.SCHEDULED.value, day_ends_at__gt=now
    ):
        doses.setdefault(dose.regimen_id, []).append(dose)
    for regimen in Regimen.objects.filter(pk__in=doses):
        _move(regimen, doses[regimen.pk], zone=zone, now=now, notice=notice)
    for treatment in Treatment.objects.select_for_update(no_key=True).filter(
        patient_id=row.pk, ended_on__isnull=True, cover_from__isnull=False
    ):
        assert treatment.cover_from is not None
        treatment.cover_next_at = look_again_at(
            treatment.cover_from, band=Band(treatment.cover_band), zone=zone, policy=policy, now=now
        )
        treatment.save(update_fields=["cover_next_at"])
    audit.record(
        actor=actor,
        action="patient.zone_set",
        program_id=row.program_id,
        patient_id=row.pk,
        object_kind="patient",
        object_id=row.pk,
        fields=["zone"],
    )
    return row


# The instants of planned doses repeat: a few hundred for any number of patients.
_PLANNED = """
SELECT DISTINCT p.zone, d.dosing_day, r.plan->'times'->>(d.ordinal - 1), d.due_at
FROM recovery_dose d JOIN recovery_patient p ON p.id = d.patient_id JOIN recovery_regimen r ON r.id = d.regimen_id
WHERE d.state = 'scheduled' AND d.due_at > %s
"""

_MISPLACED = """
SELECT d.id FROM recovery_dose d
JOIN recovery_patient p ON p.id = d.patient_id JOIN recovery_regimen r ON r.id = d.regimen_id
JOIN unnest(%(zones)s::text[], %(days)s::date[], %(times)s::text[], %(dues)s::timestamptz[]) AS u (zone, day, at, due)
  ON u.zone = p.zone AND u.day = d.dosing_day AND u.at = r.plan->'times'->>(d.ordinal - 1) AND u.due = d.due_at
WHERE d.state = 'scheduled' ORDER BY d.id FOR NO KEY UPDATE OF d
"""

_COVER = """
SELECT t.id, p.zone, t.cover_from, t.cover_band, t.cover_next_at
FROM recovery_treatment t JOIN recovery_patient p ON p.id = t.patient_id
WHERE t.ended_on IS NULL AND t.cover_next_at > %s AND t.cover_band = ANY (%s)
"""
# A late band is looked at every local midnight, so it finds its way by itself.
_WAITING = [band.value for band in Band if not band.is_late]


def follow_zone_rules(*, program_ids: Iterable[int], now: datetime) -> int:
    """Move planned doses and band changes whose zone has got other rules since they were made (F48).

    Instants are computed once, when a slot is made; when a country changes its clocks the zone data of a later start
    says otherwise. Slots keep their (dosing day, ordinal), so nothing is doubled; what lies within the notice of a
    move stays. Called once a day and after each start; changes nothing when the rules are the same. Returns how many
    doses and treatments moved.
    """
    moved = 0
    for program_id in program_ids:
        with programs([program_id]):
            moved += _doses_follow(program_id, now) + _cover_follows(program_id, now)
    return moved


def _doses_follow(program_id: int, now: datetime) -> int:
    wrong = [
        (zone, day, at, due)
        for zone, day, at, due in sql.rows(_PLANNED, [now])
        if at and due_instant(day, at, zone=zone) != due
    ]
    if not wrong:
        return 0
    zones, days, times, dues = (list(column) for column in zip(*wrong, strict=True))
    ids = [row[0] for row in sql.rows(_MISPLACED, {"zones": zones, "days": days, "times": times, "dues": dues})]
    notice = timedelta(minutes=policy_for(program_id).zone_move_notice_minutes)
    found: dict[int, list[Dose]] = {}
    for dose in Dose.objects.filter(pk__in=ids):
        found.setdefault(dose.regimen_id, []).append(dose)
    moved = 0
    for regimen in Regimen.objects.filter(pk__in=found).select_related("patient"):
        moved += _move(regimen, found[regimen.pk], zone=regimen.patient.zone, now=now, notice=notice)
    return moved


def _cover_follows(program_id: int, now: datetime) -> int:
    policy = policies_for([program_id])[program_id]
    moved = 0
    for pk, zone, cover_from, band, stored in sql.rows(_COVER, [now, _WAITING]):
        right = look_again_at(cover_from, band=Band(band), zone=zone, policy=policy, now=now)
        if right != stored:
            moved += Treatment.objects.filter(pk=pk, cover_next_at=stored).update(cover_next_at=right)
    return moved


def _move(regimen: Regimen, doses: list[Dose], *, zone: str, now: datetime, notice: timedelta) -> int:
    schedule = Schedule.from_plan(regimen.plan, zone=zone, first_day=regimen.starts_on, last_day=regimen.last_day)
    by_slot = {(dose.dosing_day, dose.ordinal): dose for dose in doses}
    slots = [
        Slot(
            dose.dosing_day,
            dose.ordinal,
            dose.due_at,
            dose.opens_at,
            dose.closes_at,
            dose.day_ends_at,
            float(dose.dose_mg),
            dose.coverage_hours,
            1,
        )
        for dose in doses
    ]
    moved = moved_to_zone(slots, regimen=schedule, zone=wall_time.zone_named(zone), now=now, notice=notice).moved
    changed = []
    for slot in moved:
        dose = by_slot[slot.dosing_day, slot.ordinal]
        dose.due_at, dose.opens_at = slot.due_at, slot.opens_at
        dose.closes_at, dose.day_ends_at = slot.closes_at, slot.day_ends_at
        changed.append(dose)
    Dose.objects.bulk_update(changed, ["due_at", "opens_at", "closes_at", "day_ends_at"])
    return len(changed)
