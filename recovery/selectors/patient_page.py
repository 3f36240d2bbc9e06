"""Everything that the staff's page of one patient shows, and what the patient's own page shows.

Sealed text is opened here: whoever calls this writes the read into the audit. Doses come with
the state of this instant, whether or not the tick that closes days has run.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from backend.access import Actor
from backend.crypto import Key
from backend.rules.wall_time import dosing_day, local_date
from backend.selectors.keys import data_keys
from backend.selectors.people import staff_names
from recovery.models import (
    Appointment,
    CravingLog,
    Dose,
    DoseReport,
    Flag,
    Injection,
    Outreach,
    Patient,
    Regimen,
    Treatment,
    TriggerEntry,
)
from recovery.rules import cover, cravings, dose_state
from recovery.rules.policy import Policy
from recovery.rules.records import Substance
from recovery.rules.states import Band, DoseState, FlagStatus, Indication, ReportSource, Statement
from recovery.selectors.around import ReachView, reach_of
from recovery.selectors.policy import policy_for
from recovery.selectors.tasks import TaskRow, open_tasks
from recovery.selectors.today import UPCOMING, Today
from recovery.selectors.today import today as today_of
from recovery.selectors.worklist import WorklistRow, flag_sentence, opened, worklist_rows

STRIP_WEEKS = 6
CHART_DAYS = 60
ANSWERABLE_DAYS = 3
"""How many days back the patient's own page still asks about a day that nobody reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseView:
    """One dose as it is to be shown now. ``says`` lists the sources side by side when they differ."""

    dose_id: int
    day: date
    ordinal: int
    due_at: datetime
    state: DoseState
    timeliness: str
    taken_at: datetime | None
    source: str
    backfilled: bool
    says: tuple[dose_state.SourceSays, ...] = ()


@dataclass(frozen=True, slots=True)
class CoverView:
    """Where injection cover stands. ``dsl`` are the days since the injection of ``given_on``."""

    band: Band
    dsl: int
    given_on: date
    next_due_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class CravingView:
    """One reading, 0 to 10."""

    felt_at: datetime
    day: date
    intensity: int
    confidence: int | None
    substance: str
    note: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InjectionView:
    """One injection as recorded."""

    injection_id: int
    given_on: date
    medicine: str
    dose_mg: Decimal
    site: str
    lot: str
    lot_expires_on: date | None
    needle_inches: Decimal | None
    operator: str
    note: str
    source: str
    verified: bool
    warnings: tuple[str, ...]
    voided: bool
    recorded_by: str


@dataclass(frozen=True, slots=True)
class VisitView:
    """One appointment. ``starts_at`` is None while only the day is known."""

    kind: str
    due_on: date
    starts_at: datetime | None
    status: str


@dataclass(frozen=True, slots=True)
class TriggerView:
    """One entry of the trigger journal."""

    happened_at: datetime
    origin: str
    kind: str
    tag: str
    intensity: int | None
    helped: bool | None
    note: str


@dataclass(frozen=True, slots=True)
class OutreachView:
    """One contact or attempt."""

    at: datetime
    channel: str
    outcome: str
    by_name: str
    note: str


@dataclass(frozen=True, slots=True)
class ClosedFlagView:
    """A flag of the past: why it was there and how it ended."""

    sentence: str
    opened_at: datetime
    closed_at: datetime
    closed_by: str
    outcome: str
    note: str


