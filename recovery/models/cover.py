"""Every change of injection cover, stored as it happened. Reports and replays count these rows."""

from django.db import models

from recovery.models.base import PatientRow, one_of
from recovery.models.injections import Injection
from recovery.models.treatments import Treatment
from recovery.rules.records import CoverCause
from recovery.rules.states import Band


class CoverEvent(PatientRow):
    """Cover entered a band: by time at local midnight, or because an injection was given. Append-only.

    ``returned_from`` is set when an injection ends an overdue run: the band that it was in.
    """

    treatment = models.ForeignKey(Treatment, models.PROTECT, related_name="+", db_constraint=False)
    injection = models.ForeignKey(Injection, models.PROTECT, related_name="+", db_constraint=False)
    cause = models.CharField(max_length=10)
    band = models.CharField(max_length=12)
    returned_from = models.CharField(max_length=12, blank=True)
    dsl = models.PositiveIntegerField(help_text="Days since the injection before this event")
    on_day = models.DateField(help_text="Local date")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            one_of("band", Band, "coverevent_band"),
            one_of("cause", CoverCause, "coverevent_cause"),
            models.CheckConstraint(
                condition=models.Q(returned_from__in=["", *[b.value for b in Band]]), name="coverevent_returned_from"
            ),
            models.UniqueConstraint(fields=["injection", "band"], name="coverevent_band_once_per_injection"),
        ]
        indexes = [models.Index(fields=["program", "patient", "at"], name="coverevent_by_patient")]
