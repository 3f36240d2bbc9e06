"""What is at hand: tablets, the medicine of the next visit, tablets that bridge a late injection, closed days.

The tick asks for what is missing as work for a named role; it says nothing about a patient.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from backend.access import NOBODY, Actor
from backend.db import programs
from backend.errors import Conflict, DomainError, IdReused, NotAllowed, NotFound
from backend.rules import wall_time
from backend.rules.roles import Access
from backend.services import audit
from recovery.models import (
    Appointment,
    ClosingNotice,
    Flag,
    Injection,
    OralBridge,
    Patient,
    Regimen,
    TabletCount,
    Task,
    Treatment,
)
from recovery.rules.flags import respond_by
from recovery.rules.medicines import CATALOGUE, Cadence, Medicine
from recovery.rules.policy import Policy
from recovery.rules.records import AppointmentKind, CountKind, PatientStatus, Supply
from recovery.rules.schedule import Regimen as Schedule
from recovery.rules.schedule import next_injection, uncovered_by_closing
from recovery.rules.states import FlagKind, FlagStatus, ReportSource, Response, Severity
from recovery.rules.supply import USUAL_TABLET_MG, refill_due, supply_due_on, supply_is_late
from recovery.rules.tasks import TaskKind
from recovery.selectors.clinic import clinics
from recovery.selectors.policy import policies_for
from recovery.selectors.supply import tablets_at_hand
from recovery.services import regimens
from recovery.services.flag_rows import Concern, end_many, raise_many
from recovery.services.tasks import NewTask, end_tasks, make_tasks
from recovery.services.visits import OPEN

MOST_TABLETS = 1000
MOST_TABLET_MG = Decimal(1000)
LONGEST_BRIDGE_DAYS = 60
_COUNTED = {
    entry.medicine.value
    for entry in CATALOGUE.values()
    if entry.cadence in (Cadence.DAILY, Cadence.EVERY_N_DAYS, Cadence.WEEKDAYS, Cadence.TARGETED)
}
_HERE = [PatientStatus.ACTIVE.value, PatientStatus.AFTERCARE.value]
_LIVE = [FlagStatus.OPEN.value, FlagStatus.OWNED.value, FlagStatus.SNOOZED.value]


class BadCount(DomainError):
    code = "bad-count"


class BadBridge(DomainError):
    code = "bad-bridge"


@transaction.atomic
def record_tablets(
    *,
    actor: Actor,
    patient: Patient,
    client_id: UUID,
    kind: str,
    on_day: date,
    tablets: int,
    tablet_mg: Decimal | float,
    source: str,
    now: datetime,
    medicine: str = "",
) -> tuple[TabletCount, bool]:
    """Record tablets that were picked up, or how many are left. Returns the row and whether it is new.

    ``tablet_mg`` is what one tablet holds; ``medicine`` '' means the one of the tablet regimen that runs. A pick-up
    ends the task of the refill and the concern that tablets ran out. Safe to repeat by ``client_id``. Raises
    BadCount naming the field, IdReused, Conflict without an open treatment.
    """
    treatment = Treatment.objects.filter(patient_id=patient.pk, ended_on__isnull=True).first()
    if treatment is None:
        raise Conflict("Open a treatment first.")
    medicine = medicine or _only_tablets(treatment)
    mg = _checked_count(patient, kind, on_day, tablets, tablet_mg, source, medicine, now)
    row = TabletCount(
        program_id=patient.program_id,
        patient_id=patient.pk,
        treatment_id=treatment.pk,
        client_id=client_id,
        medicine=medicine,
        kind=kind,
        on_day=on_day,
        tablets=tablets,
        tablet_mg=mg,
        source=source,
        recorded_by_id=actor.user_id,
        recorded_at=now,
    )
    # One after the other for a patient: a repeat finds the first.
    Patient.objects.select_for_update(no_key=True).only("pk").get(pk=patient.pk)
    stored = TabletCount.objects.filter(patient_id=patient.pk, client_id=client_id).first()
    if stored is not None:
        if not _same(stored, row):
            raise IdReused("This id was used before with other content.", field="client_id")
        return stored, False
    row.save(force_insert=True)
    audit.record_row(actor, "tablets.recorded", row, kind="tablet_count")
    if kind == CountKind.PICKED_UP.value:
        end_tasks(actor=actor, patient_ids=[patient.pk], kinds=[TaskKind.REFILL], now=now)
        end_many(actor=actor, patient_ids=[patient.pk], kinds=[FlagKind.RAN_OUT], note_key="picked_up", now=now)
    return row, True


@transaction.atomic
def count_left(
    *, actor: Actor, patient: Patient, client_id: UUID, tablets: int, now: datetime
) -> tuple[TabletCount, bool]:
    """A patient says how many are left today; what one holds is as it was picked up, or as it is usually packed.

    Raises as ``record_tablets``.
    """
    treatment = Treatment.objects.filter(patient_id=patient.pk, ended_on__isnull=True).first()
    if treatment is None:
        raise Conflict("Open a treatment first.")
    medicine = _only_tablets(treatment)
    known = TabletCount.objects.filter(patient_id=patient.pk, medicine=medicine).order_by("-recorded_at", "-pk").first()
    mg = USUAL_TABLET_MG.get(Medicine(medicine), 50.0) if known is None else known.tablet_mg
    return record_tablets(
        actor=actor,
        patient=patient,
        client_id=client_id,
        kind=CountKind.COUNTED.value,
        on_day=wall_time.local_date(now, patient.zone),
        tablets=tablets,
        tablet_mg=mg,
        source=ReportSource.APP.value,
        medicine=medicine,
        now=now,
    )


def _only_tablets(treatment: Treatment) -> str:
    running = Regimen.objects.filter(treatment_id=treatment.pk, ends_at__isnull=True, medicine__in=_COUNTED)
    found = list(running.values_list("medicine", flat=True))
    if len(found) != 1:
        raise BadCount("Say of which medicine.", field="medicine")
    return found[0]


def _checked_count(
    patient: Patient,
    kind: str,
    on_day: date,
    tablets: int,
    tablet_mg: Decimal | float,
    source: str,
    medicine: str,
    now: datetime,
) -> Decimal:
    if kind not in set(CountKind):
        raise BadCount("There is no such choice.", field="kind")
    if source not in set(ReportSource):
        raise BadCount("There is no such source.", field="source")
    if medicine not in _COUNTED:
        raise BadCount("Tablets of this medicine are not counted.", field="medicine")
    least = 1 if kind == CountKind.PICKED_UP.value else 0
    if not least <= tablets <= MOST_TABLETS:
        raise BadCount(f"Enter {least} to {MOST_TABLETS} tablets.", field="tablets")
    mg = round(Decimal(str(tablet_mg)), 2)
    if not 0 < mg <= MOST_TABLET_MG:
        raise BadCount(f"A tablet has above 0 and at most {MOST_TABLET_MG} mg.", field="tablet_mg")
    if on_day > wall_time.local_date(now, patient.zone):
        raise BadCount("This day is still to come.", field="on_day")
    if on_day < wall_time.local_date(now, patient.zone) - timedelta(days=366):
        raise BadCount("This day lies more than a year back.", field="on_day")
    return mg


def _same(stored: TabletCount, row: TabletCount) -> bool:
    names = ("medicine", "kind", "on_day", "tablets", "tablet_mg", "source")
    return all(getattr(stored, name) == getattr(row, name) for name in names)


@transaction.atomic
def order_bridge(
    *,
    actor: Actor,
    patient: Patient,
    starts_on: date,
    last_day: date,
    agreed_on: date,
    now: datetime,
    times: Sequence[str] | None = None,
    outside_window_ok: bool = False,
) -> OralBridge:
    """Order tablets, 50 mg a day, because the injection will be late; the patient agreed on ``agreed_on`` (N7, C 3.3).

    Doses and their reports are those of an ordinary regimen; the late concern looks at them (S 16), and the
    bridge ends when the injection is recorded. Only a prescriber.
    Raises NotAllowed, BadBridge naming the field, Conflict when tablets are ordered already or no treatment is open.
    """
    if patient.program_id not in actor.programs_for(Access.PRESCRIBER) or actor.user_id is None:
        raise NotAllowed("Only a prescriber orders a medicine.")
    treatment = Treatment.objects.filter(patient_id=patient.pk, ended_on__isnull=True).first()
    if treatment is None:
        raise Conflict("Open a treatment first.")
    today = wall_time.local_date(now, patient.zone)
    if agreed_on > today:
        raise BadBridge("This day is still to come.", field="agreed_on")
    if starts_on < today:
        raise BadBridge("A bridge begins today or later.", field="starts_on")
    if not starts_on <= last_day <= starts_on + timedelta(days=LONGEST_BRIDGE_DAYS - 1):
        raise BadBridge(f"A bridge has 1 to {LONGEST_BRIDGE_DAYS} days.", field="last_day")
    last = (
        Injection.objects.filter(
            treatment_id=treatment.pk, medicine=Medicine.NALTREXONE_INJECTION.value, verified=True, voided_at=None
        )
        .order_by("-given_on")
        .first()
    )
    if last is None:
        raise BadBridge("There is no injection that it could follow.", field="starts_on")
    regimen = regimens.start_regimen(
        actor=actor,
        treatment=treatment,
        kind="oral_daily",
        starts_on=starts_on,
        last_day=last_day,
        times=times,
        outside_window_ok=outside_window_ok,
        now=now,
    )
    row = OralBridge.objects.create(
        program_id=patient.program_id,
        patient_id=patient.pk,
        treatment_id=treatment.pk,
        regimen=regimen,
        after_injection=last,
        agreed_on=agreed_on,
        agreed_with_id=actor.user_id,
        ordered_by_id=actor.user_id,
        ordered_at=now,
    )
    audit.record_row(actor, "bridge.ordered", row, kind="oral_bridge")
    return row


@transaction.atomic
def see_closing(*, actor: Actor, notice_id: int, program_ids: Sequence[int], now: datetime) -> ClosingNotice:
    """Somebody of the program has seen that the clinic will be closed. Safe to repeat. Raises NotFound."""
    row = ClosingNotice.objects.select_for_update(no_key=True).filter(pk=notice_id, program_id__in=program_ids).first()
    if row is None:
        raise NotFound
    if row.seen_at is None:
        row.seen_at, row.seen_by_id = now, actor.user_id
        row.save(update_fields=["seen_at", "seen_by"])
        audit.record(
            actor=actor,
            action="closing.seen",
            program_id=row.program_id,
            object_kind="closing_notice",
            object_id=row.pk,
        )
    return row


@dataclass(frozen=True, slots=True)
class Asked:
    """What one run of the tick asked for."""

    supply: int
    refills: int
    late: int
    closings: int


def watch_supply(*, program_ids: Iterable[int], now: datetime) -> Asked:
    """Hourly: ask for medicine that is not on site, for refills, and warn of closed days; safe to run at any time.

    Also raises the late concern of interval medicines other than naltrexone, whose cover has no bands.
    """
    ids = list(program_ids)
    if not ids:
        return Asked(0, 0, 0, 0)
    with programs(ids):
        policies = policies_for(ids)
        return Asked(
            supply=_ask_for_supply(policies, now),
            refills=_ask_for_refills(policies, now),
            late=_other_intervals(policies, now),
            closings=_warn_of_closings(policies, now),
        )


def _ask_for_supply(policies: dict[int, Policy], now: datetime) -> int:
    """The medicine of a visit is on site by DSL 21 (N6); one task per visit."""
    asked = Task.objects.filter(
        patient_id=OuterRef("patient_id"), kind=TaskKind.SUPPLY_NOT_ON_SITE, created_at__gte=OuterRef("created_at")
    )
    rows = (
        Appointment.objects.filter(kind=AppointmentKind.INJECTION.value, status__in=OPEN)
        .exclude(supply=Supply.ON_SITE.value)
        .filter(~Exists(asked), patient__status__in=_HERE, program_id__in=policies)
        .filter(due_on__lte=now.date() + timedelta(days=60))
        .values_list("pk", "program_id", "patient_id", "due_on", "supply", "after_injection__given_on", "patient__zone")
    )
    wanted = []
    for pk, program_id, patient_id, due_on, supply, given_on, zone in rows:
        due_by = supply_due_on(due_on=due_on, last_given_on=given_on, policy=policies[program_id])
        if supply_is_late(supply, due_by=due_by, today=wall_time.local_date(now, zone)):
            wanted.append(
                NewTask(
                    program_id=program_id,
                    patient_id=patient_id,
                    kind=TaskKind.SUPPLY_NOT_ON_SITE,
                    facts={"visit_id": pk, "due_by": due_by.isoformat(), "supply": supply},
                )
            )
    return len(make_tasks(tasks=wanted, now=now))


def _ask_for_refills(policies: dict[int, Policy], now: datetime) -> int:
    """Before the tablets run out, and the same day when somebody said that they did (S 19)."""
    hours = clinics(policies)
    said = (
        Flag.objects.filter(kind=FlagKind.RAN_OUT.value, status__in=_LIVE, program_id__in=policies)
        .filter(
            ~Exists(
                Task.objects.filter(
                    patient_id=OuterRef("patient_id"), kind=TaskKind.REFILL, created_at__gte=OuterRef("opened_at")
                )
            )
        )
        .values_list("program_id", "patient_id")
    )
    wanted = {
        patient_id: NewTask(
            program_id=program_id,
            patient_id=patient_id,
            kind=TaskKind.REFILL,
            due_at=respond_by(
                Response.SAME_DAY, raised_at=now, acute=False, clinic=hours[program_id], policy=policies[program_id]
            ),
            facts={"said": "ran_out"},
        )
        for program_id, patient_id in said
    }
    asked: dict[int, datetime] = {}
    for patient_id, made_at in (
        Task.objects.filter(kind=TaskKind.REFILL, program_id__in=policies)
        .order_by("patient_id", "created_at")
        .values_list("patient_id", "created_at")
    ):
        asked[patient_id] = made_at
    for found in tablets_at_hand(program_ids=list(policies), now=now):
        policy = policies[found.program_id]
        again = asked.get(found.patient_id)
        if found.patient_id in wanted or not refill_due(found.at_hand, today=found.today, policy=policy):
            continue
        # Asked since the last count, and not long ago: the answer is on its way.
        if again is not None and again >= found.recorded_at and again > now - timedelta(days=policy.refill_lead_days):
            continue
        runs_out = found.at_hand.runs_out_on
        wanted[found.patient_id] = NewTask(
            program_id=found.program_id,
            patient_id=found.patient_id,
            kind=TaskKind.REFILL,
            facts={"runs_out_on": None if runs_out is None else runs_out.isoformat(), "medicine": found.medicine},
        )
    return len(make_tasks(tasks=list(wanted.values()), now=now))


def _other_intervals(policies: dict[int, Policy], now: datetime) -> int:
    """Interval medicines without bands: late after their label's latest day (LBL26, S W9). Never a hold (S 1)."""
    kinds = {
        entry.medicine.value: entry.interval
        for entry in CATALOGUE.values()
        if entry.interval is not None and entry.medicine is not Medicine.NALTREXONE_INJECTION
    }
    running = Regimen.objects.filter(
        medicine__in=kinds, ends_at__isnull=True, program_id__in=policies, patient__status__in=_HERE
    ).values_list("program_id", "patient_id", "treatment_id", "medicine", "patient__zone")
    rows = list(running)
    given: dict[tuple[int, str], list[date]] = defaultdict(list)
    for patient_id, medicine, given_on in Injection.objects.filter(
        patient_id__in={row[1] for row in rows}, medicine__in=kinds, verified=True, voided_at=None
    ).values_list("patient_id", "medicine", "given_on"):
        given[patient_id, medicine].append(given_on)
    booked = dict(
        Appointment.objects.filter(
            patient_id__in={row[1] for row in rows}, kind=AppointmentKind.INJECTION.value, status="booked"
        ).values_list("patient_id", "due_on")
    )
    concerns = []
    for program_id, patient_id, treatment_id, medicine, zone in rows:
        days = given.get((patient_id, medicine))
        interval = kinds[medicine]
        if not days or interval is None:
            continue
        coming = next_injection(interval, given_on=days)
        today = wall_time.local_date(now, zone)
        if today <= coming.flag_after:
            continue
        visit_on = booked.get(patient_id)
        concerns.append(
            Concern(
                program_id=program_id,
                patient_id=patient_id,
                treatment_id=treatment_id,
                kind=FlagKind.INJECTION_LATE,
                severity=Severity.AMBER,
                evidence={
                    "days_late": (today - coming.planned).days,
                    "last_given_on": max(days).isoformat(),
                    "visit_on": None if visit_on is None else visit_on.isoformat(),
                    "bridge_holds": False,
                    "medicine": medicine,
                },
                policy_version=policies[program_id].version,
            )
        )
    return sum(each.is_new for each in raise_many(concerns=concerns, now=now))


