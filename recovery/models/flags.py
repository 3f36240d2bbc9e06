"""Concerns (Flag), work (Task) and contacts (Outreach). Contract 5."""

import pghistory
from django.db import models
from django.db.models import F, Q

from backend.fields import SealedField, SealedModel
from recovery.models.base import PatientRow, one_of, program_id_key
from recovery.models.treatments import Treatment
from recovery.rules.records import OutreachChannel, OutreachOutcome, TaskStatus
from recovery.rules.states import FlagKind, FlagStatus, Severity

LIVE = [FlagStatus.OPEN.value, FlagStatus.OWNED.value, FlagStatus.SNOOZED.value]


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class Flag(SealedModel, PatientRow):
    """A concern about one patient. ``evidence`` holds the numbers that its sentence is made of."""

    treatment = models.ForeignKey(
        Treatment, models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )
    kind = models.CharField(max_length=40)
    severity = models.CharField(max_length=10)
    severity_rank = models.PositiveSmallIntegerField(help_text="For sorting: red highest")
    status = models.CharField(max_length=10, default=FlagStatus.OPEN.value)
    evidence = models.JSONField()
    policy_version = models.CharField(max_length=40)
    opened_at = models.DateTimeField()
    severity_since = models.DateTimeField()
    respond_by = models.DateTimeField(null=True, blank=True)
    owner = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    owned_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    snooze_reason = models.CharField(max_length=120, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True, help_text="Its reason ended by itself; a person confirms")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    outcome = models.CharField(max_length=40, blank=True)
    note = SealedField()

    class Meta:
        constraints = [
            program_id_key("flag_program_id"),
            models.UniqueConstraint(
                fields=["patient", "kind"], condition=Q(status__in=LIVE), name="flag_one_live_per_kind"
            ),
            one_of("kind", FlagKind, "flag_kind"),
            one_of("severity", Severity, "flag_severity"),
            one_of("status", FlagStatus, "flag_status"),
            models.CheckConstraint(
                condition=Q(status=FlagStatus.CLOSED.value, closed_at__isnull=False) & ~Q(outcome="")
                | ~Q(status=FlagStatus.CLOSED.value) & Q(closed_at__isnull=True),
                name="flag_closed_with_outcome",
            ),
            models.CheckConstraint(
                condition=~Q(status=FlagStatus.OWNED.value) | Q(owner__isnull=False), name="flag_owned_by_someone"
            ),
            models.CheckConstraint(
                condition=~Q(status=FlagStatus.SNOOZED.value) | Q(snoozed_until__isnull=False) & ~Q(snooze_reason=""),
                name="flag_snoozed_until",
            ),
            models.CheckConstraint(
                condition=~Q(status=FlagStatus.RETURNED.value) | Q(returned_at__isnull=False), name="flag_returned_at"
            ),
            models.CheckConstraint(condition=Q(opened_at__lte=F("severity_since")), name="flag_times_in_order"),
        ]
        indexes = [
            models.Index(
                fields=["program", "-severity_rank", "opened_at"],
                condition=~Q(status=FlagStatus.CLOSED.value),
                name="flag_worklist",
            ),
            models.Index(fields=["program", "patient", "-opened_at"], name="flag_by_patient"),
            models.Index(fields=["snoozed_until"], condition=Q(status=FlagStatus.SNOOZED.value), name="flag_to_wake"),
        ]


class Task(SealedModel, PatientRow):
    """Work for a named role: a restart checklist, a lab, a call back."""

    flag = models.ForeignKey(Flag, models.PROTECT, null=True, blank=True, related_name="tasks", db_constraint=False)
    kind = models.CharField(max_length=40)
    role = models.CharField(max_length=20)
    due_at = models.DateTimeField()
    status = models.CharField(max_length=10, default=TaskStatus.OPEN.value)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    outcome = models.CharField(max_length=40, blank=True)
    facts = models.JSONField(default=dict)
    note = SealedField()

    class Meta:
        constraints = [
            program_id_key("task_program_id"),
            models.UniqueConstraint(
                fields=["patient", "kind"], condition=Q(status=TaskStatus.OPEN.value), name="task_one_open_per_kind"
            ),
            one_of("status", TaskStatus, "task_status"),
            models.CheckConstraint(
                condition=Q(status=TaskStatus.OPEN.value, done_at__isnull=True)
                | ~Q(status=TaskStatus.OPEN.value) & Q(done_at__isnull=False),
                name="task_done_at",
            ),
        ]
        indexes = [
            models.Index(fields=["program", "due_at"], condition=Q(status=TaskStatus.OPEN.value), name="task_open"),
        ]


class Outreach(SealedModel, PatientRow):
    """A contact with a patient, or an attempt, and what came of it. Append-only."""

    flag = models.ForeignKey(Flag, models.PROTECT, null=True, blank=True, related_name="outreach", db_constraint=False)
    by = models.ForeignKey("backend.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()
    channel = models.CharField(max_length=12)
    outcome = models.CharField(max_length=40)
    note = SealedField()

    class Meta:
        constraints = [
            one_of("channel", OutreachChannel, "outreach_channel"),
            one_of("outcome", OutreachOutcome, "outreach_outcome"),
        ]
        indexes = [models.Index(fields=["program", "patient", "-at"], name="outreach_by_patient")]
