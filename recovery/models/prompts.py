"""What a person wants of prompts: days without any, and how the check-in is announced (contract 4)."""

import pghistory
from django.db import models
from django.db.models import F, Q

from recovery.models.base import PatientRow, one_of, program_id_key
from recovery.rules.prompts import EARLIEST, LATEST, CheckInBy
from recovery.rules.states import ReportSource


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class PromptPause(PatientRow):
    """Days on which somebody wants no prompts, such as a holiday. Doses, visits, holds and cover go on.

    It ends by itself after ``last_day``; ``ended_at`` when it was ended before, or another one took its place.
    """

    client_id = models.UUIDField()
    first_day = models.DateField(help_text="Inclusive, in the patient's zone")
    last_day = models.DateField(help_text="Inclusive")
    source = models.CharField(max_length=10)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey("backend.User", models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            program_id_key("promptpause_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="promptpause_client_id_once"),
            models.UniqueConstraint(
                fields=["patient"], condition=Q(ended_at__isnull=True), name="promptpause_one_stands"
            ),
            one_of("source", ReportSource, "promptpause_source"),
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="promptpause_days_in_order"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("made_at")), name="promptpause_ended_after"
            ),
        ]


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class CheckInWish(PatientRow):
    """How somebody wants to be asked for the daily check-in. One row a person; without one, in the app."""

    how = models.CharField(max_length=4)
    at = models.TimeField(help_text="Local")
    source = models.CharField(max_length=10)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey("backend.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            program_id_key("checkinwish_program_id"),
            models.UniqueConstraint(fields=["patient"], name="checkinwish_one_per_patient"),
            one_of("how", CheckInBy, "checkinwish_how"),
            one_of("source", ReportSource, "checkinwish_source"),
            models.CheckConstraint(condition=Q(at__gte=EARLIEST, at__lte=LATEST), name="checkinwish_in_the_window"),
        ]
        indexes = [models.Index(fields=["how"], condition=Q(how=CheckInBy.TEXT.value), name="checkinwish_by_text")]
