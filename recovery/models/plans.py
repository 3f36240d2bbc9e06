"""A person's own plan, version by version, and their goals."""

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from backend.fields import SealedField, SealedModel
from recovery.models.base import PatientRow, one_of, program_id_key
from recovery.rules.plans import GoalAbout, GoalOutcome, PlanPart
from recovery.rules.states import Goal, ReportSource


class PlanVersion(SealedModel, PatientRow):
    """One version of the plan, never edited. ``shared``: the parts that the team may see, by the latest version."""

    client_id = models.UUIDField()
    number = models.PositiveIntegerField(help_text="1 for the first, then one more each time")
    reasons = SealedField()
    exit = SealedField(help_text="How to leave an event")
    people = SealedField(help_text="JSON: [[name, phone], ...]")
    stress = SealedField()
    strategies = SealedField(help_text="JSON: {kind of trigger: what to do}")
    shared = ArrayField(models.CharField(max_length=12), default=list)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            program_id_key("planversion_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="planversion_client_id_once"),
            models.UniqueConstraint(fields=["patient", "number"], name="planversion_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="planversion_from_one"),
            models.CheckConstraint(
                condition=Q(shared__contained_by=[part.value for part in PlanPart]), name="planversion_shared_parts"
            ),
        ]
        indexes = [models.Index(fields=["program", "patient", "-number"], name="planversion_by_patient")]


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class PatientGoal(SealedModel, PatientRow):
    """What a person wants to reach, with a day to look again. One that stands per substance (N15)."""

    client_id = models.UUIDField()
    about = models.CharField(max_length=10)
    aim = models.CharField(max_length=12, blank=True, help_text="Empty for a goal of life")
    words = SealedField()
    review_on = models.DateField(help_text="In the patient's zone")
    review_asked_for = models.DateField(null=True, blank=True, help_text="The review day that a task was made for")
    set_at = models.DateTimeField()
    source = models.CharField(max_length=10)
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, blank=True)

    class Meta:
        constraints = [
            program_id_key("patientgoal_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="patientgoal_client_id_once"),
            models.UniqueConstraint(
                fields=["patient", "about"],
                condition=Q(ended_at__isnull=True) & ~Q(about=GoalAbout.LIFE.value),
                name="patientgoal_one_per_substance",
            ),
            one_of("source", ReportSource, "patientgoal_source"),
            models.CheckConstraint(
                condition=Q(about=GoalAbout.OPIOID.value, aim=Goal.ABSTINENCE.value)
                | Q(about=GoalAbout.ALCOHOL.value, aim__in=[goal.value for goal in Goal])
                | Q(about=GoalAbout.LIFE.value, aim="", words__isnull=False),
                name="patientgoal_aim",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="")
                | Q(ended_at__gte=F("set_at"), outcome__in=[each.value for each in GoalOutcome]),
                name="patientgoal_ended_with_outcome",
            ),
        ]
        indexes = [
            models.Index(fields=["program", "patient", "-set_at"], name="patientgoal_by_patient"),
            models.Index(fields=["review_on"], condition=Q(ended_at__isnull=True), name="patientgoal_to_review"),
        ]
