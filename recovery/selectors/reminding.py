"""What reminders asks of the clinical record: who is owed which text, and what became of its reason.

Needs an open scope. Everything is asked for many at once. A condition that only the caller
can make (no text for this slot yet) comes in as ``unless``: it refers to this query's columns
with ``OuterRef``, so that the core need not know that messages exist.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet

from backend.crypto import CannotOpen, Key
from backend.rules import wall_time
from backend.selectors.export import opened
from backend.selectors.keys import data_keys
from backend.selectors.people import programs_by_id
from recovery.models import (
    Appointment,
    ContactRules,
    CravingLog,
    Dose,
    Flag,
    Hold,
    HoldAlarm,
    Patient,
    PromptPause,
    Stay,
    Supporter,
    Task,
    Treatment,
)
from recovery.rules.gates import GateEvent, PromptStop, is_acute
from recovery.rules.medicines import Cadence
from recovery.rules.records import AppointmentKind, AppointmentStatus, PatientStatus, TaskStatus
from recovery.rules.states import DoseState, FlagKind, FlagStatus, ReportSource, Role
from recovery.rules.supporters import RIGHTS, Tier, rights_of
from recovery.rules.tasks import PROMISED, TaskKind
from recovery.selectors.around import state_today
from recovery.selectors.clinic import clinics
from recovery.selectors.holds import Stops, prompt_stops

_UPCOMING = [AppointmentStatus.PLANNED.value, AppointmentStatus.BOOKED.value]
_GONE = [PatientStatus.EXITED.value, PatientStatus.DECEASED.value]
_SAID = [DoseState.TAKEN.value, DoseState.SKIPPED.value, DoseState.MISSED.value]
_OWN_WORD = [ReportSource.APP.value, ReportSource.SMS.value]
_EVERY_DAY = {Cadence.DAILY.value, Cadence.OBSERVED_DAILY.value}


# --- people -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reminded:
    """What planning needs to know of a patient: no number."""

    patient_id: int
    program_id: int
    zone: ZoneInfo
    language: str
    phone_shared: bool
    exited: bool
    deceased: bool


@dataclass(frozen=True, slots=True)
class Contact(Reminded):
    """How a patient is reached. ``phone`` is E.164, '' when none is known or the key was destroyed."""

    phone: str
    phone_index: bytes | None
    word: str = ""  # what the patient agreed to have it called (S 21)

    def __repr__(self) -> str:
        return f"Contact(patient_id={self.patient_id})"


def reminded(patient_ids: Iterable[int]) -> dict[int, Reminded]:
    """What planning needs to know of these patients by patient id. Opens nothing."""
    rows = Patient.objects.filter(pk__any=set(patient_ids)).values_list(
        "pk", "program_id", "zone", "language", "phone_shared", "status"
    )
    return {
        pk: Reminded(
            patient_id=pk,
            program_id=program_id,
            zone=ZoneInfo(zone),
            language=language,
            phone_shared=shared,
            exited=status == PatientStatus.EXITED.value,
            deceased=status == PatientStatus.DECEASED.value,
        )
        for pk, program_id, zone, language, shared, status in rows
    }


def contacts(patient_ids: Iterable[int]) -> dict[int, Contact]:
    """The contacts of these patients by patient id. Opens numbers: for the wire only."""
    people = list(
        Patient.objects.filter(pk__any=set(patient_ids)).only(
            "uid", "program_id", "zone", "language", "phone", "phone_index", "phone_shared", "status"
        )
    )
    keys = data_keys(patient_ids=[person.pk for person in people if person.phone])
    words = agreed_words(keys)
    found = {}
    for person in people:
        phone = ""
        if person.phone and person.pk in keys:
            try:
                phone = person.opened(keys[person.pk], "phone")
            except CannotOpen:
                phone = ""
        found[person.pk] = Contact(
            patient_id=person.pk,
            program_id=person.program_id,
            zone=ZoneInfo(person.zone),
            language=person.language,
            phone=phone,
            phone_index=bytes(person.phone_index) if person.phone_index else None,
            phone_shared=person.phone_shared,
            exited=person.status == PatientStatus.EXITED.value,
            deceased=person.status == PatientStatus.DECEASED.value,
            word=words.get(person.pk, ""),
        )
    return found


def agreed_words(keys: Mapping[int, Key]) -> dict[int, str]:
    """The word that each patient agreed on, where there is one. ``keys`` are their data keys."""
    rows = ContactRules.objects.filter(patient_id__any=list(keys), agreed_word__isnull=False)
    return {row.patient_id: opened(row, keys[row.patient_id], "agreed_word") for row in rows}


def zones(patient_ids: Iterable[int]) -> dict[int, ZoneInfo]:
    """The zone of each patient, without opening anything."""
    rows = Patient.objects.filter(pk__any=set(patient_ids)).values_list("pk", "zone")
    return {pk: ZoneInfo(zone) for pk, zone in rows}


@dataclass(frozen=True, slots=True)
class PhoneHolder:
    """A patient whose number this is."""

    patient_id: int
    program_id: int
    language: str
    phone_index: bytes
    shared: bool


def phone_holders(phone_indexes: Collection[bytes]) -> list[PhoneHolder]:
    """The patients with one of these numbers, by patient id; several when a number is shared.

    A patient who left or died still holds the number: their STOP counts and their crisis is heard.
    """
    rows = (
        Patient.objects.filter(phone_index__any=list(phone_indexes))
        .order_by("pk")
        .values_list("pk", "program_id", "language", "phone_index", "phone_shared")
    )
    return [
        PhoneHolder(pk, program, language, bytes(index), shared)
        for pk, program, language, index, shared in rows
        if index is not None
    ]


def gone_patients() -> QuerySet[Patient]:
    """Patients who left or died, for use inside an Exists; ``status`` says which."""
    return Patient.objects.filter(status__in=_GONE)


def last_answers(patient_ids: Collection[int], *, since: date) -> dict[int, date]:
    """The last local day on which each patient said anything about a dose or a craving, from ``since`` on."""
    last: dict[int, date] = {}
    doses = Dose.objects.filter(
        patient_id__any=patient_ids, dosing_day__gte=since, state__in=_SAID, source__in=_OWN_WORD
    ).values_list("patient_id", "dosing_day")
    cravings = CravingLog.objects.filter(patient_id__any=patient_ids, local_day__gte=since).values_list(
        "patient_id", "local_day"
    )
    for rows in (doses, cravings):
        for patient_id, day in rows:
            if patient_id not in last or day > last[patient_id]:
                last[patient_id] = day
    return last


def out_of_reach(patient_ids: Collection[int]) -> set[int]:
    """Of these patients the ones with a live concern that nothing reaches them."""
    return set(
        Flag.objects.filter(patient_id__any=patient_ids, kind=FlagKind.CONTACT_LOST.value)
        .exclude(status__in=[FlagStatus.CLOSED.value, FlagStatus.RETURNED.value])
        .values_list("patient_id", flat=True)
    )


def patients_with_task(*, kind: TaskKind, limit: int) -> list[int]:
    """Patients for whom work of this kind is open, ascending."""
    rows = Task.objects.filter(kind=kind.value, status=TaskStatus.OPEN.value).order_by("patient_id")
    return list(rows.values_list("patient_id", flat=True)[:limit])


def open_treatments(patient_ids: Collection[int]) -> dict[int, int]:
    """The running treatment of each patient who has one."""
    rows = Treatment.objects.filter(patient_id__any=patient_ids, ended_on__isnull=True)
    return dict(rows.values_list("patient_id", "pk"))


# --- doses --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OwedDose:
    """A dose as reminders sees it; not yet reported unless ``reported``."""

    dose_id: int
    patient_id: int
    treatment_id: int
    dosing_day: date
    ordinal: int
    due_at: datetime
    closes_at: datetime
    reported: bool
    stopped: bool
    observed: bool
    every_day: bool
    doses_that_day: int
    chosen_outside: bool
    opted_in: bool


def patients_to_remind(*, due_from: datetime, due_until: datetime, unless: Exists, limit: int) -> list[int]:
    """Patients with a dose to remind of that has no text yet, each once, whose dose is due first first.

    ``unless`` may refer to ``treatment_id``, ``dosing_day``, ``ordinal``, ``due_at`` and ``closes_at``. One query for
    all of them, at most ``limit`` doses: page by page PostgreSQL would look at everything that remains each time.
    """
    rows = Dose.objects.filter(
        due_at__gte=due_from,
        due_at__lt=due_until,
        state=DoseState.SCHEDULED.value,
        regimen__reminders=True,
        regimen__ends_at__isnull=True,
    ).exclude(patient__status__in=_GONE)
    resting = PromptPause.objects.filter(
        patient_id=OuterRef("patient_id"),
        ended_at__isnull=True,
        first_day__lte=OuterRef("dosing_day"),
        last_day__gte=OuterRef("dosing_day"),
    )
    rows = rows.filter(~Exists(resting), ~unless).order_by("due_at", "pk")
    return list(dict.fromkeys(rows.values_list("patient_id", flat=True)[:limit]))


def owed_doses(patient_ids: Collection[int], *, first_day: date, last_day: date) -> list[OwedDose]:
    """All doses of these patients on these dosing days that were not cancelled."""
    rows = list(
        Dose.objects.filter(patient_id__any=patient_ids, dosing_day__range=(first_day, last_day))
        .exclude(state=DoseState.CANCELLED.value)
        .order_by("patient_id", "dosing_day", "ordinal")
        .values_list(
            "pk",
            "patient_id",
            "treatment_id",
            "dosing_day",
            "ordinal",
            "due_at",
            "closes_at",
            "state",
            "regimen__reminders",
            "regimen__outside_window_ok",
            "regimen__plan__cadence",
            "regimen__plan__observed",
            "regimen__medicine",
            "opens_at",
        )
    )
    stops = prompt_stops({row[1] for row in rows})
    on_day: dict[tuple[int, date], int] = {}
    for row in rows:
        on_day[row[1], row[3]] = on_day.get((row[1], row[3]), 0) + 1
    return [
        OwedDose(
            dose_id=row[0],
            patient_id=row[1],
            treatment_id=row[2],
            dosing_day=row[3],
            ordinal=row[4],
            due_at=row[5],
            closes_at=row[6],
            reported=row[7] not in (DoseState.SCHEDULED.value, DoseState.HELD.value),
            stopped=row[7] == DoseState.HELD.value or _stop_of(stops, row[1], row[12], row[13]) is not None,
            observed=bool(row[11]),
            every_day=row[10] in _EVERY_DAY,
            doses_that_day=on_day[row[1], row[3]],
            chosen_outside=row[9],
            opted_in=row[8],
        )
        for row in rows
    ]


def _stop_of(stops: Mapping[int, Stops], patient_id: int, medicine: str, opens_at: datetime) -> PromptStop | None:
    mine = stops.get(patient_id)
    return None if mine is None else mine.of(medicine, opens_at=opens_at)


def awaited_doses() -> QuerySet[Dose]:
    """Doses that a reminder still makes sense for, for use inside an Exists."""
    return Dose.objects.filter(state=DoseState.SCHEDULED.value, regimen__reminders=True)


Slot = tuple[int, date, int]
"""Treatment, dosing day, ordinal: what a dose's text is keyed by. It outlives an edit of the schedule."""


