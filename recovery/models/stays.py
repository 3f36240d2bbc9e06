"""Times away: in hospital, in custody, in residential care (S 7, S 21)."""

import pghistory
from django.db import models
from django.db.models import F, Q

from backend.fields import SealedField, SealedModel
from recovery.models.base import PatientRow, one_of, program_id_key
from recovery.rules.records import GivenInside, StayPlace


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class Stay(SealedModel, PatientRow):
    """A time away. Prompts rest from ``began_on`` until ``settled_at``: until staff asked what was given inside.

    ``ended_on`` is the day on which the person was back. Bands and cover run on meanwhile. What was given inside
    is reported through the doors of doses and injections; ``doses_inside`` only says whether there was any.
    """

    client_id = models.UUIDField()
    place = models.CharField(max_length=12)
    began_on = models.DateField(help_text="First day away, in the patient's zone")
    expected_on = models.DateField(null=True, blank=True, help_text="Day on which release is expected")
    ended_on = models.DateField(null=True, blank=True, help_text="Day on which the person was back")
    opioids_inside = models.CharField(max_length=8, blank=True)
    doses_inside = models.CharField(max_length=8, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True, help_text="Staff spoke with the person: prompts go on")
    settled_by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey("backend.User", models.PROTECT, null=True, related_name="+")
    voided_at = models.DateTimeField(null=True, blank=True, help_text="Entered in error; never deleted")
    note = SealedField()

    class Meta:
        constraints = [
            program_id_key("stay_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="stay_client_id_once"),
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(settled_at__isnull=True, voided_at__isnull=True),
                name="stay_one_open_per_patient",
            ),
            one_of("place", StayPlace, "stay_place"),
            models.CheckConstraint(
                condition=Q(opioids_inside__in=["", *[g.value for g in GivenInside]]), name="stay_opioids_inside"
            ),
            models.CheckConstraint(
                condition=Q(doses_inside__in=["", *[g.value for g in GivenInside]]), name="stay_doses_inside"
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("began_on")), name="stay_days_in_order"
            ),
            models.CheckConstraint(
                condition=Q(expected_on__isnull=True) | Q(expected_on__gte=F("began_on")), name="stay_expected_after"
            ),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, settled_by__isnull=True)
                | Q(settled_at__isnull=False, settled_by__isnull=False, ended_on__isnull=False)
                & ~Q(opioids_inside="")
                & ~Q(doses_inside=""),
                name="stay_settled_with_answers",
            ),
        ]
        indexes = [
            models.Index(fields=["program", "patient", "-began_on"], name="stay_by_patient"),
            models.Index(
                fields=["expected_on"],
                condition=Q(ended_on__isnull=True, voided_at__isnull=True),
                name="stay_to_release",
            ),
        ]
