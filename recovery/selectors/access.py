"""The only doors to a patient. A stranger's record does not exist: 404, never 403."""

from backend.access import Actor
from backend.crypto import Key
from backend.errors import NotFound
from backend.rules.roles import Access
from backend.selectors.keys import data_key
from recovery.models import Patient


def own_patient(actor: Actor) -> Patient:
    """The patient that this account is. Raises NotFound."""
    if actor.patient_id is None:
        raise NotFound
    return _one(patient_id=actor.patient_id)


def patient_for(actor: Actor, *, patient_id: int, access: Access = Access.CARE_TEAM) -> Patient:
    """A patient of a program in which this person passes the rule. Raises NotFound."""
    return _one(patient_id=patient_id, program_ids=actor.programs_for(access))


def key_of(patient: Patient) -> Key:
    """The key that opens this person's sealed texts. Raises CannotOpen once it was destroyed."""
    return data_key(program_id=patient.program_id, patient_id=patient.pk)


def known_patient(*, patient_id: int) -> Patient:
    """A patient whom a tick or a hook has found by itself, in its open scope. Raises NotFound."""
    return _one(patient_id=patient_id)


def _one(*, patient_id: int, program_ids: list[int] | None = None) -> Patient:
    rows = Patient.objects.select_related("program").filter(pk=patient_id)
    if program_ids is not None:
        rows = rows.filter(program_id__in=program_ids)
    patient = rows.first()
    if patient is None:
        raise NotFound
    return patient
