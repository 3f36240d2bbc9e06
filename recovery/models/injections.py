"""Injections that were given, and the appointments for the next."""

import pghistory
from django.db import models
from django.db.models import Q

from backend.fields import SealedField, SealedModel
from recovery.models.base import PatientRow, one_of, program_id_key
from recovery.models.treatments import Treatment
from recovery.rules.records import AppointmentKind, AppointmentStatus, Site
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
    voided_at = models.DateTimeField(null=True, blank=True, help_text="Entered in error; never deleted")

    class Meta:
        constraints = [
            program_id_key("injection_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="injection_client_id_once"),
            models.UniqueConstraint(
                fields=["patient", "medicine", "given_on"],
                condition=Q(voided_at__isnull=True),
                name="injection_one_per_day",
            ),
            one_of("source", ReportSource, "injection_source"),
            models.CheckConstraint(condition=Q(site__in=["", *[s.value for s in Site]]), name="injection_site"),
            models.CheckConstraint(condition=Q(dose_mg__gt=0), name="injection_mg_positive"),
        ]
        indexes = [
            models.Index(fields=["program", "patient", "-given_on"], name="injection_by_patient"),
            models.Index(fields=["program", "lot"], name="injection_by_lot"),
        ]


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class Appointment(PatientRow):
    """A visit: for an injection, made when the last one was recorded (28 days on), or booked by staff."""

    treatment = models.ForeignKey(Treatment, models.PROTECT, related_name="+", db_constraint=False)
    kind = models.CharField(max_length=20)
    after_injection = models.ForeignKey(
        Injection, models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )
    due_on = models.DateField(help_text="The day it is for, in the patient's zone")
    starts_at = models.DateTimeField(null=True, blank=True, help_text="When booked to the minute")
    status = models.CharField(max_length=12, default=AppointmentStatus.PLANNED.value)
    remind = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            program_id_key("appointment_program_id"),
            one_of("kind", AppointmentKind, "appointment_kind"),
            one_of("status", AppointmentStatus, "appointment_status"),
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
