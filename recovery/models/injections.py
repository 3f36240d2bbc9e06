"""Injections that were given, and the appointments for the next."""

import pghistory
from django.db import models
from django.db.models import Q

from backend.fields import SealedField, SealedModel
from recovery.models.base import PatientRow, one_of, program_id_key
from recovery.models.treatments import Treatment
from recovery.rules.records import AppointmentKind, AppointmentStatus, Site, Supply, VoidReason
from recovery.rules.states import ReportSource


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class Injection(SealedModel, PatientRow):
    """One injection given. Only a verified one moves the due date; a patient's word is stored unverified."""

    treatment = models.ForeignKey(Treatment, models.PROTECT, related_name="injections", db_constraint=False)
    client_id = models.UUIDField()
    medicine = models.CharField(max_length=40)
    dose_mg = models.DecimalField(max_digits=7, decimal_places=2)
    given_on = models.DateField(help_text="Calendar day in the patient's zone: DSL 0")
    given_at = models.DateTimeField(null=True, blank=True)
    site = models.CharField(max_length=10, blank=True)
    lot = models.CharField(max_length=40, blank=True)
    lot_expires_on = models.DateField(null=True, blank=True)
    needle_inches = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)
    operator = SealedField(help_text="Who gave it")
    note = SealedField()
    source = models.CharField(max_length=10)
    verified = models.BooleanField()
    with_open_gate = models.BooleanField(default=False)
    warnings = models.JSONField(default=list, help_text="Codes shown when it was recorded")
    recorded_by = models.ForeignKey("backend.User", models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()
    given_elsewhere = models.BooleanField(default=False, db_default=False)
    partly_given = models.BooleanField(
        default=False, db_default=False, help_text="Moves no date until a prescriber says that it counts"
    )
    verified_at = models.DateTimeField(null=True, blank=True, help_text="When a stated one was confirmed by staff")
    verified_by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    voided_at = models.DateTimeField(null=True, blank=True, help_text="Entered in error; never deleted")
    voided_by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    void_reason = models.CharField(max_length=20, blank=True, db_default="")

    class Meta:
        constraints = [
            program_id_key("injection_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="injection_client_id_once"),
            models.UniqueConstraint(
                # A patient's word stands beside the record; neither makes the other impossible.
                fields=["patient", "medicine", "given_on", "verified"],
                condition=Q(voided_at__isnull=True),
                name="injection_one_per_day",
            ),
            one_of("source", ReportSource, "injection_source"),
            models.CheckConstraint(condition=Q(site__in=["", *[s.value for s in Site]]), name="injection_site"),
            models.CheckConstraint(condition=Q(dose_mg__gt=0), name="injection_mg_positive"),
            models.CheckConstraint(
                condition=Q(void_reason__in=["", *[r.value for r in VoidReason]]), name="injection_void_reason"
            ),
            models.CheckConstraint(
                condition=Q(void_reason="") | Q(voided_at__isnull=False), name="injection_void_reason_of_a_void"
            ),
        ]
        indexes = [
            models.Index(fields=["program", "patient", "-given_on"], name="injection_by_patient"),
            models.Index(fields=["program", "lot"], name="injection_by_lot"),
        ]


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class Appointment(PatientRow):
    """A visit: for an injection, made when the last one was recorded (28 days on), or booked by staff.

    ``reason`` says why it was not kept, cancelled, or why nothing could be given. ``supply`` is where the
    medicine of the visit is.
    """

    treatment = models.ForeignKey(Treatment, models.PROTECT, related_name="+", db_constraint=False)
    kind = models.CharField(max_length=20)
    after_injection = models.ForeignKey(
        Injection, models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )
    due_on = models.DateField(help_text="The day it is for, in the patient's zone")
    starts_at = models.DateTimeField(null=True, blank=True, help_text="When booked to the minute")
    status = models.CharField(max_length=12, default=AppointmentStatus.PLANNED.value)
    remind = models.BooleanField(default=True)
    reason = models.CharField(max_length=20, blank=True, db_default="")
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="The patient said that the day suits")
    another_time_at = models.DateTimeField(null=True, blank=True, help_text="The patient asked for another time")
    supply = models.CharField(max_length=10, blank=True, db_default="")
    supply_on = models.DateField(null=True, blank=True, help_text="Since when the medicine is there")
    given = models.ForeignKey(
        Injection,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_constraint=False,
        help_text="The injection that kept this visit",
    )
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            program_id_key("appointment_program_id"),
            one_of("kind", AppointmentKind, "appointment_kind"),
            one_of("status", AppointmentStatus, "appointment_status"),
            models.CheckConstraint(
                condition=~Q(status__in=[AppointmentStatus.NOT_GIVEN.value, AppointmentStatus.NOT_KEPT.value])
                | ~Q(reason=""),
                name="appointment_says_why",
            ),
            models.CheckConstraint(
                condition=Q(supply="", supply_on__isnull=True)
                | Q(supply__in=[s.value for s in Supply], supply_on__isnull=False),
                name="appointment_supply",
            ),
            models.UniqueConstraint(
                fields=["patient", "kind"],
                condition=Q(status__in=[AppointmentStatus.PLANNED.value, AppointmentStatus.BOOKED.value])
                & Q(kind=AppointmentKind.INJECTION.value),
                name="appointment_one_next_injection",
            ),
        ]
        indexes = [
            models.Index(fields=["program", "patient", "due_on"], name="appointment_by_patient"),
            models.Index(
                fields=["due_on"],
                condition=Q(status__in=[AppointmentStatus.PLANNED.value, AppointmentStatus.BOOKED.value]),
                name="appointment_upcoming",
            ),
        ]