@dataclass(frozen=True, slots=True)
class RegimenView:
    """How a medicine is taken at present."""

    kind: str
    medicine: str
    starts_on: date
    last_day: date | None
    reminders: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientPage:
    """The staff's page of one patient. ``name`` is '' where the record was erased."""

    patient_id: int
    number: int
    program_id: int
    program_name: str
    program_zone: str
    name: str
    call_name: str
    phone: str
    contact_note: str
    reach: ReachView
    born_on: str
    language: str
    zone: str
    local_now: datetime
    today: date
    status: str
    indication: str
    phone_shared: bool
    in_treatment: bool
    flags: list[WorklistRow]
    tasks: list[TaskRow]
    closed_flags: list[ClosedFlagView]
    regimens: list[RegimenView]
    cover: CoverView | None
    unprotected_since: datetime | None
    strip_from: date
    doses: list[DoseView]
    chart_from: date
    cravings: list[CravingView]
    usual_craving: float | None
    injections: list[InjectionView]
    upcoming: list[VisitView]
    past_visits: list[VisitView]
    triggers: list[TriggerView]
    outreach: list[OutreachView]

    @property
    def not_reported(self) -> list[DoseView]:
        """Doses that nobody said anything about, newest first."""
        return [dose for dose in reversed(self.doses) if dose.state is DoseState.NOT_REPORTED]


def patient_page(*, patient: Patient, now: datetime, viewer: Actor) -> PatientPage:
    """Gather the page of a patient whom ``selectors.access`` has let through. Needs an open scope."""
    policy = policy_for(patient.program_id)
    key = data_keys(program_id=patient.program_id, patient_ids=[patient.pk]).get(patient.pk)
    names = staff_names(program_ids=[patient.program_id])
    today = dosing_day(now, patient.zone)
    monday = today - timedelta(days=today.weekday())
    strip_from = monday - timedelta(weeks=STRIP_WEEKS - 1)
    chart_from = today - timedelta(days=CHART_DAYS - 1)
    treatment = Treatment.objects.filter(patient_id=patient.pk, ended_on__isnull=True).first()
    doses = _doses(patient.pk, strip_from, monday + timedelta(days=6), now)
    logs = _cravings(patient.pk, chart_from, key)
    visits = _visits(patient.pk)
    return PatientPage(
        patient_id=patient.pk,
        number=patient.number,
        program_id=patient.program_id,
        program_name=patient.program.name,
        program_zone=patient.program.zone,
        name=opened(patient, key, "name"),
        call_name=opened(patient, key, "call_name"),
        phone=opened(patient, key, "phone"),
        contact_note=opened(patient, key, "contact_note"),
        reach=reach_of(patient=patient),
        born_on=opened(patient, key, "born_on"),
        language=patient.language,
        zone=patient.zone,
        local_now=now.astimezone(ZoneInfo(patient.zone)),
        today=today,
        status=patient.status,
        indication=patient.indication,
        phone_shared=patient.phone_shared,
        in_treatment=treatment is not None,
        flags=worklist_rows(program_ids=[patient.program_id], now=now, viewer=viewer, patient_id=patient.pk),
        tasks=open_tasks(program_ids=[patient.program_id], now=now, viewer=viewer, patient_id=patient.pk),
        closed_flags=_closed_flags(patient.pk, key, names),
        regimens=_regimens(treatment),
        cover=_cover(treatment, local_date(now, patient.zone), policy),
        unprotected_since=_unprotected_since(treatment),
        strip_from=strip_from,
        doses=doses,
        chart_from=chart_from,
        cravings=logs,
        usual_craving=_usual(logs, today, policy),
        injections=_injections(patient.pk, key, names),
        upcoming=[visit for visit in visits if visit.status in UPCOMING],
        past_visits=[visit for visit in reversed(visits) if visit.status not in UPCOMING][:6],
        triggers=_triggers(patient.pk, key),
        outreach=_outreach(patient.pk, key, names),
    )


