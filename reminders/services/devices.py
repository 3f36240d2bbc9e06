"""Where a person wants to be woken up: registering a place, ending it, choosing what comes first.

A wake-up says nothing (PUSH-2), so a browser that two people use tells neither about the other; and a push
that nobody saw is followed by its text.
"""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.db import transaction

from backend.access import NOBODY, Actor
from backend.crypto import blind_index, token_digest
from backend.db import programs
from backend.errors import Conflict, DomainError, NotFound
from backend.rules.wall_time import local_date
from backend.services import audit
from backend.services.consents import give_consent, revoke_consent
from recovery.services.once import store_once
from reminders.models import ChannelChoice, Device, Message, StatusToken
from reminders.rules import wording
from reminders.rules.devices import CONSENT, DEVICES, Ended, NotAllowed, check_mail, check_token, push_host, push_keys
from reminders.rules.planning import PlannedMessage, SlotKey
from reminders.rules.states import WAKES, Channel, SubjectKind, priority_of
from reminders.rules.window import expiry
from reminders.selectors.devices import is_on
from reminders.services import planning, slots
from reminders.services.slots import NewMessage

WORDING = "wake-1"
"""The version of the words by which a person agrees: the page's sentence beside the choice."""

log = structlog.get_logger("holdfast.reminders")


class BadDevice(DomainError):
    code = "bad-device"


class ChannelOff(Conflict):
    code = "channel-off"


@transaction.atomic
def register(
    *,
    actor: Actor,
    patient: Any,
    client_id: UUID,
    channel: str,
    address: str,
    now: datetime,
    p256dh: str = "",
    auth: str = "",
) -> tuple[Device, bool]:
    """Keep a place where the person agrees to be woken up. Returns it and whether it is new; safe to repeat.

    ``address`` is the endpoint of a browser (with the keys ``p256dh`` and ``auth`` of its subscription), the
    token of an app, or a mail address. Registering is agreeing: the consent is written beside it. The same place
    under another id replaces the older row; of one channel the latest eight are kept. What is planned for the
    person follows at once. Raises BadDevice, ChannelOff, IdReused.
    """
    wanted = Channel(channel)
    if wanted not in WAKES:
        raise BadDevice("There is no such choice.", field="channel")
    if not is_on(wanted):
        raise ChannelOff("This is not offered here.", field="channel")
    kept = _checked(wanted, address, p256dh, auth)
    index = blind_index(settings.INDEX_KEY, "device", f"{patient.program_id}|{wanted}|{address}")
    mine = Device.objects.filter(patient_id=patient.pk)
    if not mine.filter(client_id=client_id).exists():
        same = mine.filter(channel=wanted.value, address_index=index, ended_at__isnull=True)
        _end(same.values_list("pk", flat=True), Ended.REPLACED, now=now)
    row = Device(
        program_id=patient.program_id,
        patient_id=patient.pk,
        client_id=client_id,
        channel=wanted.value,
        address_index=index,
        registered_at=now,
        last_seen_at=now,
    )
    stored, is_new = store_once(cast(Any, row), same=("channel",), sealed={"address": kept})
    if stored.ended_at is not None:
        return stored, is_new
    if not is_new:
        Device.objects.filter(pk=stored.pk).update(last_seen_at=now)
        stored.last_seen_at = now
        return stored, False
    give_consent(
        actor=actor,
        program_id=patient.program_id,
        patient_id=patient.pk,
        kind=CONSENT[wanted],
        wording_version=WORDING,
        now=now,
    )
    too_many = mine.filter(channel=wanted.value, ended_at__isnull=True).order_by("-last_seen_at", "-pk")
    _end(too_many.values_list("pk", flat=True)[DEVICES.most :], Ended.REPLACED, now=now)
    _note(actor, "device.registered", patient, stored.pk, wanted)
    if wanted is Channel.EMAIL:
        _ask_for_confirmation(stored, patient, now=now)
    planning.plan_again([patient.pk], now=now)
    return stored, True


def _ask_for_confirmation(row: Device, patient: Any, *, now: datetime) -> None:
    """One mail that asks whether the mailbox is theirs: until then it is not used."""
    template = wording.template(wording.CONFIRM_MAIL)
    planned = PlannedMessage(
        slot=SlotKey(SubjectKind.ENROLMENT, row.pk, "mail", Channel.EMAIL, local_date(now, ZoneInfo(patient.zone))),
        message_class=template.message_class,
        template=template.key,
        template_version=template.version,
        send_after=now,
        expires_at=expiry(template.message_class, due_at=now),
        priority=priority_of(template.message_class, channel=Channel.EMAIL),
        is_question=False,
        patient_id=patient.pk,
    )
    slots.store([NewMessage(patient.program_id, patient.language, planned)], now=now)


