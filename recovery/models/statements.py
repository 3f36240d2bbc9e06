"""What a person, or staff on their behalf, stated to have happened."""

from django.db import models

from backend.fields import SealedField, SealedModel
from recovery.models.base import PatientRow, one_of, program_id_key
from recovery.rules.facts import FactKind
from recovery.rules.states import ReportSource


class StatedFact(SealedModel, PatientRow):
    """One statement from the fixed list of ``rules.facts``. Append-only: a correction is another statement.

    ``details`` holds the closed answers of its kind, such as ``{"taken": true}``; names of medicines and
    free words are sealed.
    """

    client_id = models.UUIDField()
    kind = models.CharField(max_length=30)
    details = models.JSONField(default=dict)
    happened_on = models.DateField(help_text="Dosing day that it is about, in the patient's zone")
    happened_at = models.DateTimeField(null=True, blank=True, help_text="As stated; null when not stated")
    received_at = models.DateTimeField()
    source = models.CharField(max_length=10)
    reporter = models.ForeignKey("backend.User", models.PROTECT, null=True, related_name="+")
    answer = models.CharField(
        max_length=30, default="thanks", db_default="thanks", help_text="Key of the text that answered it"
    )
    call_by = models.DateTimeField(null=True, blank=True, help_text="When the answer promised a call by")
    medicine = SealedField(help_text="Its name as stated")
    note = SealedField()

    class Meta:
        constraints = [
            program_id_key("statedfact_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="statedfact_client_id_once"),
            one_of("kind", FactKind, "statedfact_kind"),
            one_of("source", ReportSource, "statedfact_source"),
        ]
        indexes = [models.Index(fields=["program", "patient", "-received_at"], name="statedfact_by_patient")]
