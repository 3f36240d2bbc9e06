"""What every row about a patient has here. Composite keys are made by SQL in the migrations (contract 6)."""

from enum import Enum

from django.db import models


class PatientRow(models.Model):
    # No index of its own: every table has one that leads with program, and a lone one misleads the
    # planner, since row-level security adds the program to every query.
    program = models.ForeignKey("backend.Program", models.PROTECT, related_name="+", db_index=False)
    patient = models.ForeignKey(
        "recovery.Patient", models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )

    class Meta:
        abstract = True


def one_of(field: str, values: type[Enum], name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=models.Q(**{f"{field}__in": [v.value for v in values]}), name=name)


def program_id_key(name: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(fields=["program", "id"], name=name)
