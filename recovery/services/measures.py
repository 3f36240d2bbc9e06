"""Reading the measures of a patient or of a program: with the entry in the audit that they were read."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from backend.access import Actor
from backend.errors import DomainError
from backend.rules.roles import Access
from backend.selectors.people import programs_by_id
from backend.services import audit
from recovery.models import Patient
from recovery.rules.measures import LONGEST_WINDOW, Measures
from recovery.selectors.access import patient_for
from recovery.selectors.measures import ProgramMeasures, measures_of, program_measures, usual_window


class BadWindow(DomainError):
    code = "bad-window"


@dataclass(frozen=True, slots=True)
class Found:
    """The window that was used, both days included, and its measures by substance."""

    patient: Patient
    start: date
    end: date
    items: list[Measures]


@transaction.atomic
def read_measures(
    *, actor: Actor, patient_id: int, now: datetime, start: date | None = None, end: date | None = None
) -> Found:
    """The measures of a patient in a window; None: the usual one. Raises NotFound, BadWindow naming the field."""
    patient = patient_for(actor, patient_id=patient_id)
    usual = usual_window(patient=patient, now=now)
    last = end or usual[1]
    first = start or min(usual[0], last)
    if last < first:
        raise BadWindow("The window ends before it begins.", field="to")
    if (last - first).days + 1 > LONGEST_WINDOW:
        raise BadWindow(f"A window has at most {LONGEST_WINDOW} days.", field="from")
    audit.record(
        actor=actor,
        action="measures.read",
        program_id=patient.program_id,
        patient_id=patient.pk,
        object_kind="patient",
        object_id=patient.pk,
    )
    return Found(patient, first, last, measures_of(patient=patient, start=first, end=last))


@dataclass(frozen=True, slots=True)
class OfProgram:
    """A program by name and what it comes to."""

    name: str
    items: list[ProgramMeasures]


@transaction.atomic
def read_program_measures(*, actor: Actor, now: datetime, program_id: int | None = None) -> list[OfProgram]:
    """The measures of the programs in which this person has a care role, or of one of them; numbers alone."""
    ids = actor.programs_for(Access.CARE_TEAM)
    found = []
    for pk, program in sorted(programs_by_id(ids).items()):
        if program_id is not None and pk != program_id:
            continue
        audit.record(actor=actor, action="measures.read", program_id=pk, object_kind="program", object_id=pk)
        found.append(OfProgram(program.name, program_measures(program_id=pk, zone=program.zone, now=now)))
    return found
