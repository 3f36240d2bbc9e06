"""Writing concerns: many at once, one live row per patient and kind (contract 5).

The database decides who is first: a concern that is live already is updated by the same
statement, so that two runners or a runner and a request cannot make two.
"""

import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from backend.access import NOBODY, Actor
from backend.services import audit
from recovery.models import Patient
from recovery.rules.flags import FLAG_RULES, ClinicHours, respond_by, response_for, severity_in
from recovery.rules.states import FlagKind, FlagStatus, Indication, OpioidHistory, Severity, counts_as_opioid
from recovery.selectors.clinic import clinics
from recovery.selectors.policy import ProgramRules, rules_for
from recovery.services import sql
from recovery.services.escalations import ToldFlag, follow_ended, follow_raised

REASON_ENDED = "reason_ended"

# Their evidence is where things stand today. Others keep the numbers of their worst moment.
_FOLLOWS_THE_DAY = [FlagKind.SILENCE.value, FlagKind.INJECTION_LATE.value, FlagKind.CONTACT_LOST.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """One reason for a flag, as a rule found it."""

    program_id: int
    patient_id: int
    treatment_id: int | None
    kind: FlagKind
    severity: Severity
    evidence: Mapping[str, Any]
    policy_version: str


@dataclass(frozen=True, slots=True)
class Raised:
    """A flag that was made or changed. ``rose``: it was live at a lower severity."""

    flag_id: int
    patient_id: int
    kind: FlagKind
    severity: Severity
    is_new: bool
    rose: bool


_RAISE = """
INSERT INTO recovery_flag AS f (uid, program_id, patient_id, treatment_id, kind, severity, severity_rank, status,
  evidence, policy_version, opened_at, severity_since, respond_by, snooze_reason, outcome)
SELECT u.uid, u.program_id, u.patient_id, u.treatment_id, u.kind, u.severity, u.rank, 'open',
  u.evidence::jsonb, u.policy_version, %(now)s, %(now)s, u.respond_by, '', ''
FROM unnest(%(uid)s::uuid[], %(program)s::bigint[], %(patient)s::bigint[], %(treatment)s::bigint[], %(kind)s::text[],
  %(severity)s::text[], %(rank)s::smallint[], %(evidence)s::text[], %(version)s::text[], %(respond_by)s::timestamptz[])
  AS u (uid, program_id, patient_id, treatment_id, kind, severity, rank, evidence, policy_version, respond_by)
ORDER BY u.patient_id, u.kind
ON CONFLICT (patient_id, kind) WHERE status IN ('open', 'owned', 'snoozed') DO UPDATE SET
  evidence = f.evidence || EXCLUDED.evidence,
  policy_version = EXCLUDED.policy_version,
  severity = CASE WHEN EXCLUDED.severity_rank > f.severity_rank THEN EXCLUDED.severity ELSE f.severity END,
  severity_rank = GREATEST(EXCLUDED.severity_rank, f.severity_rank),
  severity_since = CASE WHEN EXCLUDED.severity_rank > f.severity_rank
    THEN GREATEST(EXCLUDED.severity_since, f.opened_at) ELSE f.severity_since END,
  respond_by = CASE WHEN EXCLUDED.severity_rank > f.severity_rank
    THEN LEAST(EXCLUDED.respond_by, f.respond_by) ELSE f.respond_by END,
  status = CASE WHEN EXCLUDED.severity_rank > f.severity_rank AND f.status = 'snoozed'
    THEN CASE WHEN f.owner_id IS NULL THEN 'open' ELSE 'owned' END ELSE f.status END,
  snoozed_until = CASE WHEN EXCLUDED.severity_rank > f.severity_rank THEN NULL ELSE f.snoozed_until END,
  snooze_reason = CASE WHEN EXCLUDED.severity_rank > f.severity_rank THEN '' ELSE f.snooze_reason END
WHERE EXCLUDED.severity_rank > f.severity_rank
  OR ((EXCLUDED.severity_rank = f.severity_rank OR f.kind = ANY (%(follows)s::text[]))
      AND NOT f.evidence @> EXCLUDED.evidence)
RETURNING f.id, f.patient_id, f.kind, f.severity, (f.xmax = 0), (f.xmax <> 0 AND f.severity_since = %(now)s),
  f.program_id, f.respond_by, CASE WHEN f.status = 'owned' THEN f.owner_id END
"""


def raise_many(*, actor: Actor = NOBODY, concerns: Sequence[Concern], now: datetime) -> list[Raised]:
    """Make or update one live flag per patient and kind; returns those that were made or changed.

    How severe each is, is read by its program's own signed table (``severity_in``). A live flag rises in severity
    and never falls; a snoozed one that rises is back on the list. Raising again with the same evidence writes
    nothing. What a person's act raised is audited; what time alone raised stands in the flag's own history.
    """
    if not concerns:
        return []
    programs = {concern.program_id for concern in concerns}
    rules = rules_for(programs)
    worst: dict[tuple[int, FlagKind], Concern] = {}
    for concern in _by_own_tables(concerns, rules):
        known = worst.get((concern.patient_id, concern.kind))
        if known is None or concern.severity.rank >= known.severity.rank:
            worst[concern.patient_id, concern.kind] = concern
    chosen = list(worst.values())
    deadlines = _Deadlines(clinics(programs), rules, now)
    written = sql.rows(
        _RAISE,
        {
            "uid": [uuid.uuid4() for _ in chosen],
            "program": [c.program_id for c in chosen],
            "patient": [c.patient_id for c in chosen],
            "treatment": [c.treatment_id for c in chosen],
            "kind": [c.kind.value for c in chosen],
            "severity": [c.severity.value for c in chosen],
            "rank": [c.severity.rank for c in chosen],
            "evidence": [json.dumps(dict(c.evidence)) for c in chosen],
            "version": [c.policy_version for c in chosen],
            "respond_by": [deadlines.of(c) for c in chosen],
            "follows": _FOLLOWS_THE_DAY,
            "now": now,
        },
    )
    raised = []
    told: dict[tuple[int, str], list[tuple[int | None, str, int | None]]] = {}
    to_tell: list[ToldFlag] = []
    for flag_id, patient_id, kind, severity, is_new, rose, program_id, answer_by, owner_id in written:
        if is_new or rose:
            to_tell.append(
                ToldFlag(flag_id, program_id, patient_id, FlagKind(kind), Severity(severity), answer_by, owner_id)
            )
        raised.append(Raised(flag_id, patient_id, FlagKind(kind), Severity(severity), is_new, rose and not is_new))
        if actor.user_id is not None and (is_new or rose):
            action = "flag.raised" if is_new else "flag.rose"
            told.setdefault((program_id, action), []).append((patient_id, "flag", flag_id))
    for (program_id, action), objects in told.items():
        audit.record_many(actor=actor, action=action, program_id=program_id, objects=objects)
    follow_raised(to_tell, now=now)
    return raised


def _by_own_tables(concerns: Sequence[Concern], rules: Mapping[int, ProgramRules]) -> list[Concern]:
    """The concerns as severe as their programs' own tables say; most programs have none of their own."""
    own = {pk: each.flags for pk, each in rules.items() if each.flags is not FLAG_RULES}
    apart = {
        concern.patient_id
        for concern in concerns
        if concern.program_id in own and own[concern.program_id][concern.kind].alcohol_only is not None
    }
    opioid = {
        pk: counts_as_opioid(Indication(indication), OpioidHistory(history))
        for pk, indication, history in Patient.objects.filter(pk__in=apart).values_list(
            "pk", "indication", "opioid_history"
        )
    }
    return [
        replace(
            concern,
            severity=severity_in(
                own[concern.program_id],
                concern.kind,
                concern.severity,
                counts_as_opioid=opioid.get(concern.patient_id, True),
            ),
        )
        if concern.program_id in own
        else concern
        for concern in concerns
    ]


class _Deadlines:
    """When somebody must have acted; computed once per program, kind and severity."""

    def __init__(self, hours: dict[int, ClinicHours], rules: dict[int, ProgramRules], now: datetime) -> None:
        self._hours, self._rules, self._now = hours, rules, now
        self._known: dict[tuple[int, FlagKind, Severity], datetime] = {}

    def of(self, concern: Concern) -> datetime:
        key = (concern.program_id, concern.kind, concern.severity)
        if key not in self._known:
            rules = self._rules[concern.program_id]
            self._known[key] = respond_by(
                response_for(concern.kind, concern.severity, rules.flags),
                raised_at=self._now,
                acute=rules.flags[concern.kind].acute,
                clinic=self._hours[concern.program_id],
                policy=rules.policy,
            )
        return self._known[key]


_END = """
WITH ending AS (
  SELECT id FROM recovery_flag
  WHERE patient_id = ANY (%(patients)s::bigint[]) AND kind = ANY (%(kinds)s::text[])
    AND status IN ('open', 'owned', 'snoozed')
  ORDER BY id FOR NO KEY UPDATE
)
UPDATE recovery_flag f SET
  status = CASE WHEN f.severity = 'red' THEN %(returned)s ELSE %(closed)s END,
  returned_at = CASE WHEN f.severity = 'red' THEN %(now)s ELSE f.returned_at END,
  closed_at = CASE WHEN f.severity = 'red' THEN NULL ELSE %(now)s END,
  outcome = CASE WHEN f.severity = 'red' THEN '' ELSE %(outcome)s END,
  snoozed_until = NULL,
  snooze_reason = '',
  evidence = f.evidence || jsonb_build_object('ended_by', %(note_key)s::text)
FROM ending WHERE f.id = ending.id
RETURNING f.id, f.program_id, f.patient_id, f.status
"""


def end_many(
    *,
    actor: Actor = NOBODY,
    patient_ids: Collection[int],
    kinds: Iterable[FlagKind],
    note_key: str,
    now: datetime,
) -> list[tuple[int, FlagStatus]]:
    """End the live flags of these kinds because their reason ended by itself; returns (flag, new status).

    Red is ``returned`` and waits for a person; anything less is closed. ``note_key`` says why, in the evidence.
    """
    if not patient_ids:
        return []
    ended = sql.rows(
        _END,
        {
            "patients": sorted(patient_ids),
            "kinds": [kind.value for kind in kinds],
            "returned": FlagStatus.RETURNED.value,
            "closed": FlagStatus.CLOSED.value,
            "outcome": REASON_ENDED,
            "note_key": note_key,
            "now": now,
        },
    )
    told: dict[tuple[int, str], list[tuple[int | None, str, int | None]]] = {}
    for flag_id, program_id, patient_id, status in ended if actor.user_id is not None else []:
        told.setdefault((program_id, f"flag.{status}"), []).append((patient_id, "flag", flag_id))
    for (program_id, action), objects in told.items():
        audit.record_many(actor=actor, action=action, program_id=program_id, objects=objects)
    follow_ended([row[0] for row in ended])
    return [(flag_id, FlagStatus(status)) for flag_id, _, _, status in ended]
