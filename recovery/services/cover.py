"""The bands of injection cover, as they begin (contract 2).

Every change is stored as an event with its own instant, once per injection and band; what is late is a flag
whose severity follows the band (S 16).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from backend.db import programs
from backend.rules import wall_time
from recovery.rules import cover
from recovery.rules.flags import bridge_holds, injection_late_severity
from recovery.rules.policy import Policy
from recovery.rules.records import CoverCause
from recovery.rules.states import Band, FlagKind, Indication, OpioidHistory, counts_as_opioid
from recovery.rules.tasks import TaskKind
from recovery.selectors.policy import policies_for
from recovery.services import sql
from recovery.services.flag_rows import Concern, raise_many
from recovery.services.tasks import NewTask, make_tasks

_BATCH = 5000


@dataclass(slots=True)
class Cover:
    """Where the cover of one treatment stands."""

    treatment_id: int
    program_id: int
    patient_id: int
    injection_id: int
    given_on: date
    band: Band
    zone: str
    indication: Indication
    opioid_history: OpioidHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """One change of cover to store."""

    program_id: int
    patient_id: int
    treatment_id: int
    injection_id: int
    cause: CoverCause
    band: Band
    dsl: int
    on_day: date
    at: datetime
    returned_from: Band | None = None


_CLAIM = """
SELECT t.id, t.program_id, t.patient_id, t.cover_injection_id, t.cover_from, t.cover_band, p.zone, p.indication,
  p.opioid_history
FROM recovery_treatment t JOIN recovery_patient p ON p.id = t.patient_id
WHERE t.cover_next_at <= %(now)s AND t.ended_on IS NULL
ORDER BY t.cover_next_at, t.id LIMIT %(limit)s
FOR NO KEY UPDATE OF t SKIP LOCKED
"""


def advance_bands(*, program_ids: Iterable[int], now: datetime, limit: int = _BATCH) -> int:
    """Write every band that has begun and raise what is late; returns how many bands began.

    A late run writes each band it passed with that band's own instant. Safe to run twice, late, or in several
    places at once. While an injection is late its flag is looked at again each midnight and when an oral
    bridge ends.
    """
    ids = list(program_ids)
    if not ids:
        return 0
    crossed = 0
    while True:
        with programs(ids):
            covers = [
                Cover(
                    treatment_id=row[0],
                    program_id=row[1],
                    patient_id=row[2],
                    injection_id=row[3],
                    given_on=row[4],
                    band=Band(row[5]),
                    zone=row[6],
                    indication=Indication(row[7]),
                    opioid_history=OpioidHistory(row[8]),
                )
                for row in sql.rows(_CLAIM, {"now": now, "limit": limit})
            ]
            if covers:
                crossed += _advance(covers, policies_for({each.program_id for each in covers}), now)
        if len(covers) < limit:
            return crossed


def _advance(covers: Sequence[Cover], policies: Mapping[int, Policy], now: datetime) -> int:
    events = []
    for each in covers:
        for change in cover.changes_due(
            each.given_on, band=each.band, zone=each.zone, now=now, policy=policies[each.program_id]
        ):
            events.append(time_event(each, change))
            each.band = change.band
    crossed = store_events(events)
    follow(covers, policies, now)
    return crossed


def time_event(each: Cover, change: cover.BandChange) -> NewEvent:
    """The event of a band that began because time passed."""
    return NewEvent(
        program_id=each.program_id,
        patient_id=each.patient_id,
        treatment_id=each.treatment_id,
        injection_id=each.injection_id,
        cause=CoverCause.TIME,
        band=change.band,
        dsl=change.dsl,
        on_day=change.on,
        at=change.at,
    )


_EVENTS = """
INSERT INTO recovery_coverevent (program_id, patient_id, treatment_id, injection_id, cause, band, returned_from, dsl,
  on_day, at)
