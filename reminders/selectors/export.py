"""What texting adds to a person's export. Needs an open scope."""

from typing import Any

from backend.crypto import Key
from backend.ports import ExportSection
from backend.selectors.export import plain, rows_of, section_of
from recovery.selectors import reminding
from reminders.models import ChannelChoice, Device, InboundMessage, Message, OptOut
from reminders.rules import wording
from reminders.rules.states import Audience, Channel

WIRE = ("claimed_by", "lease_until", "provider_rank", "next_look_at", "looks", "crashes", "handled_by", "recipient")
"""How we sent it: facts about our machines, not about the person."""


def message_rows(*, patient: Any, key: Key | None) -> list[dict[str, Any]]:
    """The texts that were planned or sent about the person, with their words; notices to staff are not theirs."""
    rows = rows_of(Message.objects.exclude(audience=Audience.STAFF.value), patient=patient, key=key, leave_out=WIRE)
    word = reminding.agreed_words({patient.pk: key}).get(patient.pk, "") if key is not None else ""
    for row in rows:
        try:
            row["text"] = wording.said(
                Channel(row["channel"]), row["template"], row["language"], row["values"], word=word
            )
        except (wording.UnknownTemplate, wording.BadValue):
            row["text"] = ""
    return rows


def inbound_rows(*, patient: Any, key: Key | None) -> list[dict[str, Any]]:
    """What came in from the person's number, as it was written."""
    return rows_of(InboundMessage, patient=patient, key=key, leave_out=WIRE)


def opt_out_rows(*, patient: Any, key: Key | None) -> list[dict[str, Any]]:
    """When the person's number asked us to stop, and when it asked to start again."""
    if patient.phone_index is None:
        return []
    rows = OptOut.objects.filter(program_id=patient.program_id, phone_index=patient.phone_index).order_by("pk")
    return [{name: plain(getattr(row, name)) for name in ("scope", "source", "since", "ended_at")} for row in rows]


def device_rows(*, patient: Any, key: Key | None) -> list[dict[str, Any]]:
    """Where the person wanted to be woken up; of a mailbox its address, of a browser or an app no secret of theirs."""
    rows = rows_of(Device, patient=patient, key=key)
    for row in rows:
        if row["channel"] != Channel.EMAIL.value:
            del row["address"]
    return rows


SECTIONS = [
    ExportSection("devices", device_rows, ("reminders_device",)),
    ExportSection("first_channel", section_of(ChannelChoice), ("reminders_channelchoice",)),
    ExportSection("messages", message_rows, ("reminders_message",)),
    ExportSection("received", inbound_rows, ("reminders_inboundmessage",)),
    ExportSection("opt_outs", opt_out_rows, ("reminders_optout",)),
]