@dataclass(frozen=True, slots=True)
class SlotState:
    """What became of the dose in a slot. ``reminders_that_day`` is how many the patient opted into."""

    dose_id: int
    patient_id: int
    answered: bool
    held: bool
    away: bool
    opted_in: bool
    reminders_that_day: int


def slot_states(slots: Collection[Slot]) -> dict[Slot, SlotState]:
    """The dose in each slot; a slot whose dose was cancelled and not replaced is absent."""
    rows = list(
        Dose.objects.filter(treatment_id__any={s[0] for s in slots}, dosing_day__any={s[1] for s in slots})
        .exclude(state=DoseState.CANCELLED.value)
        .values_list(
            "treatment_id",
            "dosing_day",
            "ordinal",
            "pk",
            "patient_id",
            "state",
            "regimen__reminders",
            "regimen__medicine",
            "opens_at",
        )
    )
    stops = prompt_stops({row[4] for row in rows})
    reminded: dict[tuple[int, date], int] = {}
    for row in rows:
        reminded[row[0], row[1]] = reminded.get((row[0], row[1]), 0) + row[6]
    return {
        (row[0], row[1], row[2]): SlotState(
            dose_id=row[3],
            patient_id=row[4],
            answered=row[5] not in (DoseState.SCHEDULED.value, DoseState.HELD.value),
            held=row[5] == DoseState.HELD.value or _stop_of(stops, row[4], row[7], row[8]) is PromptStop.HOLD,
            away=row[4] in stops and stops[row[4]].away,
            opted_in=row[6],
            reminders_that_day=reminded[row[0], row[1]],
        )
        for row in rows
    }


