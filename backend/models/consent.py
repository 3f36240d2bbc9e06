"""What a patient agreed to, in which words, and when it ended."""

import pghistory
from django.db import models
from django.db.models import Q

from backend.models.people import Program, User
from backend.rules.consent import ConsentKind


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class Consent(models.Model):
    """One agreement. It is ended, never edited; a new one is a new row."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+")
    patient_id = models.BigIntegerField()
    kind = models.CharField(max_length=20)
    wording_version = models.CharField(max_length=20)
    given_at = models.DateTimeField()
    given_by = models.CharField(max_length=20, default="patient", help_text="patient | guardian")
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient_id", "kind"],
                condition=Q(revoked_at__isnull=True),
                name="consent_one_in_force",
            ),
            models.CheckConstraint(condition=Q(kind__in=[k.value for k in ConsentKind]), name="consent_kind"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) | Q(revoked_at__gte=models.F("given_at")),
                name="consent_ends_after_start",
            ),
        ]
