"""Where the demo's texts go instead of a phone. The page /outbox/ shows them."""

from django.db import models

from backend.fields import SealedField, SealedModel
from reminders.models.base import PatientRow


class OutboxText(SealedModel, PatientRow):
    """A text as a phone would have shown it. Written by ``providers.outbox`` only."""

    sid = models.CharField(max_length=64, unique=True)
    token_digest = models.BinaryField(max_length=32)
    last_two = models.CharField(max_length=2)
    body = SealedField()
    sent_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["program", "-sent_at"], name="outbox_latest")]