# --- holds and stays ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OwedHold:
    """An open hold that staff have not yet explained. ``call_by``: local "HH:MM" while no line is staffed (S 5)."""

    hold_id: int
    patient_id: int
    program_id: int
    opened_at: datetime
    acute: bool
    call_by: str | None


def patients_with_holds(*, opened_after: datetime, unless: Exists, limit: int = 10_000) -> list[int]:
    """Patients with an open hold that no text told of, ascending. ``unless`` may refer to ``pk``."""
    return list(
        _untold_holds(opened_after)
        .filter(~unless)
        .order_by("patient_id")
        .values_list("patient_id", flat=True)
        .distinct()[:limit]
    )


def _untold_holds(opened_after: datetime) -> QuerySet[Hold]:
    return Hold.objects.filter(lifted_at__isnull=True, understood_at__isnull=True, opened_at__gt=opened_after).exclude(
        patient__status__in=_GONE
    )


def owed_holds(patient_ids: Collection[int], *, opened_after: datetime, now: datetime) -> dict[int, OwedHold]:
    """The hold that each patient should hear of: the first of those that came together."""
    rows = list(
        _untold_holds(opened_after)
        .filter(patient_id__any=list(patient_ids))
        .order_by("opened_at", "pk")
        .values_list("pk", "patient_id", "program_id", "opened_at", "cause", "call_by", "patient__zone")
    )
    here = programs_by_id({row[2] for row in rows})
    hours = clinics(here)
    found: dict[int, OwedHold] = {}
    for pk, patient_id, program_id, opened_at, cause, call_by, zone in rows:
        staffed = here[program_id].night_on_call or hours[program_id].is_open(now)
        local = call_by.astimezone(ZoneInfo(zone))
        found.setdefault(
            patient_id,
            OwedHold(
                hold_id=pk,
                patient_id=patient_id,
                program_id=program_id,
                opened_at=opened_at,
                acute=is_acute(GateEvent(cause)),
                call_by=None if staffed else f"{local:%H:%M}",
            ),
        )
    return found


