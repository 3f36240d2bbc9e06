"""Meetings, therapy visits and needs of one person, opened. Needs an open scope."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from backend.crypto import Key
from backend.selectors.export import opened
from recovery.models import MeetingLog, Need, Patient, TherapyVisit
from recovery.rules.needs import NeedKind
from recovery.rules.support import MeetingKind, TherapyKind


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingShown:
    """A meeting that was noted."""

    id: int
    client_id: UUID
    kind: MeetingKind
    online: bool
    attended_on: date
    helped: bool | None
    note: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TherapyShown:
    """A therapy visit; ``status`` is the appointment's."""

    id: int
    client_id: UUID
    kind: TherapyKind
    starts_at: datetime | None
    due_on: date
    status: str
    with_whom: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedShown:
    """A need and what became of its task: ``status`` open, done or cancelled, with the ``outcome``."""

    id: int
    client_id: UUID
    kind: NeedKind
    stated_at: datetime
    status: str
    outcome: str
    note: str = field(repr=False)


def meetings_of(*, patient: Patient, key: Key | None, limit: int = 50) -> list[MeetingShown]:
    """The meetings that were noted, newest first."""
    rows = MeetingLog.objects.filter(program_id=patient.program_id, patient_id=patient.pk)
    return [meeting_shown(row, key=key) for row in rows.order_by("-attended_on", "-id")[:limit]]


def meeting_shown(row: MeetingLog, *, key: Key | None) -> MeetingShown:
    """One meeting, its note opened."""
    return MeetingShown(
        id=row.pk,
        client_id=row.client_id,
        kind=MeetingKind(row.kind),
        online=row.online,
        attended_on=row.attended_on,
        helped=row.helped,
        note=opened(row, key, "note"),
    )


def therapy_of(*, patient: Patient, key: Key | None, limit: int = 20) -> list[TherapyShown]:
    """The therapy visits, latest first."""
    rows = TherapyVisit.objects.filter(program_id=patient.program_id, patient_id=patient.pk)
    rows = rows.select_related("appointment").order_by("-appointment__due_on", "-id")
    return [therapy_shown(row, key=key) for row in rows[:limit]]


def therapy_shown(row: TherapyVisit, *, key: Key | None) -> TherapyShown:
    """One therapy visit, with whom it is opened."""
    return TherapyShown(
        id=row.pk,
        client_id=row.client_id,
        kind=TherapyKind(row.kind),
        starts_at=row.appointment.starts_at,
        due_on=row.appointment.due_on,
        status=row.appointment.status,
        with_whom=opened(row, key, "with_whom"),
    )


def needs_of(*, patient: Patient, key: Key | None) -> list[NeedShown]:
    """The needs that were stated: open ones first, newest first in each half."""
    rows = Need.objects.filter(program_id=patient.program_id, patient_id=patient.pk)
    shown = [need_shown(row, key=key) for row in rows.select_related("task").order_by("-stated_at", "-id")]
    return sorted(shown, key=lambda need: need.status != "open")


def need_shown(row: Need, *, key: Key | None) -> NeedShown:
    """One need, its note opened."""
    return NeedShown(
        id=row.pk,
        client_id=row.client_id,
        kind=NeedKind(row.kind),
        stated_at=row.stated_at,
        status=row.task.status,
        outcome=row.task.outcome,
        note=opened(row, key, "note"),
    )
