"""A program's own clinical numbers, each signed by a named clinician."""

from django.db import models
from django.db.models import Q

from backend.models.people import Program, User


class PolicyOverride(models.Model):
    """One number that a program sets for itself. Append-only: a change is a higher version."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+")
    key = models.CharField(max_length=80)
    value = models.JSONField()
    version = models.PositiveIntegerField()
    reason = models.CharField(max_length=200)
    signed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "key", "version"], name="policy_version_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="policy_version_from_one"),
        ]
