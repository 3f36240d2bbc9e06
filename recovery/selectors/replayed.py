"""What the record of a whole program comes to: for a replay, and for whoever checks one. Needs an open scope.

Everything is read from rows that were written as things happened; nothing is derived anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Count

from recovery.models import DoseReport, Flag, Injection, Patient, Regimen
from recovery.rules.records import CoverCause
from recovery.rules.states import Band, FlagKind, Severity, Statement


@dataclass(frozen=True, slots=True)
class Totals:
    """How many there are of what."""

    people: int
    on_kind: dict[str, int]  # regimen kind -> patients
    injected: int  # patients
    injections: int
    flags: dict[str, int]  # by kind


def totals(*, program_ids: Iterable[int]) -> Totals:
    """Count people, regimens, injections and flags."""
    ids = list(program_ids)
    injections = Injection.objects.filter(program_id__in=ids, voided_at__isnull=True)
    return Totals(
        people=Patient.objects.filter(program_id__in=ids).count(),
        on_kind=dict(
            Regimen.objects.filter(program_id__in=ids)
            .order_by()
            .values("kind")
            .annotate(people=Count("patient_id", distinct=True))
            .values_list("kind", "people")
        ),
        injected=injections.values("patient_id").distinct().count(),
        injections=injections.count(),
        flags=dict(
            Flag.objects.filter(program_id__in=ids)
            .order_by("kind")
            .values("kind")
            .annotate(rows=Count("id"))
            .values_list("kind", "rows")
        ),
    )


_CROSSED = """
SELECT band, count(*) FROM recovery_coverevent
WHERE program_id = ANY (%(programs)s::bigint[]) AND cause = %(time)s AND on_day <= %(until)s GROUP BY band
"""
_RETURNED = """
SELECT returned_from, count(*) FROM recovery_coverevent
WHERE program_id = ANY (%(programs)s::bigint[]) AND cause = %(given)s AND on_day <= %(until)s AND returned_from <> ''
GROUP BY returned_from
"""


def crossings(*, program_ids: Iterable[int], until: date) -> dict[Band, tuple[int, int]]:
    """For each late band: how often it began by ``until``, and how many of those were ended by an injection.

    Whoever comes back from a later band had crossed the earlier ones too.
    """
    known: dict[str, Any] = {
        "programs": list(program_ids),
        "until": until,
        "time": CoverCause.TIME.value,
        "given": CoverCause.GIVEN.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CROSSED, known)
        crossed = {Band(band): number for band, number in cursor.fetchall()}
        cursor.execute(_RETURNED, known)
        returned = {Band(band): number for band, number in cursor.fetchall()}
    return {
        band: (crossed.get(band, 0), sum(number for last, number in returned.items() if last.rank >= band.rank))
        for band in Band
        if band.is_late
    }


@dataclass(frozen=True, slots=True)
class FlagLife:
    """One flag from its beginning to its end. ``rises`` are the severities it had, each with its instant."""

    flag_id: int
    patient_id: int
    kind: FlagKind
    opened_at: datetime
    ended_at: datetime | None  # returned or closed
    evidence: dict[str, Any]
    rises: tuple[tuple[Severity, datetime], ...]


_RISES = """
SELECT pgh_obj_id, severity, min(severity_since) FROM recovery_flagevent
WHERE program_id = ANY (%s::bigint[]) GROUP BY pgh_obj_id, severity ORDER BY pgh_obj_id, min(severity_since)
"""


def flag_lives(*, program_ids: Iterable[int]) -> list[FlagLife]:
    """Every flag of these programs, the oldest first."""
    ids = list(program_ids)
    rises: dict[int, list[tuple[Severity, datetime]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_RISES, [ids])
        for flag_id, severity, since in cursor.fetchall():
            rises.setdefault(flag_id, []).append((Severity(severity), since))
    rows = Flag.objects.filter(program_id__in=ids).order_by("opened_at", "pk")
    return [
        FlagLife(
            flag_id=pk,
            patient_id=patient_id,
            kind=FlagKind(kind),
            opened_at=opened_at,
            ended_at=min((at for at in (returned_at, closed_at) if at is not None), default=None),
            evidence=evidence,
            rises=tuple(rises.get(pk, [])),
        )
        for pk, patient_id, kind, opened_at, returned_at, closed_at, evidence in rows.values_list(
            "pk", "patient_id", "kind", "opened_at", "returned_at", "closed_at", "evidence"
        )
    ]


def injection_days(*, program_ids: Iterable[int]) -> dict[int, list[tuple[date, datetime]]]:
    """By patient: (day given, when recorded) of each injection, in the order given."""
    found: dict[int, list[tuple[date, datetime]]] = {}
    rows = Injection.objects.filter(program_id__in=list(program_ids), voided_at__isnull=True, verified=True)
    for patient_id, given_on, recorded_at in rows.order_by("patient_id", "given_on").values_list(
        "patient_id", "given_on", "recorded_at"
    ):
        found.setdefault(patient_id, []).append((given_on, recorded_at))
    return found


def taken_days(*, program_ids: Iterable[int]) -> dict[int, list[date]]:
    """By patient: the dosing days on which somebody said that a dose was taken, ascending, each once."""
    found: dict[int, list[date]] = {}
    rows = DoseReport.objects.filter(program_id__in=list(program_ids), statement=Statement.TAKEN.value)
    for patient_id, day in rows.order_by("patient_id", "on_day").values_list("patient_id", "on_day").distinct():
        found.setdefault(patient_id, []).append(day)
    return found


def origins(*, program_ids: Iterable[int]) -> dict[str, int]:
    """The patient of each id in the system of origin."""
    rows = Patient.objects.filter(program_id__in=list(program_ids)).exclude(external_ref="")
    return dict(rows.values_list("external_ref", "pk"))