def holds_still_open(hold_ids: Collection[int]) -> dict[int, bool]:
    """Of these holds the open ones: whether staff recorded that the patient understood. Lifted ones are absent."""
    rows = Hold.objects.filter(pk__in=hold_ids, lifted_at__isnull=True)
    return {pk: at is not None for pk, at in rows.values_list("pk", "understood_at")}


@dataclass(frozen=True, slots=True)
class Rest:
    """Why texts of one patient rest. ``prompts``: the days, both ends included. ``inside``: away, not back yet."""

    prompts: tuple[tuple[date, date], ...]
    inside: bool = False

    def covers(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.prompts)


def rests_of(patient_ids: Collection[int]) -> dict[int, Rest]:
    """What rests, by patient, absent where nothing does.

    Prompts rest on the days that somebody chose, and from the first day away until staff asked what was given
    (S 7).
    """
    if not patient_ids:
        return {}
    ids = list(patient_ids)
    found: dict[int, Rest] = {}
    stays = Stay.objects.filter(patient_id__any=ids, settled_at__isnull=True, voided_at__isnull=True)
    for patient_id, began_on, ended_on in stays.values_list("patient_id", "began_on", "ended_on"):
        found[patient_id] = Rest(((began_on, date.max),), inside=ended_on is None)
    pauses = PromptPause.objects.filter(patient_id__any=ids, ended_at__isnull=True)
    for patient_id, first_day, last_day in pauses.values_list("patient_id", "first_day", "last_day"):
        before = found.get(patient_id, Rest(()))
        found[patient_id] = Rest((*before.prompts, (first_day, last_day)), before.inside)
    return found


