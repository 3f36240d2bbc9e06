"""Making the rota, taking over, and putting somebody else on call for a while. Needs an open scope."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.db import transaction

from backend.access import Actor
from backend.errors import Conflict, DomainError, NotAllowed, NotFound
from backend.rules.roles import CARE_ROLES, Role
from backend.selectors.people import users_with_role
from backend.services import audit
from recovery.models import Rota, RotaOverride, RotaTurn
from recovery.rules.escalation import OverrideReason
from recovery.selectors.rota import staffing_of

MOST_TURNS = 26
MOST_IN_A_TURN = 4
LONGEST_OVERRIDE = timedelta(days=62)
FARTHEST = timedelta(days=366)
LONGEST_TAKE_OVER = timedelta(days=7)
EDITORS = frozenset({Role.MEDICAL_DIRECTOR, Role.OPERATOR})


class BadRota(DomainError):
    code = "bad-rota"


class BadOverride(DomainError):
    code = "bad-override"


def may_edit(actor: Actor, program_id: int) -> bool:
    """A medical director or an operator of the program makes its rota."""
    return bool(actor.roles.get(program_id, frozenset()) & EDITORS)


@transaction.atomic
def set_rota(
    *, actor: Actor, program_id: int, anchor: date, hand_over: time, turns: Sequence[Sequence[int]], now: datetime
) -> int:
    """Make a new version of the rota, in force at once; returns its id.

    ``turns`` are the weeks of the circle from the Monday ``anchor`` on, each its people (user ids) in the order
    in which they are told. Raises NotAllowed; BadRota for no turn, a day that is no Monday, an empty or
    overlong turn, or somebody twice in a week or without a care role here.
    """
    _refuse_unless_editor(actor, program_id)
    if anchor.weekday() != 0:
        raise BadRota("A rota begins on a Monday.", field="anchor")
    if not 1 <= len(turns) <= MOST_TURNS:
        raise BadRota(f"A rota has 1 to {MOST_TURNS} weeks.", field="turns")
    for turn in turns:
        if not 1 <= len(turn) <= MOST_IN_A_TURN or len(set(turn)) != len(turn):
            raise BadRota(f"Each week has 1 to {MOST_IN_A_TURN} different people.", field="turns")
    _refuse_strangers(program_id, {user for turn in turns for user in turn}, field="turns")
    rota = Rota.objects.create(
        program_id=program_id, anchor=anchor, hand_over=hand_over, made_by_id=_person(actor), made_at=now
    )
    RotaTurn.objects.bulk_create(
        RotaTurn(program_id=program_id, rota=rota, week=week, rank=rank, user_id=user)
        for week, turn in enumerate(turns)
        for rank, user in enumerate(turn, start=1)
    )
    _note(actor, "rota.made", program_id, "rota", rota.pk)
    return rota.pk


@transaction.atomic
def add_override(
    *,
    actor: Actor,
    program_id: int,
    starts_at: datetime,
    ends_at: datetime,
    people: Sequence[int],
    reason: OverrideReason,
    now: datetime,
) -> int:
    """Put up to two people on call for a while, ``starts_at <= t < ends_at``; nobody is a gap that is known.

    Returns its id. Raises NotAllowed; BadOverride for times out of order, in the past, too far ahead or too long,
    and for people who are the same or strangers here.
    """
    _refuse_unless_editor(actor, program_id)
    if not starts_at < ends_at:
        raise BadOverride("The end comes after the beginning.", field="ends_at")
    if ends_at <= now:
        raise BadOverride("This time is over.", field="ends_at")
    if ends_at - starts_at > LONGEST_OVERRIDE:
        raise BadOverride(f"At most {LONGEST_OVERRIDE.days} days; change the rota instead.", field="ends_at")
    if starts_at > now + FARTHEST:
        raise BadOverride("At most a year ahead.", field="starts_at")
    if len(people) > 2 or len(set(people)) != len(people):
        raise BadOverride("At most two different people.", field="people")
    _refuse_strangers(program_id, set(people), field="people")
    return _override(actor, program_id, starts_at, ends_at, people, reason, now)


@transaction.atomic
def take_over(*, actor: Actor, program_id: int, until: datetime, now: datetime) -> int:
    """Be on call first from now ``until`` a time; who was first becomes second. Any care role may.

    Raises NotAllowed; BadOverride for a time that is over or more than a week away.
    """
    if not actor.roles.get(program_id, frozenset()) & CARE_ROLES or actor.user_id is None:
        raise NotAllowed("Only somebody of the care team can be on call.")
    if not now < until <= now + LONGEST_TAKE_OVER:
        raise BadOverride("Choose a time within the next seven days.", field="until")
    before = [user for user in staffing_of([program_id], now=now)[program_id].on_call(now=now) if user != actor.user_id]
    people = [actor.user_id, *before[:1]]
    return _override(actor, program_id, now, until, people, OverrideReason.TAKE_OVER, now)


@transaction.atomic
def cancel_override(*, actor: Actor, override_id: int, now: datetime) -> None:
    """End an override before its time: an editor, or whoever made it. Raises NotFound, NotAllowed, Conflict."""
    row = RotaOverride.objects.select_for_update().filter(pk=override_id).first()
    if row is None or row.program_id not in actor.roles:
        raise NotFound
    if row.made_by_id != actor.user_id:
        _refuse_unless_editor(actor, row.program_id)
    if row.cancelled_at is not None:
        raise Conflict("This was ended already.")
    row.cancelled_at, row.cancelled_by_id = now, actor.user_id
    row.save(update_fields=["cancelled_at", "cancelled_by"])
    _note(actor, "rota.override_ended", row.program_id, "rota_override", row.pk)


def _override(
    actor: Actor,
    program_id: int,
    starts_at: datetime,
    ends_at: datetime,
    people: Sequence[int],
    reason: OverrideReason,
    now: datetime,
) -> int:
    first, second = (*people, None, None)[:2]
    row = RotaOverride.objects.create(
        program_id=program_id,
        starts_at=starts_at,
        ends_at=ends_at,
        first_id=first,
        second_id=second,
        reason=reason.value,
        made_by_id=_person(actor),
        made_at=now,
    )
    _note(actor, "rota.override_made", program_id, "rota_override", row.pk)
    return row.pk


def _person(actor: Actor) -> int:
    if actor.user_id is None:
        raise NotAllowed("Only a person can do this.")
    return actor.user_id


def _refuse_unless_editor(actor: Actor, program_id: int) -> None:
    if not may_edit(actor, program_id):
        raise NotAllowed("Only a medical director or an operator of the program changes its rota.")


def _refuse_strangers(program_id: int, people: set[int], *, field: str) -> None:
    if people - set(users_with_role(program_id=program_id, roles=CARE_ROLES)):
        wrong = BadRota if field == "turns" else BadOverride
        raise wrong("Everybody on call has a care role in this program.", field=field)


def _note(actor: Actor, action: str, program_id: int, kind: str, pk: int) -> None:
    audit.record(actor=actor, action=action, program_id=program_id, object_kind=kind, object_id=pk)