def _warn_of_closings(policies: dict[int, Policy], now: datetime) -> int:
    """Observed doses that a closed day takes away are told to the program a week ahead (S W8)."""
    made = 0
    known = set(ClosingNotice.objects.filter(program_id__in=policies).values_list("program_id", "closed_on"))
    for program_id, clinic in clinics(policies).items():
        today = wall_time.local_date(now, clinic.zone)
        until = today + timedelta(days=policies[program_id].closing_notice_days)
        for day in sorted(clinic.holidays):
            if not today <= day <= until or (program_id, day) in known:
                continue
            longest, patients = closing_effect(program_id=program_id, closed_on=day)
            if not patients:
                continue
            rows = ClosingNotice.objects.bulk_create(
                [
                    ClosingNotice(
                        program_id=program_id,
                        closed_on=day,
                        days_uncovered=longest,
                        patients=len(patients),
                        made_at=now,
                    )
                ],
                ignore_conflicts=True,
            )
            made += len(rows)
            audit.record(actor=NOBODY, action="closing.told", program_id=program_id, object_kind="closing_notice")
    return made


def closing_effect(*, program_id: int, closed_on: date) -> tuple[int, list[int]]:
    """What closing on one day takes away: the most days that anybody is left without cover, and whose."""
    longest, patients = 0, []
    for row in Regimen.objects.filter(
        program_id=program_id, ends_at__isnull=True, starts_on__lte=closed_on, patient__status__in=_HERE
    ).select_related("patient"):
        if not row.plan.get("observed") or (row.last_day is not None and row.last_day < closed_on):
            continue
        schedule = Schedule.from_plan(row.plan, zone=row.patient.zone, first_day=row.starts_on, last_day=row.last_day)
        lost = uncovered_by_closing(
            schedule, closed_days={closed_on}, first_day=closed_on, last_day=closed_on + timedelta(days=7)
        )
        if lost:
            longest = max(longest, len(lost))
            patients.append(row.patient_id)
    return longest, sorted(set(patients))
