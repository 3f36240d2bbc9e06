"""Wrapped data keys, in a schema of their own with a backup of their own (contract 6).

``DataKey`` is made by SQL in the first migration (``managed = False``): Django does not
make tables outside the first schema.
"""

from django.db import models


class DataKey(models.Model):
    """A data key under the master key. ``patient_id`` 0 is the program's own key (texts from unknown numbers)."""

    id = models.BigAutoField(primary_key=True)
    program_id = models.BigIntegerField()
    patient_id = models.BigIntegerField()
    kid = models.CharField(max_length=16)
    wrapped = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = '"keys"."data_key"'


class ShredLedger(models.Model):
    """Which keys were destroyed; ``restore`` applies it before it opens. Names no one."""

    program_id = models.BigIntegerField()
    patient_id = models.BigIntegerField()
    at = models.DateTimeField()
    reason = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["program_id", "patient_id"], name="shred_once")]
