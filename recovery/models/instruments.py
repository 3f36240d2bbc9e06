"""Questionnaires as they were asked and answered (C 5, S 12)."""

import pghistory
from django.db import models
from django.db.models import Q

from backend.fields import SealedField, SealedModel
from recovery.models.base import PatientRow, one_of, program_id_key
from recovery.rules.instruments.definition import Filler, InstrumentKey
from recovery.rules.records import FormReason, FormStatus
from recovery.rules.states import ReportSource

OPEN_FORMS = [FormStatus.DUE.value, FormStatus.STARTED.value]
BEGUN_FORMS = [FormStatus.STARTED.value, FormStatus.FINISHED.value, FormStatus.UNFINISHED.value]


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class InstrumentForm(SealedModel, PatientRow):
    """One questionnaire, from the day it fell due to its score.

    ``asked`` are the items for this person on that day, ``facts`` what they depend on (which dose, whether a goal is
    stated): so that an answer is checked against what was asked, years later too. ``safety_at`` is when the first
    safety answer came, ``safety_red_at`` when the form was not finished in time. ``passed_on`` names the answers that
    went on into the craving log, the dose reports and the journal. The score is sealed like the answers.
    """

    client_id = models.UUIDField()
    instrument = models.CharField(max_length=12)
    version = models.CharField(max_length=12)
    language = models.CharField(max_length=2)
    status = models.CharField(max_length=12)
    reason = models.CharField(max_length=12)
    due_on = models.DateField(help_text="Dosing day in the patient's zone")
    asked_at = models.DateTimeField()
    asked = models.JSONField(default=list)
    facts = models.JSONField(default=dict)
    filled_by = models.CharField(max_length=8, blank=True)
    source = models.CharField(max_length=10, blank=True)
    started_by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    started_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True, help_text="The latest answer")
    finished_at = models.DateTimeField(null=True, blank=True)
    safety_at = models.DateTimeField(null=True, blank=True)
    safety_red_at = models.DateTimeField(null=True, blank=True)
    passed_on = models.JSONField(default=list)
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When everything was passed on")
    policy_version = models.CharField(max_length=40, blank=True)
    score = SealedField(help_text="JSON")

    class Meta:
        constraints = [
            program_id_key("instrumentform_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="instrumentform_client_id_once"),
            models.UniqueConstraint(
                fields=["patient", "instrument"],
                condition=Q(status__in=OPEN_FORMS),
                name="instrumentform_one_open_per_kind",
            ),
            models.UniqueConstraint(
                fields=["patient", "instrument", "due_on"],
                condition=Q(reason=FormReason.SCHEDULED.value),
                name="instrumentform_scheduled_once_a_day",
            ),
            one_of("instrument", InstrumentKey, "instrumentform_instrument"),
            one_of("status", FormStatus, "instrumentform_status"),
            one_of("reason", FormReason, "instrumentform_reason"),
            models.CheckConstraint(condition=Q(language__in=["en", "es"]), name="instrumentform_language"),
            models.CheckConstraint(
                condition=Q(filled_by="") | Q(filled_by__in=[each.value for each in Filler]),
                name="instrumentform_filled_by",
            ),
            models.CheckConstraint(
                condition=Q(source="") | Q(source__in=[each.value for each in ReportSource]),
                name="instrumentform_source",
            ),
            models.CheckConstraint(
                condition=Q(status__in=BEGUN_FORMS, started_at__isnull=False) & ~Q(filled_by="") & ~Q(source="")
                | ~Q(status__in=BEGUN_FORMS) & Q(started_at__isnull=True),
                name="instrumentform_begun_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(status=FormStatus.FINISHED.value, finished_at__isnull=False)
                | ~Q(status=FormStatus.FINISHED.value) & Q(finished_at__isnull=True),
                name="instrumentform_finished_at",
            ),
            models.CheckConstraint(
                condition=Q(safety_red_at__isnull=True) | Q(safety_at__isnull=False),
                name="instrumentform_red_after_safety",
            ),
        ]
        indexes = [
            models.Index(fields=["program", "patient", "instrument", "-due_on"], name="instrumentform_by_patient"),
            models.Index(
                fields=["safety_at"],
                condition=Q(status=FormStatus.STARTED.value, safety_at__isnull=False, safety_red_at__isnull=True),
                name="instrumentform_to_watch",
            ),
            models.Index(
                fields=["answered_at"],
                condition=Q(settled_at__isnull=True, answered_at__isnull=False),
                name="instrumentform_to_settle",
            ),
            models.Index(fields=["program", "due_on"], condition=Q(status__in=OPEN_FORMS), name="instrumentform_open"),
        ]


class InstrumentAnswer(SealedModel, PatientRow):
    """One answer, stored the moment it is given. Append-only: a correction is a new row that supersedes one.

    What was answered is health data in the person's own words or numbers and is sealed under the person's key; which
    item was answered, and when, is not.
    """

    client_id = models.UUIDField()
    form = models.ForeignKey(InstrumentForm, models.PROTECT, related_name="answers", db_constraint=False)
    item = models.CharField(max_length=40)
    value = SealedField(help_text="JSON; null is 'would rather not say'")
    answered_at = models.DateTimeField()
    source = models.CharField(max_length=10)
    by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    supersedes = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False)

    class Meta:
        constraints = [
            program_id_key("instrumentanswer_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="instrumentanswer_client_id_once"),
            models.UniqueConstraint(
                fields=["form", "item"], condition=Q(supersedes__isnull=True), name="instrumentanswer_first_once"
            ),
            models.UniqueConstraint(fields=["supersedes"], name="instrumentanswer_superseded_once"),
            one_of("source", ReportSource, "instrumentanswer_source"),
        ]
        indexes = [models.Index(fields=["program", "patient", "form", "id"], name="instrumentanswer_by_form")]
