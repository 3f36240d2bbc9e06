"""What stops dose prompts until a clinician lifts it, and each page that went out about it (S 1-6, 9-11)."""

import pghistory
from django.db import models
from django.db.models import F, Q

from backend.fields import SealedField, SealedModel
from recovery.models.base import PatientRow, one_of, program_id_key
from recovery.models.treatments import Treatment
from recovery.rules.gates import GateEvent
from recovery.rules.medicines import Medicine
from recovery.rules.records import LiftReason
from recovery.rules.states import Role


# When it pages next is derived; its history is the HoldAlarm rows.
@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True, exclude=["next_alarm_at"])
class Hold(SealedModel, PatientRow):
    """Dose prompts are stopped. No time and no tick ends it: a prescriber lifts it, with a reason.

    ``stops`` is what it is looked up by: ``antagonist`` stops every form of naltrexone, any other value that
    one medicine. It belongs to the person, so that a new treatment or regimen does not slip past it.
    """

    treatment = models.ForeignKey(
        Treatment, models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )
    medicine = models.CharField(max_length=40, help_text="What the person took when it was opened")
    stops = models.CharField(max_length=40)
    cause = models.CharField(max_length=40)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    from_next_window = models.BooleanField(default=False, help_text="A window that was open already goes on")
    owner_role = models.CharField(max_length=20)
    evidence = models.JSONField(default=dict)
    policy_version = models.CharField(max_length=40)
    call_by = models.DateTimeField(help_text="When the person was promised a call by")
    next_alarm_at = models.DateTimeField(null=True, blank=True, help_text="When it pages again while it is open")
    understood_at = models.DateTimeField(null=True, blank=True, help_text="Staff recorded that the person understood")
    understood_by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    lift_reason = models.CharField(max_length=20, blank=True)
    note = SealedField(help_text="Why it was ordered or lifted, in staff's words")

    class Meta:
        constraints = [
            program_id_key("hold_program_id"),
            models.UniqueConstraint(
                fields=["patient", "stops", "cause"],
                condition=Q(lifted_at__isnull=True),
                name="hold_one_open_per_cause",
            ),
            one_of("cause", GateEvent, "hold_cause"),
            one_of("medicine", Medicine, "hold_medicine"),
            models.CheckConstraint(
                condition=Q(stops__in=["antagonist", *[m.value for m in Medicine]]), name="hold_stops"
            ),
            one_of("owner_role", Role, "hold_owner_role"),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True, lift_reason="")
                | Q(
                    lifted_at__isnull=False,
                    lifted_by__isnull=False,
                    lift_reason__in=[r.value for r in LiftReason],
                ),
                name="hold_lifted_by_someone_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(understood_at__isnull=True, understood_by__isnull=True)
                | Q(understood_at__isnull=False, understood_by__isnull=False),
                name="hold_understood_recorded_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True) | Q(lifted_at__gte=F("opened_at")), name="hold_times_in_order"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, next_alarm_at__isnull=False)
                | Q(lifted_at__isnull=False, next_alarm_at__isnull=True),
                name="hold_open_has_a_next_alarm",
            ),
        ]
        indexes = [
            models.Index(fields=["program", "patient", "-opened_at"], name="hold_by_patient"),
            models.Index(fields=["next_alarm_at"], condition=Q(lifted_at__isnull=True), name="hold_to_alarm"),
        ]


class HoldAlarm(PatientRow):
    """One page about a hold that was still open at ``at`` (S 5). Append-only; who is told is the messages' business."""

    hold = models.ForeignKey(Hold, models.PROTECT, related_name="alarms", db_constraint=False)
    at = models.DateTimeField()
    to_role = models.CharField(max_length=20)
    written_at = models.DateTimeField()

    class Meta:
        constraints = [
            program_id_key("holdalarm_program_id"),
            models.UniqueConstraint(fields=["hold", "at", "to_role"], name="holdalarm_once"),
            one_of("to_role", Role, "holdalarm_to_role"),
        ]
        indexes = [models.Index(fields=["program", "-at"], name="holdalarm_by_program")]
