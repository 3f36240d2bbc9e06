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


class JournalEntry(SealedModel, PatientRow):
    """What a person wrote down for themselves. The team sees it only where ``shared``. Append-only."""

    client_id = models.UUIDField()
    written_at = models.DateTimeField()
    received_at = models.DateTimeField()
    shared = models.BooleanField(help_text="The person lets the team read it")
    words = SealedField()

    class Meta:
        constraints = [
            program_id_key("journalentry_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="journalentry_client_id_once"),
            models.CheckConstraint(condition=Q(words__isnull=False), name="journalentry_has_words"),
        ]
        indexes = [models.Index(fields=["program", "patient", "-written_at"], name="journalentry_by_patient")]


class SkillUse(SealedModel, PatientRow):
    """Something of the coping library that was tried, and whether it helped. Append-only."""

    client_id = models.UUIDField()
    trigger = models.ForeignKey(
        TriggerEntry, models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )
    skill = models.CharField(max_length=40, help_text="Key in the coping library")
    helped = models.BooleanField(null=True, blank=True)
    used_at = models.DateTimeField()
    received_at = models.DateTimeField()
    note = SealedField()

    class Meta:
        constraints = [
            program_id_key("skilluse_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="skilluse_client_id_once"),
            models.CheckConstraint(condition=~Q(skill=""), name="skilluse_names_one"),
        ]
        indexes = [models.Index(fields=["program", "patient", "-used_at"], name="skilluse_by_patient")]