def _doses(patient_id: int, first: date, last: date, now: datetime) -> list[DoseView]:
    rows = list(
        Dose.objects.filter(patient_id=patient_id, dosing_day__gte=first, dosing_day__lte=last)
        .exclude(state=DoseState.CANCELLED.value)
        .order_by("dosing_day", "ordinal", "pk")
    )
    differing = {row.pk: row for row in rows if row.sources_differ}
    reports: dict[int, list[dose_state.Report]] = defaultdict(list)
    for report in DoseReport.objects.filter(dose_id__in=differing).order_by("received_at", "pk"):
        assert report.dose_id is not None  # the filter names doses
        reports[report.dose_id].append(
            dose_state.Report(
                statement=Statement(report.statement),
                source=ReportSource(report.source),
                received_at=report.received_at,
                taken_at=report.taken_at,
                key=report.pk,
                supersedes=report.supersedes_id,
            )
        )
    return [
        DoseView(
            dose_id=row.pk,
            day=row.dosing_day,
            ordinal=row.ordinal,
            due_at=row.due_at,
            state=dose_state.state_at(
                stored=DoseState(row.state),
                opens_at=row.opens_at,
                closes_at=row.closes_at,
                day_ends_at=row.day_ends_at,
                now=now,
            ),
            timeliness=row.timeliness,
            taken_at=row.taken_at,
            source=row.source,
            backfilled=row.backfilled,
            says=tuple(dose_state.disagreement(reports.get(row.pk, []), day_ends_at=row.day_ends_at)),
        )
        for row in rows
    ]


def _cravings(patient_id: int, first: date, key: Key | None) -> list[CravingView]:
    rows = CravingLog.objects.filter(patient_id=patient_id, local_day__gte=first).order_by("felt_at", "pk")
    return [
        CravingView(
            felt_at=row.felt_at,
            day=row.local_day,
            intensity=row.intensity,
            confidence=row.confidence,
            substance=row.substance,
            note=opened(row, key, "note"),
            source=row.source,
        )
        for row in rows
    ]


def _usual(logs: Iterable[CravingView], today: date, policy: Policy) -> float | None:
    """The person's own usual, None while there are too few answers for one."""
    readings = [cravings.Reading(log.day, log.intensity, log.confidence) for log in logs]
    latest = max((reading.day for reading in readings), default=today)
    baseline = cravings.assess(readings, policy=policy, on_day=latest).baseline
    return round(baseline.mean, 1) if readings and baseline.personal else None


def _cover(treatment: Treatment | None, today: date, policy: Policy) -> CoverView | None:
    if treatment is None or treatment.cover_from is None or not treatment.cover_band:
        return None
    return CoverView(
        band=Band(treatment.cover_band),
        dsl=max(0, (today - treatment.cover_from).days),
        given_on=treatment.cover_from,
        next_due_on=cover.next_due(treatment.cover_from, policy=policy),
        ends_on=cover.cover_ends(treatment.cover_from, policy=policy),
    )


def _unprotected_since(treatment: Treatment | None) -> datetime | None:
    if treatment is None or treatment.cover_from is not None:
        return None
    last = (
        Dose.objects.filter(treatment_id=treatment.pk, state=DoseState.TAKEN.value)
        .order_by("-dosing_day", "-ordinal")
        .values_list("taken_at", "due_at", "coverage_hours")[:4]
    )
    return cover.unprotected_since((taken_at or due_at, hours) for taken_at, due_at, hours in last)


def _regimens(treatment: Treatment | None) -> list[RegimenView]:
    if treatment is None:
        return []
    rows = Regimen.objects.filter(treatment_id=treatment.pk, ends_at__isnull=True).order_by("version")
    return [
        RegimenView(
            kind=row.kind,
            medicine=row.medicine,
            starts_on=row.starts_on,
            last_day=row.last_day,
            reminders=row.reminders,
        )
        for row in rows
    ]


def _injections(patient_id: int, key: Key | None, names: dict[int, str]) -> list[InjectionView]:
    rows = Injection.objects.filter(patient_id=patient_id).order_by("-given_on", "-pk")[:24]
    return [
        InjectionView(
            injection_id=row.pk,
            given_on=row.given_on,
            medicine=row.medicine,
            dose_mg=row.dose_mg,
            site=row.site,
            lot=row.lot,
            lot_expires_on=row.lot_expires_on,
            needle_inches=row.needle_inches,
            operator=opened(row, key, "operator"),
            note=opened(row, key, "note"),
            source=row.source,
            verified=row.verified,
            warnings=tuple(row.warnings),
            voided=row.voided_at is not None,
            recorded_by=names.get(row.recorded_by_id or 0, ""),
        )
        for row in rows
    ]


