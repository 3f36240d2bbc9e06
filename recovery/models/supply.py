"""What is at hand: tablets picked up and counted, tablets ordered to bridge a late injection, days without a clinic."""

from django.db import models
from django.db.models import Q

from recovery.models.base import PatientRow, one_of, program_id_key
from recovery.models.injections import Injection
from recovery.models.treatments import Regimen, Treatment
from recovery.rules.records import CountKind
from recovery.rules.states import ReportSource


class TabletCount(PatientRow):
    """Tablets that were picked up, or how many were left on a day. Append-only: a later count corrects it."""

    treatment = models.ForeignKey(Treatment, models.PROTECT, related_name="+", db_constraint=False)
    client_id = models.UUIDField()
    medicine = models.CharField(max_length=40)
    kind = models.CharField(max_length=10)
    on_day = models.DateField(help_text="Local day; a count is taken at its end")
    tablets = models.PositiveSmallIntegerField()
    tablet_mg = models.DecimalField(max_digits=7, decimal_places=2, help_text="In one tablet")
    source = models.CharField(max_length=10)
    recorded_by = models.ForeignKey("backend.User", models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            program_id_key("tabletcount_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="tabletcount_client_id_once"),
            one_of("kind", CountKind, "tabletcount_kind"),
            one_of("source", ReportSource, "tabletcount_source"),
            models.CheckConstraint(condition=Q(tablet_mg__gt=0), name="tabletcount_mg_positive"),
            models.CheckConstraint(condition=Q(tablets__lte=1000), name="tabletcount_tablets"),
            models.CheckConstraint(
                condition=~Q(kind=CountKind.PICKED_UP.value) | Q(tablets__gte=1), name="tabletcount_picked_up_some"
            ),
        ]
        indexes = [models.Index(fields=["program", "patient", "-on_day"], name="tabletcount_by_patient")]


class OralBridge(PatientRow):
    """Tablets that a prescriber ordered because an injection will be late, and that the patient agreed to (N7).

    The days and the dose are those of ``regimen``; what was taken is its doses. Append-only.
    """

    treatment = models.ForeignKey(Treatment, models.PROTECT, related_name="+", db_constraint=False)
    regimen = models.ForeignKey(Regimen, models.PROTECT, related_name="+", db_constraint=False)
    after_injection = models.ForeignKey(
        Injection, models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )
    agreed_on = models.DateField(help_text="When the patient agreed")
    agreed_with = models.ForeignKey("backend.User", models.PROTECT, related_name="+", help_text="Who spoke with them")
    ordered_by = models.ForeignKey("backend.User", models.PROTECT, related_name="+")
    ordered_at = models.DateTimeField()

    class Meta:
        constraints = [
            program_id_key("oralbridge_program_id"),
            models.UniqueConstraint(fields=["regimen"], name="oralbridge_once_per_regimen"),
        ]
        indexes = [models.Index(fields=["program", "patient"], name="oralbridge_by_patient")]


class ClosingNotice(models.Model):
    """A day on which the clinic is closed and observed doses cannot be given: told to the program ahead (W8).

    It holds numbers, no patient.
    """

    program = models.ForeignKey("backend.Program", models.PROTECT, related_name="+")
    closed_on = models.DateField()
    days_uncovered = models.PositiveSmallIntegerField(help_text="The most that any patient is left without cover")
    patients = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)
    seen_by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["program", "closed_on"], name="closingnotice_once_a_day")]
