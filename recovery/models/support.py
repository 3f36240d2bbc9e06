"""Help beside a medicine: meetings, therapy, and what a person needs to get by."""

from django.db import models

from backend.fields import SealedField, SealedModel
from recovery.models.base import PatientRow, one_of, program_id_key
from recovery.models.flags import Task
from recovery.models.injections import Appointment
from recovery.rules.needs import NeedKind
from recovery.rules.states import ReportSource
from recovery.rules.support import MeetingKind, TherapyKind


class MeetingLog(SealedModel, PatientRow):
    """A meeting that a person went to and chose to note. Append-only; not going is never a row."""

    client_id = models.UUIDField()
    kind = models.CharField(max_length=12)
    online = models.BooleanField(default=False)
    attended_on = models.DateField(help_text="In the patient's zone")
    helped = models.BooleanField(null=True, blank=True)
    received_at = models.DateTimeField()
    source = models.CharField(max_length=10)
    note = SealedField()

    class Meta:
        constraints = [
            program_id_key("meetinglog_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="meetinglog_client_id_once"),
            one_of("kind", MeetingKind, "meetinglog_kind"),
            one_of("source", ReportSource, "meetinglog_source"),
        ]
        indexes = [models.Index(fields=["program", "patient", "-attended_on"], name="meetinglog_by_patient")]


class TherapyVisit(SealedModel, PatientRow):
    """What an appointment for therapy is about. Append-only; the appointment holds its day and what became of it."""

    client_id = models.UUIDField()
    appointment = models.OneToOneField(Appointment, models.PROTECT, related_name="therapy", db_constraint=False)
    kind = models.CharField(max_length=12)
    with_whom = SealedField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            program_id_key("therapyvisit_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="therapyvisit_client_id_once"),
            one_of("kind", TherapyKind, "therapyvisit_kind"),
        ]
        indexes = [models.Index(fields=["program", "patient"], name="therapyvisit_by_patient")]


class Need(SealedModel, PatientRow):
    """Help that a person asked for. Append-only; the task says who takes care of it and what came of it."""

    client_id = models.UUIDField()
    kind = models.CharField(max_length=12)
    task = models.ForeignKey(Task, models.PROTECT, related_name="needs", db_constraint=False)
    stated_at = models.DateTimeField()
    source = models.CharField(max_length=10)
    note = SealedField()

    class Meta:
        constraints = [
            program_id_key("need_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="need_client_id_once"),
            one_of("kind", NeedKind, "need_kind"),
            one_of("source", ReportSource, "need_source"),
        ]
        indexes = [models.Index(fields=["program", "patient", "-stated_at"], name="need_by_patient")]
