"""Judging whose silence deserves a place on a list, for many patients at once (S 14).

A day that was closed without a report can only begin or lengthen a silence, so only its patient is looked at,
in a window of days: the cost of a day does not grow with the past. Whoever takes no tablets is asked by check-ins
alone; whatever a person sends is an answer.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from backend.access import NOBODY, Actor
from backend.rules import wall_time
from recovery.models import Patient
from recovery.rules.gates import GateEvent
from recovery.rules.policy import Policy
from recovery.rules.silence import Ask, AskKind, Silence, assess_silence
from recovery.rules.states import FlagKind, Indication, OpioidHistory, Severity, counts_as_opioid
from recovery.selectors.holds import Away, away_days, prompt_stops
from recovery.selectors.policy import policies_for
from recovery.selectors.prompts import pauses_since
from recovery.services import sql
from recovery.services.flag_rows import Concern, end_many, raise_many
from recovery.services.gates import note_event

_WINDOW_DAYS = 63
"""Asks that are read: the longest run that makes a call (7 asks, three days apart) and the 28 days before it."""
_LONG_AGO = timedelta(days=366)
_TURNS = 7302  # with a program's id: whose silence is being judged


@dataclass(slots=True)
class _Patient:
    """What is known of a patient beside the asks."""

    patient_id: int
    program_id: int
    zone: str
    indication: str
    opioid_history: str
    treatment_id: int
    started_on: date
    cover_from: date | None
    live: dict[str, Any] | None = None
    live_severity: str = ""
    dealt_with_at: datetime | None = None
    craving_flag: bool = False
    away: tuple[Away, ...] = ()
    by_check_ins: bool = False
    """No dose was asked of late: what was asked are the daily minutes."""

    @property
    def back_on(self) -> date | None:
        """The day of being back from the last time away."""
        return max((each.back_on for each in self.away if each.back_on is not None), default=None)

    @property
    def has_call(self) -> bool:
        """Whether a call is asked for already: nothing worse can come of a longer silence."""
        return self.live is not None and self.live_severity != Severity.INFO.value and "through" in self.live


# Each look is a sub-query of its own for one patient: a join would leave it to yesterday's statistics whether
# the whole table is read.
# Only who has said nothing on the last two days asked can be silent: everybody else is left out here.
_CANDIDATES = """
WITH touched AS (SELECT * FROM unnest(%(patients)s::bigint[], %(programs)s::bigint[]) AS u (id, program_id)),
quiet AS (
  SELECT t.id FROM touched t
  CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE NOT l.said) AS silent_days, bool_or(l.said) AS spoke FROM (
      SELECT d.dosing_day, bool_or(d.state IN ('taken', 'skipped', 'missed')) AS said
      FROM (
        SELECT dosing_day, state FROM recovery_dose x
        WHERE x.program_id = t.program_id AND x.patient_id = t.id
          AND x.state IN ('taken', 'skipped', 'missed', 'not_reported')
        ORDER BY x.dosing_day DESC LIMIT %(last)s * 4
      ) d GROUP BY d.dosing_day ORDER BY d.dosing_day DESC LIMIT %(last)s
    ) l
  ) s
  WHERE s.silent_days >= %(last)s AND NOT s.spoke
)
SELECT p.id, p.program_id, p.zone, p.indication, p.opioid_history, t.id, t.started_on, t.cover_from
FROM quiet JOIN recovery_patient p ON p.id = quiet.id
JOIN recovery_treatment t ON t.patient_id = p.id AND t.ended_on IS NULL
"""
_NO_DOSE_FOR_DAYS = 7
_CHECK_IN_CANDIDATES = """
WITH touched AS (SELECT * FROM unnest(%(patients)s::bigint[], %(programs)s::bigint[], %(days)s::date[])
  AS u (id, program_id, day)),
