"""What a patient says about craving, on a scale from 0 to 10."""

from django.db import models
from django.db.models import Q

from backend.fields import SealedField, SealedModel
from recovery.models.base import PatientRow, one_of, program_id_key
from recovery.rules.records import Substance
from recovery.rules.states import ReportSource


class CravingLog(SealedModel, PatientRow):
    """One reading. Append-only; the phone makes ``client_id``, so that a repeat finds the first."""

    client_id = models.UUIDField()
    substance = models.CharField(max_length=10)
    intensity = models.PositiveSmallIntegerField()
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)
    felt_at = models.DateTimeField()
    local_day = models.DateField(help_text="Dosing day of felt_at in the patient's zone")
    received_at = models.DateTimeField()
    source = models.CharField(max_length=10)
    note = SealedField()

    class Meta:
        constraints = [
            program_id_key("cravinglog_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="cravinglog_client_id_once"),
            models.CheckConstraint(condition=Q(intensity__lte=10), name="cravinglog_0_to_10"),
            models.CheckConstraint(
                condition=Q(confidence__isnull=True) | Q(confidence__lte=10), name="cravinglog_confidence_0_to_10"
            ),
            one_of("substance", Substance, "cravinglog_substance"),
            one_of("source", ReportSource, "cravinglog_source"),
        ]
        indexes = [models.Index(fields=["program", "patient", "-felt_at"], name="cravinglog_by_patient")]
