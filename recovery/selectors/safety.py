"""Holds, stays and statements as people see them: the patient their own, staff all of it. Needs an open scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q

from backend.crypto import Key
from backend.rules.wall_time import dosing_day
from backend.selectors.keys import data_keys
from backend.selectors.people import staff_names
from recovery.models import Dose, Hold, Patient, Regimen, StatedFact, Stay
from recovery.rules import own_answers
from recovery.rules.facts import FactKind
from recovery.rules.gates import ANTAGONISTS, ENTERED_IN_ERROR
from recovery.rules.states import DoseState, Indication, OpioidHistory, counts_as_opioid
from recovery.rules.words import Language
from recovery.selectors.worklist import opened

MOST_SHOWN = 50


# --- the patient's own ---


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnHold:
    """What a person reads while prompts are on hold (S 5): that somebody works on it, and the number to call."""

    state: str
    words: str
    call_by: datetime | None
    number: str


def own_hold(*, patient: Patient, now: datetime) -> OwnHold | None:
    """The open holds of a patient as one line; None while there is none. It never says why."""
    rows = list(Hold.objects.filter(patient_id=patient.pk, lifted_at__isnull=True).order_by("call_by"))
    if not rows:
        return None
    waiting = [row for row in rows if row.understood_at is None]
    call_by = waiting[0].call_by if waiting else None
    state = "understood" if call_by is None else "late" if call_by < now else "waiting"
    language = Language(patient.language)
    time = own_answers.call_time(call_by, now=now, zone=patient.zone, language=language)
    return OwnHold(
        state=state,
        words=own_answers.working_on_it(state, language, time=time),
        call_by=call_by if state == "waiting" else None,
        number=patient.program.phone,
    )


def asks_about_first(*, patient: Patient, now: datetime) -> bool:
    """Whether to ask how the first tablet was (S 8): since it was due, until it is answered or day 2 is over."""
    if not counts_as_opioid(Indication(patient.indication), OpioidHistory(patient.opioid_history)):
        return False
    day = dosing_day(now, patient.zone)
    starts = Regimen.objects.filter(
        patient_id=patient.pk,
        ends_at__isnull=True,
        starts_on__range=(day - timedelta(days=1), day),
        medicine__in=[medicine.value for medicine in ANTAGONISTS],
    )
    first = [each for each in starts if len(each.plan.get("steps") or ()) > 1]
    if not first:
        return False
    dose = (
        Dose.objects.filter(regimen_id=first[0].pk, dosing_day=first[0].starts_on)
        .exclude(state=DoseState.CANCELLED.value)
        .first()
    )
    if dose is None or now < dose.due_at or dose.state in (DoseState.MISSED.value, DoseState.SKIPPED.value):
        return False
    answered = StatedFact.objects.filter(
        patient_id=patient.pk,
        kind__in=[FactKind.WELL_AFTER_DOSE.value, FactKind.SICK_AFTER_DOSE.value],
        received_at__gte=dose.opens_at,
    )
    return not answered.exists()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnStatement:
    """One statement with the answer that the person got. ``call_by`` None: nobody need call."""

    id: int
    client_id: UUID
    kind: str
    details: dict[str, str]
    happened_at: datetime | None
    received_at: datetime
    medicine: str
    note: str
    answer: str
    words: str
    call_by: datetime | None
    is_emergency: bool


def statements(*, patient: Patient, limit: int, before: tuple[datetime, int] | None = None) -> list[OwnStatement]:
    """Up to ``limit`` statements, newest first, after the place ``before`` (received_at, id)."""
    rows = StatedFact.objects.filter(patient_id=patient.pk)
    if before is not None:
        rows = rows.filter(Q(received_at__lt=before[0]) | Q(received_at=before[0], pk__lt=before[1]))
    return statements_shown(list(rows.order_by("-received_at", "-id")[:limit]), patient=patient)


def statements_shown(rows: Sequence[StatedFact], *, patient: Patient, number: str | None = None) -> list[OwnStatement]:
    """These rows of one patient; ``number`` is the clinic's as it is to be read, E.164 unless given."""
    key = _key(patient)
    language = Language(patient.language)
    return [
        OwnStatement(
            id=row.pk,
            client_id=row.client_id,
            kind=row.kind,
            details=row.details,
            happened_at=row.happened_at,
            received_at=row.received_at,
            medicine=opened(row, key, "medicine"),
            note=opened(row, key, "note"),
            answer=row.answer,
            words=own_answers.answer(
                row.answer,
                language,
                time=own_answers.call_time(row.call_by, now=row.received_at, zone=patient.zone, language=language),
                number=patient.program.phone if number is None else number,
            ),
            call_by=row.call_by,
            is_emergency=row.answer in own_answers.EMERGENCY,
        )
        for row in rows
    ]


