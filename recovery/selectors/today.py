"""What a patient sees of today: the doses of the dosing day and the next visit, in plain words.

Nothing here advises anybody to take or not to take a medicine, and nothing names one: a
phone lies on a table.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from backend.rules import wall_time
from recovery.models import Appointment, Dose, DoseReport, Patient, Regimen
from recovery.rules.dose_state import SAID, state_at
from recovery.rules.flag_texts import Notice
from recovery.rules.medicines import CATALOGUE, Cadence
from recovery.rules.records import AppointmentStatus
from recovery.rules.states import DoseState, Statement
from recovery.rules.words import Language, long_date
from recovery.selectors.holds import Stops, prompt_stops
from recovery.selectors.own_notices import own_notices
from recovery.selectors.safety import OwnHold, asks_about_first, own_hold

UPCOMING = [AppointmentStatus.PLANNED.value, AppointmentStatus.BOOKED.value]

STATE_WORDS = {
    Language.ENGLISH: {
        DoseState.SCHEDULED: "Planned for later.",
        DoseState.DUE: "It is time for this one.",
        DoseState.OVERDUE: "You have not told us about this one yet.",
        DoseState.TAKEN: "You told us: taken.",
        DoseState.SKIPPED: "You told us: not taken.",
        DoseState.MISSED: "You told us: not taken.",
        DoseState.HELD: "Please talk with us before this one.",
        DoseState.NOT_REPORTED: "You have not told us about this one. You still can.",
    },
    Language.SPANISH: {
        DoseState.SCHEDULED: "Prevista para más tarde.",
        DoseState.DUE: "Es la hora de esta.",
        DoseState.OVERDUE: "Todavía no nos dijo nada de esta.",
        DoseState.TAKEN: "Nos dijo: tomada.",
        DoseState.SKIPPED: "Nos dijo: no tomada.",
        DoseState.MISSED: "Nos dijo: no tomada.",
        DoseState.HELD: "Por favor, hable con nosotros antes de esta.",
        DoseState.NOT_REPORTED: "No nos dijo nada de esta. Todavía puede.",
    },
}
_VISIT = {
    Language.ENGLISH: ("Your next visit is on {day}.", "Your visit date has passed. Want help finding a new time?"),
    Language.SPANISH: (
        "Su próxima visita es el {day}.",
        "La fecha de su visita ya pasó. ¿Quiere ayuda para encontrar otra?",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseToday:
    """One slot as the patient sees it. ``can_report``: a report may be sent now."""

    id: int
    dosing_day: date
    ordinal: int
    due_at: datetime
    opens_at: datetime
    closes_at: datetime
    state: DoseState
    taken_at: datetime | None
    can_report: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NextVisit:
    """The next visit, or one whose day has passed and that nobody closed. ``due_on``: local day."""

    id: int
    due_on: date
    starts_at: datetime | None
    has_passed: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """``day`` is the dosing day (it rolls at 04:00), ``calendar_day`` the date, both in ``zone``.

    ``when_wanted``: targeted use is ordered; ``taken_when_wanted`` is how often that was told for this dosing day.
    """

    day: date
    calendar_day: date
    zone: str
    language: str
    clinic_phone: str
    doses: list[DoseToday]
    next_visit: NextVisit | None
    hold: OwnHold | None
    ask_about_first: bool
    notices: list[Notice]
    when_wanted: bool
    taken_when_wanted: int


def today(*, patient: Patient, now: datetime) -> Today:
    """Today of one patient, in their own zone and language. Needs an open scope."""
    language = Language(patient.language)
    calendar_day = wall_time.local_date(now, patient.zone)
    visit = _next_visit(patient, calendar_day, language)
    hold = own_hold(patient=patient, now=now)
    day = wall_time.dosing_day(now, patient.zone)
    wanted = _takes_when_wanted(patient, day)
    return Today(
        day=day,
        calendar_day=calendar_day,
        zone=patient.zone,
        language=patient.language,
        clinic_phone=patient.program.phone,
        doses=_doses(patient, now, language),
        next_visit=visit,
        hold=hold,
        ask_about_first=asks_about_first(patient=patient, now=now),
        notices=own_notices(
            patient=patient,
            held=hold is not None,
            visit_ahead=visit is not None and not visit.has_passed,
            now=now,
        ),
        when_wanted=wanted,
        taken_when_wanted=_taken_when_wanted(patient, day) if wanted else 0,
    )


def _takes_when_wanted(patient: Patient, day: date) -> bool:
    """Whether targeted use is ordered (C 1 row 17): a tablet before a time of high risk, with no slots."""
    kinds = (
        Regimen.objects.filter(patient_id=patient.pk, ends_at__isnull=True, starts_on__lte=day)
        .filter(Q(last_day__isnull=True) | Q(last_day__gte=day))
        .values_list("kind", flat=True)
    )
    return any(CATALOGUE[kind].cadence is Cadence.TARGETED for kind in kinds if kind in CATALOGUE)


def _taken_when_wanted(patient: Patient, day: date) -> int:
    return DoseReport.objects.filter(
        program_id=patient.program_id,
        patient_id=patient.pk,
        on_day=day,
        dose__isnull=True,
        statement=Statement.TAKEN.value,
    ).count()


def _doses(patient: Patient, now: datetime, language: Language) -> list[DoseToday]:
    """The slots of this dosing day, and any of the day before whose window is still open."""
    rows = (
        Dose.objects.filter(program_id=patient.program_id, patient_id=patient.pk)
        .filter(Q(dosing_day=wall_time.dosing_day(now, patient.zone)) | Q(opens_at__lte=now, day_ends_at__gt=now))
        .exclude(state=DoseState.CANCELLED.value)
        .order_by("due_at", "ordinal", "id")
    )
    stops = prompt_stops([patient.pk]).get(patient.pk, Stops())
    return [
        _dose(row, now, language, held=stops.holds_dose(row.regimen.medicine, opens_at=row.opens_at))
        for row in rows.select_related("regimen")
    ]


def _dose(row: Dose, now: datetime, language: Language, *, held: bool) -> DoseToday:
    state = state_at(
        stored=DoseState(row.state),
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        day_ends_at=row.day_ends_at,
        now=now,
    )
    if held and state not in SAID:
        state = DoseState.HELD
    return DoseToday(
        id=row.pk,
        dosing_day=row.dosing_day,
        ordinal=row.ordinal,
        due_at=row.due_at,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        state=state,
        taken_at=row.taken_at,
        can_report=row.opens_at <= now or state in SAID,
        words=STATE_WORDS[language][state],
    )


def _next_visit(patient: Patient, calendar_day: date, language: Language) -> NextVisit | None:
    rows = Appointment.objects.filter(
        program_id=patient.program_id, patient_id=patient.pk, status__in=UPCOMING
    ).order_by("due_on", "id")
    row = rows.filter(due_on__gte=calendar_day).first() or rows.last()
    if row is None:
        return None
    has_passed = row.due_on < calendar_day
    coming, passed = _VISIT[language]
    return NextVisit(
        id=row.pk,
        due_on=row.due_on,
        starts_at=row.starts_at,
        has_passed=has_passed,
        words=passed if has_passed else coming.format(day=long_date(row.due_on, language)),
    )
