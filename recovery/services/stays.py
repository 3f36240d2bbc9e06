"""Times away: prompts rest, silence is none, cover runs on; back, staff ask before prompts go on (S 7, S 21)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Q

from backend.access import Actor
from backend.db import programs
from backend.errors import Conflict, DomainError, InFuture, NotAllowed, NotFound
from backend.rules import wall_time
from backend.rules.roles import Access
from backend.services import audit
from recovery.models import Patient, Stay, Task
from recovery.rules.flags import FLAG_RULES
from recovery.rules.gates import GateEvent
from recovery.rules.records import GivenInside, StayPlace
from recovery.rules.states import FlagKind, ReportSource, Statement
from recovery.rules.tasks import TaskKind
from recovery.selectors.policy import policies_for, policy_for
from recovery.selectors.records import open_treatment
from recovery.services.doses import DoseStatement, report_doses
from recovery.services.flag_rows import Concern, end_many, raise_many
from recovery.services.gates import note_event
from recovery.services.once import store_once
from recovery.services.tasks import NewTask, end_tasks, make_tasks

_NOON = time(12)


class BadStay(DomainError):
    code = "bad-stay"


@transaction.atomic
def begin_stay(
    *,
    actor: Actor,
    patient: Patient,
    client_id: UUID,
    place: str,
    began_on: date,
    now: datetime,
    expected_on: date | None = None,
    note: str = "",
) -> tuple[Stay, bool]:
    """Staff record that somebody is away since ``began_on``; returns the stay and whether it is new.

    Prompts rest until ``settle_stay``, and the silence that was flagged ends. Safe to repeat by ``client_id``.
    Raises NotFound, NotAllowed for who is not staff, BadStay, InFuture, Conflict while another stay is not settled
    or where the days of one overlap, IdReused.
    """
    locked = _locked_patient(actor, patient.pk)
    if place not in set(StayPlace):
        raise BadStay("There is no such place.", field="place")
    if began_on > wall_time.local_date(now, locked.zone):
        raise InFuture("A stay cannot be recorded before it begins.", field="began_on")
    if expected_on is not None and expected_on < began_on:
        raise BadStay("Release cannot be expected before the stay began.", field="expected_on")
    known = Stay.objects.filter(patient_id=locked.pk, client_id=client_id).exists()
    if not known:
        _refuse_overlap(locked.pk, began_on)
    row = Stay(
        program_id=locked.program_id,
        patient_id=locked.pk,
        client_id=client_id,
        place=place,
        began_on=began_on,
        expected_on=expected_on,
        recorded_at=now,
        recorded_by_id=actor.user_id,
    )
    stored, is_new = store_once(row, same=("place", "began_on"), sealed={"note": note.strip()})
    if is_new:
        audit.record_row(actor, "stay.begun", stored)
        end_many(actor=actor, patient_ids=[locked.pk], kinds=[FlagKind.SILENCE], note_key="away", now=now)
        _plan_release(actor, [stored], now)
    return stored, is_new


def _refuse_overlap(patient_id: int, began_on: date) -> None:
    rows = Stay.objects.filter(patient_id=patient_id, voided_at__isnull=True)
    if rows.filter(settled_at__isnull=True).exists():
        raise Conflict("A stay is open already. End and settle that one first.")
    if rows.filter(Q(began_on__gt=began_on) | Q(ended_on__gt=began_on)).exists():
        raise Conflict("Another stay covers these days.")


@transaction.atomic
def expect_release(*, actor: Actor, stay_id: int, expected_on: date | None, now: datetime) -> Stay:
    """Write down when release is expected, None when it is not known any more. Raises as ``begin_stay``."""
    stay = _locked_stay(actor, stay_id)
    if stay.ended_on is not None:
        raise Conflict("This stay has ended.")
    if expected_on is not None and expected_on < stay.began_on:
        raise BadStay("Release cannot be expected before the stay began.", field="expected_on")
    stay.expected_on = expected_on
    stay.save(update_fields=["expected_on"])
    audit.record_row(actor, "stay.release_expected", stay)
    _plan_release(actor, [stay], now)
    return stay


@transaction.atomic
def end_stay(*, actor: Actor, stay_id: int, ended_on: date, now: datetime) -> Stay:
    """The person is back since ``ended_on`` (N19): a contact is owed within 72 h, and prompts still rest.

    Release starts no cover: only an injection or a dose does. Raises NotFound, NotAllowed, InFuture, BadStay for
    a day before it began, Conflict when it has ended.
    """
    stay = _locked_stay(actor, stay_id)
    patient = Patient.objects.get(pk=stay.patient_id)
    if stay.ended_on is not None:
        raise Conflict("This stay has ended already.")
    if ended_on < stay.began_on:
        raise BadStay("Nobody is back before the stay began.", field="ended_on")
    if ended_on > wall_time.local_date(now, patient.zone):
        raise InFuture("This day is still to come. Write it down as expected.", field="ended_on")
    stay.ended_on = ended_on
    stay.save(update_fields=["ended_on"])
    audit.record_row(actor, "stay.ended", stay)
    treatment = open_treatment(patient)
    raise_many(
        actor=actor,
        concerns=[
            Concern(
                program_id=stay.program_id,
                patient_id=stay.patient_id,
                treatment_id=treatment.pk if treatment is not None else None,
                kind=FlagKind.RELEASE,
                severity=FLAG_RULES[FlagKind.RELEASE].severity,
                evidence={"on": ended_on.isoformat(), "place": stay.place},
                policy_version=policy_for(stay.program_id).version,
            )
        ],
        now=now,
    )
    return stay


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What staff learned from somebody who is back. ``dose_days``: dosing days on which a dose was given inside."""

    opioids: str
    doses: str
    dose_days: Sequence[date] = ()


