"""What people text to us, and who must not be texted."""

from django.db import models
from django.db.models import Q

from backend.fields import SealedField, SealedModel
from reminders.models.base import PatientRow, program_id_key
from reminders.models.messages import Message


class InboundMessage(SealedModel, PatientRow):
    """A text that came in. ``patient`` is null when the number is unknown or shared: then it waits for a person.

    ``body`` and ``sender`` are sealed under the patient's key, or the program's own where no patient is known.
    """

    sid = models.CharField(max_length=64)
    phone_index = models.BinaryField(max_length=16)
    sender = SealedField()
    body = SealedField()
    received_at = models.DateTimeField()
    classified = models.CharField(max_length=20, help_text="opt_out, opt_in, help, crisis, answer, unclear")
    crisis = models.BooleanField(default=False)
    opted_out = models.BooleanField(default=False)
    question = models.ForeignKey(
        Message, models.PROTECT, null=True, blank=True, related_name="answers", db_constraint=False
    )
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    result = models.CharField(
        max_length=40, blank=True, help_text="'' = not worked yet; else, with handled_at null, waits for a person"
    )

    class Meta:
        constraints = [
            program_id_key("inbound_program_id"),
            models.UniqueConstraint(fields=["sid"], name="inbound_sid_once"),
        ]
        indexes = [
            models.Index(fields=["program", "received_at"], condition=Q(handled_at__isnull=True), name="inbound_inbox"),
            models.Index(fields=["program", "patient", "-received_at"], name="inbound_by_patient"),
            models.Index(
                fields=["program", "id"], condition=Q(handled_at__isnull=True, result=""), name="inbound_to_work"
            ),
        ]


class OptOut(models.Model):
    """A number that must not be texted by a sender, patient or not: numbers are shared and recycled."""

    program = models.ForeignKey("backend.Program", models.PROTECT, related_name="+")
    phone_index = models.BinaryField(max_length=16)
    scope = models.CharField(max_length=64, default="sms")
    source = models.CharField(max_length=12, help_text="text, provider, staff, app")
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    inbound = models.ForeignKey(
        InboundMessage, models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["program", "phone_index", "scope"],
                condition=Q(ended_at__isnull=True),
                name="optout_one_in_force",
            ),
        ]
