"""Checklists with their answers, planned stops, and the weeks of after-care."""

import pghistory
from django.db import models
from django.db.models import F, Q

from backend.fields import SealedField, SealedModel
from recovery.models.base import PatientRow, one_of, program_id_key
from recovery.models.treatments import Treatment
from recovery.rules.aftercare import AfterCareCause, AfterCareEnd, StopReason
from recovery.rules.checklists import ChecklistCause, ChecklistKind, ChecklistStatus
from recovery.rules.medicines import Medicine


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class Checklist(PatientRow):
    """A start or restart checklist. Signed by a prescriber it is an order until ``expires_on`` (inclusive)."""

    treatment = models.ForeignKey(Treatment, models.PROTECT, related_name="+", db_constraint=False)
    kind = models.CharField(max_length=10)
    cause = models.CharField(max_length=20)
    medicine = models.CharField(max_length=40)
    status = models.CharField(max_length=10, default=ChecklistStatus.OPEN.value)
    opened_at = models.DateTimeField()
    signed_by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    signed_at = models.DateTimeField(null=True, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    policy_version = models.CharField(max_length=40, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            program_id_key("checklist_program_id"),
            models.UniqueConstraint(
                fields=["patient", "kind"],
                condition=Q(status__in=[ChecklistStatus.OPEN.value, ChecklistStatus.SIGNED.value]),
                name="checklist_one_live_per_kind",
            ),
            one_of("kind", ChecklistKind, "checklist_kind"),
            one_of("cause", ChecklistCause, "checklist_cause"),
            one_of("status", ChecklistStatus, "checklist_status"),
            one_of("medicine", Medicine, "checklist_medicine"),
            models.CheckConstraint(
                condition=Q(status__in=[ChecklistStatus.SIGNED.value, ChecklistStatus.USED.value])
                & Q(signed_by__isnull=False, signed_at__isnull=False, expires_on__isnull=False)
                | Q(status=ChecklistStatus.EXPIRED.value, signed_at__isnull=False)
                | Q(
                    status__in=[
                        ChecklistStatus.OPEN.value,
                        ChecklistStatus.OVERTAKEN.value,
                        ChecklistStatus.CANCELLED.value,
                    ]
                ),
                name="checklist_signed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=[ChecklistStatus.OPEN.value, ChecklistStatus.SIGNED.value], ended_at__isnull=True
                )
                | ~Q(status__in=[ChecklistStatus.OPEN.value, ChecklistStatus.SIGNED.value]) & Q(ended_at__isnull=False),
                name="checklist_ended_at",
            ),
        ]
        indexes = [
            models.Index(fields=["program", "patient", "-opened_at"], name="checklist_by_patient"),
            models.Index(
                fields=["expires_on"], condition=Q(status=ChecklistStatus.SIGNED.value), name="checklist_to_expire"
            ),
        ]


class ChecklistAnswer(SealedModel, PatientRow):
    """One answer to one item; a later one takes its place, none is erased. Append-only."""

    checklist = models.ForeignKey(Checklist, models.PROTECT, related_name="answers", db_constraint=False)
    item = models.CharField(max_length=40, help_text="Code in the list of items")
    value = models.CharField(max_length=20)
    reason = SealedField(help_text="Why it is signed over, where the answer speaks against it")
    by = models.ForeignKey("backend.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            program_id_key("checklistanswer_program_id"),
            models.CheckConstraint(condition=~Q(item="") & ~Q(value=""), name="checklistanswer_says_something"),
        ]
        indexes = [models.Index(fields=["checklist", "item", "-id"], name="checklistanswer_latest")]


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class PlannedStop(SealedModel, PatientRow):
    """An agreed day of stopping, with the talk about what follows (N10). It stops nothing by itself."""

    treatment = models.ForeignKey(Treatment, models.PROTECT, related_name="+", db_constraint=False)
    planned_for = models.DateField()
    reason = models.CharField(max_length=20)
    counselled_at = models.DateTimeField(null=True, blank=True, help_text="The overdose talk was held")
    decided_by = models.ForeignKey("backend.User", models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True, blank=True)
    note = SealedField()

    class Meta:
        constraints = [
            program_id_key("plannedstop_program_id"),
            models.UniqueConstraint(
                fields=["treatment"], condition=Q(cancelled_at__isnull=True), name="plannedstop_one_per_treatment"
            ),
            one_of("reason", StopReason, "plannedstop_reason"),
        ]
        indexes = [models.Index(fields=["program", "patient", "planned_for"], name="plannedstop_by_patient")]


class AfterCare(PatientRow):
    """The weeks after cover ended, with a contact each (C 3.5, contract 2)."""

    treatment = models.ForeignKey(Treatment, models.PROTECT, related_name="+", db_constraint=False)
    cause = models.CharField(max_length=15)
    cover_ended_on = models.DateField(help_text="The first day without cover")
    until = models.DateField(help_text="Inclusive")
    next_contact_on = models.DateField(null=True, blank=True)
    contacts_asked = models.PositiveSmallIntegerField(default=0)
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=15, blank=True)

    class Meta:
        constraints = [
            program_id_key("aftercare_program_id"),
            models.UniqueConstraint(fields=["treatment", "cover_ended_on"], name="aftercare_once_per_end_of_cover"),
            models.UniqueConstraint(
                fields=["patient"], condition=Q(ended_at__isnull=True), name="aftercare_one_at_a_time"
            ),
            one_of("cause", AfterCareCause, "aftercare_cause"),
            models.CheckConstraint(condition=Q(end__in=["", *[e.value for e in AfterCareEnd]]), name="aftercare_end"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end="") | Q(ended_at__isnull=False) & ~Q(end=""),
                name="aftercare_ended_with_a_reason",
            ),
            models.CheckConstraint(condition=Q(until__gte=F("cover_ended_on")), name="aftercare_days_in_order"),
        ]
        indexes = [
            models.Index(fields=["next_contact_on"], condition=Q(ended_at__isnull=True), name="aftercare_contact_due"),
            models.Index(fields=["program", "patient"], name="aftercare_by_patient"),
        ]