@transaction.atomic
def settle_stay(*, actor: Actor, stay_id: int, inside: Inside, now: datetime, note: str = "") -> Stay:
    """Staff spoke with the person: prompts go on, unless an opioid was given, which opens the gate (S 7).

    The days named are reported as taken, on the word of staff. Raises NotFound, NotAllowed, BadStay naming the
    field, Conflict before the person is back and when it was settled.
    """
    stay = _locked_stay(actor, stay_id)
    for field, value in (("opioids", inside.opioids), ("doses", inside.doses)):
        if value not in set(GivenInside):
            raise BadStay("Say yes, no or unknown.", field=field)
    if stay.ended_on is None:
        raise Conflict("Record the day of being back first.")
    if stay.settled_at is not None:
        raise Conflict("This stay is settled already.")
    if inside.dose_days and inside.doses != GivenInside.YES.value:
        raise BadStay("Days are named only where doses were given.", field="dose_days")
    if any(not stay.began_on <= day <= stay.ended_on for day in inside.dose_days):
        raise BadStay("A day lies outside the stay.", field="dose_days")
    stay.settled_at, stay.settled_by_id = now, actor.user_id
    stay.opioids_inside, stay.doses_inside = inside.opioids, inside.doses
    stay.save(update_fields=["settled_at", "settled_by", "opioids_inside", "doses_inside"])
    audit.record_row(actor, "stay.settled", stay)
    patient = Patient.objects.get(pk=stay.patient_id)
    report_doses(
        actor=actor,
        statements=[
            DoseStatement(
                client_id=uuid5(stay.client_id, day.isoformat()),
                patient_id=patient.pk,
                statement=Statement.TAKEN.value,
                source=ReportSource.STAFF.value,
                dosing_day=day,
            )
            for day in sorted(set(inside.dose_days))
        ],
        now=now,
    )
    if inside.opioids == GivenInside.YES.value:
        note_event(
            actor=actor,
            patient=patient,
            event=GateEvent.OPIOID_GIVEN_AWAY,
            evidence={"on": stay.ended_on.isoformat(), "place": stay.place},
            now=now,
        )
    end_many(actor=actor, patient_ids=[patient.pk], kinds=[FlagKind.RELEASE], note_key="settled", now=now)
    end_tasks(actor=actor, patient_ids=[patient.pk], kinds=[TaskKind.RELEASE_PLAN], now=now)
    return stay


