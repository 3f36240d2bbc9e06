"""The person in treatment. Names, numbers and free text are sealed under the person's own key."""

import pghistory
from django.db import models
from django.db.models import Q

from backend.fields import SealedField, SealedModel
from recovery.models.base import one_of, program_id_key
from recovery.rules.records import PatientStatus
from recovery.rules.states import Indication, OpioidHistory


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class Patient(SealedModel):
    """A person in one program. ``number`` is the plain column that long lists sort by."""

    program = models.ForeignKey("backend.Program", models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField(help_text="Running number in the program; says nothing of the person")
    name = SealedField()
    call_name = SealedField(help_text="What staff call the person on the phone")
    phone = SealedField(help_text="E.164")
    phone_index = models.BinaryField(max_length=16, null=True)
    phone_last4_index = models.BinaryField(max_length=16, null=True)
    born_on = SealedField(help_text="ISO date")
    contact_note = SealedField(help_text="Safe hours, safe voicemail, agreed word")
    zone = models.CharField(max_length=64)
    language = models.CharField(max_length=2, default="en")
    indication = models.CharField(max_length=10)
    opioid_history = models.CharField(max_length=10, default=OpioidHistory.UNKNOWN.value)
    status = models.CharField(max_length=12, default=PatientStatus.ACTIVE.value)
    phone_shared = models.BooleanField(default=False)
    enrolled_at = models.DateTimeField()
    external_ref = models.CharField(max_length=40, blank=True, help_text="Id in the system of origin, for imports")
    team = models.ForeignKey(
        "backend.CareTeam", models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )

    class Meta:
        constraints = [
            program_id_key("patient_program_id"),
            models.UniqueConstraint(fields=["program", "number"], name="patient_number_once"),
            models.UniqueConstraint(
                fields=["program", "external_ref"], condition=~Q(external_ref=""), name="patient_external_ref_once"
            ),
            one_of("indication", Indication, "patient_indication"),
            one_of("opioid_history", OpioidHistory, "patient_opioid_history"),
            one_of("status", PatientStatus, "patient_status"),
            models.CheckConstraint(condition=Q(language__in=["en", "es"]), name="patient_language"),
        ]
        indexes = [
            models.Index(fields=["program", "phone_index"], name="patient_by_phone"),
            models.Index(fields=["program", "phone_last4_index"], name="patient_by_last4"),
        ]


class NamePrefix(models.Model):
    """A keyed fingerprint of the start of a name's word; finds a patient without reading the name."""

    program = models.ForeignKey("backend.Program", models.PROTECT, related_name="+", db_index=False)
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="+", db_constraint=False)
    digest = models.BinaryField(max_length=16)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patient", "digest"], name="name_prefix_once")]
        indexes = [models.Index(fields=["program", "digest"], name="name_prefix_lookup")]
