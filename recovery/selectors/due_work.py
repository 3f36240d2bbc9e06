"""What deciding about due work needs to know of each treatment, a batch at a time. Needs an open scope."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from backend.rules import wall_time
from recovery.models import (
    AfterCare,
    Checklist,
    CravingLog,
    Flag,
    LabResult,
    PlannedStop,
    ReversalAgent,
)
from recovery.rules import cover
from recovery.rules.aftercare import AfterCareCause
from recovery.rules.checklists import ChecklistKind
from recovery.rules.gates import ANTAGONISTS
from recovery.rules.labs import LIVER
from recovery.rules.medicines import Medicine
from recovery.rules.policy import Policy
from recovery.rules.reversal import HasIt, ReversalFacts
from recovery.rules.states import Band, FlagKind, Indication, OpioidHistory, counts_as_opioid
from recovery.selectors.holds import medicines_of
from recovery.selectors.records import LIVE


@dataclass(slots=True, kw_only=True)
class DueFacts:
    """One treatment: open, or closed so recently that its after-care may run.

    ``covered_until`` is the first day without cover, as far as injections and confirmed tablets say; None when
    neither is on record. ``last_taken_on`` is the dosing day's date of the last confirmed tablet.
    """

    treatment_id: int
    program_id: int
    patient_id: int
    zone: str
    today: date
    indication: Indication
    opioid_history: OpioidHistory
    started_on: date
    ended_on: date | None
    cover_from: date | None
    cover_band: str
    last_taken_on: date | None
    covered_until: date | None
    medicines: tuple[Medicine, ...] = ()
    lab_days: tuple[date, ...] = ()
    reversal: ReversalFacts = field(default_factory=ReversalFacts)
    checklists: dict[ChecklistKind, list[Checklist]] = field(default_factory=dict)
    stop: PlannedStop | None = None
    after_care: AfterCare | None = None
    after_care_days: tuple[date, ...] = ()
    flags: dict[FlagKind, Flag] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        return self.ended_on is None

    @property
    def counts_as_opioid(self) -> bool:
        return counts_as_opioid(self.indication, self.opioid_history)

    @property
    def on_antagonist(self) -> bool:
        return self.cover_from is not None or bool(set(self.medicines) & set(ANTAGONISTS))

    @property
    def dsl(self) -> int | None:
        """Days since the injection that cover counts from."""
        return None if self.cover_from is None else (self.today - self.cover_from).days

    @property
    def uncovered_since(self) -> date | None:
        """The day cover ended, when it has."""
        return self.covered_until if self.covered_until is not None and self.covered_until <= self.today else None

    def stopping(self) -> AfterCareCause | None:
        """Why the weeks of after-care belong to this treatment, None while it simply goes on (C 3.5)."""
        if not self.is_open:
            return AfterCareCause.CLOSED
        if self.stop is not None and self.stop.planned_for <= self.today:
            return AfterCareCause.PLANNED_STOP
        return AfterCareCause.DISCONTINUED if self.cover_band == Band.DISCONTINUED.value else None


# Most take no such tablets: their doses are not looked at.
_TREATMENTS = """
SELECT t.id, t.program_id, t.patient_id, p.zone, p.indication, p.opioid_history, t.started_on, t.ended_on,
  t.cover_from, t.cover_band, d.taken, d.coverage_hours
FROM recovery_treatment t JOIN recovery_patient p ON p.id = t.patient_id
LEFT JOIN LATERAL (
  SELECT array_agg(r.id) AS ids FROM recovery_regimen r
  WHERE r.treatment_id = t.id AND r.medicine = 'naltrexone_tablet'
) tablets ON true
LEFT JOIN LATERAL (
  SELECT COALESCE(x.taken_at, x.due_at) AS taken, x.coverage_hours FROM recovery_dose x
  WHERE tablets.ids IS NOT NULL AND x.treatment_id = t.id AND x.program_id = t.program_id
    AND x.patient_id = t.patient_id AND x.state = 'taken' AND x.regimen_id = ANY (tablets.ids)
  ORDER BY x.dosing_day DESC, x.ordinal DESC LIMIT 1
) d ON true
WHERE t.program_id = ANY (%(programs)s::bigint[]) AND t.id > %(after)s
  AND p.status IN ('active', 'aftercare', 'exited')
  AND (t.ended_on IS NULL AND p.status = 'active' OR t.ended_on >= %(closed_since)s)