# --- staff ---


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldView:
    """A hold as staff see it. ``pages`` is how often it has paged; ``note`` is opened."""

    id: int
    medicine: str
    stops: str
    cause: str
    opened_at: datetime
    opened_by: str
    from_next_window: bool
    owner_role: str
    call_by: datetime
    next_alarm_at: datetime | None
    pages: int
    in_error: bool
    """What opened it was entered in error; a prescriber has not lifted it."""
    understood_at: datetime | None
    understood_by: str
    lifted_at: datetime | None
    lifted_by: str
    lift_reason: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StayView:
    """A time away. ``is_open``: prompts rest for it."""

    id: int
    client_id: UUID
    place: str
    began_on: date
    expected_on: date | None
    ended_on: date | None
    opioids_inside: str
    doses_inside: str
    settled_at: datetime | None
    settled_by: str
    recorded_by: str
    voided: bool
    note: str

    @property
    def is_open(self) -> bool:
        return self.settled_at is None and not self.voided


@dataclass(frozen=True, slots=True, kw_only=True)
class FactView:
    """What somebody stated. ``reporter`` is '' for the patient's own word."""

    id: int
    kind: str
    details: dict[str, str]
    happened_on: date
    received_at: datetime
    source: str
    reporter: str
    medicine: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """Everything on the page: open holds first."""

    holds: list[HoldView]
    stays: list[StayView]
    facts: list[FactView]

    @property
    def open_holds(self) -> list[HoldView]:
        return [hold for hold in self.holds if hold.lifted_at is None]

    @property
    def past_holds(self) -> list[HoldView]:
        return [hold for hold in self.holds if hold.lifted_at is not None]

    @property
    def open_stay(self) -> StayView | None:
        return next((stay for stay in self.stays if stay.is_open), None)


def safety_of(*, patient: Patient) -> Safety:
    """Holds, stays and the last statements of a patient whom ``selectors.access`` has let through. Audit the read."""
    key, names = _key(patient), staff_names(program_ids=[patient.program_id])
    return Safety(
        holds=[
            hold_shown(row, key, names)
            for row in Hold.objects.filter(patient_id=patient.pk)
            .annotate(pages=Count("alarms"))
            .order_by("-opened_at", "-id")
        ],
        stays=[
            stay_shown(row, key, names)
            for row in Stay.objects.filter(patient_id=patient.pk).order_by("-began_on", "-id")
        ],
        facts=[
            FactView(
                id=row.pk,
                kind=row.kind,
                details=row.details,
                happened_on=row.happened_on,
                received_at=row.received_at,
                source=row.source,
                reporter=names.get(row.reporter_id or 0, ""),
                medicine=opened(row, key, "medicine"),
                note=opened(row, key, "note"),
            )
            for row in StatedFact.objects.filter(patient_id=patient.pk).order_by("-received_at", "-id")[:MOST_SHOWN]
        ],
    )


def hold_view(hold: Hold, *, patient: Patient) -> HoldView:
    """One hold, after an act on it."""
    hold.pages = hold.alarms.count()  # type: ignore[attr-defined]
    return hold_shown(hold, _key(patient), staff_names(program_ids=[patient.program_id]))


def stay_view(stay: Stay, *, patient: Patient) -> StayView:
    """One stay, after an act on it."""
    return stay_shown(stay, _key(patient), staff_names(program_ids=[patient.program_id]))


def hold_shown(row: Hold, key: Key | None, names: dict[int, str]) -> HoldView:
    return HoldView(
        id=row.pk,
        medicine=row.medicine,
        stops=row.stops,
        cause=row.cause,
        opened_at=row.opened_at,
        opened_by=names.get(row.opened_by_id or 0, ""),
        from_next_window=row.from_next_window,
        owner_role=row.owner_role,
        call_by=row.call_by,
        next_alarm_at=row.next_alarm_at,
        pages=row.pages,  # type: ignore[attr-defined]
        in_error=ENTERED_IN_ERROR in row.evidence,
        understood_at=row.understood_at,
        understood_by=names.get(row.understood_by_id or 0, ""),
        lifted_at=row.lifted_at,
        lifted_by=names.get(row.lifted_by_id or 0, ""),
        lift_reason=row.lift_reason,
        note=opened(row, key, "note"),
    )


def stay_shown(row: Stay, key: Key | None, names: dict[int, str]) -> StayView:
    return StayView(
        id=row.pk,
        client_id=row.client_id,
        place=row.place,
        began_on=row.began_on,
        expected_on=row.expected_on,
        ended_on=row.ended_on,
        opioids_inside=row.opioids_inside,
        doses_inside=row.doses_inside,
        settled_at=row.settled_at,
        settled_by=names.get(row.settled_by_id or 0, ""),
        recorded_by=names.get(row.recorded_by_id or 0, ""),
        voided=row.voided_at is not None,
        note=opened(row, key, "note"),
    )


def _key(patient: Patient) -> Key | None:
    return data_keys(program_id=patient.program_id, patient_ids=[patient.pk]).get(patient.pk)
