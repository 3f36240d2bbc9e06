"""Injections that were given: the record, the cover that begins, the next visit, the concern that ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from backend.access import Actor
from backend.errors import Conflict, DomainError, IdReused, InFuture, NotFound
from backend.rules import wall_time
from backend.selectors.keys import data_keys
from backend.services import audit
from recovery.models import Appointment, Injection, Patient, Treatment
from recovery.rules import cover as cover_rules
from recovery.rules.cover import InjectionDateError, Side, injection_warnings
from recovery.rules.gates import is_stopped
from recovery.rules.medicines import CATALOGUE, MEDICINES, Cadence, Interval, Medicine
from recovery.rules.policy import Policy
from recovery.rules.records import AppointmentKind, AppointmentStatus, CoverCause, Site
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
from recovery.selectors.holds import open_holds
from recovery.selectors.policy import policies_for
from recovery.services import cover
from recovery.services.flag_rows import Concern, end_many, raise_many

_NOON = time(12)
_OPEN_VISIT = [AppointmentStatus.PLANNED.value, AppointmentStatus.BOOKED.value]
_LIVE = [FlagStatus.OPEN.value, FlagStatus.OWNED.value, FlagStatus.SNOOZED.value]
_INTERVALS: dict[str, Interval] = {
    entry.medicine.value: entry.interval
    for entry in CATALOGUE.values()
    if entry.cadence is Cadence.INTERVAL and entry.interval is not None
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenInjection:
    """An injection as staff or a patient tell it. ``given_on`` is the date where the patient was: DSL 0.

    ``verified`` False (a patient's word, "given elsewhere") is stored and moves no date. ``remind`` False
    makes the next visit without reminders.
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
        due = _begin(state, row, each.remind) if each.verified else None
        results[place] = InjectionResult(row.pk, True, list(row.warnings), due)
    _write(actor, state, new_rows)
    return [results[place] for place in range(len(injections))]


def _new_row(actor: Actor, state: _State, each: GivenInjection, key: Any) -> Injection:
    patient = state.patients[each.patient_id]
    policy = state.policies[patient.program_id]
    _check(each, patient, key, state.now)
    treatment = state.treatment_on(each.patient_id, each.given_on)
    earlier = state.given.setdefault((each.patient_id, each.medicine), [])
    if any(row.given_on == each.given_on for row in earlier):
        raise GivenThatDay("This medicine is recorded for this day already.", field="given_on")
    before = [row for row in earlier if row.given_on < each.given_on and row.verified]
    naltrexone = each.medicine == Medicine.NALTREXONE_INJECTION.value
    interval = _INTERVALS[each.medicine]
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
        verified=each.verified,
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
    if each.medicine not in _INTERVALS:
        raise BadInjection("There is no such injection.", field="medicine")
    limit = MEDICINES[Medicine(each.medicine)].dose_limit_mg
    if not 0 < Decimal(str(each.dose_mg)) <= Decimal(str(limit)):
        raise BadInjection(f"A dose must be above 0 and at most {limit:g} mg.", field="dose_mg")
    if each.site and each.site not in set(Site):
        raise BadInjection("The site is left or right.", field="site")
    if each.source not in set(ReportSource):
        raise BadInjection("There is no such source.", field="source")
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
    return next_injection(_INTERVALS[row.medicine], given_on=given or [row.given_on]).planned


def _write(actor: Actor, state: _State, rows: Sequence[Injection]) -> None:
    """Store what the batch came to: events, cover, visits, flags, audit."""
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
    end_many(actor=actor, patient_ids=in_time, kinds=[FlagKind.INJECTION_LATE], note_key="injection_given", now=now)
    cover.follow(list(state.covers.values()), state.policies, now)
    _next_visits(state)
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
        ],
        now=now,
    )
    by_program: dict[int, list[tuple[int | None, str, int | None]]] = {}
    for row in rows:
        by_program.setdefault(row.program_id, []).append((row.patient_id, "injection", row.pk))
    for program_id, objects in by_program.items():
        audit.record_many(actor=actor, action="injection.recorded", program_id=program_id, objects=objects)


def _next_visits(state: _State) -> None:
    if not state.visits:
        return
    Appointment.objects.filter(
        patient_id__in=state.visits, kind=AppointmentKind.INJECTION.value, status__in=_OPEN_VISIT
    ).update(status=AppointmentStatus.KEPT.value, ended_at=state.now)
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
        and row.verified == each.verified
    )
    for name in ("operator", "note"):
        said = getattr(each, name)
        if same and (said or getattr(row, name)):
            same = key is not None and row.opened(key, name) == said
    if not same:
        raise IdReused("This id was used before with other content.", field="client_id")


def _decimal(value: Decimal | float, places: int) -> Decimal:
    return round(Decimal(str(value)), places)
