"""What was said to and by one patient, opened. Needs an open scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.crypto import CannotOpen, Key
from backend.selectors.keys import data_keys
from recovery.selectors import reminding
from reminders.models import InboundMessage, Message
from reminders.rules import wording
from reminders.rules.states import Audience, Channel, MessageState


@dataclass(frozen=True, slots=True)
class Said:
    """One text of a conversation; ``state`` and ``why`` are of ours, ``result`` of theirs."""

    at: datetime
    ours: bool
    text: str
    state: str = ""
    why: str = ""
    result: str = ""
    waits_for_person: bool = False

    def __repr__(self) -> str:
        return f"Said(at={self.at!r}, ours={self.ours})"


def message_history(*, patient_id: int, limit: int = 60) -> list[Said]:
    """The latest texts to and from a patient, nobody else's, newest first; what is planned comes with its time."""
    keys = data_keys(patient_ids=[patient_id])
    word = reminding.agreed_words(keys).get(patient_id, "")
    sent = [
        Said(
            at=row.sending_at or row.ended_at or row.send_after,
            ours=True,
            text=_text(row, word),
            state=row.state,
            why=row.why if row.state != MessageState.DELIVERED.value else "",
        )
        for row in Message.objects.filter(patient_id=patient_id, audience=Audience.PATIENT.value).order_by("-due_at")[
            :limit
        ]
    ]
    heard = heard_from(list(InboundMessage.objects.filter(patient_id=patient_id).order_by("-received_at")[:limit]))
    return sorted([*sent, *heard.values()], key=lambda one: one.at, reverse=True)[:limit]


def heard_from(rows: Sequence[InboundMessage]) -> dict[int, Said]:
    """Texts that came in, opened, by id; one whose key is gone is left out."""
    keys: dict[tuple[int, int], Key] = {}
    for program_id in {row.program_id for row in rows}:
        here = {row.patient_id or 0 for row in rows if row.program_id == program_id}
        found = data_keys(program_id=program_id, patient_ids=here)
        keys |= {(program_id, patient_id): key for patient_id, key in found.items()}
    heard = {}
    for row in rows:
        key = keys.get((row.program_id, row.patient_id or 0))
        if key is None:
            continue
        try:
            text = row.opened(key, "body")
        except CannotOpen:
            continue
        heard[row.pk] = Said(
            at=row.received_at,
            ours=False,
            text=text,
            result=row.result,
            waits_for_person=row.handled_at is None and row.result != "",
        )
    return heard


def _text(row: Message, word: str) -> str:
    try:
        return wording.said(Channel(row.channel), row.template, row.language, row.values, word=word)
    except (wording.UnknownTemplate, wording.BadValue):
        return ""
