"""The life of a concern: raised, owned, snoozed, closed with an outcome; contacts on the way (contract 5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction

from backend.access import NOBODY, Actor
from backend.db import programs
from backend.errors import Conflict, DomainError, InFuture, NotAllowed, NotFound
from backend.selectors.keys import data_key
from backend.services import audit
from recovery.models import Flag, Outreach
from recovery.rules.records import OutreachChannel, OutreachOutcome
from recovery.rules.states import FlagKind, FlagStatus, Severity
from recovery.services import cravings_again, escalations, sql
from recovery.services.flag_rows import REASON_ENDED, Concern, end_many, raise_many

__all__ = [
    "FlagOutcome",
    "NewOutreach",
    "close_flag",
    "confirm_returned",
    "end_reason",
    "own_flag",
    "raise_flag",
    "record_outreach",
    "release_flag",
    "snooze_flag",
    "wake_flags",
]


class FlagOutcome(StrEnum):
    """What came of a concern that a person closed."""

    REACHED = "reached"  # spoken with, nothing more needed
    PLAN_MADE = "plan_made"
    VISIT_BOOKED = "visit_booked"
    DOSE_TAKEN = "dose_taken"
    REFERRED = "referred"  # to another service, or to emergency care
    NOT_REACHED = "not_reached"
    DECLINED = "declined"
    NOT_A_CONCERN = "not_a_concern"
    RETURNED = "returned"  # came back; confirmed by a person
    REASON_ENDED = REASON_ENDED  # written by the system alone


class UnknownOutcome(DomainError):
    code = "unknown-outcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOutreach:
    """A contact or an attempt, as staff record it. ``at`` None: just now."""

    channel: str
    outcome: str
    note: str = ""
    at: datetime | None = None


@transaction.atomic
def raise_flag(
    *,
    actor: Actor = NOBODY,
    program_id: int,
    patient_id: int,
    treatment_id: int | None,
    kind: FlagKind,
    severity: Severity,
    evidence: Mapping[str, Any],
    policy_version: str,
    now: datetime,
) -> Flag:
    """Put a concern on the worklist; one that is live already keeps its row and may rise in severity.

    ``evidence`` is plain JSON, the numbers of its sentence. Safe to repeat.
    """
    concern = Concern(
        program_id=program_id,
        patient_id=patient_id,
        treatment_id=treatment_id,
        kind=kind,
        severity=severity,
        evidence=evidence,
        policy_version=policy_version,
    )
    raise_many(actor=actor, concerns=[concern], now=now)
    return Flag.objects.get(
        patient_id=patient_id,
        kind=kind.value,
        status__in=[FlagStatus.OPEN.value, FlagStatus.OWNED.value, FlagStatus.SNOOZED.value],
    )


@transaction.atomic
def own_flag(*, actor: Actor, flag_id: int, now: datetime) -> Flag:
    """Take a flag, also from a colleague: who took it last has it. Raises NotFound, Conflict when it is closed."""
    flag = _locked(flag_id)
    _refuse_unless(flag, FlagStatus.OPEN, FlagStatus.OWNED, FlagStatus.SNOOZED)
    if flag.status == FlagStatus.OWNED.value and flag.owner_id == actor.user_id:
        return flag
    flag.status = FlagStatus.OWNED.value
    flag.owner_id = _person(actor)
    flag.owned_at = now
    flag.snoozed_until, flag.snooze_reason = None, ""
    flag.save(update_fields=["status", "owner", "owned_at", "snoozed_until", "snooze_reason"])
    escalations.follow_taken(flag_id=flag.pk, user_id=_person(actor), now=now)
    audit.record_row(actor, "flag.owned", flag)
    return flag


@transaction.atomic
def release_flag(*, actor: Actor, flag_id: int, now: datetime) -> Flag:
    """Give a flag back to the list. Raises NotFound, Conflict when nobody owns it."""
    flag = _locked(flag_id)
    _refuse_unless(flag, FlagStatus.OWNED)
    flag.status = FlagStatus.OPEN.value
    flag.owner, flag.owned_at = None, None
    flag.save(update_fields=["status", "owner", "owned_at"])
    escalations.follow_released(flag_id=flag.pk, now=now)
    audit.record_row(actor, "flag.released", flag)
    return flag


@transaction.atomic
def snooze_flag(*, actor: Actor, flag_id: int, until: datetime, reason: str, now: datetime) -> Flag:
    """Put a flag aside until a time, with a reason (C 7). It comes back by itself, earlier if it rises.

    Raises NotFound, Conflict when it is closed, ``InThePast`` and ``ReasonNeeded``.
    """
    if until <= now:
        raise InThePast("Choose a time that is still to come.", field="until")
    if not reason.strip():
        raise ReasonNeeded("Say why this can wait.", field="reason")
    if len(reason.strip()) > 120:
        raise ReasonNeeded("A reason has at most 120 characters.", field="reason")
    flag = _locked(flag_id)
    _refuse_unless(flag, FlagStatus.OPEN, FlagStatus.OWNED, FlagStatus.SNOOZED)
    flag.status = FlagStatus.SNOOZED.value
    flag.snoozed_until, flag.snooze_reason = until, reason.strip()
    flag.save(update_fields=["status", "snoozed_until", "snooze_reason"])
    escalations.follow_snoozed(flag_id=flag.pk, until=until, now=now)
    audit.record_row(actor, "flag.snoozed", flag)
    return flag


class InThePast(DomainError):
    code = "in-the-past"


class ReasonNeeded(DomainError):
    code = "reason-needed"


@transaction.atomic
def close_flag(
    *,
    actor: Actor,
    flag_id: int,
    outcome: str,
    now: datetime,
    note: str = "",
    outreach: NewOutreach | None = None,
) -> Flag:
    """Close a flag with what came of it; a contact is recorded beside it.

    A flag that is ``returned`` is confirmed by the same act. When a red flag closes, what was
    said of cravings meanwhile is judged again (contract 5). Raises NotFound, UnknownOutcome,
    Conflict when it is closed already.
    """
    if outcome not in set(FlagOutcome) - {FlagOutcome.REASON_ENDED}:
        raise UnknownOutcome("There is no such outcome.", field="outcome")
    flag = _locked(flag_id)
    _refuse_unless(flag, FlagStatus.OPEN, FlagStatus.OWNED, FlagStatus.SNOOZED, FlagStatus.RETURNED)
    if outreach is not None:
        _contact(actor, flag.program_id, flag.patient_id, flag.pk, outreach, now)
    flag.status = FlagStatus.CLOSED.value
    flag.closed_at = now
    flag.closed_by_id = _person(actor)
    flag.outcome = outcome
    flag.snoozed_until, flag.snooze_reason = None, ""
    if note.strip():
        flag.seal(data_key(program_id=flag.program_id, patient_id=flag.patient_id), note=note.strip())
    flag.save(update_fields=["status", "closed_at", "closed_by", "outcome", "snoozed_until", "snooze_reason", "note"])
    escalations.follow_ended([flag.pk])
    audit.record_row(actor, "flag.closed", flag)
    if flag.severity == Severity.RED.value:
        cravings_again.judge_attached(flag=flag, now=now)
    return flag


@transaction.atomic
def confirm_returned(*, actor: Actor, flag_id: int, now: datetime, note: str = "") -> Flag:
    """A person confirms that the reason of a red flag has ended. Raises NotFound, Conflict when it is not returned."""
    _refuse_unless(_locked(flag_id), FlagStatus.RETURNED)
    return close_flag(actor=actor, flag_id=flag_id, outcome=FlagOutcome.RETURNED.value, note=note, now=now)


@transaction.atomic
def end_reason(*, patient_id: int, kind: FlagKind, note_key: str, now: datetime, actor: Actor = NOBODY) -> bool:
    """End the live flag of this kind because its reason ended by itself; tells whether there was one.

    Red becomes ``returned``; anything less is closed with ``note_key`` in its evidence.
    """
    return bool(end_many(actor=actor, patient_ids=[patient_id], kinds=[kind], note_key=note_key, now=now))


@transaction.atomic
def record_outreach(
    *, actor: Actor, program_id: int, patient_id: int, outreach: NewOutreach, now: datetime, flag_id: int | None = None
) -> Outreach:
    """Record a contact or an attempt, for a flag or on its own.

    Raises NotFound for a flag of another patient, ``InFuture``, ``UnknownOutcome``.
    """
    if flag_id is not None and not Flag.objects.filter(pk=flag_id, patient_id=patient_id).exists():
        raise NotFound
    return _contact(actor, program_id, patient_id, flag_id, outreach, now)


_WAKE = """
WITH waking AS (
  SELECT id FROM recovery_flag WHERE status = 'snoozed' AND snoozed_until <= %(now)s
  ORDER BY snoozed_until LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE recovery_flag f SET status = CASE WHEN f.owner_id IS NULL THEN 'open' ELSE 'owned' END,
  snoozed_until = NULL, snooze_reason = ''
FROM waking WHERE f.id = waking.id
RETURNING f.program_id, f.patient_id, f.id, CASE WHEN f.status = 'owned' THEN f.owner_id END
"""


def wake_flags(*, program_ids: Iterable[int], now: datetime, limit: int = 5000) -> int:
    """Bring back the flags whose time has come; returns how many. Safe in several places at once."""
    ids = list(program_ids)
    if not ids:
        return 0
    with programs(ids):
        woken = sql.rows(_WAKE, {"now": now, "limit": limit})
        by_program: dict[int, list[tuple[int | None, str, int | None]]] = {}
        for program_id, patient_id, flag_id, _ in woken:
            by_program.setdefault(program_id, []).append((patient_id, "flag", flag_id))
        for program_id, objects in by_program.items():
            audit.record_many(actor=NOBODY, action="flag.woken", program_id=program_id, objects=objects)
        escalations.follow_woken({flag_id: owner for _, _, flag_id, owner in woken}, now=now)
        return len(woken)


def _locked(flag_id: int) -> Flag:
    flag = Flag.objects.select_for_update(no_key=True).filter(pk=flag_id).first()
    if flag is None:
        raise NotFound
    return flag


def _refuse_unless(flag: Flag, *statuses: FlagStatus) -> None:
    if flag.status not in {status.value for status in statuses}:
        raise Conflict("This flag has moved on. Read it again.")


def _person(actor: Actor) -> int:
    if actor.user_id is None:
        raise NotAllowed("Only a person can do this.")
    return actor.user_id


def _contact(
    actor: Actor, program_id: int, patient_id: int, flag_id: int | None, outreach: NewOutreach, now: datetime
) -> Outreach:
    if outreach.channel not in set(OutreachChannel):
        raise UnknownOutcome("There is no such way of contact.", field="channel")
    if outreach.outcome not in set(OutreachOutcome):
        raise UnknownOutcome("There is no such outcome of a contact.", field="outcome")
    at = outreach.at or now
    if at > now:
        raise InFuture("A contact cannot be recorded before it happens.", field="at")
    row = Outreach(
        program_id=program_id,
        patient_id=patient_id,
        flag_id=flag_id,
        by_id=_person(actor),
        at=at,
        channel=outreach.channel,
        outcome=outreach.outcome,
    )
    if outreach.note.strip():
        row.seal(data_key(program_id=program_id, patient_id=patient_id), note=outreach.note.strip())
    row.save()
    audit.record(
        actor=actor,
        action="outreach.recorded",
        program_id=program_id,
        patient_id=patient_id,
        object_kind="outreach",
        object_id=row.pk,
    )
    return row
