"""Doors outside row-level security by which a provider's call finds its program. No number in clear."""

from django.db import models


class Sender(models.Model):
    """A keyed fingerprint of the address that a program sends from, and that people reply to."""

    digest = models.BinaryField(max_length=16, unique=True)
    program = models.ForeignKey("backend.Program", models.PROTECT, related_name="+")
    provider = models.CharField(max_length=20)
    segments_per_second = models.FloatField(default=1.0)


class StatusToken(models.Model):
    """The digest of a callback token -> the message it proves."""

    digest = models.BinaryField(max_length=32, primary_key=True)
    program_id = models.BigIntegerField()
    message_id = models.BigIntegerField()
    created_at = models.DateTimeField()