def _visits(patient_id: int) -> list[VisitView]:
    rows = Appointment.objects.filter(patient_id=patient_id).order_by("-due_on", "-pk")[:30]
    return [
        VisitView(kind=row.kind, due_on=row.due_on, starts_at=row.starts_at, status=row.status)
        for row in reversed(list(rows))
    ]


def _triggers(patient_id: int, key: Key | None) -> list[TriggerView]:
    rows = TriggerEntry.objects.filter(patient_id=patient_id).order_by("-happened_at", "-pk")[:12]
    return [
        TriggerView(
            happened_at=row.happened_at,
            origin=row.origin,
            kind=row.kind,
            tag=row.tag,
            intensity=row.intensity,
            helped=row.helped,
            note=opened(row, key, "note"),
        )
        for row in rows
    ]


def _outreach(patient_id: int, key: Key | None, names: dict[int, str]) -> list[OutreachView]:
    rows = Outreach.objects.filter(patient_id=patient_id).order_by("-at", "-pk")[:12]
    return [
        OutreachView(
            at=row.at,
            channel=row.channel,
            outcome=row.outcome,
            by_name=names.get(row.by_id, ""),
            note=opened(row, key, "note"),
        )
        for row in rows
    ]


def _closed_flags(patient_id: int, key: Key | None, names: dict[int, str]) -> list[ClosedFlagView]:
    rows = Flag.objects.filter(patient_id=patient_id, status=FlagStatus.CLOSED.value).order_by("-closed_at", "-pk")[:8]
    return [
        ClosedFlagView(
            sentence=flag_sentence(row.kind, row.evidence, flag_id=row.pk),
            opened_at=row.opened_at,
            closed_at=row.closed_at,
            closed_by=names.get(row.closed_by_id or 0, ""),
            outcome=row.outcome,
            note=opened(row, key, "note"),
        )
        for row in rows
        if row.closed_at is not None
    ]


# --- the patient's own page ---


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPage:
    """What a patient sees of themselves. No name, no medicine, no number of milligrams.

    ``earlier`` are days just past that nobody reported and that may still be answered.
    """

    today: Today
    local_now: datetime
    earlier: list[DoseView]
    in_treatment: bool
    takes_doses: bool
    neutral_name: str
    country: str
    substance: Substance


def own_page(*, patient: Patient, now: datetime) -> OwnPage:
    """Gather the patient's own page: today, unanswered days just past, the next visit."""
    shown = today_of(patient=patient, now=now)
    past = _doses(patient.pk, shown.day - timedelta(days=ANSWERABLE_DAYS), shown.day - timedelta(days=1), now)
    treatment = Treatment.objects.filter(patient_id=patient.pk, ended_on__isnull=True).first()
    indication = Indication(patient.indication)
    return OwnPage(
        today=shown,
        local_now=now.astimezone(ZoneInfo(patient.zone)),
        earlier=[dose for dose in reversed(past) if dose.state is DoseState.NOT_REPORTED],
        in_treatment=treatment is not None,
        takes_doses=bool(shown.doses or past) or _takes_doses(treatment),
        neutral_name=patient.program.neutral_name,
        country=patient.program.country,
        substance={Indication.OPIOID: Substance.OPIOID, Indication.ALCOHOL: Substance.ALCOHOL}.get(
            indication, Substance.ANY
        ),
    )


def _takes_doses(treatment: Treatment | None) -> bool:
    return treatment is not None and Dose.objects.filter(treatment_id=treatment.pk).exists()