@transaction.atomic
def void_stay(*, actor: Actor, stay_id: int, now: datetime) -> Stay:
    """A stay was entered in error: it counts no more and stays on record. Raises as ``end_stay``."""
    stay = _locked_stay(actor, stay_id)
    stay.voided_at = now
    stay.save(update_fields=["voided_at"])
    audit.record_row(actor, "stay.voided", stay)
    end_many(actor=actor, patient_ids=[stay.patient_id], kinds=[FlagKind.RELEASE], note_key="voided", now=now)
    end_tasks(actor=actor, patient_ids=[stay.patient_id], kinds=[TaskKind.RELEASE_PLAN], now=now)
    return stay


def plan_releases(*, program_ids: Iterable[int], now: datetime, limit: int = 1000) -> int:
    """Make the task that prepares each release expected within 48 h (S 21); returns how many are new.

    Safe to run twice, late, or in several places at once: one task for each stay and expected day.
    """
    ids = list(program_ids)
    if not ids:
        return 0
    with programs(ids):
        hours = max(policy.release_soon_hours for policy in policies_for(ids).values())
        soon = (now + timedelta(hours=hours)).date() + timedelta(days=1)
        stays = list(
            Stay.objects.filter(
                expected_on__lte=soon, ended_on__isnull=True, settled_at__isnull=True, voided_at__isnull=True
            ).order_by("expected_on", "id")[:limit]
        )
        return _plan_release(None, stays, now) if stays else 0


def _plan_release(actor: Actor | None, stays: Sequence[Stay], now: datetime) -> int:
    policies = policies_for({stay.program_id for stay in stays})
    zones = dict(Patient.objects.filter(pk__in=[stay.patient_id for stay in stays]).values_list("pk", "zone"))
    made = set(
        Task.objects.filter(
            patient_id__in=[stay.patient_id for stay in stays], kind=TaskKind.RELEASE_PLAN.value
        ).values_list("facts__stay", "facts__expected_on")
    )
    wanted = []
    for stay in stays:
        if stay.expected_on is None or stay.ended_on is not None:
            continue
        if (stay.pk, stay.expected_on.isoformat()) in made:
            continue
        out = wall_time.to_utc(stay.expected_on, _NOON, zones[stay.patient_id])
        if out - now > timedelta(hours=policies[stay.program_id].release_soon_hours):
            continue
        wanted.append(
            NewTask(
                program_id=stay.program_id,
                patient_id=stay.patient_id,
                kind=TaskKind.RELEASE_PLAN,
                due_at=max(now, out - timedelta(hours=24)),
                facts={"stay": stay.pk, "expected_on": stay.expected_on.isoformat(), "place": stay.place},
            )
        )
    return len(make_tasks(tasks=wanted, now=now) if actor is None else make_tasks(actor=actor, tasks=wanted, now=now))


def _locked_patient(actor: Actor, patient_id: int) -> Patient:
    locked = Patient.objects.select_for_update(no_key=True).filter(pk=patient_id).first()
    if locked is None:
        raise NotFound
    if actor.user_id is None or locked.program_id not in actor.programs_for(Access.CARE_TEAM):
        raise NotAllowed("Only staff can record this.")
    return locked


def _locked_stay(actor: Actor, stay_id: int) -> Stay:
    patient_id = Stay.objects.filter(pk=stay_id).values_list("patient_id", flat=True).first()
    if patient_id is None:
        raise NotFound
    _locked_patient(actor, patient_id)
    stay = Stay.objects.select_for_update(no_key=True).get(pk=stay_id)
    if stay.voided_at is not None:
        raise Conflict("This stay was entered in error.")
    return stay
