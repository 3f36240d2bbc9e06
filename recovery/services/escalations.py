"""Each concern that somebody must hear of has an owner or a timer; the tick tells whoever is next (C 7, S 15).

Rows follow their flag in the same transaction: raised, taken, given back, put aside, ended. Who is told, and
when, is decided by ``recovery.rules.escalation``; how they are told is not known here.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog

from backend.access import NOBODY
from backend.rules import wall_time
from backend.services import audit
from recovery.models import Escalation, Flag
from recovery.rules import escalation as rules
from recovery.rules.escalation import EscalationPolicy, Phase
from recovery.rules.flags import ClinicHours
from recovery.rules.states import FlagKind, FlagStatus, Severity
from recovery.selectors.clinic import clinics
from recovery.selectors.policy import ProgramRules, rules_for
from recovery.selectors.rota import Staffing, staffing_of
from recovery.services import sql

TOLD = (Severity.AMBER_PLUS.value, Severity.RED.value)
"""What a phone rings for. Lower ones are work for the list."""

log = structlog.get_logger("holdfast.escalation")


@dataclass(frozen=True, slots=True)
class ToldFlag:
    """A flag as far as telling people goes."""

    flag_id: int
    program_id: int
    patient_id: int
    kind: FlagKind
    severity: Severity
    respond_by: datetime | None
    owner_id: int | None = None


def follow_raised(flags: Sequence[ToldFlag], *, now: datetime) -> None:
    """Begin the escalation of flags that are new or became more severe. Needs the transaction that raised them."""
    told = [flag for flag in flags if flag.severity.value in TOLD]
    if not told:
        return
    ids = {flag.program_id for flag in told}
    hours, numbers = clinics(ids), rules_for(ids)
    known = {
        row.flag_id: row
        for row in Escalation.objects.select_for_update(no_key=True).filter(flag_id__any=[f.flag_id for f in told])
    }
    changed: list[Escalation] = []
    for flag in told:
        begins = _works_from(flag, hours[flag.program_id], numbers[flag.program_id], now=now)
        start = begins or now
        response = max(timedelta(0), (flag.respond_by or start) - start)
        row = known.get(flag.flag_id)
        if row is None:
            row = Escalation(program_id=flag.program_id, patient_id=flag.patient_id, flag_id=flag.flag_id, begun_at=now)
            value = rules.begin(response=response, now=now, works_from=begins)
            if flag.owner_id is not None:
                value = rules.acknowledge(value, user_id=flag.owner_id, now=now)
        else:
            value = rules.raise_severity(_value(row), response=response, now=now, works_from=begins)
        changed.append(_put(row, value))
    Escalation.objects.bulk_create(
        [row for row in changed if row.pk is None],
        ignore_conflicts=True,  # another runner was first: its row does the same
    )
    _save([row for row in changed if row.pk is not None])


def _works_from(flag: ToldFlag, clinic: ClinicHours, numbers: ProgramRules, *, now: datetime) -> datetime | None:
    """When telling may begin: at once for what a person reported, else when the clinic opens (S 15).

    A clinic that never opens is told at once.
    """
    acute = numbers.flags[flag.kind].acute and flag.severity is Severity.RED
    return None if acute or clinic.is_open(now) else clinic.next_working_morning(now)


def follow_taken(*, flag_id: int, user_id: int, now: datetime) -> None:
    """Somebody took the flag."""
    _change(flag_id, lambda value: rules.acknowledge(value, user_id=user_id, now=now))


def follow_released(*, flag_id: int, now: datetime) -> None:
    """Its owner gave it back: a new round, at once."""
    _change(flag_id, lambda value: rules.release(value, now=now))


def follow_snoozed(*, flag_id: int, until: datetime, now: datetime) -> None:
    """It was put aside; the next round begins when that ends, a week from now at the latest."""
    _change(flag_id, lambda value: rules.snooze(value, until=until, now=now))


def follow_woken(owners: Mapping[int, int | None], *, now: datetime) -> None:
    """Put-aside flags are back: ``{flag id: owner or None}``."""
    rows = list(Escalation.objects.select_for_update(no_key=True).filter(flag_id__any=list(owners)))
    for row in rows:
        owner = owners[row.flag_id]
        value = _value(row)
        _put(
            row,
            rules.release(value, now=now) if owner is None else rules.acknowledge(value, user_id=owner, now=now),
        )
    _save(rows)


_CLOSE = """
UPDATE recovery_escalation SET phase = 'closed', next_at = NULL, owner_id = NULL
WHERE flag_id = ANY (%s::bigint[]) AND phase <> 'closed'
"""


def follow_ended(flag_ids: Collection[int]) -> None:
    """The flags were closed, or their reason ended by itself: nobody is told any more."""
    if flag_ids:
        sql.run(_CLOSE, [sorted(flag_ids)])


def _change(flag_id: int, act: Callable[[rules.Escalation], rules.Escalation]) -> None:
    row = Escalation.objects.select_for_update(no_key=True).filter(flag_id=flag_id).first()
    if row is not None:
        _put(row, act(_value(row))).save(update_fields=_COLUMNS)


# --- the tick -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Telling:
    """What falls due: tell these people of this flag. It says nothing of what the concern is.

    ``number`` counts the tellings of the flag, from 0: no two have the same. ``owned``: it was taken and not
    closed in its time.
    """

    flag_id: int
    program_id: int
    recipients: tuple[int, ...]
    number: int
    level: int
    red: bool
    acute: bool
    owned: bool
    day: date  # local to the program


_DUE = """
SELECT e.id, f.status, f.severity, f.kind, f.owner_id, p.team_id
FROM recovery_escalation e JOIN recovery_flag f ON f.program_id = e.program_id AND f.id = e.flag_id
JOIN recovery_patient p ON p.program_id = e.program_id AND p.id = e.patient_id
WHERE e.phase <> 'closed' AND e.next_at <= %(now)s
ORDER BY f.severity_rank DESC, e.next_at LIMIT %(limit)s
FOR NO KEY UPDATE OF e, f SKIP LOCKED
"""
_UNFOLLOWED = """
SELECT f.id, f.program_id, f.patient_id, f.kind, f.severity, f.respond_by,
  CASE WHEN f.status = 'owned' THEN f.owner_id END
