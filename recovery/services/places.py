"""A program's own list of meetings (C 1 row 96). It holds nothing of a person. Needs an open scope."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from backend.access import Actor
from backend.errors import Conflict, DomainError, IdReused, NotAllowed, NotFound
from backend.rules import wall_time
from backend.rules.roles import CARE_ROLES
from backend.selectors.people import programs_by_id
from backend.services import audit
from recovery.models import MeetingPlace
from recovery.rules.support import MeetingKind
from recovery.rules.words import Language

_LONGEST = {"name": 120, "times": 200, "place": 200, "source": 200, "phone": 16}


class BadPlace(DomainError):
    code = "bad-meeting"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlace:
    """A meeting and where it is known from. ``place`` '' where it meets online only."""

    client_id: UUID
    kind: str
    name: str
    times: str
    source: str
    place: str = ""
    online: bool = False
    language: str = Language.ENGLISH.value
    phone: str = ""


@transaction.atomic
def list_place(*, actor: Actor, program_id: int, place: NewPlace, now: datetime) -> tuple[MeetingPlace, bool]:
    """Put a meeting on the program's list, checked today; returns it and whether it is new. Safe to repeat.

    Raises NotFound for a program where the actor is not on the care team, BadPlace naming the field, IdReused.
    """
    _refuse_strangers(actor, program_id)
    texts = {name: getattr(place, name).strip() for name in _LONGEST}
    for name, limit in _LONGEST.items():
        if len(texts[name]) > limit:
            raise BadPlace(f"At most {limit} characters.", field=name)
    for name in ("name", "times", "source"):
        if not texts[name]:
            raise BadPlace("This is missing.", field=name)
    if not set(texts["phone"]) <= set("+0123456789 ()-"):
        raise BadPlace("This is no number.", field="phone")
    if place.kind not in set(MeetingKind):
        raise BadPlace("There is no such choice.", field="kind")
    if place.language not in set(Language):
        raise BadPlace("There is no such choice.", field="language")
    if not texts["place"] and not place.online:
        raise BadPlace("Say where it is, or that it meets online.", field="place")
    facts = texts | {"kind": place.kind, "online": place.online, "language": place.language}
    row, is_new = MeetingPlace.objects.get_or_create(
        program_id=program_id,
        client_id=place.client_id,
        defaults=facts | {"reviewed_on": _today(program_id, now), "reviewed_by_id": actor.user_id, "made_at": now},
    )
    if is_new:
        _note(actor, "meeting_place.listed", row)
    elif any(getattr(row, name) != value for name, value in facts.items()):
        raise IdReused("This id was used before with other content.", field="client_id")
    return row, is_new


@transaction.atomic
def check_place(*, actor: Actor, place_id: int, now: datetime) -> MeetingPlace:
    """Somebody made sure today that it meets. Raises NotFound, Conflict when it was withdrawn."""
    row = _locked(actor, place_id)
    row.reviewed_on, row.reviewed_by_id = _today(row.program_id, now), actor.user_id
    row.save(update_fields=["reviewed_on", "reviewed_by"])
    _note(actor, "meeting_place.checked", row)
    return row


@transaction.atomic
def withdraw_place(*, actor: Actor, place_id: int, now: datetime) -> MeetingPlace:
    """It meets no more: patients do not see it any longer. Raises NotFound, Conflict when it was withdrawn."""
    row = _locked(actor, place_id)
    row.withdrawn_at = now
    row.save(update_fields=["withdrawn_at"])
    _note(actor, "meeting_place.withdrawn", row)
    return row


def _locked(actor: Actor, place_id: int) -> MeetingPlace:
    row = MeetingPlace.objects.select_for_update(no_key=True).filter(pk=place_id).first()
    if row is None:
        raise NotFound
    _refuse_strangers(actor, row.program_id)
    if row.withdrawn_at is not None:
        raise Conflict("This was taken off the list.")
    return row


def _refuse_strangers(actor: Actor, program_id: int) -> None:
    roles = actor.roles.get(program_id, frozenset())
    if not roles:
        raise NotFound
    if not roles & CARE_ROLES:
        raise NotAllowed("The care team keeps this list.")


def _today(program_id: int, now: datetime) -> date:
    return wall_time.local_date(now, programs_by_id([program_id])[program_id].zone)


def _note(actor: Actor, action: str, row: MeetingPlace) -> None:
    audit.record(actor=actor, action=action, program_id=row.program_id, object_kind="meeting_place", object_id=row.pk)