@dataclass(frozen=True, slots=True)
class UntoldAlarm:
    """A page about an open hold that nobody was told of yet (S 5)."""

    alarm_id: int
    hold_id: int
    program_id: int
    team_id: int | None
    to_role: Role
    day: date  # local to the program


def untold_alarms(*, since: datetime, unless: Q, limit: int = 500) -> list[UntoldAlarm]:
    """Pages about holds that are still open, oldest first. ``unless`` may refer to ``pk`` and ``hold_id``."""
    rows = list(
        HoldAlarm.objects.filter(written_at__gt=since, hold__lifted_at__isnull=True)
        .filter(~unless)
        .order_by("at", "pk")
        .values_list("pk", "hold_id", "program_id", "patient__team_id", "to_role", "at")[:limit]
    )
    zones = {pk: program.zone for pk, program in programs_by_id({row[2] for row in rows}).items()}
    return [
        UntoldAlarm(pk, hold, program, team, Role(role), wall_time.local_date(at, zones[program]))
        for pk, hold, program, team, role, at in rows
    ]


@dataclass(frozen=True, slots=True)
class OwedCall:
    """A promised call whose time has passed. ``day``: the patient's local day on which it was to be."""

    task_id: int
    patient_id: int
    program_id: int
    team_id: int | None
    day: date
    today: date  # local to the program
    clinic_open: bool


def owed_calls(*, now: datetime, since: datetime, unless: Exists, limit: int = 1000) -> list[OwedCall]:
    """Promised calls that are due since ``since`` and not made, oldest first. ``unless`` may refer to ``pk``."""
    rows = list(
        Task.objects.filter(
            kind__in=[kind.value for kind in PROMISED],
            status=TaskStatus.OPEN.value,
            due_at__range=(since, now),
        )
        .exclude(patient__status__in=_GONE)
        .filter(~unless)
        .order_by("due_at", "pk")
        .values_list("pk", "patient_id", "program_id", "patient__team_id", "patient__zone", "due_at")[:limit]
    )
    if not rows:
        return []
    here = {row[2] for row in rows}
    hours, known = clinics(here), programs_by_id(here)
    return [
        OwedCall(
            task_id=pk,
            patient_id=patient,
            program_id=program,
            team_id=team,
            day=wall_time.local_date(due_at, zone),
            today=wall_time.local_date(now, known[program].zone),
            clinic_open=hours[program].is_open(now),
        )
        for pk, patient, program, team, zone, due_at in rows
    ]


def tasks_still_open(task_ids: Collection[int]) -> set[int]:
    """Of these tasks the ones that nobody has ended."""
    rows = Task.objects.filter(pk__in=task_ids, status=TaskStatus.OPEN.value)
    return set(rows.values_list("pk", flat=True))