quiet AS (
  SELECT t.id FROM touched t
  CROSS JOIN LATERAL (
    SELECT count(*) AS asked, bool_or(l.status <> 'passed') AS spoke FROM (
      SELECT x.status FROM recovery_instrumentform x
      WHERE x.program_id = t.program_id AND x.patient_id = t.id AND x.instrument = 'daily' AND x.due_on <= t.day
        AND x.status <> 'withdrawn'
      ORDER BY x.due_on DESC LIMIT %(last)s
    ) l
  ) s
  WHERE s.asked >= %(last)s AND NOT s.spoke AND NOT EXISTS (
    SELECT 1 FROM recovery_dose x WHERE x.program_id = t.program_id AND x.patient_id = t.id
      AND x.state IN ('taken', 'skipped', 'missed', 'not_reported') AND x.dosing_day > t.day - %(without)s)
)
SELECT p.id, p.program_id, p.zone, p.indication, p.opioid_history, t.id, t.started_on, t.cover_from
FROM quiet JOIN recovery_patient p ON p.id = quiet.id
JOIN recovery_treatment t ON t.patient_id = p.id AND t.ended_on IS NULL
"""
_FLAGS = """
SELECT f.patient_id, f.kind, f.status <> 'closed', f.severity, f.evidence, f.closed_at FROM recovery_flag f
WHERE f.patient_id = ANY (%(patients)s::bigint[]) AND (
  (f.kind IN ('silence', 'craving_high', 'craving_rise') AND f.status IN ('open', 'owned', 'snoozed'))
  OR (f.kind = 'silence' AND f.status = 'closed' AND f.closed_by_id IS NOT NULL AND f.opened_at > %(since)s))
"""

# A dose that was due before its regimen was ordered was asked of nobody.
_ASKS = """
SELECT u.id, a.days, a.said, a.reached
FROM unnest(%(patients)s::bigint[], %(programs)s::bigint[], %(since)s::date[]) AS u (id, program_id, since)
CROSS JOIN LATERAL (
  SELECT array_agg(d.dosing_day ORDER BY d.dosing_day) AS days,
    array_agg(d.state <> 'not_reported' ORDER BY d.dosing_day) AS said,
    array_agg(d.state <> 'not_reported' OR NOT d.not_reached ORDER BY d.dosing_day) AS reached
  FROM recovery_dose d JOIN recovery_regimen r ON r.id = d.regimen_id
  WHERE d.program_id = u.program_id AND d.patient_id = u.id AND d.dosing_day >= u.since
    AND d.state IN ('taken', 'skipped', 'missed', 'not_reported')
    AND (d.state <> 'not_reported' OR d.closes_at > r.ordered_at)
) a
WHERE a.days IS NOT NULL
"""
# Whoever logs a craving, answers a question or says that not today has answered a check-in: doses and check-ins are
# one silence. So does whoever writes something down or states what happened. Days are worked out in Python.
_SAID = """
SELECT u.id, array_agg(a.at)
FROM unnest(%(patients)s::bigint[], %(programs)s::bigint[], %(since)s::date[]) AS u (id, program_id, since)
CROSS JOIN LATERAL (
  SELECT c.felt_at FROM recovery_cravinglog c
  WHERE c.program_id = u.program_id AND c.patient_id = u.id AND c.felt_at >= u.since - 1
  UNION SELECT q.answered_at FROM recovery_instrumentanswer q
  WHERE q.program_id = u.program_id AND q.patient_id = u.id AND q.answered_at >= u.since - 1
  UNION SELECT m.happened_at FROM recovery_triggerentry m
  WHERE m.program_id = u.program_id AND m.patient_id = u.id AND m.happened_at >= u.since - 1
  UNION SELECT j.written_at FROM recovery_journalentry j
  WHERE j.program_id = u.program_id AND j.patient_id = u.id AND j.written_at >= u.since - 1
  UNION SELECT f.received_at FROM recovery_statedfact f
  WHERE f.program_id = u.program_id AND f.patient_id = u.id AND f.received_at >= u.since - 1
) a (at)
GROUP BY u.id
"""
_DAILY = """
SELECT u.id, array_agg(f.due_on), array_agg(f.status <> 'passed')
FROM unnest(%(patients)s::bigint[], %(programs)s::bigint[], %(since)s::date[], %(by_check_ins)s::boolean[])
  AS u (id, program_id, since, by_check_ins)
JOIN recovery_instrumentform f ON f.program_id = u.program_id AND f.patient_id = u.id AND f.instrument = 'daily'
  AND f.due_on >= u.since AND (f.status = 'not_today' OR u.by_check_ins AND f.status = 'passed')
