"""What else a person lives with, as staff keep it."""

import pghistory
from django.db import models
from django.db.models import F, Q

from recovery.models.base import one_of, program_id_key
from recovery.models.checks import Recorded
from recovery.rules.conditions import ConditionKind


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class Condition(Recorded):
    """One condition of one person, from a day that may be unknown to the day it ended."""

    kind = models.CharField(max_length=20)
    since = models.DateField(null=True, blank=True, help_text="As far as known")
    ended_on = models.DateField(null=True, blank=True)
    ended_by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            program_id_key("condition_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="condition_client_id_once"),
            models.UniqueConstraint(
                fields=["patient", "kind"],
                condition=Q(ended_on__isnull=True, voided_at__isnull=True) & ~Q(kind=ConditionKind.OTHER.value),
                name="condition_stands_once",
            ),
            one_of("kind", ConditionKind, "condition_kind"),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(since__isnull=True) | Q(ended_on__gte=F("since")),
                name="condition_days_in_order",
            ),
        ]
        indexes = [models.Index(fields=["program", "patient"], name="condition_by_patient")]
