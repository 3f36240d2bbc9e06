"""Where people can be woken up, and in which order their channels are tried. Needs an open scope."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q

from backend.crypto import CannotOpen
from backend.selectors.consents import patients_with_consent
from backend.selectors.keys import data_keys
from reminders.models import ChannelChoice, Device
from reminders.rules.channels import channel_order
from reminders.rules.devices import CONSENT, DEVICES
from reminders.rules.states import WAKES, Channel

_SETTINGS = {Channel.PUSH: "PUSH_PROVIDER", Channel.APP: "APP_PROVIDER", Channel.EMAIL: "MAIL_PROVIDER"}


def is_on(channel: Channel) -> bool:
    """Whether this installation has a provider for the channel; texts are always on."""
    return channel is Channel.SMS or getattr(settings, _SETTINGS[channel]) != "off"


@dataclass(frozen=True, slots=True)
class Place:
    """A device as its provider needs it; ``address`` is opened, '' when its key is gone."""

    device_id: int
    patient_id: int
    channel: Channel
    address: str

    def __repr__(self) -> str:
        return f"Place(device_id={self.device_id})"


def _live(now: datetime) -> Q:
    """In use: not ended, heard of lately, and confirmed where that is asked for."""
    confirmed = ~Q(channel=Channel.EMAIL.value) | Q(confirmed_at__isnull=False)
    return confirmed & Q(ended_at__isnull=True, last_seen_at__gt=now - DEVICES.unused_after)


def places(
    patient_ids: Collection[int], *, channels: Collection[Channel], now: datetime
) -> dict[tuple[int, Channel], Place]:
    """The device to wake of each of these patients and channels: the one that was seen last. Opens addresses."""
    rows = list(
        Device.objects.filter(
            _live(now), patient_id__any=list(patient_ids), channel__in=[one.value for one in channels]
        )
        .order_by("last_seen_at", "pk")
        .only("uid", "patient_id", "channel", "address")
    )
    last = {(row.patient_id, Channel(row.channel)): row for row in rows}
    return _opened(last)


def mailboxes(device_ids: Collection[int]) -> dict[int, Place]:
    """Mailboxes by id, whether confirmed or not: for the mail that asks. Opens addresses."""
    rows = Device.objects.filter(pk__in=device_ids, channel=Channel.EMAIL.value, ended_at__isnull=True)
    opened = _opened({(row.pk, Channel.EMAIL): row for row in rows})
    return {pk: place for (pk, _), place in opened.items()}


def _opened(rows: Mapping[tuple[int, Channel], Device]) -> dict[tuple[int, Channel], Place]:
    keys = data_keys(patient_ids={row.patient_id for row in rows.values()}) if rows else {}
    found = {}
    for mark, row in rows.items():
        key = keys.get(row.patient_id)
        try:
            address = row.opened(key, "address") if key is not None else ""
        except CannotOpen:
            address = ""
        found[mark] = Place(row.pk, row.patient_id, Channel(row.channel), address)
    return found


def orders(patient_ids: Collection[int], *, now: datetime) -> dict[int, tuple[Channel, ...]]:
    """The channels of each patient who has one beside texts, in the order to try; the others are absent.

    A channel counts where its provider is on, the person agreed to it and has a device of it in use.
    """
    on = [channel for channel in WAKES if is_on(channel)]
    if not on or not patient_ids:
        return {}
    rows = Device.objects.filter(_live(now), patient_id__any=list(patient_ids), channel__in=[one.value for one in on])
    have: dict[int, set[Channel]] = {}
    for patient_id, channel in rows.values_list("patient_id", "channel"):
        have.setdefault(patient_id, set()).add(Channel(channel))
    if not have:
        return {}
    agreed = {kind: patients_with_consent(kind=kind, patient_ids=have) for kind in set(CONSENT.values())}
    chosen = dict(ChannelChoice.objects.filter(patient_id__any=list(have)).values_list("patient_id", "first"))
    return {
        patient_id: channel_order(
            devices=channels,
            agreed={channel for channel, kind in CONSENT.items() if patient_id in agreed[kind]},
            first=Channel(chosen[patient_id]) if patient_id in chosen else None,
        )
        for patient_id, channels in have.items()
    }


@dataclass(frozen=True, slots=True)
class ShownDevice:
    """A device as its owner's own list has it: no address."""

    client_id: UUID
    channel: str
    registered_at: datetime
    last_seen_at: datetime
    confirmed: bool
    ended_at: datetime | None
    ended_why: str


def shown(row: Device) -> ShownDevice:
    return ShownDevice(
        client_id=row.client_id,
        channel=row.channel,
        registered_at=row.registered_at,
        last_seen_at=row.last_seen_at,
        confirmed=row.channel != Channel.EMAIL.value or row.confirmed_at is not None,
        ended_at=row.ended_at,
        ended_why=row.ended_why,
    )


def devices_of(patient_id: int, *, limit: int = 100) -> Sequence[ShownDevice]:
    """Those in use and those that ended, the latest first."""
    rows = Device.objects.filter(patient_id=patient_id).order_by("-registered_at", "-pk")
    return [shown(row) for row in rows[:limit]]


def first_choice(patient_id: int) -> Channel | None:
    """The channel that the person asked for first, None when nothing was said."""
    row = ChannelChoice.objects.filter(patient_id=patient_id).first()
    return Channel(row.first) if row is not None else None


def live_devices() -> dict[str, int]:
    """How many devices are in use, by channel. Names nobody."""
    rows = Device.objects.filter(ended_at__isnull=True).order_by().values("channel").annotate(rows=Count("id"))
    return {channel.value: 0 for channel in WAKES} | dict(rows.values_list("channel", "rows"))
