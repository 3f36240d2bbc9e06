"""The trigger journal."""

from django.db import models
from django.db.models import Q

from backend.fields import SealedField, SealedModel
from recovery.models.base import PatientRow, one_of, program_id_key
from recovery.rules.records import TriggerKind, TriggerOrigin


class TriggerEntry(SealedModel, PatientRow):
    """One trigger met: where it comes from, of what kind, what was tried, and whether it helped."""

    client_id = models.UUIDField()
    origin = models.CharField(max_length=10)
    kind = models.CharField(max_length=15)
    tag = models.CharField(max_length=40, blank=True)
    intensity = models.PositiveSmallIntegerField(null=True, blank=True)
    tried = models.CharField(max_length=40, blank=True, help_text="Key in the coping library")
    helped = models.BooleanField(null=True, blank=True)
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()
    note = SealedField()

    class Meta:
        constraints = [
            program_id_key("triggerentry_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="triggerentry_client_id_once"),
            one_of("origin", TriggerOrigin, "triggerentry_origin"),
            one_of("kind", TriggerKind, "triggerentry_kind"),
            models.CheckConstraint(
                condition=Q(intensity__isnull=True) | Q(intensity__lte=10), name="triggerentry_0_to_10"
            ),
        ]
        indexes = [models.Index(fields=["program", "patient", "-happened_at"], name="triggerentry_by_patient")]