GROUP BY u.id
"""


def end_for_answers(*, actor: Actor = NOBODY, patients: Mapping[int, int], now: datetime) -> None:
    """End the silence of patients (patient id -> program id) who gave an answer in this transaction.

    Waits for a judgement that runs and may not have seen the answer: what it raises is ended here.
    """
    _take_turns("pg_advisory_xact_lock_shared", set(patients.values()))
    end_many(actor=actor, patient_ids=list(patients), kinds=[FlagKind.SILENCE], note_key="answered", now=now)


def judge_many(*, closed: Sequence[tuple[int, int, date]], now: datetime) -> int:
    """Raise or bring up to date the silence of patients whose days were closed; returns how many are silent.

    ``closed``: (patient id, program id, first day closed) each. Part of the transaction that closed them. Runners
    that close days of the same program judge one after the other, each with the days of those before it. A
    person who closed the flag has dealt with what was there: a new one counts from the day after.
    """
    return _judge(closed, now, by_check_ins=False)


def judge_check_ins(*, closed: Sequence[tuple[int, int, date]], now: datetime) -> int:
    """The same for patients whose daily minutes passed without a word and of whom no dose was asked of late.

    Where doses are asked too, their days are judged when they close (``judge_many``): the two are one silence.
    """
    return _judge(closed, now, by_check_ins=True) if closed else 0


def _judge(closed: Sequence[tuple[int, int, date]], now: datetime, *, by_check_ins: bool) -> int:
    patients = {patient_id: program_id for patient_id, program_id, _ in closed}
    first_day = {patient_id: day for patient_id, _, day in closed}
    _take_turns("pg_advisory_xact_lock", set(patients.values()))
    policies = policies_for(set(patients.values()))
    last = min(policy.silence_info_run for policy in policies.values())
    parameters: dict[str, Any] = {"patients": list(patients), "programs": list(patients.values()), "last": last}
    if by_check_ins:
        parameters |= {"days": list(first_day.values()), "without": _NO_DOSE_FOR_DAYS}
    found = sql.rows(_CHECK_IN_CANDIDATES if by_check_ins else _CANDIDATES, parameters)
    people = _present([_Patient(*row) for row in found])
    for person in people:
        person.by_check_ins = by_check_ins
    if not people:
        return 0
    _look_at_flags({person.patient_id: person for person in people}, now)
    asks = _asks(people, first_day, now)
    concerns = []
    for person in people:
        policy = policies[person.program_id]
        said = asks.get(person.patient_id, [])
        if person.has_call:
            severity, evidence = Severity.AMBER_PLUS, _longer(person, said, first_day[person.patient_id])
        else:
            silence = _silence(person, said, policy, now) if said else None
            if silence is None:
                continue
            severity, evidence = silence.severity, silence.evidence() | {"through": said[-1].day.isoformat()}
        concerns.append(
            Concern(
                program_id=person.program_id,
                patient_id=person.patient_id,
                treatment_id=person.treatment_id,
                kind=FlagKind.SILENCE,
                severity=severity,
                evidence=evidence,
                policy_version=policy.version,
            )
        )
    raise_many(concerns=concerns, now=now)
    _hold_where_signed(concerns, policies, now)
    return len(concerns)


def _hold_where_signed(concerns: Sequence[Concern], policies: Mapping[int, Policy], now: datetime) -> None:
    """Silence holds nothing, unless a medical director has switched that on for the program (contract 3)."""
    for concern in concerns:
        if policies[concern.program_id].hold_on_silence and concern.severity is Severity.AMBER_PLUS:
            patient = Patient.objects.get(pk=concern.patient_id)
            evidence = {"run": concern.evidence["run"], "since": concern.evidence["since"]}
            note_event(actor=NOBODY, patient=patient, event=GateEvent.SILENCE, evidence=evidence, now=now)


def _present(people: Sequence[_Patient]) -> list[_Patient]:
    """Those who are not away, and not back without having been spoken with: their silence is none (S 7)."""
    resting = {patient_id for patient_id, stops in prompt_stops([p.patient_id for p in people]).items() if stops.away}
    away = away_days([person.patient_id for person in people])
    for person in people:
        person.away = tuple(away.get(person.patient_id, ()))
    return [person for person in people if person.patient_id not in resting]


def _look_at_flags(people: Mapping[int, _Patient], now: datetime) -> None:
    parameters = {"patients": list(people), "since": now - _LONG_AGO}
    for patient_id, kind, is_live, severity, evidence, closed_at in sql.rows(_FLAGS, parameters):
        person = people[patient_id]
        if kind != FlagKind.SILENCE.value:
            person.craving_flag = True
        elif is_live:
            person.live, person.live_severity = _loaded(evidence), severity
        elif person.dealt_with_at is None or closed_at > person.dealt_with_at:
            person.dealt_with_at = closed_at


def _loaded(evidence: Any) -> dict[str, Any] | None:
    return json.loads(evidence) if isinstance(evidence, str) else evidence


def _take_turns(lock: str, program_ids: set[int]) -> None:
    """Hold a lock on the silence of these programs until the transaction ends; ascending, against deadlocks."""
    for program_id in sorted(program_ids):
        sql.rows(f"SELECT {lock}(%s, %s)", [_TURNS, program_id % (1 << 31)])


def _asks(people: Sequence[_Patient], first_day: Mapping[int, date], now: datetime) -> dict[int, list[Ask]]:
    """The asks that each judgement needs, by patient, oldest first."""
    since = {}
    for person in people:
        if person.live is not None and person.has_call:
            since[person.patient_id] = _more_from(person.live, first_day[person.patient_id])
        else:
            since[person.patient_id] = wall_time.dosing_day(now, person.zone) - timedelta(days=_WINDOW_DAYS)
    asks = _read(people, since)
    # A flag that was closed, and not a word in the whole window: the true beginning lies further back.
    longer = [
        person
        for person in people
        if not person.has_call
        and person.started_on < since[person.patient_id]
        and not any(ask.answered for ask in asks.get(person.patient_id, []))
    ]
    return asks | _read(longer, {person.patient_id: person.started_on for person in longer})


def _more_from(live: Mapping[str, Any], first_day: date) -> date:
    """From which day a run that has its call is counted on: from the last day counted, or all of it again when
    another runner has counted later days before these were closed."""
    through = date.fromisoformat(live["through"])
    return through + timedelta(days=1) if first_day > through else date.fromisoformat(live["since"])


def _read(people: Sequence[_Patient], since: Mapping[int, date]) -> dict[int, list[Ask]]:
    if not people:
        return {}
    parameters = {
        "patients": [person.patient_id for person in people],
        "programs": [person.program_id for person in people],
        "since": [since[person.patient_id] for person in people],
    }
    zones = {person.patient_id: person.zone for person in people}
    asks: dict[int, list[Ask]] = {
        patient_id: [Ask(day, AskKind.DOSE, said, got) for day, said, got in zip(days, answers, reached, strict=True)]
        for patient_id, days, answers, reached in sql.rows(_ASKS, parameters)
    }
    for patient_id, instants in sql.rows(_SAID, parameters):
        days = {wall_time.dosing_day(at, zones[patient_id]) for at in instants}
        asks.setdefault(patient_id, []).extend(
            Ask(day, AskKind.CHECK_IN, True) for day in days if day >= since[patient_id]
        )
    parameters["by_check_ins"] = [person.by_check_ins for person in people]
    for patient_id, days, answers in sql.rows(_DAILY, parameters):
        asks.setdefault(patient_id, []).extend(
            Ask(day, AskKind.CHECK_IN, said) for day, said in zip(days, answers, strict=True)
        )
    for mine in asks.values():
        mine.sort(key=lambda ask: ask.day)
    paused = pauses_since([person.patient_id for person in people], since=min(since.values()))
    for person in people:
        # Who asked for no prompts was asked nothing.
        rests = [*person.away, *(Away(first, last, None) for first, last in paused.get(person.patient_id, ()))]
        if rests and person.patient_id in asks:
            asks[person.patient_id] = [
                ask
                for ask in asks[person.patient_id]
                if ask.answered or not any(each.covers(ask.day) for each in rests)
            ]
    return asks


def _silence(person: _Patient, asks: Sequence[Ask], policy: Policy, now: datetime) -> Silence | None:
    today = wall_time.dosing_day(now, person.zone)
    found = assess_silence(
        asks,
        today=today,
        started_on=person.started_on,
        back_on=person.back_on,
        dsl=None if person.cover_from is None else (today - person.cover_from).days,
        live_craving_flag=person.craving_flag,
        counts_as_opioid=counts_as_opioid(Indication(person.indication), OpioidHistory(person.opioid_history)),
        policy=policy,
    )
    if found is None or person.dealt_with_at is None:
        return found
    dealt_with = wall_time.dosing_day(person.dealt_with_at, person.zone)
    again = len({ask.day for ask in asks if ask.reached and not ask.answered and ask.day > dealt_with})
    if again < policy.silence_info_run:
        return None
    if again < found.call_run:
        return replace(found, severity=Severity.INFO)
    return found


def _longer(person: _Patient, asks: Sequence[Ask], first_day: date) -> dict[str, Any]:
    """The evidence of a silence that went on: the numbers before its run stay what they were."""
    live = dict(person.live or {})
    silent = [ask for ask in asks if ask.reached and not ask.answered]
    days = {ask.day for ask in silent}
    again = _more_from(live, first_day) == date.fromisoformat(live["since"])
    live["run"] = len(days) + (0 if again else live["run"])
    if len(days) < len(silent):
        live["unit"] = "days"
    if asks:
        live["through"] = asks[-1].day.isoformat()
    return live
