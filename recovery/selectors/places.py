"""A program's list of meetings, for its patients and for those who keep it. Needs an open scope."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from backend.selectors.people import staff_names
from recovery.models import MeetingPlace
from recovery.rules.support import CHECK_AGAIN_DAYS, LISTED_FOR_DAYS, MeetingKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceView:
    """One meeting. ``check_again``: nobody looked for long; ``shown``: patients see it."""

    id: int
    client_id: UUID
    program_id: int
    kind: MeetingKind
    name: str
    times: str
    place: str
    online: bool
    language: str
    phone: str
    source: str
    reviewed_on: date
    reviewed_by: str
    check_again: bool
    shown: bool


def places_of(program_ids: Iterable[int], *, today: date) -> list[PlaceView]:
    """The lists of these programs, by kind and name; those taken off are not in them."""
    ids = list(program_ids)
    names = staff_names(program_ids=ids)
    return [place_view(row, today=today, names=names) for row in _listed(ids)]


def places_shown(program_id: int, *, today: date) -> list[PlaceView]:
    """What the patients of a program read: nothing that nobody checked for a year."""
    views = [place_view(row, today=today, names={}) for row in _listed([program_id])]
    return [each for each in views if each.shown]


def _listed(program_ids: list[int]) -> Iterable[MeetingPlace]:
    rows = MeetingPlace.objects.filter(program_id__in=program_ids, withdrawn_at__isnull=True)
    return rows.order_by("program_id", "kind", "name", "id")


def place_view(row: MeetingPlace, *, today: date, names: dict[int, str] | None = None) -> PlaceView:
    """One meeting, after an act on it."""
    if names is None:
        names = staff_names(program_ids=[row.program_id])
    return PlaceView(
        id=row.pk,
        client_id=row.client_id,
        program_id=row.program_id,
        kind=MeetingKind(row.kind),
        name=row.name,
        times=row.times,
        place=row.place,
        online=row.online,
        language=row.language,
        phone=row.phone,
        source=row.source,
        reviewed_on=row.reviewed_on,
        reviewed_by=names.get(row.reviewed_by_id or 0, ""),
        check_again=today - row.reviewed_on >= timedelta(days=CHECK_AGAIN_DAYS),
        shown=row.withdrawn_at is None and today - row.reviewed_on < timedelta(days=LISTED_FOR_DAYS),
    )
