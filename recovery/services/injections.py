"""Injections that were given: the record, the cover that begins, the next visit, the concern that ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from backend.access import Actor
from backend.errors import Conflict, DomainError, IdReused, InFuture, NotAllowed, NotFound
from backend.rules import wall_time
from backend.rules.roles import Access
from backend.selectors.keys import data_keys
from backend.services import audit
from recovery.models import Appointment, Flag, Injection, OralBridge, Patient, Regimen, Treatment
from recovery.rules import cover as cover_rules
from recovery.rules.cover import InjectionDateError, Side, injection_warnings
from recovery.rules.gates import is_stopped
from recovery.rules.medicines import CATALOGUE, GIVEN_AT_VISITS, MEDICINES, Cadence, Interval, Medicine
from recovery.rules.policy import Policy
from recovery.rules.records import AppointmentKind, AppointmentStatus, CancelReason, CoverCause, Site, VoidReason
from recovery.rules.schedule import next_injection
from recovery.rules.states import (
    Band,
    FlagKind,
    FlagStatus,
    Indication,
    OpioidHistory,
    ReportSource,
    Severity,
)
from recovery.rules.tasks import REASON_ENDED, TaskKind
from recovery.selectors.holds import open_holds
from recovery.selectors.policy import policies_for
from recovery.services import cover, regimens
from recovery.services.flag_rows import Concern, end_many, raise_many
from recovery.services.tasks import NewTask, end_tasks, make_tasks

_NOON = time(12)
_OPEN_VISIT = [AppointmentStatus.PLANNED.value, AppointmentStatus.BOOKED.value]
_ANTAGONISTS = {Medicine.NALTREXONE_INJECTION.value, Medicine.NALTREXONE_IMPLANT.value}
_INTERVALS: dict[str, Interval] = {
    entry.medicine.value: entry.interval
    for entry in CATALOGUE.values()
    if entry.cadence is Cadence.INTERVAL and entry.interval is not None
}


def interval_of(medicine: str, *, policy: Policy) -> Interval:
    """When the next of ``medicine`` is due; an implant lasts as long as the program says (C 3.1), 0 days: not said."""
    if medicine == Medicine.NALTREXONE_IMPLANT.value:
        days = policy.implant_cover_days
        return Interval(earliest=days, planned=days, flag_after=days, cover_days=days)
    return _INTERVALS[medicine]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenInjection:
    """An injection as staff or a patient tell it. ``given_on`` is the date where the patient was: DSL 0.

    ``verified`` False (a patient's word, "given elsewhere") is stored and moves no date until staff have seen a
    record. ``partly_given`` moves none until a prescriber says that it counts. ``remind`` False makes the next
    visit without reminders.
    """

    client_id: UUID
    patient_id: int
    given_on: date
    medicine: str
    dose_mg: Decimal | float
    site: str = ""
    lot: str = ""
    lot_expires_on: date | None = None
    needle_inches: Decimal | float | None = None
    given_at: datetime | None = None
    operator: str = ""
    note: str = ""
    source: str = ReportSource.STAFF.value
    verified: bool = True
    remind: bool = True
    given_elsewhere: bool = False
    partly_given: bool = False

    @property
    def counts(self) -> bool:
        """Whether it moves dates as soon as it is recorded."""
        return self.verified and not self.partly_given


@dataclass(frozen=True, slots=True)
class InjectionResult:
    """What became of one injection. ``next_due_on`` None: it moved no date."""

    injection_id: int
    is_new: bool
    warnings: list[str]
    next_due_on: date | None


class BadInjection(DomainError):
    code = "bad-injection"


class GivenThatDay(Conflict):
    """The same medicine is recorded for this day already."""

    code = "given-that-day"


class _State:
    """The patients of one batch, loaded once and kept up to date while their injections are recorded."""

    def __init__(self, patient_ids: set[int], now: datetime) -> None:
        self.now = now
        self.patients = {
            row.pk: row
            for row in Patient.objects.select_for_update(no_key=True).filter(pk__in=patient_ids).order_by("pk")
        }
        if len(self.patients) < len(patient_ids):
            raise NotFound
        self.treatments: dict[int, list[Treatment]] = {}
        for treatment in (
            Treatment.objects.select_for_update(no_key=True)
            .filter(patient_id__in=patient_ids)
            .order_by("started_on", "pk")
        ):
            self.treatments.setdefault(treatment.patient_id, []).append(treatment)
        self.given: dict[tuple[int, str], list[Injection]] = {}
        for injection in Injection.objects.filter(patient_id__in=patient_ids, voided_at__isnull=True).order_by(
            "given_on", "pk"
        ):
            self.given.setdefault((injection.patient_id, injection.medicine), []).append(injection)
        self.policies: dict[int, Policy] = policies_for({row.program_id for row in self.patients.values()})
        self.holds = open_holds(patient_ids)
        self.covers: dict[int, cover.Cover] = {}
        self.events: list[cover.NewEvent] = []
        self.visits: dict[int, tuple[Injection, date, bool]] = {}

    def treatment_on(self, patient_id: int, day: date) -> Treatment:
        """The treatment that an injection of this day belongs to. Raises NoTreatment without any."""
        rows = self.treatments.get(patient_id, [])
        for row in reversed(rows):
            if row.started_on <= day and (row.ended_on is None or day <= row.ended_on):
                return row
        running = [row for row in rows if row.ended_on is None]
        if not rows:
            raise NoTreatment("Open a treatment first.")
        return (running or rows)[-1]

    def cover_of(self, treatment: Treatment) -> cover.Cover | None:
        if treatment.pk in self.covers:
            return self.covers[treatment.pk]
        if treatment.cover_from is None or treatment.cover_injection_id is None:
            return None
        patient = self.patients[treatment.patient_id]
        return cover.Cover(
            treatment_id=treatment.pk,
            program_id=treatment.program_id,
            patient_id=treatment.patient_id,
            injection_id=treatment.cover_injection_id,
            given_on=treatment.cover_from,
            band=Band(treatment.cover_band),
            zone=patient.zone,
            indication=Indication(patient.indication),
            opioid_history=OpioidHistory(patient.opioid_history),
        )


class NoTreatment(Conflict):
    code = "no-treatment"


@transaction.atomic
def record_injections(*, actor: Actor, injections: Sequence[GivenInjection], now: datetime) -> list[InjectionResult]:
    """Record injections; results come in the order given. All or nothing, safe to repeat by ``client_id``.

    The newest verified one of a treatment begins its cover (injection of naltrexone), ends what was late
    (amber closes, red waits for a person to confirm), and makes the next visit on its interval (28 days). A
    band that had begun by the day it was given is written first: on DSL 29 the injection has crossed into
    ``overdue_1`` and returns from it. No hold refuses a record; what was given under one is marked and the
    prescriber is told (S 9).

    Raises NotFound, NoTreatment, IdReused, GivenThatDay, InFuture, BadInjection naming the field.
    """
    if not injections:
        return []
    state = _State({each.patient_id for each in injections}, now)
    known = {
        (row.patient_id, row.client_id): row
        for row in Injection.objects.filter(
            patient_id__in=state.patients, client_id__in=[each.client_id for each in injections]
        )
    }
    needs_key = {each.patient_id for each in injections if each.operator or each.note} | {
        pk for pk, row in state.patients.items() if row.born_on
    }
    keys = data_keys(patient_ids=needs_key) if needs_key else {}
    results: dict[int, InjectionResult] = {}
    new_rows: list[Injection] = []
    order = sorted(range(len(injections)), key=lambda place: (injections[place].given_on, place))
    for place in order:
        each = injections[place]
        row = known.get((each.patient_id, each.client_id))
        if row is not None:
            _refuse_unless_same(row, each, keys.get(each.patient_id))
            results[place] = InjectionResult(row.pk, False, list(row.warnings), _next_due(state, row))
            continue
        row = _new_row(actor, state, each, keys.get(each.patient_id))
        # One by one: their keys are needed by what follows, and nobody records thousands at once.
        row.save(force_insert=True)
        known[each.patient_id, each.client_id] = row
        new_rows.append(row)
        due = _begin(state, row, each.remind) if each.counts else None
        results[place] = InjectionResult(row.pk, True, list(row.warnings), due)
    _write(actor, state, new_rows)
    return [results[place] for place in range(len(injections))]


def _new_row(actor: Actor, state: _State, each: GivenInjection, key: Any) -> Injection:
    patient = state.patients[each.patient_id]
    policy = state.policies[patient.program_id]
    _check(each, patient, key, state.now)
    treatment = state.treatment_on(each.patient_id, each.given_on)
    earlier = state.given.setdefault((each.patient_id, each.medicine), [])
    if any(row.given_on == each.given_on and row.verified == each.counts for row in earlier):
        raise GivenThatDay("This medicine is recorded for this day already.", field="given_on")
    before = [row for row in earlier if row.given_on < each.given_on and row.verified]
    naltrexone = each.medicine == Medicine.NALTREXONE_INJECTION.value
    interval = interval_of(each.medicine, policy=policy)
    warnings = injection_warnings(
        each.given_on,
        previous_given_on=before[-1].given_on if before else None,
        earliest=(
            next_injection(interval, given_on=[row.given_on for row in before]).earliest
            if before and not naltrexone
            else None
        ),
        side=Side(each.site) if each.site else None,
        previous_side=Side(before[-1].site) if before and before[-1].site else None,
        lot_expires_on=each.lot_expires_on,
        policy=policy,
    )
    row = Injection(
        program_id=patient.program_id,
        patient_id=patient.pk,
        treatment=treatment,
        client_id=each.client_id,
        medicine=each.medicine,
        dose_mg=_decimal(each.dose_mg, 2),
        given_on=each.given_on,
        given_at=each.given_at,
        site=each.site,
        lot=each.lot,
        lot_expires_on=each.lot_expires_on,
        needle_inches=None if each.needle_inches is None else _decimal(each.needle_inches, 1),
        source=each.source,
        verified=each.counts,
        given_elsewhere=each.given_elsewhere,
        partly_given=each.partly_given,
        with_open_gate=any(
            is_stopped(Medicine(each.medicine), hold.stops)
            and wall_time.local_date(hold.opened_at, patient.zone) <= each.given_on
            for hold in state.holds.get(patient.pk, ())
        ),
        warnings=[warning.value for warning in warnings],
        recorded_by_id=actor.user_id,
        recorded_at=state.now,
    )
    if each.operator or each.note:
        row.seal(key, operator=each.operator, note=each.note)
    earlier.append(row)
    earlier.sort(key=lambda one: one.given_on)
    return row


def _check(each: GivenInjection, patient: Patient, key: Any, now: datetime) -> None:
    if each.medicine not in set(GIVEN_AT_VISITS):
        raise BadInjection("There is no such injection.", field="medicine")
    limit = MEDICINES[Medicine(each.medicine)].dose_limit_mg
    if not 0 < Decimal(str(each.dose_mg)) <= Decimal(str(limit)):
        raise BadInjection(f"A dose must be above 0 and at most {limit:g} mg.", field="dose_mg")
    if each.site and each.site not in set(Site):
        raise BadInjection("The site is left or right.", field="site")
    if each.source not in set(ReportSource):
        raise BadInjection("There is no such source.", field="source")
    if not (each.verified or each.given_elsewhere) and each.source == ReportSource.STAFF.value:
        raise BadInjection("Only one that was given elsewhere waits for its record.", field="verified")
    if len(each.lot) > 40:
        raise BadInjection("A lot has at most 40 characters.", field="lot")
    if each.needle_inches is not None and not 0 < Decimal(str(each.needle_inches)) < 10:
        raise BadInjection("A needle has 0.1 to 9.9 inches.", field="needle_inches")
    if each.given_at is not None:
        if each.given_at > now:
            raise InFuture("An injection cannot be recorded before it is given.", field="given_at")
        if wall_time.local_date(each.given_at, patient.zone) != each.given_on:
            raise BadInjection("The time lies on another day.", field="given_at")
    today = wall_time.local_date(now, patient.zone)
    if each.given_on > today:
        raise InFuture("An injection cannot be recorded before it is given.", field="given_on")
    born = date.fromisoformat(patient.opened(key, "born_on")) if patient.born_on and key else None
    try:
        cover_rules.check_injection_date(each.given_on, today=today, born_on=born)
    except InjectionDateError as error:
        raise BadInjection(str(error), field="given_on") from error


def _begin(state: _State, row: Injection, remind: bool) -> date | None:
    """Let a verified injection begin cover and the way to the next; returns when that is due.

    None when a later one is on record already: an older entry moves no date.
    """
    if any(later.verified and later.given_on > row.given_on for later in state.given[row.patient_id, row.medicine]):
        return None
    policy = state.policies[row.program_id]
    if interval_of(row.medicine, policy=policy).cover_days == 0:
        return None
    due = _next_due(state, row)
    treatment = row.treatment
    if treatment.ended_on is None:
        state.visits[row.patient_id] = (row, due, remind)
    if row.medicine != Medicine.NALTREXONE_INJECTION.value or treatment.ended_on is not None:
        return due
    patient = state.patients[row.patient_id]
    before = state.cover_of(treatment)
    returned_from, dsl = _leave(state, before, row, policy) if before is not None else (None, 0)
    state.events.append(
        cover.NewEvent(
            program_id=row.program_id,
            patient_id=row.patient_id,
            treatment_id=treatment.pk,
            injection_id=row.pk,
            cause=CoverCause.GIVEN,
            band=Band.COVERED,
            dsl=dsl,
            on_day=row.given_on,
            at=_given_at(row, patient.zone, state.now),
            returned_from=returned_from,
        )
    )
    begun = cover.Cover(
        treatment_id=treatment.pk,
        program_id=row.program_id,
        patient_id=row.patient_id,
        injection_id=row.pk,
        given_on=row.given_on,
        band=Band.COVERED,
        zone=patient.zone,
        indication=Indication(patient.indication),
        opioid_history=OpioidHistory(patient.opioid_history),
    )
    state.covers[treatment.pk] = begun
    return due


def _leave(state: _State, before: cover.Cover, row: Injection, policy: Policy) -> tuple[Band | None, int]:
    """Write the bands that had begun by the day of the new injection; returns (late band it came from, DSL).

    Bands begin at midnight and the facts of a day come after. What the tick wrote after that day, because the
    record came late, stays written but is no return: the injection was given before it.
    """
    dsl = (row.given_on - before.given_on).days
    begins = dict(cover_rules.band_starts(policy))
    change = cover_rules.next_change(before.given_on, band=before.band, zone=before.zone, policy=policy)
    while change is not None and change.on <= row.given_on:
        state.events.append(cover.time_event(before, change))
        before.band = change.band
        change = cover_rules.next_change(before.given_on, band=before.band, zone=before.zone, policy=policy)
    today = wall_time.local_date(state.now, before.zone)
    if row.given_on < today and begins[before.band] > dsl:
        return (found if (found := cover_rules.band_of(dsl, policy=policy)).is_late else None), dsl
    return (before.band if before.band.is_late else None), dsl


def _given_at(row: Injection, zone: str, now: datetime) -> datetime:
    if row.given_at is not None:
        return row.given_at
    if row.given_on == wall_time.local_date(now, zone):
        return now
    return wall_time.to_utc(row.given_on, _NOON, zone)


def _next_due(state: _State, row: Injection) -> date:
    if row.medicine == Medicine.NALTREXONE_INJECTION.value:
        return cover_rules.next_due(row.given_on, policy=state.policies[row.program_id])
    given = [
        each.given_on
        for each in state.given.get((row.patient_id, row.medicine), [])
        if each.verified and each.given_on <= row.given_on
    ]
    interval = interval_of(row.medicine, policy=state.policies[row.program_id])
    return next_injection(interval, given_on=given or [row.given_on]).planned


def _write(actor: Actor, state: _State, rows: Sequence[Injection], *, action: str = "injection.recorded") -> None:
    """Store what the batch came to: events, cover, visits, bridges, flags, work, audit."""
    if not rows:
        return
    now = state.now
    cover.store_events(state.events)
    for each in state.covers.values():
        policy = state.policies[each.program_id]
        passed = cover_rules.changes_due(each.given_on, band=each.band, zone=each.zone, now=now, policy=policy)
        cover.store_events([cover.time_event(each, change) for change in passed])
        if passed:
            each.band = passed[-1].band
    in_time = {each.patient_id for each in state.covers.values() if not each.band.is_late}
    in_time |= {pk for pk, (row, _, _) in state.visits.items() if row.medicine != Medicine.NALTREXONE_INJECTION.value}
    end_many(actor=actor, patient_ids=in_time, kinds=[FlagKind.INJECTION_LATE], note_key="injection_given", now=now)
    cover.follow(list(state.covers.values()), state.policies, now)
    _next_visits(actor, state)
    _end_bridges(actor, state)
    _ask_about(actor, rows, now)
    raise_many(
        actor=actor,
        concerns=[
            Concern(
                program_id=row.program_id,
                patient_id=row.patient_id,
                treatment_id=row.treatment_id,
                kind=FlagKind.GIVEN_WITH_OPEN_GATE,
                severity=Severity.AMBER_PLUS,
                evidence={"on": row.given_on.isoformat(), "medicine": row.medicine},
                policy_version=state.policies[row.program_id].version,
            )
            for row in rows
            if row.with_open_gate
        ]
        + [
            Concern(
                program_id=row.program_id,
                patient_id=row.patient_id,
                treatment_id=row.treatment_id,
                kind=FlagKind.DOSE_PARTLY_GIVEN,
                severity=Severity.AMBER_PLUS,
                evidence={"on": row.given_on.isoformat(), "medicine": row.medicine},
                policy_version=state.policies[row.program_id].version,
            )
            for row in rows
            if row.partly_given and not row.verified
        ],
        now=now,
    )
    by_program: dict[int, list[tuple[int | None, str, int | None]]] = {}
    for row in rows:
        by_program.setdefault(row.program_id, []).append((row.patient_id, "injection", row.pk))
    for program_id, objects in by_program.items():
        audit.record_many(actor=actor, action=action, program_id=program_id, objects=objects)


def _next_visits(actor: Actor, state: _State) -> None:
    if not state.visits:
        return
    for row, _, _ in state.visits.values():
        Appointment.objects.filter(
            patient_id=row.patient_id, kind=AppointmentKind.INJECTION.value, status__in=_OPEN_VISIT
        ).update(status=AppointmentStatus.KEPT.value, ended_at=state.now, given=row)
    end_tasks(
        actor=actor,
        patient_ids=list(state.visits),
        kinds=[TaskKind.FIND_VISIT, TaskKind.ANOTHER_TIME, TaskKind.SUPPLY_NOT_ON_SITE],
        now=state.now,
    )
    Appointment.objects.bulk_create(
        Appointment(
            program_id=row.program_id,
            patient_id=row.patient_id,
            treatment_id=row.treatment_id,
            kind=AppointmentKind.INJECTION.value,
            after_injection=row,
            due_on=due,
            remind=remind,
            created_at=state.now,
        )
        for row, due, remind in state.visits.values()
    )


def _end_bridges(actor: Actor, state: _State) -> None:
    """The tablets that a prescriber ordered until the injection end with it (N7)."""
    given = [pk for pk, (row, _, _) in state.visits.items() if row.medicine in _ANTAGONISTS]
    if not given:
        return
    for bridge in OralBridge.objects.filter(patient_id__in=given, regimen__ends_at__isnull=True).select_related(
        "regimen"
    ):
        regimens.stop_regimen(actor=actor, regimen=bridge.regimen, reason="injection_given", now=state.now)


def _ask_about(actor: Actor, rows: Sequence[Injection], now: datetime) -> None:
    """Somebody looks for the record of one given elsewhere; a prescriber decides on one given in part (S 20, S 21)."""
    make_tasks(
        actor=actor,
        tasks=[
            NewTask(
                program_id=row.program_id,
                patient_id=row.patient_id,
                kind=TaskKind.PARTLY_GIVEN if row.partly_given else TaskKind.VERIFY_GIVEN,
                facts={"injection_id": row.pk, "given_on": row.given_on.isoformat()},
            )
            for row in rows
            if not row.verified
        ],
        now=now,
    )


def state_given_elsewhere(
    *, actor: Actor, patient: Patient, client_id: UUID, given_on: date, now: datetime
) -> InjectionResult:
    """A patient says that the injection was given elsewhere (S 21): stored, unverified, moves no date.

    Of which medicine is what is ordered, with the dose of its plan. Raises NoTreatment when no injection is
    ordered, and as ``record_injections``.
    """
    regimen = (
        Regimen.objects.filter(patient_id=patient.pk, ends_at__isnull=True, medicine__in=_INTERVALS)
        .order_by("-version")
        .first()
    )
    last = Injection.objects.filter(patient_id=patient.pk, voided_at=None).order_by("-given_on", "-pk").first()
    if regimen is not None:
        medicine, dose_mg = regimen.medicine, Decimal(str(regimen.plan["steps"][-1]["dose_mg"]))
    elif last is not None:
        medicine, dose_mg = last.medicine, last.dose_mg
    else:
        raise NoTreatment("Nothing is ordered that is given at visits.")
    given = GivenInjection(
        client_id=client_id,
        patient_id=patient.pk,
        given_on=given_on,
        medicine=medicine,
        dose_mg=dose_mg,
        source=ReportSource.APP.value,
        verified=False,
        given_elsewhere=True,
    )
    [result] = record_injections(actor=actor, injections=[given], now=now)
    return result


@transaction.atomic
def verify_injection(*, actor: Actor, injection_id: int, patient: Patient, now: datetime) -> InjectionResult:
    """Let an injection that was only stated, or given in part, count from its day.

    Staff have seen the record of one given elsewhere; of one given in part a prescriber says so. Raises NotFound,
    Conflict when it counts already or was voided, GivenThatDay, NotAllowed.
    """
    state = _State({patient.pk}, now)
    row = _injection(injection_id, patient)
    if row.voided_at is not None or row.verified:
        raise Conflict("This injection was voided, or it counts already.")
    if row.partly_given and row.program_id not in actor.programs_for(Access.PRESCRIBER):
        raise NotAllowed("A prescriber decides whether this one counts.")
    given = state.given[patient.pk, row.medicine]
    if any(other.verified and other.given_on == row.given_on for other in given):
        raise GivenThatDay("This medicine is recorded for this day already.", field="given_on")
    row = next(each for each in given if each.pk == row.pk)
    row.treatment = state.treatment_on(patient.pk, row.given_on)
    row.verified, row.verified_at, row.verified_by_id = True, now, actor.user_id
    row.save(update_fields=["verified", "verified_at", "verified_by", "treatment"])
    due = _begin(state, row, remind=True)
    _write(actor, state, [row], action="injection.verified")
    still = any(not other.verified for rows in state.given.values() for other in rows)
    if not still:
        end_tasks(
            actor=actor,
            patient_ids=[patient.pk],
            kinds=[TaskKind.VERIFY_GIVEN, TaskKind.PARTLY_GIVEN],
            now=now,
        )
    return InjectionResult(row.pk, False, list(row.warnings), due)


@transaction.atomic
def void_injection(*, actor: Actor, injection_id: int, patient: Patient, reason: str, now: datetime) -> Injection:
    """Let an injection that was entered in error not count; it is never deleted.

    Cover is what the one before it left: bands that began meanwhile are written with their own instants, a late
    concern that this record had ended is there again, the visit that it kept is open again and the one that it
    made is cancelled. Raises NotFound, Conflict when it was voided before, BadInjection without a reason.
    """
    if reason not in set(VoidReason):
        raise BadInjection("Choose a reason from the list.", field="reason")
    state = _State({patient.pk}, now)
    row = _injection(injection_id, patient)
    if row.voided_at is not None:
        raise Conflict("This record was voided before.")
    row.voided_at, row.voided_by_id, row.void_reason = now, actor.user_id, reason
    row.save(update_fields=["voided_at", "voided_by", "void_reason"])
    audit.record_row(actor, "injection.voided", row)
    left = [each for each in state.given[patient.pk, row.medicine] if each.pk != row.pk]
    state.given[patient.pk, row.medicine] = left
    gone = [FlagKind.GIVEN_WITH_OPEN_GATE] if row.with_open_gate else []
    gone += [FlagKind.DOSE_PARTLY_GIVEN] if row.partly_given else []
    end_many(actor=actor, patient_ids=[patient.pk], kinds=gone, note_key="voided", now=now)
    if all(each.verified for rows in state.given.values() for each in rows):
        kinds = [TaskKind.VERIFY_GIVEN, TaskKind.PARTLY_GIVEN]
        end_tasks(actor=actor, patient_ids=[patient.pk], kinds=kinds, outcome=REASON_ENDED, now=now)
    if row.verified:
        _cover_before(actor, state, row)
        _visits_before(state, row)
    return row


def _injection(injection_id: int, patient: Patient) -> Injection:
    row = Injection.objects.filter(pk=injection_id, patient_id=patient.pk).first()
    if row is None:
        raise NotFound
    return row


def _cover_before(actor: Actor, state: _State, row: Injection) -> None:
    """Follow the cover of the injection before the voided one, if it was the one that is followed."""
    now = state.now
    treatment = next(each for each in state.treatments[row.patient_id] if each.pk == row.treatment_id)
    if treatment.cover_injection_id != row.pk:
        return
    before = [
        each
        for each in state.given[row.patient_id, row.medicine]
        if each.verified and each.treatment_id == treatment.pk
    ]
    late = Flag.objects.filter(
        patient_id=row.patient_id, kind=FlagKind.INJECTION_LATE.value, status=FlagStatus.RETURNED.value
    )
    if not before:
        treatment.cover_injection, treatment.cover_from = None, None
        treatment.cover_band, treatment.cover_next_at = "", None
        treatment.save(update_fields=["cover_injection", "cover_from", "cover_band", "cover_next_at"])
        end_many(
            actor=actor,
            patient_ids=[row.patient_id],
            kinds=[FlagKind.INJECTION_LATE],
            note_key="voided",
            now=now,
        )
        return
    last = before[-1]
    patient, policy = state.patients[row.patient_id], state.policies[row.program_id]
    found = cover.Cover(
        treatment_id=treatment.pk,
        program_id=row.program_id,
        patient_id=row.patient_id,
        injection_id=last.pk,
        given_on=last.given_on,
        band=Band.COVERED,
        zone=patient.zone,
        indication=Indication(patient.indication),
        opioid_history=OpioidHistory(patient.opioid_history),
    )
    passed = cover_rules.changes_due(last.given_on, band=Band.COVERED, zone=patient.zone, now=now, policy=policy)
    cover.store_events([cover.time_event(found, change) for change in passed])
    if passed:
        found.band = passed[-1].band
    # A red concern that waits for a person because of this record has lost the reason for which it waits.
    again = late.filter(returned_at=row.verified_at or row.recorded_at).first()
    if again is not None and found.band.is_late:
        again.status = FlagStatus.OPEN.value if again.owner_id is None else FlagStatus.OWNED.value
        again.returned_at = None
        again.save(update_fields=["status", "returned_at"])
    if not found.band.is_late:
        end_many(actor=actor, patient_ids=[row.patient_id], kinds=[FlagKind.INJECTION_LATE], note_key="voided", now=now)
    cover.follow([found], state.policies, now)


def _visits_before(state: _State, row: Injection) -> None:
    """The visit that the voided record made is off the calendar; the one that it kept is open again."""
    visits = Appointment.objects.filter(patient_id=row.patient_id, kind=AppointmentKind.INJECTION.value)
    visits.filter(after_injection=row, status__in=_OPEN_VISIT).update(
        status=AppointmentStatus.CANCELLED.value, reason=CancelReason.VOIDED.value, ended_at=state.now
    )
    if visits.filter(status__in=_OPEN_VISIT).exists() or row.treatment.ended_on is not None:
        return
    kept = visits.filter(given=row).order_by("-pk").first()
    before = [each for each in state.given[row.patient_id, row.medicine] if each.verified]
    if kept is not None:
        kept.status = (AppointmentStatus.BOOKED if kept.starts_at else AppointmentStatus.PLANNED).value
        kept.given, kept.ended_at = None, None
        kept.save(update_fields=["status", "given", "ended_at"])
    elif before:
        Appointment.objects.create(
            program_id=row.program_id,
            patient_id=row.patient_id,
            treatment_id=row.treatment_id,
            kind=AppointmentKind.INJECTION.value,
            after_injection=before[-1],
            due_on=_next_due(state, before[-1]),
            created_at=state.now,
        )


def _refuse_unless_same(row: Injection, each: GivenInjection, key: Any) -> None:
    same = (
        row.given_on == each.given_on
        and row.medicine == each.medicine
        and row.dose_mg == _decimal(each.dose_mg, 2)
        and row.site == each.site
        and row.lot == each.lot
        and row.lot_expires_on == each.lot_expires_on
        and row.needle_inches == (None if each.needle_inches is None else _decimal(each.needle_inches, 1))
        and row.given_at == each.given_at
        and row.source == each.source
        and row.given_elsewhere == each.given_elsewhere
        and row.partly_given == each.partly_given
        # What staff have verified since was the same statement when it came.
        and (row.verified == each.counts or row.verified_at is not None)
    )
    for name in ("operator", "note"):
        said = getattr(each, name)
        if same and (said or getattr(row, name)):
            same = key is not None and row.opened(key, name) == said
    if not same:
        raise IdReused("This id was used before with other content.", field="client_id")


def _decimal(value: Decimal | float, places: int) -> Decimal:
    return round(Decimal(str(value)), places)
