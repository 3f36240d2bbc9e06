"""Where a person can be woken up without a text: a browser, an app, a mailbox."""

from django.db import models
from django.db.models import Q

from backend.fields import SealedField, SealedModel
from reminders.models.base import PatientRow, one_of, program_id_key
from reminders.rules.devices import Ended
from reminders.rules.states import WAKES, Channel


class Device(SealedModel, PatientRow):
    """One place of one patient. What it is reached by is sealed; it is known again by a keyed fingerprint.

    ``address``: of a browser its subscription as JSON (endpoint, p256dh, auth), of an app its token, of a
    mailbox its address.
    """

    patient = models.ForeignKey(
        "recovery.Patient", models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    client_id = models.UUIDField()
    channel = models.CharField(max_length=6)
    address = SealedField()
    address_index = models.BinaryField(max_length=16)
    registered_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(help_text="Registered again, or a wake-up through it was seen")
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="A mailbox is used once its owner confirmed")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=10, blank=True)

    class Meta:
        constraints = [
            program_id_key("device_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="device_client_id_once"),
            models.UniqueConstraint(
                fields=["patient", "channel", "address_index"],
                condition=Q(ended_at__isnull=True),
                name="device_address_once",
            ),
            models.CheckConstraint(condition=Q(channel__in=[each.value for each in WAKES]), name="device_channel"),
            models.CheckConstraint(condition=Q(address__isnull=False), name="device_has_an_address"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_why="")
                | Q(ended_at__isnull=False, ended_why__in=[each.value for each in Ended]),
                name="device_says_why_it_ended",
            ),
        ]
        indexes = [
            models.Index(
                fields=["program", "patient", "channel"], condition=Q(ended_at__isnull=True), name="device_live"
            ),
        ]


class ChannelChoice(PatientRow):
    """The channel that a person wants first. Without one: the app, then the browser, then texts."""

    patient = models.ForeignKey(
        "recovery.Patient", models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    first = models.CharField(max_length=6)
    chosen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "patient"], name="channelchoice_once"),
            one_of("first", Channel, "channelchoice_channel"),
        ]