# --- visits ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OwedVisit:
    """An appointment to come, or one that passed without being kept."""

    appointment_id: int
    patient_id: int
    program_id: int
    day: date
    starts_at: datetime | None
    settled: bool  # the patient said that the day suits, or asked for another


def patients_with_visits(*, first_day: date, last_day: date, unless: dict[int, Q], limit: int) -> list[int]:
    """Patients with a text owed about a visit, ascending.

    ``unless`` has, by the text's day counted from the visit's (-7 is a week before), the condition that
    none is needed; it may refer to columns of the visit. The days are those on which texts leave.
    """
    owed = Q()
    for offset, told in unless.items():
        span = (first_day - timedelta(days=offset), last_day - timedelta(days=offset))
        owed |= Q(Q(due_on__range=span) & ~told)
    inside = Stay.objects.filter(
        patient_id=OuterRef("patient_id"), settled_at__isnull=True, voided_at__isnull=True, ended_on__isnull=True
    )
    return list(
        Appointment.objects.filter(owed, ~Exists(inside), status__in=_UPCOMING, remind=True)
        .exclude(patient__status__in=_GONE)
        .order_by("patient_id")
        .values_list("patient_id", flat=True)
        .distinct()[:limit]
    )


def owed_visits(patient_ids: Collection[int], *, first_day: date, last_day: date) -> list[OwedVisit]:
    """Visits to remind of, of these patients, on these local days."""
    rows = Appointment.objects.filter(
        patient_id__any=patient_ids, due_on__range=(first_day, last_day), status__in=_UPCOMING, remind=True
    ).order_by("patient_id", "due_on", "pk")
    return [
        OwedVisit(pk, patient, program, day, starts_at, bool(confirmed_at or another_time_at))
        for pk, patient, program, day, starts_at, confirmed_at, another_time_at in rows.values_list(
            "pk", "patient_id", "program_id", "due_on", "starts_at", "confirmed_at", "another_time_at"
        )
    ]


def visits_passed(*, first_day: date, last_day: date, limit: int) -> list[OwedVisit]:
    """Visits that should have been on these days and that nobody closed, without those for an injection.

    Left out is who asked for another time, who has a later visit, and for whom a task already looks for one.
    """
    mine = OuterRef("patient_id")
    later = Appointment.objects.filter(patient_id=mine, due_on__gt=last_day, status__in=_UPCOMING)
    looked_for = Task.objects.filter(
        patient_id=mine,
        kind__in=[TaskKind.FIND_VISIT.value, TaskKind.ANOTHER_TIME.value],
        status=TaskStatus.OPEN.value,
    )
    rows = (
        Appointment.objects.filter(
            due_on__range=(first_day, last_day), status__in=_UPCOMING, remind=True, another_time_at__isnull=True
        )
        .exclude(kind=AppointmentKind.INJECTION.value)
        .exclude(patient__status__in=_GONE)
        .filter(~Exists(later), ~Exists(looked_for))
        .order_by("due_on", "pk")
    )
    return [
        OwedVisit(pk, patient, program, day, None, settled=False)
        for pk, patient, program, day in rows.values_list("pk", "patient_id", "program_id", "due_on")[:limit]
    ]


def awaited_visits() -> QuerySet[Appointment]:
    """Visits that a text still makes sense for, for use inside an Exists."""
    return Appointment.objects.filter(status__in=_UPCOMING, remind=True)


@dataclass(frozen=True, slots=True)
class AwaitedVisit:
    """A visit that is still to be kept. ``settled``: the patient said that the day suits, or asked for another."""

    day: date
    settled: bool


def awaited_visits_by_id(appointment_ids: Collection[int]) -> dict[int, AwaitedVisit]:
    """Of these visits those that are still to be kept; others are absent."""
    rows = awaited_visits().filter(pk__in=appointment_ids)
    return {
        pk: AwaitedVisit(day, bool(confirmed_at or another_time_at))
        for pk, day, confirmed_at, another_time_at in rows.values_list(
            "pk", "due_on", "confirmed_at", "another_time_at"
        )
    }


