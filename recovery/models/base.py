"""What every row of a patient has: its program and its patient.

Keys between rows of a program are composite, ``(program_id, x_id)``, made by SQL in the
migrations: key checks look past row-level security, so a plain key could point across
programs (contract 6). Hence ``db_constraint=False`` here.
"""

from enum import Enum

from django.db import models


class PatientRow(models.Model):
    """A row that belongs to one patient of one program."""

    # No index of its own: every table has one that leads with program, and a lone one misleads the
    # planner, since row-level security adds the program to every query.
    program = models.ForeignKey("backend.Program", models.PROTECT, related_name="+", db_index=False)
    patient = models.ForeignKey("recovery.Patient", models.PROTECT, related_name="+", db_constraint=False)

    class Meta:
        abstract = True


def one_of(field: str, values: type[Enum], name: str) -> models.CheckConstraint:
    """A check that a text column holds one of an enumeration's values."""
    return models.CheckConstraint(condition=models.Q(**{f"{field}__in": [v.value for v in values]}), name=name)


def program_id_key(name: str) -> models.UniqueConstraint:
    """What composite foreign keys point at."""
    return models.UniqueConstraint(fields=["program", "id"], name=name)
