"""Where the demo's texts go instead of a phone. The page /outbox/ shows them."""

from django.db import models

from backend.fields import SealedField, SealedModel
from reminders.models.base import PatientRow, one_of
from reminders.rules.states import Channel


class OutboxText(SealedModel, PatientRow):
    """A text as a phone would have shown it. Written by ``providers.outbox`` only."""

    sid = models.CharField(max_length=64, unique=True)
    token_digest = models.BinaryField(max_length=32)
    last_two = models.CharField(max_length=2)
    body = SealedField()
    sent_at = models.DateTimeField()
    channel = models.CharField(max_length=6, default=Channel.SMS.value, db_default=Channel.SMS.value)

    class Meta:
        constraints = [one_of("channel", Channel, "outboxtext_channel")]
        indexes = [models.Index(fields=["program", "-sent_at"], name="outbox_latest")]