# --- flags ------------------------------------------------------------------------------------------


def flags_still_open(flag_ids: Collection[int]) -> dict[int, bool]:
    """Of these flags the live ones: whether nobody has taken it yet. Closed and returned ones are absent."""
    rows = Flag.objects.filter(pk__in=flag_ids).exclude(status__in=[FlagStatus.CLOSED.value, FlagStatus.RETURNED.value])
    return {pk: status == FlagStatus.OPEN.value for pk, status in rows.values_list("pk", "status")}


def program_numbers(program_ids: Iterable[int]) -> dict[int, str]:
    """The number that patients of each program call, '' where none is set."""
    return {pk: program.phone for pk, program in programs_by_id(program_ids).items()}


def neutral_names(program_ids: Iterable[int]) -> dict[int, str]:
    """The name by which each program signs its texts."""
    return {pk: program.neutral_name for pk, program in programs_by_id(program_ids).items()}


def next_opening(*, program_id: int, now: datetime) -> datetime | None:
    """When somebody is next at the clinic: ``now`` while it is open; None when it never opens."""
    clinic = clinics([program_id])[program_id]
    return now if clinic.is_open(now) else clinic.next_working_morning(now)


# --- supporters -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Greeting:
    """A supporter whose fixed weekday ``day`` is. It says nothing of the patient."""

    supporter_id: int
    patient_id: int
    program_id: int
    zone: ZoneInfo
    language: str
    day: date


def supporters_to_greet(*, days: Collection[date], unless: Exists, after: int = 0, limit: int = 1000) -> list[Greeting]:
    """Supporters whose weekday is one of ``days`` (at most seven) without a text yet, by id after ``after``.

    Both consents count: they agreed, the patient's permission reaches that day, nobody ended it, and the tier
    has texts. No concern about a patient is asked for here, nor may one ever be (SMS 20). ``unless`` may
    refer to ``pk``. The days are of the patient's calendar.
    """
    on = {day.weekday(): day for day in days}
    due = Q(*(Q(weekday=weekday, expires_on__gte=day) for weekday, day in on.items()), _connector=Q.OR)
    rows = (
        Supporter.objects.filter(
            due,
            pk__gt=after,
            ended_at__isnull=True,
            agreed_at__isnull=False,
            tier__in=[tier.value for tier, rights in RIGHTS.items() if rights.calendar_text],
        )
        .exclude(patient__status__in=_GONE)
        .filter(~unless)
        .order_by("pk")
        .values_list("pk", "patient_id", "program_id", "patient__zone", "language", "weekday")[:limit]
    )
    return [
        Greeting(pk, patient, program, ZoneInfo(zone), language, on[weekday])
        for pk, patient, program, zone, language, weekday in rows
        if weekday is not None
    ]


@dataclass(frozen=True, slots=True)
class SupporterContact:
    """How a supporter is reached. ``may_text``: both consents are in force today, and the tier has texts."""

    phone: str
    phone_index: bytes
    may_text: bool

    def __repr__(self) -> str:
        return "SupporterContact()"


def supporter_contacts(supporter_ids: Collection[int], *, now: datetime) -> dict[int, SupporterContact]:
    """The contacts of these supporters by id. Opens numbers: for the wire only."""
    rows = list(Supporter.objects.filter(pk__in=supporter_ids).select_related("patient"))
    keys = data_keys(patient_ids={row.patient_id for row in rows}) if rows else {}
    found = {}
    for row in rows:
        state = state_today(row, today=wall_time.local_date(now, row.patient.zone))
        found[row.pk] = SupporterContact(
            phone=opened(row, keys.get(row.patient_id), "phone"),
            phone_index=bytes(row.phone_index),
            may_text=rights_of(Tier(row.tier), state).calendar_text,
        )
    return found
