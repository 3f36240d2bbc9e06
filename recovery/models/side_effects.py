"""Side effects as they were reported, and again when somebody asked whether they are still there."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from backend.fields import SealedField, SealedModel
from recovery.models.base import PatientRow, one_of, program_id_key
from recovery.models.injections import Injection
from recovery.rules.side_effects import Effect, Sign, Strength
from recovery.rules.states import ReportSource


class SideEffectReport(SealedModel, PatientRow):
    """What was said about one side effect on one day. Append-only: an answer later is another row.

    ``first`` is the report that it belongs to, None for the first. A look at the place of an
    injection names the injection; without signs it says that nothing is wrong there.
    """

    client_id = models.UUIDField()
    first = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False)
    injection = models.ForeignKey(
        Injection, models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )
    effect = models.CharField(max_length=12)
    strength = models.CharField(max_length=10)
    signs = ArrayField(models.CharField(max_length=20), default=list)
    still_there = models.BooleanField()
    began_on = models.DateField(help_text="In the patient's zone")
    said_on = models.DateField(help_text="The local day of the report")
    received_at = models.DateTimeField()
    source = models.CharField(max_length=10)
    note = SealedField()

    class Meta:
        constraints = [
            program_id_key("sideeffectreport_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="sideeffectreport_client_id_once"),
            one_of("effect", Effect, "sideeffectreport_effect"),
            one_of("strength", Strength, "sideeffectreport_strength"),
            one_of("source", ReportSource, "sideeffectreport_source"),
            models.CheckConstraint(
                condition=Q(signs__contained_by=[sign.value for sign in Sign]), name="sideeffectreport_signs"
            ),
            models.CheckConstraint(
                condition=Q(signs=[]) | Q(effect__in=[Effect.SITE.value, Effect.COUGH.value]),
                name="sideeffectreport_signs_of",
            ),
            models.CheckConstraint(condition=Q(began_on__lte=F("said_on")), name="sideeffectreport_days_in_order"),
            models.CheckConstraint(
                condition=Q(injection__isnull=True) | Q(effect=Effect.SITE.value), name="sideeffectreport_injection"
            ),
        ]
        indexes = [
            models.Index(fields=["program", "patient", "-received_at"], name="sideeffectreport_by_patient"),
        ]
