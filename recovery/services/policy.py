"""A program's clinical numbers: set, signed and never rewritten (contract 3)."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction

from backend.access import Actor
from backend.errors import Conflict, DomainError, NotAllowed
from backend.rules.roles import Role
from backend.services import audit
from backend.services.policies import append_overrides, lock_policy
from recovery.rules.flags import FLAG_KEY, ConcernError, FlagRule, flag_kind_of, signed_columns
from recovery.rules.policy import PolicyError, known, numbers, with_overrides
from recovery.rules.standing import standing
from recovery.rules.states import FlagKind
from recovery.selectors.instruments import staffing_of
from recovery.selectors.policy import ProgramRules, policies_for, policy_for, rules_for

__all__ = ["override_concern", "override_number", "override_numbers", "policies_for", "policy_for", "sign_numbers"]

AS_IT_STANDS = "read and signed as it stands"
_LONGEST_REASON = 200


class WrongNumber(DomainError):
    """An unknown number, or a value that it cannot have; ``field`` names it."""

    code = "wrong-number"


class ReasonNeeded(DomainError):
    code = "reason-needed"


@transaction.atomic
def override_number(
    *, actor: Actor, program_id: int, key: str, value: object, reason: str, now: datetime, seen: str | None = None
) -> str:
    """Set one number of a program; see ``override_numbers``."""
    return override_numbers(actor=actor, program_id=program_id, values={key: value}, reason=reason, now=now, seen=seen)


@transaction.atomic
def override_numbers(
    *,
    actor: Actor,
    program_id: int,
    values: Mapping[str, object],
    reason: str,
    now: datetime,
    seen: str | None = None,
) -> str:
    """Set numbers of a program, signed by who sets them, and return the new policy version.

    Only a medical director of the program may. Nothing is rewritten: each number gets a higher version, and
    what was decided before keeps naming the version before. ``seen``: the version that the person
    looked at; Conflict when somebody was faster. Raises NotAllowed, ReasonNeeded, WrongNumber.
    """
    rules, by = _begin(actor, program_id, seen)
    reason = _reason(reason)
    try:
        changed = with_overrides(rules.policy, values)
    except PolicyError as error:
        raise WrongNumber(str(error), field=error.field) from None
    _refuse_what_nobody_reads(program_id, {key: getattr(changed, key) for key in values}, now)
    return _write(actor, by, program_id, {key: getattr(changed, key) for key in values}, reason, "overridden", now)


READ_BY_SOMEBODY = ("phq9_on_phone", "cssrs_on_phone", "free_text_on_phone")
"""Switches that may be on only where patients can be told when their answers are read (contract 3)."""


def _refuse_what_nobody_reads(program_id: int, values: Mapping[str, object], now: datetime) -> None:
    wanted = [key for key in READ_BY_SOMEBODY if values.get(key) is True]
    if wanted and not staffing_of(program_id=program_id, now=now).can_say_when:
        raise WrongNumber(
            "Nobody could tell patients when this is read: the program has no clinic hours and no on-call at night.",
            field=wanted[0],
        )


@transaction.atomic
def override_concern(
    *,
    actor: Actor,
    program_id: int,
    kind: FlagKind,
    columns: Mapping[str, str | None],
    reason: str,
    now: datetime,
    seen: str | None = None,
) -> str:
    """Set how severe a concern is, whose, and how soon it is answered; sign its row; return the new policy version.

    ``columns``: any of ``severity``, ``alcohol_only`` (None: as elsewhere), ``owner``, ``response``; the others stay.
    A concern that is live keeps what it was raised with until it rises. Raises as ``override_numbers``; WrongNumber
    names the column, also for what S and the contract do not let a program lower.
    """
    rules, by = _begin(actor, program_id, seen)
    reason = _reason(reason)
    try:
        row = signed_columns(rules.flags[kind], columns)
    except ConcernError as error:
        raise WrongNumber(str(error), field=error.column) from None
    return _write(actor, by, program_id, {FLAG_KEY + kind.value: row}, reason, "overridden", now)


@transaction.atomic
def sign_numbers(
    *,
    actor: Actor,
    program_id: int,
    keys: Collection[str],
    now: datetime,
    reason: str = AS_IT_STANDS,
    seen: str | None = None,
) -> str:
    """Sign numbers, rows of the table of concerns (``flag:KIND``), regimens and lists, as they stand.

    Returns the new version.

    The value is signed with the name: a later default does not change a number that was signed.
    Raises as ``override_numbers``; WrongNumber also when there is nothing to sign.
    """
    rules, by = _begin(actor, program_id, seen)
    reason = _reason(reason)
    if not keys:
        raise WrongNumber("Nothing was chosen to sign.", field="keys")
    values = {key: _as_it_stands(rules, key) for key in keys}
    return _write(actor, by, program_id, values, reason, "signed", now)


def _begin(actor: Actor, program_id: int, seen: str | None) -> tuple[ProgramRules, int]:
    if actor.user_id is None or Role.MEDICAL_DIRECTOR not in actor.roles.get(program_id, ()):
        raise NotAllowed("Only a medical director of the program signs its numbers.")
    lock_policy(program_id=program_id)
    rules = rules_for([program_id])[program_id]
    if seen is not None and seen != rules.policy.version:
        raise Conflict("The numbers have changed meanwhile. Nothing was saved. Please read them again.")
    return rules, actor.user_id


def _reason(text: str) -> str:
    text = text.strip()
    if not text or len(text) > _LONGEST_REASON or not text.isprintable():
        raise ReasonNeeded(f"Give a reason in one line of at most {_LONGEST_REASON} characters.", field="reason")
    return text


def _as_it_stands(rules: ProgramRules, key: str) -> object:
    kind = flag_kind_of(key)
    if kind is not None:
        rule: FlagRule = rules.flags[kind]
        return signed_columns(rule)
    if key in standing():
        return dict(standing()[key].value)
    if not known(key):
        raise WrongNumber("There is no such number.", field=key)
    return next(number.value for number in numbers(rules.policy) if number.key == key)


def _write(
    actor: Actor, by: int, program_id: int, values: Mapping[str, object], reason: str, what: str, now: datetime
) -> str:
    append_overrides(program_id=program_id, values=values, reason=reason, signed_by=by, now=now)
    audit.record(
        actor=actor,
        action=f"policy.{what}",
        program_id=program_id,
        object_kind="program",
        object_id=program_id,
        fields=sorted(values),
    )
    return policy_for(program_id).version
