"""What a person has read of the modules."""

from django.db import models
from django.db.models import Q

from backend.fields import SealedModel
from recovery.models.base import PatientRow, program_id_key


class ReadReceipt(SealedModel, PatientRow):
    """That a person said they read a module, in that version and language. Append-only, once per version."""

    module = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=2)
    read_at = models.DateTimeField()

    class Meta:
        constraints = [
            program_id_key("readreceipt_program_id"),
            models.UniqueConstraint(fields=["patient", "module", "version"], name="readreceipt_once"),
            models.CheckConstraint(condition=Q(language__in=["en", "es"]) & ~Q(module=""), name="readreceipt_named"),
        ]
        indexes = [models.Index(fields=["program", "patient"], name="readreceipt_by_patient")]
