"""What is at hand: tablets left, by the last count and what was due since."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from backend.rules import wall_time
from recovery.models import Patient, Regimen, TabletCount
from recovery.rules.records import CountKind
from recovery.rules.schedule import Regimen as Schedule
from recovery.rules.states import DoseState
from recovery.rules.supply import AtHand, Count, Counted, at_hand, counted

# What was said not to be taken is still there; so is what nobody was asked to take.
_STILL_THERE = [DoseState.SKIPPED.value, DoseState.MISSED.value, DoseState.HELD.value, DoseState.CANCELLED.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class TabletsAtHand:
    """Tablets of one medicine that a patient has. ``today`` is the patient's; ``recorded_at`` of the last count."""

    program_id: int
    patient_id: int
    medicine: str
    today: date
    recorded_at: datetime
    at_hand: AtHand


def tablets_at_hand(*, program_ids: Sequence[int], now: datetime, patient_id: int | None = None) -> list[TabletsAtHand]:
    """Tablets left of every open tablet regimen that was ever counted. Needs an open scope; three queries."""
    found = TabletCount.objects.filter(program_id__in=program_ids)
    if patient_id is not None:
        found = found.filter(patient_id=patient_id)
    counts: dict[tuple[int, str], list[TabletCount]] = defaultdict(list)
    for count in found.order_by("recorded_at", "pk"):
        counts[count.patient_id, count.medicine].append(count)
    # Few regimens are of tablets that anybody counts: only those are read.
    regimens = Regimen.objects.filter(
        patient_id__any=sorted({patient for patient, _ in counts}), ends_at__isnull=True
    ).select_related("patient")
    rows = {(row.patient_id, row.medicine): row for row in (regimens if counts else ())}
    bases: dict[tuple[int, str], tuple[Counted, datetime]] = {}
    for key, of_one in counts.items():
        base = counted([Count(CountKind(c.kind), c.on_day, c.tablets, float(c.tablet_mg)) for c in of_one])
        if key in rows and base is not None:
            bases[key] = (base, of_one[-1].recorded_at)
    days = {key: wall_time.dosing_day(now, rows[key].patient.zone) for key in bases}
    used = _used([(*key, base.since, days[key]) for key, (base, _) in bases.items()])
    return [
        TabletsAtHand(
            program_id=rows[key].program_id,
            patient_id=key[0],
            medicine=key[1],
            today=days[key],
            recorded_at=recorded_at,
            at_hand=at_hand(
                base, used_mg=used.get(key, 0.0), regimen=_schedule(rows[key]), today=max(days[key], base.since)
            ),
        )
        for key, (base, recorded_at) in bases.items()
    ]


def tablets_of(*, patient: Patient, now: datetime) -> list[TabletsAtHand]:
    """The same for one patient."""
    return tablets_at_hand(program_ids=[patient.program_id], patient_id=patient.pk, now=now)


_USED = """
SELECT u.patient_id, u.medicine, COALESCE(sum(d.dose_mg), 0)
FROM unnest(%s::bigint[], %s::text[], %s::date[], %s::date[]) AS u (patient_id, medicine, since, today)
JOIN recovery_dose d ON d.patient_id = u.patient_id AND d.dosing_day >= u.since AND d.dosing_day < u.today
JOIN recovery_regimen r ON r.id = d.regimen_id AND r.medicine = u.medicine
WHERE NOT d.state = ANY (%s::text[])
GROUP BY u.patient_id, u.medicine
"""


def _used(wanted: Sequence[tuple[int, str, date, date]]) -> dict[tuple[int, str], float]:
    """Mg of doses due from ``since`` to the day before ``today`` that nobody said were not taken."""
    if not wanted:
        return {}
    columns: list[Any] = [list(column) for column in zip(*wanted, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_USED, [*columns, _STILL_THERE])
        return {(patient_id, medicine): float(mg) for patient_id, medicine, mg in cursor.fetchall()}


def _schedule(row: Regimen) -> Schedule:
    return Schedule.from_plan(row.plan, zone=row.patient.zone, first_day=row.starts_on, last_day=row.last_day)
