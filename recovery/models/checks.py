"""What was measured and what is planned: laboratory values, urine screens, challenges, procedures, reversal agent."""

import pghistory
from django.db import models
from django.db.models import Q

from backend.fields import SealedField, SealedModel
from recovery.models.base import PatientRow, one_of, program_id_key
from recovery.rules.labs import LabAnalyte, LabUnit
from recovery.rules.procedures import OpioidExpected, ProcedureKind, ProcedureStatus
from recovery.rules.reversal import HasIt
from recovery.rules.screens import (
    ChallengeResult,
    ChallengeRoute,
    ReadAs,
    ScreenMethod,
    ScreenPanel,
    ScreenStage,
)
from recovery.rules.states import ReportSource


class Recorded(SealedModel, PatientRow):
    """A clinical entry: whose id, by whom and when, never deleted; entered in error it is voided."""

    client_id = models.UUIDField()
    note = SealedField()
    recorded_by = models.ForeignKey("backend.User", models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True, blank=True, help_text="Entered in error; never deleted")

    class Meta:
        abstract = True


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class LabResult(Recorded):
    """One value of a laboratory with the limit that this laboratory printed."""

    analyte = models.CharField(max_length=12)
    value = models.DecimalField(max_digits=9, decimal_places=2)
    unit = models.CharField(max_length=12)
    upper_limit = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    is_baseline = models.BooleanField(default=False, help_text="The person's own value when well (S 13)")
    taken_on = models.DateField()
    reviewed_by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            program_id_key("labresult_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="labresult_client_id_once"),
            one_of("analyte", LabAnalyte, "labresult_analyte"),
            one_of("unit", LabUnit, "labresult_unit"),
            models.CheckConstraint(condition=Q(value__gte=0), name="labresult_value_not_negative"),
            models.CheckConstraint(
                condition=Q(upper_limit__isnull=True) | Q(upper_limit__gt=0), name="labresult_limit_positive"
            ),
            models.CheckConstraint(
                condition=Q(reviewed_at__isnull=True, reviewed_by__isnull=True)
                | Q(reviewed_at__isnull=False, reviewed_by__isnull=False),
                name="labresult_reviewed_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["program", "patient", "-taken_on"], name="labresult_by_patient")]


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class UrineScreen(Recorded):
    """One urine screen: what was tested, by which method, and what a clinician made of a positive (S 10)."""

    taken_on = models.DateField()
    panel = models.CharField(max_length=15)
    method = models.CharField(max_length=20)
    stage = models.CharField(max_length=12)
    results = models.JSONField(help_text="Result by analyte, for those that were tested")
    confirms = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False)
    reading = models.CharField(max_length=15, blank=True)
    read_by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            program_id_key("urinescreen_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="urinescreen_client_id_once"),
            one_of("panel", ScreenPanel, "urinescreen_panel"),
            one_of("method", ScreenMethod, "urinescreen_method"),
            one_of("stage", ScreenStage, "urinescreen_stage"),
            models.CheckConstraint(
                condition=Q(reading__in=["", *[r.value for r in ReadAs]]), name="urinescreen_reading"
            ),
            models.CheckConstraint(
                condition=Q(read_at__isnull=True, read_by__isnull=True, reading="")
                | Q(read_at__isnull=False, read_by__isnull=False) & ~Q(reading=""),
                name="urinescreen_read_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(results={}), name="urinescreen_tests_something"),
        ]
        indexes = [models.Index(fields=["program", "patient", "-taken_on"], name="urinescreen_by_patient")]


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class Challenge(Recorded):
    """A challenge before an antagonist. Its dose is the label's and is not stored (contract 3)."""

    done_on = models.DateField()
    route = models.CharField(max_length=15)
    result = models.CharField(max_length=12)
    repeat_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            program_id_key("challenge_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="challenge_client_id_once"),
            one_of("route", ChallengeRoute, "challenge_route"),
            one_of("result", ChallengeResult, "challenge_result"),
            models.CheckConstraint(
                condition=Q(repeat_on__isnull=True) | Q(repeat_on__gte=models.F("done_on")),
                name="challenge_repeat_after",
            ),
        ]
        indexes = [models.Index(fields=["program", "patient", "-done_on"], name="challenge_by_patient")]


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class Procedure(Recorded):
    """A planned procedure. The hold begins on the day that a prescriber enters, and only then (S 4)."""

    source = models.CharField(max_length=10)
    kind = models.CharField(max_length=10)
    planned_on = models.DateField()
    opioid_expected = models.CharField(max_length=8)
    status = models.CharField(max_length=10, default=ProcedureStatus.PLANNED.value)
    hold_from = models.DateField(null=True, blank=True)
    hold_set_by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    hold_set_at = models.DateTimeField(null=True, blank=True)
    hold_begun_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            program_id_key("procedure_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="procedure_client_id_once"),
            one_of("source", ReportSource, "procedure_source"),
            one_of("kind", ProcedureKind, "procedure_kind"),
            one_of("opioid_expected", OpioidExpected, "procedure_opioid_expected"),
            one_of("status", ProcedureStatus, "procedure_status"),
            models.CheckConstraint(
                condition=Q(hold_from__isnull=True, hold_set_by__isnull=True, hold_set_at__isnull=True)
                | Q(hold_from__isnull=False, hold_set_by__isnull=False, hold_set_at__isnull=False),
                name="procedure_hold_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(hold_begun_at__isnull=True) | Q(hold_from__isnull=False), name="procedure_hold_has_a_day"
            ),
            models.CheckConstraint(
                condition=Q(status=ProcedureStatus.PLANNED.value, ended_at__isnull=True)
                | ~Q(status=ProcedureStatus.PLANNED.value) & Q(ended_at__isnull=False),
                name="procedure_ended_at",
            ),
        ]
        indexes = [
            models.Index(fields=["program", "patient", "planned_on"], name="procedure_by_patient"),
            models.Index(
                fields=["hold_from"],
                condition=Q(status=ProcedureStatus.PLANNED.value, hold_begun_at__isnull=True, hold_from__isnull=False),
                name="procedure_hold_to_begin",
            ),
        ]


class ReversalAgent(Recorded):
    """What was said about an overdose reversal agent at home, each time (N3)."""

    source = models.CharField(max_length=10)
    on_day = models.DateField(help_text="Local day it was spoken of")
    offered = models.BooleanField(help_text="Whether it was offered on that day")
    has_it = models.CharField(max_length=8)
    expires_on = models.DateField(null=True, blank=True)
    trained = models.BooleanField(null=True, blank=True, help_text="Somebody close knows how to use it")

    class Meta:
        constraints = [
            program_id_key("reversalagent_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="reversalagent_client_id_once"),
            one_of("source", ReportSource, "reversalagent_source"),
            one_of("has_it", HasIt, "reversalagent_has_it"),
            models.CheckConstraint(
                condition=Q(expires_on__isnull=True) | Q(has_it=HasIt.YES.value), name="reversalagent_expires_if_there"
            ),
        ]
        indexes = [models.Index(fields=["program", "patient", "-on_day"], name="reversalagent_by_patient")]