SELECT * FROM unnest(%(program)s::bigint[], %(patient)s::bigint[], %(treatment)s::bigint[], %(injection)s::bigint[],
  %(cause)s::text[], %(band)s::text[], %(returned)s::text[], %(dsl)s::int[], %(on_day)s::date[], %(at)s::timestamptz[])
ON CONFLICT (injection_id, band) DO NOTHING
"""


def store_events(events: Sequence[NewEvent]) -> int:
    """Append changes of cover; one that is there already stays as it was. Returns how many were new."""
    if not events:
        return 0
    return sql.run(
        _EVENTS,
        {
            "program": [e.program_id for e in events],
            "patient": [e.patient_id for e in events],
            "treatment": [e.treatment_id for e in events],
            "injection": [e.injection_id for e in events],
            "cause": [e.cause.value for e in events],
            "band": [e.band.value for e in events],
            "returned": [e.returned_from.value if e.returned_from else "" for e in events],
            "dsl": [e.dsl for e in events],
            "on_day": [e.on_day for e in events],
            "at": [e.at for e in events],
        },
    )


_FOLLOW = """
UPDATE recovery_treatment t SET cover_injection_id = u.injection, cover_from = u.given_on, cover_band = u.band,
  cover_next_at = u.next_at
FROM unnest(%(id)s::bigint[], %(injection)s::bigint[], %(given_on)s::date[], %(band)s::text[],
  %(next_at)s::timestamptz[]) AS u (id, injection, given_on, band, next_at)
