"""Doors outside row-level security by which a provider's call finds its program. No number in clear."""

from django.db import models


class Sender(models.Model):
    """A keyed fingerprint of the address that a program sends from, and that people reply to."""

    digest = models.BinaryField(max_length=16, unique=True)
    program = models.ForeignKey("backend.Program", models.PROTECT, related_name="+")
    provider = models.CharField(max_length=20)
    segments_per_second = models.FloatField(default=1.0, help_text="What its carrier allows; 0 is no limit")
    # The token bucket, shared by all runners (MSG-15). Null: full.
    tokens = models.FloatField(null=True, blank=True)
    tokens_at = models.DateTimeField(null=True, blank=True)
    stopped_until = models.DateTimeField(null=True, blank=True, help_text="Its queue or its cap is full")
    stopped_why = models.CharField(max_length=20, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(segments_per_second__gte=0), name="sender_rate"),
            models.CheckConstraint(
                condition=models.Q(tokens__isnull=True) | models.Q(tokens__gte=0), name="sender_tokens"
            ),
        ]


class StatusToken(models.Model):
    """The digest of a callback token -> the message it proves."""

    digest = models.BinaryField(max_length=32, primary_key=True)
    program_id = models.BigIntegerField()
    message_id = models.BigIntegerField()
    created_at = models.DateTimeField()
