"""Who saw or did what: append-only by the serving role's rights, chained by a sealing tick."""

from django.db import models
from django.db.models.functions import Now


class AuditEvent(models.Model):
    """One act or one read. Names fields, never values. ``at`` is the database's clock."""

    program_id = models.BigIntegerField(null=True)
    patient_id = models.BigIntegerField(null=True)
    actor_id = models.BigIntegerField(null=True, help_text="User id; null for ticks and hooks")
    role = models.CharField(max_length=20, blank=True)
    action = models.CharField(max_length=60)
    object_kind = models.CharField(max_length=40, blank=True)
    object_id = models.BigIntegerField(null=True)
    fields = models.JSONField(default=list)
    route = models.CharField(max_length=80, blank=True)
    request_id = models.CharField(max_length=36, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["program_id", "patient_id", "-id"], name="audit_by_patient"),
            models.Index(fields=["at"], name="audit_by_time"),
        ]


class AuditSeal(models.Model):
    """The place of an event in its program's chain. ``hash`` covers the event and the hash before it."""

    event = models.OneToOneField(AuditEvent, models.PROTECT, related_name="+", primary_key=True)
    program_id = models.BigIntegerField(null=True)
    patient_id = models.BigIntegerField(null=True)
    chain = models.BigIntegerField(help_text="Program id; 0 for events outside any program")
    seq = models.BigIntegerField()
    prev_hash = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain", "seq"], name="audit_seal_seq"),
            models.CheckConstraint(condition=models.Q(seq__gte=1), name="audit_seal_from_one"),
        ]