def confirm_mail(*, token: str, now: datetime) -> None:
    """The owner of a mailbox opened the link of our mail: it is used from now on. Safe to repeat. Opens its own scope.

    Raises NotFound for a link that is not of such a mail, or whose mailbox was removed.
    """
    door = StatusToken.objects.filter(digest=token_digest(token)).first()
    if door is None:
        raise NotFound
    with programs([door.program_id]):
        asked = Message.objects.filter(pk=door.message_id, template=wording.CONFIRM_MAIL).first()
        row = (
            Device.objects.select_for_update().filter(pk=asked.subject_id, ended_at__isnull=True).first()
            if asked is not None
            else None
        )
        if row is None:
            raise NotFound
        if row.confirmed_at is not None:
            return
        row.confirmed_at = row.last_seen_at = now
        row.save(update_fields=["confirmed_at", "last_seen_at"])
        audit.record(
            actor=NOBODY,
            action="device.confirmed",
            program_id=row.program_id,
            patient_id=row.patient_id,
            object_kind="device",
            object_id=row.pk,
        )
        planning.plan_again([row.patient_id], now=now)


def _checked(channel: Channel, address: str, p256dh: str, auth: str) -> str:
    """What is sealed. Raises BadDevice, with the field and never the value."""
    if channel is not Channel.PUSH and (p256dh or auth):
        raise BadDevice("Only a browser has keys.", field="p256dh" if p256dh else "auth")
    try:
        if channel is Channel.APP:
            check_token(address)
        elif channel is Channel.EMAIL:
            check_mail(address)
        else:
            push_host(address)
    except NotAllowed:
        raise BadDevice("This is not an address that we can use.", field="address") from None
    if channel is not Channel.PUSH:
        return address
    try:
        key, _ = push_keys(p256dh, auth)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
    except ValueError:
        raise BadDevice("These are not the keys of a subscription.", field="p256dh") from None
    return json.dumps({"endpoint": address, "p256dh": p256dh, "auth": auth}, sort_keys=True)


@transaction.atomic
def remove(*, actor: Actor, patient: Any, client_id: UUID, now: datetime) -> Device:
    """Wake the person up here no more. Safe to repeat. The agreement ends with the last place it was for.

    Raises NotFound for an id that was never theirs.
    """
    row = Device.objects.filter(patient_id=patient.pk, client_id=client_id).first()
    if row is None:
        raise NotFound
    if row.ended_at is not None:
        return row
    _end([row.pk], Ended.REMOVED, now=now)
    row.refresh_from_db()
    kind = CONSENT[Channel(row.channel)]
    same = [channel.value for channel, needed in CONSENT.items() if needed is kind]
    if not Device.objects.filter(patient_id=patient.pk, channel__in=same, ended_at__isnull=True).exists():
        revoke_consent(actor=actor, program_id=patient.program_id, patient_id=patient.pk, kind=kind, now=now)
    _note(actor, "device.removed", patient, row.pk, Channel(row.channel))
    planning.plan_again([patient.pk], now=now)
    return row


@transaction.atomic
def choose_first(*, actor: Actor, patient: Any, first: str, now: datetime) -> None:
    """Keep which channel the person wants first. Safe to repeat. What is planned follows at once."""
    wanted = Channel(first)
    if not is_on(wanted):
        raise ChannelOff("This is not offered here.", field="first")
    row, is_new = ChannelChoice.objects.get_or_create(
        program_id=patient.program_id, patient_id=patient.pk, defaults={"first": wanted.value, "chosen_at": now}
    )
    if not is_new and row.first == wanted.value:
        return
    row.first, row.chosen_at = wanted.value, now
    row.save(update_fields=["first", "chosen_at"])
    _note(actor, "channel.chosen", patient, row.pk, wanted)
    planning.plan_again([patient.pk], now=now)


def _note(actor: Actor, action: str, patient: Any, row_id: int, channel: Channel) -> None:
    audit.record(
        actor=actor,
        action=action,
        program_id=patient.program_id,
        patient_id=patient.pk,
        object_kind="device",
        object_id=row_id,
        fields=[channel.value],
    )


def _end(device_ids: Iterable[int], why: Ended, *, now: datetime) -> list[tuple[int, int, int]]:
    """End these that are in use; returns (program, patient, device) of each that it ended."""
    ended = []
    rows = Device.objects.select_for_update().filter(pk__in=list(device_ids), ended_at__isnull=True).order_by("pk")
    for row in rows:
        row.ended_at, row.ended_why = now, why.value
        row.save(update_fields=["ended_at", "ended_why"])
        ended.append((row.program_id, row.patient_id, row.pk))
    return ended


def prune(device_ids: Collection[int], *, why: Ended, now: datetime) -> int:
    """End devices that their provider calls gone, or that nobody has used; returns how many. Needs an open scope."""
    if not device_ids:
        return 0
    ended = _end(device_ids, why, now=now)
    for program_id in {program_id for program_id, _, _ in ended}:
        audit.record_many(
            actor=NOBODY,
            action="device.ended",
            program_id=program_id,
            objects=[(patient, "device", device) for program, patient, device in ended if program == program_id],
        )
    return len(ended)


def end_unused(*, program_ids: Iterable[int], now: datetime, limit: int = 1000) -> int:
    """End devices that were not heard of for long; returns how many. Safe to run twice, late, or in several places."""
    ids = list(program_ids)
    if not ids:
        return 0
    with programs(ids):
        old = Device.objects.filter(ended_at__isnull=True, last_seen_at__lte=now - DEVICES.unused_after)
        return prune(list(old.order_by("pk").values_list("pk", flat=True)[:limit]), why=Ended.UNUSED, now=now)