WHERE t.id = u.id
"""
_VISITS = """
SELECT patient_id, starts_at, due_on FROM recovery_appointment
WHERE patient_id = ANY (%(patients)s::bigint[]) AND kind = 'injection' AND status = 'booked'
"""
# Why the last visit since that injection brought none (N5).
_NOT_GIVEN = """
SELECT u.patient_id, a.reason
FROM unnest(%(patients)s::bigint[], %(programs)s::bigint[], %(since)s::date[]) AS u (patient_id, program_id, since)
CROSS JOIN LATERAL (
  SELECT x.reason, x.status FROM recovery_appointment x
  WHERE x.program_id = u.program_id AND x.patient_id = u.patient_id AND x.kind = 'injection' AND x.due_on > u.since
    AND x.status IN ('not_given', 'not_kept')
  ORDER BY x.ended_at DESC, x.id DESC LIMIT 1
) a
WHERE a.status = 'not_given'
"""
# The last tablet that was confirmed, of any tablet regimen of the treatment.
_BRIDGES = """
SELECT u.patient_id, d.taken, d.coverage_hours
FROM unnest(%(patients)s::bigint[], %(programs)s::bigint[], %(since)s::date[]) AS u (patient_id, program_id, since)
CROSS JOIN LATERAL (
  SELECT COALESCE(x.taken_at, x.due_at) AS taken, x.coverage_hours
  FROM recovery_dose x JOIN recovery_regimen r ON r.id = x.regimen_id
  WHERE x.program_id = u.program_id AND x.patient_id = u.patient_id AND x.dosing_day > u.since AND x.state = 'taken'
    AND r.medicine = 'naltrexone_tablet'
  ORDER BY x.dosing_day DESC, x.ordinal DESC LIMIT 1
) d
"""


def follow(covers: Sequence[Cover], policies: Mapping[int, Policy], now: datetime) -> None:
    """Store where these covers stand, when to look again, and raise what is late."""
    late = [each for each in covers if each.band.is_late]
    visits: dict[int, date] = {}
    bridges: dict[int, tuple[datetime, float]] = {}
    not_given: dict[int, str] = {}
    if late:
        patients = [each.patient_id for each in late]
        zones = {each.patient_id: each.zone for each in late}
        for patient_id, starts_at, due_on in sql.rows(_VISITS, {"patients": patients}):
            visits[patient_id] = due_on if starts_at is None else wall_time.local_date(starts_at, zones[patient_id])
        wanted = {
            "patients": patients,
            "programs": [each.program_id for each in late],
            "since": [each.given_on for each in late],
        }
        bridges = {patient: (taken, hours) for patient, taken, hours in sql.rows(_BRIDGES, wanted)}
        not_given = dict(sql.rows(_NOT_GIVEN, wanted))
    columns: dict[str, list[Any]] = {name: [] for name in ("id", "injection", "given_on", "band", "next_at")}
    concerns = []
    for each in covers:
        policy = policies[each.program_id]
        taken, hours = bridges.get(each.patient_id, (None, 0.0))
        holds = bridge_holds(last_taken_at=taken, coverage_hours=hours, now=now, policy=policy)
        columns["id"].append(each.treatment_id)
        columns["injection"].append(each.injection_id)
        columns["given_on"].append(each.given_on)
        columns["band"].append(each.band.value)
        bridge_ends = (
            taken + timedelta(hours=hours, minutes=policy.window_after_minutes) if holds and taken is not None else None
        )
        columns["next_at"].append(
            look_again_at(
                each.given_on, band=each.band, zone=each.zone, policy=policy, now=now, bridge_ends=bridge_ends
            )
        )
        if each.band.is_late:
            concern = _late(each, visits.get(each.patient_id), not_given.get(each.patient_id, ""), holds, policy, now)
            if concern is not None:
                concerns.append(concern)
    sql.run(_FOLLOW, columns)
    raise_many(concerns=concerns, now=now)
    _ask_to_close([each for each in covers if each.band is Band.DISCONTINUED], now)


def look_again_at(
    given_on: date, *, band: Band, zone: str, policy: Policy, now: datetime, bridge_ends: datetime | None = None
) -> datetime | None:
    """When a tick must look at this cover next; None after the last band.

    That is when the next band begins; while the injection is late also each local midnight, so that the
    flag counts the days, and when an oral bridge ends. May lie before ``now``: then the tick is due.
    """
    following = cover.next_change(given_on, band=band, zone=zone, policy=policy)
    if following is None or not band.is_late:
        return None if following is None else following.at
    tomorrow = wall_time.local_date(now, zone) + timedelta(days=1)
    looks = [following.at, wall_time.local_midnight(tomorrow, zone)]
    if bridge_ends is not None:
        looks.append(bridge_ends)
    return min(looks)


def _late(
    each: Cover, visit_on: date | None, not_given: str, holds: bool, policy: Policy, now: datetime
) -> Concern | None:
    # The band that is stored never goes back; in a zone further west the date may still be the day before (S W1).
    begun = dict(cover.band_starts(policy))[each.band]
    dsl = max(begun, (wall_time.local_date(now, each.zone) - each.given_on).days)
    severity = injection_late_severity(
        each.band,
        dsl=dsl,
        counts_as_opioid=counts_as_opioid(each.indication, each.opioid_history),
        visit_booked_for_dsl=None if visit_on is None else (visit_on - each.given_on).days,
        bridge_holds=holds,
        policy=policy,
    )
    if severity is None:
        return None
    return Concern(
        program_id=each.program_id,
        patient_id=each.patient_id,
        treatment_id=each.treatment_id,
        kind=FlagKind.INJECTION_LATE,
        severity=severity,
        evidence={
            "band": each.band.value,
            "dsl": dsl,
            "days_late": dsl - policy.due_at_dsl,
            "last_given_on": each.given_on.isoformat(),
            "visit_on": None if visit_on is None else visit_on.isoformat(),
            "bridge_holds": holds,
            "not_given": not_given,
        },
        policy_version=policy.version,
    )


def _ask_to_close(covers: Sequence[Cover], now: datetime) -> None:
    """Only a person closes a treatment: from DSL 57 on there is one task to close or continue (S 16)."""
    make_tasks(
        tasks=[
            NewTask(
                program_id=each.program_id,
                patient_id=each.patient_id,
                kind=TaskKind.CLOSE_OR_CONTINUE,
                due_at=now + timedelta(days=7),
                facts={"last_given_on": each.given_on.isoformat()},
            )
            for each in covers
        ],
        now=now,
    )