ORDER BY t.id LIMIT %(limit)s
"""


def due_facts(
    *, program_ids: Collection[int], policies: dict[int, Policy], now: datetime, after: int = 0, limit: int = 2000
) -> list[DueFacts]:
    """The next ``limit`` treatments after the one with id ``after``, each with its facts.

    The same number of queries for one as for thousands.
    """
    longest = max((policy.after_care_days + policy.injection_cover_days for policy in policies.values()), default=0)
    wanted: dict[str, Any] = {
        "programs": list(program_ids),
        "after": after,
        "closed_since": (now - timedelta(days=longest + 2)).date(),
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TREATMENTS, wanted)
        rows = cursor.fetchall()
    facts = [_facts(row, policies, now) for row in rows]
    if facts:
        _fill(facts, now)
    return facts


def _facts(row: tuple[Any, ...], policies: dict[int, Policy], now: datetime) -> DueFacts:
    pk, program_id, patient_id, zone, indication, history, started, ended, cover_from, band, taken, hours = row
    ends = []
    if cover_from is not None:
        ends.append(cover.cover_ends(cover_from, policy=policies[program_id]))
    if taken is not None:
        # The day on which the last hour of cover falls is still a day with cover.
        last = wall_time.local_date(taken + timedelta(hours=hours) - timedelta(minutes=1), zone)
        ends.append(last + timedelta(days=1))
    return DueFacts(
        treatment_id=pk,
        program_id=program_id,
        patient_id=patient_id,
        zone=zone,
        today=wall_time.local_date(now, zone),
        indication=Indication(indication),
        opioid_history=OpioidHistory(history),
        started_on=started,
        ended_on=ended,
        cover_from=cover_from,
        cover_band=band,
        last_taken_on=None if taken is None else wall_time.local_date(taken, zone),
        covered_until=max(ends, default=None),
    )


_OF_CHECKLISTS = ("treatment_id", "kind", "cause", "status", "opened_at", "signed_at", "expires_on")


def _fill(facts: list[DueFacts], now: datetime) -> None:
    patients = sorted({each.patient_id for each in facts})
    takes = medicines_of(patients, on_day=wall_time.local_date(now, "UTC"))
    labs: dict[int, set[date]] = {}
    liver = [analyte.value for analyte in LIVER]
    for patient_id, day in LabResult.objects.filter(
        patient_id__any=patients, analyte__in=liver, voided_at__isnull=True
    ).values_list("patient_id", "taken_on"):
        labs.setdefault(patient_id, set()).add(day)
    reversal = _reversal(patients)
    checklists: dict[int, list[Checklist]] = {}
    lists = Checklist.objects.filter(treatment_id__any=[each.treatment_id for each in facts])
    for row in lists.only(*_OF_CHECKLISTS).order_by("-opened_at", "-pk"):
        checklists.setdefault(row.treatment_id, []).append(row)
    stops = {row.treatment_id: row for row in PlannedStop.objects.filter(patient_id__any=patients, cancelled_at=None)}
    weeks: dict[int, list[AfterCare]] = {}
    for care in AfterCare.objects.filter(patient_id__any=patients):
        weeks.setdefault(care.patient_id, []).append(care)
    flags: dict[int, dict[FlagKind, Flag]] = {}
    asked = [FlagKind.SILENCE.value, FlagKind.WANTS_TO_STOP.value]
    live = Flag.objects.filter(patient_id__any=patients, kind__in=asked, status__in=LIVE)
    for flag in live.only("patient_id", "kind", "evidence", "opened_at"):
        flags.setdefault(flag.patient_id, {})[FlagKind(flag.kind)] = flag
    for each in facts:
        each.medicines = tuple(takes.get(each.patient_id, ()))
        each.lab_days = tuple(labs.get(each.patient_id, ()))
        each.reversal = reversal.get(each.patient_id, ReversalFacts())
        for row in checklists.get(each.treatment_id, ()):
            each.checklists.setdefault(ChecklistKind(row.kind), []).append(row)
        each.stop = stops.get(each.treatment_id)
        running = [care for care in weeks.get(each.patient_id, ()) if care.treatment_id == each.treatment_id]
        each.after_care = next((care for care in running if care.ended_at is None), None)
        each.after_care_days = tuple(care.cover_ended_on for care in running)
        each.flags = flags.get(each.patient_id, {})


def _reversal(patients: Collection[int]) -> dict[int, ReversalFacts]:
    found: dict[int, ReversalFacts] = {}
    rows = ReversalAgent.objects.filter(patient_id__any=list(patients), voided_at__isnull=True).order_by("on_day", "pk")
    for patient_id, on_day, offered, has_it, expires_on in rows.values_list(
        "patient_id", "on_day", "offered", "has_it", "expires_on"
    ):
        before = found.get(patient_id, ReversalFacts())
        found[patient_id] = ReversalFacts(
            last_asked_on=on_day,
            last_offer_on=on_day if offered else before.last_offer_on,
            has_it=HasIt(has_it),
            expires_on=expires_on,
        )
    return found


def readings_before(flags: Collection[Flag], *, days: int) -> dict[int, list[int]]:
    """Craving readings of the ``days`` before each flag was raised, by flag id, oldest first."""
    found: dict[int, list[int]] = {flag.pk: [] for flag in flags}
    if not flags:
        return found
    by_patient = {flag.patient_id: flag for flag in flags}
    earliest = min(flag.opened_at for flag in flags) - timedelta(days=days)
    rows = CravingLog.objects.filter(patient_id__any=list(by_patient), felt_at__gte=earliest).order_by("felt_at", "pk")
    for patient_id, felt_at, intensity in rows.values_list("patient_id", "felt_at", "intensity"):
        flag = by_patient[patient_id]
        if flag.opened_at - timedelta(days=days) <= felt_at <= flag.opened_at:
            found[flag.pk].append(intensity)
    return found
