"""The demonstration's phones: what the outbox holds, by phone. Needs an open scope."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from backend.crypto import CannotOpen, Key
from backend.selectors.keys import PROGRAM_ITSELF, data_keys
from reminders.models import InboundMessage, OutboxText
from reminders.rules.states import Channel
from reminders.selectors.history import Said, heard_from


@dataclass(slots=True)
class Phone:
    """One phone: its last two digits, the texts in the order of time, and the text that an answer is given to."""

    last_two: str
    staff: bool
    reply_to: int | None
    latest: datetime
    channel: str = Channel.SMS.value
    texts: list[Said] = field(default_factory=list)


def phones(*, program_ids: Iterable[int], limit: int = 200) -> list[Phone]:
    """The phones with the latest texts first."""
    rows = list(OutboxText.objects.filter(program_id__in=list(program_ids)).order_by("-sent_at", "-pk")[:limit])
    keys = _keys(rows)
    found: dict[tuple[int, int | None, str], Phone] = {}
    for row in rows:
        key = keys.get((row.program_id, row.patient_id or PROGRAM_ITSELF))
        try:
            text = row.opened(key, "body") if key is not None else ""
        except CannotOpen:
            text = ""
        # One person, one phone; texts without a patient are told apart by what is shown of the number.
        # What would wake another place up is a card of its own.
        kind = "" if row.channel == Channel.SMS.value else row.channel
        name = (row.program_id, row.patient_id, kind or ("" if row.patient_id else row.last_two))
        phone = found.setdefault(
            name,
            Phone(
                last_two=row.last_two,
                staff=row.patient_id is None,
                reply_to=row.pk if row.patient_id and not kind else None,
                latest=row.sent_at,
                channel=row.channel,
            ),
        )
        phone.texts.append(Said(at=row.sent_at, ours=True, text=text))
    _add_answers(found, limit)
    for phone in found.values():
        phone.texts.sort(key=lambda one: one.at)
        phone.latest = phone.texts[-1].at
    return sorted(found.values(), key=lambda phone: phone.latest, reverse=True)


def _add_answers(found: dict[tuple[int, int | None, str], Phone], limit: int) -> None:
    patients = [patient_id for _, patient_id, kind in found if patient_id is not None and not kind]
    rows = list(InboundMessage.objects.filter(patient_id__in=patients).order_by("-received_at")[:limit])
    heard = heard_from(rows)
    for row in rows:
        if row.pk in heard:
            found[row.program_id, row.patient_id, ""].texts.append(heard[row.pk])


def _keys(rows: list[OutboxText]) -> dict[tuple[int, int], Key]:
    keys: dict[tuple[int, int], Key] = {}
    for program_id in {row.program_id for row in rows}:
        wanted = {row.patient_id or PROGRAM_ITSELF for row in rows if row.program_id == program_id}
        found = data_keys(program_id=program_id, patient_ids=wanted)
        keys |= {(program_id, patient_id): key for patient_id, key in found.items()}
    return keys
