"""Texts that wait for a person, opened. Needs an open scope; the caller audits it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from backend.crypto import CannotOpen, Key
from backend.selectors.keys import data_keys
from backend.selectors.people import programs_by_id
from recovery.selectors import reminding
from recovery.selectors.names import patient_names
from reminders.models import InboundMessage, Message
from reminders.rules import wording
from reminders.rules.inbox import INBOX, reason_of
from reminders.rules.states import Audience, SubjectKind

TOLD_AGAIN_AFTER = timedelta(hours=4)
"""The line about when texts are read goes once in this time: two machines must not talk to each other."""
LINE = "reply.read_at"


@dataclass(frozen=True, slots=True)
class Told:
    """The line that a sender got by itself; ``earlier`` when it answered a text shortly before this one."""

    text: str
    state: str
    why: str
    earlier: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """One text that waits. ``name``, ``text`` and ``number`` are '' where they cannot be opened.

    ``number`` is filled only where no one patient is known: a patient's is on their page, with how they may be
    reached. ``shared``: several patients have this number.
    """

    inbound_id: int
    program_id: int
    program_name: str
    zone: str
    patient_id: int | None
    name: str
    number: str
    shared: bool
    text: str
    reason: str
    crisis: bool
    received_at: datetime
    told: Told | None

    def __repr__(self) -> str:
        return f"Waiting(inbound_id={self.inbound_id})"


def count_waiting(*, program_ids: Collection[int]) -> int:
    """How many texts wait for a person in these programs."""
    return _waiting(program_ids).count()


def waiting_texts(*, program_ids: Collection[int], limit: int = 100) -> list[Waiting]:
    """The texts that wait, oldest first."""
    rows = list(_waiting(program_ids).order_by("received_at", "pk")[:limit])
    keys = _keys(rows)
    names = patient_names({row.patient_id for row in rows if row.patient_id is not None})
    holders = reminding.phone_holders({bytes(row.phone_index) for row in rows if row.patient_id is None})
    told = _told(rows)
    known = programs_by_id({row.program_id for row in rows})
    return [
        Waiting(
            inbound_id=row.pk,
            program_id=row.program_id,
            program_name=known[row.program_id].name,
            zone=known[row.program_id].zone,
            patient_id=row.patient_id,
            name=names.get(row.patient_id or 0, ""),
            number="" if row.patient_id is not None else _opened(row, keys, "sender"),
            shared=any(
                one.program_id == row.program_id and one.phone_index == bytes(row.phone_index) for one in holders
            ),
            text=_opened(row, keys, "body"),
            reason=reason_of(row.result),
            crisis=row.crisis,
            received_at=row.received_at,
            told=told.get(row.pk),
        )
        for row in rows
    ]


def _waiting(program_ids: Collection[int]) -> QuerySet[InboundMessage]:
    return InboundMessage.objects.filter(
        program_id__in=list(program_ids), handled_at__isnull=True, result__startswith=INBOX
    )


def _keys(rows: Sequence[InboundMessage]) -> dict[tuple[int, int], Key]:
    keys: dict[tuple[int, int], Key] = {}
    for program_id in {row.program_id for row in rows}:
        here = {row.patient_id or 0 for row in rows if row.program_id == program_id}
        found = data_keys(program_id=program_id, patient_ids=here)
        keys |= {(program_id, patient_id): key for patient_id, key in found.items()}
    return keys


def _opened(row: InboundMessage, keys: dict[tuple[int, int], Key], field: str) -> str:
    key = keys.get((row.program_id, row.patient_id or 0))
    try:
        return row.opened(key, field) if key is not None else ""
    except CannotOpen:
        return ""


def _told(rows: Sequence[InboundMessage]) -> dict[int, Told]:
    """What each sender was answered, by text; where nothing was, the line that they got shortly before."""
    answers = Message.objects.filter(
        subject_kind=SubjectKind.INBOUND.value,
        subject_id__in=[row.pk for row in rows],
        audience=Audience.PATIENT.value,
    ).order_by("pk")
    found = {one.subject_id: _line(one, earlier=False) for one in answers}
    silent = [row for row in rows if row.pk not in found and row.patient_id is not None]
    if not silent:
        return found
    first = min(row.received_at for row in silent) - TOLD_AGAIN_AFTER
    lines = Message.objects.filter(
        patient_id__in={row.patient_id for row in silent}, template=LINE, created_at__gt=first, due_at__gt=first
    ).order_by("-created_at")
    before = list(lines)
    for row in silent:
        for one in before:
            gap = row.received_at - one.created_at
            if one.patient_id == row.patient_id and timedelta(0) <= gap <= TOLD_AGAIN_AFTER:
                found[row.pk] = _line(one, earlier=True)
                break
    return found


def _line(message: Message, *, earlier: bool) -> Told:
    try:
        text = wording.render(message.template, message.language, message.values)
    except (wording.UnknownTemplate, wording.BadValue):
        text = ""
    return Told(text=text, state=message.state, why=message.why, earlier=earlier)