FROM recovery_flag f
WHERE f.status IN ('open', 'owned', 'snoozed') AND f.severity = ANY (%(told)s::text[])
  AND NOT EXISTS (SELECT 1 FROM recovery_escalation e WHERE e.flag_id = f.id)
ORDER BY f.severity_rank DESC, f.id LIMIT %(limit)s
"""


def follow_unfollowed(*, now: datetime, limit: int = 500) -> int:
    """Begin the escalation of live flags that have none, from before there were any. Needs an open scope."""
    found = [
        ToldFlag(pk, program, patient, FlagKind(kind), Severity(severity), respond_by, owner)
        for pk, program, patient, kind, severity, respond_by, owner in sql.rows(
            _UNFOLLOWED, {"told": list(TOLD), "limit": limit}
        )
    ]
    follow_raised(found, now=now)
    return len(found)


def tell_due(*, now: datetime, limit: int = 500) -> list[Telling]:
    """Take every step that is due and return who is to be told of what. Needs an open scope.

    The caller tells them in the same transaction. Safe in several places at once: a row that another runner
    is taking is passed over. Below red nobody's phone rings while the clinic is closed; red goes on at any
    hour once it has begun. A snooze that is over puts the flag back on the list; one whose owner no longer
    works here is nobody's again.
    """
    due = {row[0]: row[1:] for row in sql.rows(_DUE, {"now": now, "limit": limit})}
    if not due:
        return []
    rows = list(Escalation.objects.filter(pk__any=list(due)))
    ids = {row.program_id for row in rows}
    staffing, hours, numbers = staffing_of(ids, now=now), clinics(ids), rules_for(ids)
    tellings = []
    for row in rows:
        status, severity, kind, owner_id, team_id = due[row.pk]
        clinic = hours[row.program_id]
        value = _value(row)
        if status in (FlagStatus.CLOSED.value, FlagStatus.RETURNED.value):
            _put(row, rules.close(value))
            continue
        red = severity == Severity.RED.value
        if not red and not clinic.is_open(now) and (opens := clinic.next_working_morning(now)) is not None:
            row.next_at = opens
            continue
        value = _as_the_flag_stands(row, value, status, owner_id, staffing[row.program_id], now=now)
        if not rules.is_due(value, now=now):
            _put(row, value)
            continue
        staff = staffing[row.program_id]
        taken = rules.step(
            value,
            rota=_on_duty(staff, team_id, red=red, now=now),
            everybody=sorted(staff.reachable),
            now=now,
            policy=EscalationPolicy(share=numbers[row.program_id].policy.reassign_at_share),
        )
        recipients = tuple(user for user in taken.recipients if user in staff.reachable)
        if not recipients:
            log.error("nobody to tell of a flag", program_id=row.program_id, flag_id=row.flag_id)
        tellings.append(
            Telling(
                flag_id=row.flag_id,
                program_id=row.program_id,
                recipients=recipients,
                number=row.told,
                level=taken.level,
                red=red,
                acute=red and numbers[row.program_id].flags[FlagKind(kind)].acute,
                owned=value.phase is Phase.OWNED,
                day=wall_time.local_date(now, clinic.zone),
            )
        )
        _put(row, taken.escalation)
        row.told, row.last_told_at = row.told + 1, now
    _save(rows)
    _note(tellings, rows)
    return tellings


def _as_the_flag_stands(
    row: Escalation, value: rules.Escalation, status: str, owner_id: int | None, staff: Staffing, *, now: datetime
) -> rules.Escalation:
    """Put flag and escalation in step before the step: a snooze ends, an owner may have left."""
    if status == FlagStatus.OWNED.value and owner_id not in staff.active:
        _reopen(row.flag_id)
        return rules.release(value, now=now)
    if status == FlagStatus.OWNED.value and owner_id is not None and value.owner_id != owner_id:
        return rules.acknowledge(value, user_id=owner_id, now=now)
    if status == FlagStatus.SNOOZED.value:
        _reopen(row.flag_id)
        return rules.release(value, now=now)
    if value.phase is not Phase.WAITING and status == FlagStatus.OPEN.value:
        return rules.release(value, now=now)
    return value


def _reopen(flag_id: int) -> None:
    Flag.objects.filter(pk=flag_id).update(
        status=FlagStatus.OPEN.value, owner=None, owned_at=None, snoozed_until=None, snooze_reason=""
    )


def _on_duty(staff: Staffing, team_id: int | None, *, red: bool, now: datetime) -> rules.Rota:
    """Whoever is on call now and can be reached, as a rota of one turn.

    Where no rota was ever made, red goes to everybody, and anything less to the patient's own team first.
    """
    duty = staff.on_call(now=now)
    if not duty and staff.rota is None and not red:
        everybody = sorted(staff.reachable)
        duty = tuple(user for user in everybody if staff.team_of[user] == team_id) or tuple(everybody)
    return rules.Rota(zone=wall_time.zone_named("UTC"), anchor=rules.SOME_MONDAY, turns=(duty,) if duty else ())


def _note(tellings: Iterable[Telling], rows: Sequence[Escalation]) -> None:
    patients = {row.flag_id: row.patient_id for row in rows}
    by_program: dict[tuple[int, str], list[tuple[int | None, str, int | None]]] = {}
    for one in tellings:
        action = "flag.told" if one.recipients else "flag.nobody_to_tell"
        by_program.setdefault((one.program_id, action), []).append((patients[one.flag_id], "flag", one.flag_id))
    for (program_id, action), objects in by_program.items():
        audit.record_many(actor=NOBODY, action=action, program_id=program_id, objects=objects)


# --- rows and values ------------------------------------------------------------------------------------

_COLUMNS = ["phase", "response_s", "next_at", "level", "owner"]


def _value(row: Escalation) -> rules.Escalation:
    return rules.Escalation(
        phase=Phase(row.phase),
        response=timedelta(seconds=row.response_s),
        next_at=row.next_at,
        level=row.level,
        owner_id=row.owner_id,
    )


def _put(row: Escalation, value: rules.Escalation) -> Escalation:
    row.phase, row.next_at, row.owner_id = value.phase.value, value.next_at, value.owner_id
    row.response_s = int(value.response.total_seconds())
    row.level = min(value.level, 32_000)
    return row


_SAVE = """
UPDATE recovery_escalation e SET phase = u.phase, response_s = u.response_s, next_at = u.next_at, level = u.level,
  owner_id = u.owner_id, told = u.told, last_told_at = u.last_told_at
FROM unnest(%s::bigint[], %s::text[], %s::integer[], %s::timestamptz[], %s::smallint[], %s::bigint[], %s::integer[],
  %s::timestamptz[]) AS u (id, phase, response_s, next_at, level, owner_id, told, last_told_at)
WHERE e.id = u.id
"""


def _save(rows: Sequence[Escalation]) -> None:
    """Write where these rows stand, in one statement. The caller holds their locks."""
    names = ("pk", "phase", "response_s", "next_at", "level", "owner_id", "told", "last_told_at")
    if rows:
        sql.run(_SAVE, [[getattr(row, name) for row in rows] for name in names])
